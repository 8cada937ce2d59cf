"""A private PostgreSQL cluster for tests, from the binaries of the machine, on a unix socket.

``cluster_or_skip`` is made for a session fixture::

    @pytest.fixture(scope="session")
    def cluster() -> Iterator[Cluster]:
        with cluster_or_skip() as running:
            yield running
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    "max_connections": "60",
    "timezone": "Asia/Kathmandu",  # a server that is not in UTC must not matter
}


@dataclass
class Cluster:
    """A running server; ``folder`` holds its socket."""

    folder: Path
    user: str
    names: Iterator[int] = field(default_factory=itertools.count)

    def url(self, name: str) -> str:
        """The address of a database, as an owner would write it."""
        return f"postgresql://{self.user}@/{name}?host={self.folder}"

    @contextmanager
    def database(self) -> Iterator[str]:
        """The name of a new database, dropped at the end."""
        name = f"db{next(self.names)}"
        self.run(f"CREATE DATABASE {name}")
        try:
            yield name
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def run(self, statement: str) -> None:
        """Run a statement as the server's owner."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def binaries() -> Path | None:
    """The folder of PostgreSQL's programs, newest first."""
    on_path = shutil.which("initdb")
    found = [
        *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),
        *([Path(on_path).parent] if on_path else []),
    ]
    return next((each for each in found if (each / "pg_ctl").exists()), None)


@contextmanager
def cluster_or_skip() -> Iterator[Cluster]:
    """A running cluster; skips the test where the machine has no PostgreSQL."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server programs on this machine")
    with tempfile.TemporaryDirectory(prefix="pg") as folder, _running(programs, Path(folder)) as it:
        yield it


@contextmanager
def _running(programs: Path, folder: Path) -> Iterator[Cluster]:
    user = _unprivileged()
    shutil.chown(folder, user)
    data = folder / "data"
    _as(user, programs / "initdb", "-D", data, "-U", user, "-A", "trust", "-E", "UTF8",
        "--locale=C", "--no-sync")  # fmt: skip
    settings = {**_SETTINGS, "unix_socket_directories": str(folder)}
    with (data / "postgresql.auto.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
    _as(user, programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "start")
    try:
        yield Cluster(folder=folder, user=user)
    finally:
        _as(user, programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _unprivileged() -> str:
    """The server refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _as(user: str, *command: str | Path) -> None:
    switch = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    subprocess.run(
        [str(part) for part in command],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
        **(switch if os.geteuid() == 0 else {}),  # type: ignore[call-overload]
    )
