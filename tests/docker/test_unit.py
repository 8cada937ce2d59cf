"""The systemd unit: understood by systemd without a word, and agreeing with the program."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "docker" / "newsmonitor.service"


def setting(name: str) -> str:
    found = re.findall(rf"^{name}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(found) == 1, name
    return str(found[0])


def verified(text: str, folder: Path) -> str:
    """What systemd says about a unit; its program is taken as installed."""
    unit = folder / UNIT.name
    unit.write_text(re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", text))
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


@pytest.fixture
def analyzer() -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")


@pytest.mark.usefixtures("analyzer")
def test_systemd_has_nothing_to_say(tmp_path: Path) -> None:
    assert verified(UNIT.read_text(encoding="utf-8"), tmp_path) == ""


@pytest.mark.usefixtures("analyzer")
def test_systemd_would_speak_up_about_a_misspelt_key(tmp_path: Path) -> None:
    """It exits with 0 all the same: only its silence is good news."""
    text = UNIT.read_text(encoding="utf-8").replace("WatchdogSec=", "WatchdogSecs=")
    assert "WatchdogSecs" in verified(text, tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Type", "notify"),
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("PrivateTmp", "yes"),
        ("DynamicUser", "yes"),
        ("Restart", "on-failure"),
        ("CapabilityBoundingSet", ""),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
    ],
)
def test_the_unit_gives_no_more_than_the_service_needs(name: str, value: str) -> None:
    assert setting(name) == value


def test_memory_is_bounded() -> None:
    assert re.fullmatch(r"\d+M", setting("MemoryMax"))


def test_systemd_waits_longer_than_the_service_takes_to_end() -> None:
    assert int(setting("TimeoutStopSec")) > 10


def test_what_only_a_person_can_mend_is_not_tried_again() -> None:
    from monitor.cli.common import RUNNING, USAGE

    assert setting("RestartPreventExitStatus").split() == [str(USAGE), str(RUNNING)]
