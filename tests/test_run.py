"""`run.py` sets up once, from the hashed lock, and says what to do where it cannot.

The .venv of these tests is a stand-in whose programs only write down how they were called.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[1] / "run.py"

PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$(dirname "$0")/../../calls"
case "$*" in *"$FAILING"*) exit 3;; esac
"""


PYTEST = "python -m pytest --numprocesses=2 --dist=loadfile"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copy(RUN, tmp_path)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_text(name)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("python", "monitor", "ruff", "mypy"):
        (programs / name).write_text(PROGRAM)
        (programs / name).chmod(0o755)
    return tmp_path


def run(project: Path, *arguments: str, failing: str = "nothing") -> tuple[int, str, list[str]]:
    """The exit code, the words on stderr, and the calls beside the look at pip."""
    (project / "calls").write_text("")
    done = subprocess.run(
        [sys.executable, project / "run.py", *arguments],
        env={**os.environ, "FAILING": failing},
        capture_output=True,
        text=True,
        check=False,
    )
    calls = (project / "calls").read_text().splitlines()
    return done.returncode, done.stderr, [each for each in calls if "pip --version" not in each]


def installs(calls: list[str]) -> list[str]:
    return [each for each in calls if "pip install" in each]


def test_the_first_run_installs_from_the_hashed_lock_and_then_does_the_job(project: Path) -> None:
    code, _, calls = run(project, "test", "-k", "walk")
    assert code == 0
    third_party, own = installs(calls)
    assert "--require-hashes" in third_party
    assert third_party.endswith("requirements-dev.lock")
    assert "--no-deps" in own
    assert calls[-1] == f"{PYTEST} -k walk"


def test_a_second_run_only_does_the_job(project: Path) -> None:
    run(project, "demo")
    assert run(project, "demo") == (0, "", ["monitor demo"])


def test_the_demo_needs_no_more_than_the_lock_for_running(project: Path) -> None:
    _, _, calls = run(project, "demo")
    assert installs(calls)[0].endswith("requirements.lock")


def test_what_is_set_up_for_the_tests_serves_the_demo_too(project: Path) -> None:
    run(project, "setup")
    assert installs(run(project, "demo")[2]) == []


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml"])
def test_a_change_of_what_is_installed_is_noticed(project: Path, name: str) -> None:
    run(project, "demo")
    (project / name).write_text("changed")
    assert installs(run(project, "demo")[2])


def test_a_failed_download_says_so_and_is_tried_again(project: Path) -> None:
    code, said, calls = run(project, "demo", failing="--require-hashes")
    assert code == 1
    assert "run.py: pip could not install what is needed" in said
    assert "monitor demo" not in calls
    assert installs(run(project, "demo")[2])


def test_a_job_that_fails_gives_its_exit_code(project: Path) -> None:
    assert run(project, "test", failing="-m pytest")[0] == 3


def test_check_does_all_of_it_even_when_a_part_fails(project: Path) -> None:
    code, _, calls = run(project, "check", failing="format")
    assert code == 3
    assert calls[2:] == ["ruff check .", "ruff format --check .", "mypy ", PYTEST]


def test_an_unknown_job_shows_the_known_ones(project: Path) -> None:
    code, told, calls = run(project, "tset")
    assert code == 2
    assert "no job 'tset'; the jobs are demo, test, lint, types" in told
    assert calls == []


def test_it_still_starts_under_a_python_too_old_for_the_rest() -> None:
    """Or nobody would be told: its syntax is that of Python 3.7."""
    import ast

    ast.parse(RUN.read_text(encoding="utf-8"), feature_version=(3, 7))
