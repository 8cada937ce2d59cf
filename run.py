#!/usr/bin/env python3
"""One command per job, each doing all of its own set-up: python3 run.py demo

  demo     run the main job on bundled sample feeds and show the digest it mails
  test     run all tests; what follows is handed to pytest
  lint     check the style
  types    check the types
  check    lint, types and test
  setup    set up only

The set-up makes .venv and fills it from the hashed lock. It is done once: while the lock and
pyproject.toml stay the same, a rerun needs neither network nor time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / "bin"
RUN_LOCK, DEV_LOCK = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"

JOBS: dict[str, list[list[str]]] = {
    "demo": [["monitor", "demo"]],
    "test": [["python", "-m", "pytest", "--numprocesses=2", "--dist=loadfile"]],
    "lint": [["ruff", "check", "."], ["ruff", "format", "--check", "."]],
    "types": [["mypy"]],
    "setup": [],
}
JOBS["check"] = [*JOBS["lint"], *JOBS["types"], *JOBS["test"]]


class Hindrance(Exception):
    """What keeps the set-up from being done, and what to do about it."""


def main(arguments: list[str]) -> int:
    """Do the job named by the first argument; return its exit code."""
    job, *rest = arguments or ["help"]
    if job in {"help", "-h", "--help"}:
        print(__doc__)
        return 0
    if job not in JOBS:
        print(f"run.py: there is no job {job!r}; the jobs are {', '.join(JOBS)}", file=sys.stderr)
        return 2
    try:
        check_python()
        install(RUN_LOCK if job == "demo" else DEV_LOCK)
    except Hindrance as hindrance:
        print(f"run.py: {hindrance}", file=sys.stderr)
        return 1
    codes = [run([*command, *rest]) for command in JOBS[job]]
    return next((code for code in codes if code), 0)


def check_python() -> None:
    """Refuse a Python that cannot do the job, naming one that can."""
    needed = ".".join(map(str, OLDEST))
    if sys.version_info < OLDEST:
        newer = [f"python3.{minor}" for minor in range(20, 10, -1)]
        found = next(filter(shutil.which, newer), None)
        remedy = f"run: {found} run.py" if found else f"install Python {needed} or newer"
        raise Hindrance(f"Python {needed} is needed, this is {sys.version.split()[0]}; {remedy}")
    if any(importlib.util.find_spec(name) is None for name in ("venv", "ensurepip")):
        raise Hindrance(
            "this Python cannot make virtual environments; "
            "on Debian and Ubuntu run: sudo apt install python3-venv"
        )


def install(lock: Path) -> None:
    """Bring .venv in line with a lock, unless it is already."""
    if is_installed(lock):
        return
    print(f"Setting up .venv from {lock.name}; this takes a minute or two, once.", flush=True)
    make_venv()
    pip("--require-hashes", "-r", str(lock))
    pip("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp_of(lock).write_text(state_of(lock))


def is_installed(lock: Path) -> bool:
    """Whether .venv was made from this lock or, holding more, from the one for development."""
    return any(
        stamp_of(each).is_file() and stamp_of(each).read_text() == state_of(each)
        for each in {lock, DEV_LOCK}
    )


def stamp_of(lock: Path) -> Path:
    """Where the state is remembered in which a lock was installed."""
    return VENV / f".{lock.name}.installed"


def state_of(lock: Path) -> str:
    """A hash of all that decides what an installation holds."""
    parts = [lock.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode()]
    return hashlib.sha256(b"\0".join([*parts, str(VENV).encode()])).hexdigest()


def make_venv() -> None:
    """Make .venv, again where one was left half-made or has lost its Python."""
    works = (BIN / "python").exists() and not run(["python", "-m", "pip", "--version"], quiet=True)
    if works:
        return
    command = [sys.executable, "-m", "venv", "--clear", str(VENV)]
    if subprocess.call(command):
        raise Hindrance(f"{VENV} could not be made, for the reason printed above")


def pip(*arguments: str) -> None:
    """Run `pip install` in .venv, quietly."""
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
    if run(["python", "-m", "pip", "install", *quiet, *arguments]):
        raise Hindrance(
            "pip could not install what is needed, for the reason printed above. Without network "
            "access, or behind a proxy (set HTTPS_PROXY), nothing can be downloaded; what has "
            "been set up so far is kept, so just run the command again."
        )


def run(command: list[str], *, quiet: bool = False) -> int:
    """Run a program of .venv in the project's folder; return its exit code."""
    program, *arguments = command
    output = subprocess.DEVNULL if quiet else None
    try:
        return subprocess.call(
            [str(BIN / program), *arguments], cwd=ROOT, stdout=output, stderr=output
        )
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
