"""The image and its composition: pinned, without rights, and agreeing with the program."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from monitor.cli import main
from monitor.config import load

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile as (instruction, rest) pairs, continuation lines joined."""
    text = (DOCKER / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and line[0] != "#"]
    return [(line.split(None, 1)[0], " ".join(line.split(None, 1)[1].split())) for line in lines]


def final_stage() -> dict[str, str]:
    """The last value of each instruction of the stage that is shipped."""
    names = [name for name, _ in instructions()]
    start = len(names) - names[::-1].index("FROM")
    return dict(instructions()[start:])


def compose() -> dict[str, Any]:
    read = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def test_the_base_image_is_an_argument() -> None:
    assert instructions()[0] == ("ARG", "PYTHON_IMAGE=python:3.12-slim")
    assert {rest.split()[0] for name, rest in instructions() if name == "FROM"} == {
        "${PYTHON_IMAGE}"
    }


def test_everything_foreign_is_installed_by_hash() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and "pip install" in rest]
    assert all("--require-hashes" in rest or "--no-deps" in rest for rest in installs)
    assert len(installs) == 2


def test_it_runs_as_a_numeric_user_without_name() -> None:
    assert final_stage()["USER"] == "10001:10001"


def test_it_is_stopped_by_the_signal_that_the_service_waits_for() -> None:
    assert final_stage()["STOPSIGNAL"] == "SIGTERM"


@pytest.mark.parametrize("name", ["CMD", "HEALTHCHECK"])
def test_its_commands_are_commands_of_the_program(name: str) -> None:
    """In exec form: a shell in between would swallow the signal."""
    _, bracket, rest = final_stage()[name].partition("[")
    program, command_name, *options = json.loads(bracket + rest)
    assert program == "monitor"
    command = main.get_command(click.Context(main), command_name)
    assert command is not None
    assert set(options) <= {option for each in command.params for option in each.opts}


def test_what_is_copied_exists_and_is_let_through_to_the_builder() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    ]
    assert {f"!{source}" for source in copied} == {line for line in ignore if line[0] == "!"}
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_hadolint_finds_nothing() -> None:
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run(
        ["hadolint", "Dockerfile"], cwd=DOCKER, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_compose_accepts_its_file() -> None:
    if shutil.which("docker-compose") is None:
        pytest.skip("docker-compose is not installed")
    done = subprocess.run(
        ["docker-compose", "-f", "compose.yaml", "config", "-q"],
        cwd=DOCKER,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_composition_takes_every_right_away() -> None:
    for name, service in compose()["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert compose()["services"]["monitor"]["read_only"] is True


def test_every_foreign_image_has_a_version() -> None:
    images = [each["image"] for each in compose()["services"].values() if "build" not in each]
    assert all(re.search(r":v?\d", image) for image in images)


def test_mail_catcher_and_pages_are_seen_from_this_machine_only() -> None:
    ports = [port for each in compose()["services"].values() for port in each.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_configuration_of_the_composition_loads_and_names_its_mail_catcher() -> None:
    found = load(DOCKER / "monitor.yaml")
    assert found.mail.smtp is not None
    assert found.mail.smtp.host in compose()["services"]
    assert found.database_url() == "sqlite:////data/monitor.db"


def test_the_pages_are_reached_by_the_port_that_is_published() -> None:
    web = load(DOCKER / "monitor.yaml").web
    assert web is not None
    assert web.listen == ("0.0.0.0", 8321)
    assert final_stage()["EXPOSE"] == "8321"
    assert "127.0.0.1:8321:8321" in compose()["services"]["monitor"]["ports"]
    assert web.public_url == "http://localhost:8321"


def test_the_folders_in_the_container_lie_to_each_other_as_in_the_checkout() -> None:
    service = compose()["services"]["monitor"]
    inside = {Path(each.split(":")[0]): Path(each.split(":")[1]) for each in service["volumes"]}
    config = inside[Path("monitor.yaml")]
    assert service["environment"]["MONITOR_CONFIG"] == str(config)
    assert inside[Path("../config")] == config.parents[1] / "config"
