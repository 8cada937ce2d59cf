"""The walls of the house, checked by what the files really import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "monitor").rglob("*.py"))
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]

ROOMS = {
    "httpx": ["monitor/ingest/*", "monitor/notify/webhook.py"],
    "httpcore": ["monitor/ingest/*"],
    "feedparser": ["monitor/ingest/parse.py"],
    "selectolax": ["monitor/ingest/*"],
    "sklearn": ["monitor/matching/features.py", "monitor/matching/vectors.py"],
    "trafilatura": ["monitor/ingest/article.py"],
    "gcld3": ["monitor/ingest/language.py"],
    "Stemmer": ["monitor/matching/text.py"],
    "sqlalchemy": ["monitor/store/*"],
    "alembic": ["monitor/store/*"],
    "psycopg": ["monitor/store/*"],
    "cronsim": ["monitor/notify/slots.py", "monitor/config/digests.py"],
    "apprise": ["monitor/notify/push.py"],
    "starlette": ["monitor/web/*"],
    "uvicorn": ["monitor/web/*"],
    "smtplib": ["monitor/notify/mail.py", "monitor/notify/session.py"],
    "jinja2": ["monitor/notify/*", "monitor/service/page.py", "monitor/web/*"],
    "apscheduler": ["monitor/service/schedule.py"],
    "pydantic": ["monitor/config/*"],
    "pydantic_core": ["monitor/config/*"],
    "yaml": ["monitor/config/*"],
    "click": ["monitor/cli/*"],
    "rich": ["monitor/cli/*"],
}
"""One foreign library, one room."""

HEAVY = (
    *("sklearn", "scipy", "numpy", "sqlalchemy", "httpx", "feedparser", "trafilatura"),
    *("jinja2", "pydantic"),
)
"""What `monitor --help` must not wait for."""


@cache
def imported(path: Path) -> frozenset[str]:
    """The top-level names of all modules a file imports, anywhere in it."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "").partition(".")[0]


def test_imports_keep_to_the_floors_of_pyproject() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("library", ROOMS)
def test_a_foreign_library_has_one_room(library: str) -> None:
    users = [name for path, name in zip(FILES, NAMES, strict=True) if library in imported(path)]
    strays = [name for name in users if not any(fnmatch(name, room) for room in ROOMS[library])]
    assert strays == []


def test_every_foreign_library_has_a_room() -> None:
    """A new dependency must say in the table above where it lives."""
    known = {*sys.stdlib_module_names, *ROOMS, "monitor", "numpy", "scipy"}
    strays = {
        (name, library)
        for path, name in zip(FILES, NAMES, strict=True)
        for library in imported(path)
        if library not in known
    }
    assert strays == set()


def test_arrays_stay_in_matching() -> None:
    users = {
        name.split("/")[1]
        for path, name in zip(FILES, NAMES, strict=True)
        if {"numpy", "scipy"} & imported(path)
    }
    assert users <= {"matching"}


def test_the_command_line_loads_nothing_heavy() -> None:
    program = f"import sys, monitor.cli; print(*sys.modules.keys() & set({HEAVY!r}))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("name", NAMES)
def test_a_file_stays_short_enough_to_be_read_in_one_go(name: str) -> None:
    assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= 350


def test_nothing_in_the_tree_names_a_package_registry() -> None:
    """Locks and settings are for every reader's own registry or mirror."""
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "registry.npmjs" + ".org")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    naming = [
        name
        for name in filter(None, listed.stdout.split("\0"))
        if (ROOT / name).is_file()
        and any(host.encode() in (ROOT / name).read_bytes() for host in hosts)
    ]
    assert naming == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_package_by_hash_and_names_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    packages = [block for block in text.replace("\\\n", " ").splitlines() if block.strip()]
    assert packages
    unpinned = [each for each in packages if "==" not in each or "--hash=sha256:" not in each]
    assert unpinned == []


def test_the_lock_for_running_is_a_part_of_the_one_for_development() -> None:
    run, dev = (
        {
            line.split(";")[0].strip(" \\")
            for line in (ROOT / name).read_text().splitlines()
            if "==" in line
        }
        for name in ("requirements.lock", "requirements-dev.lock")
    )
    assert run - dev == set()
