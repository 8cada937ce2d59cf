"""The service as a process: clocks that jump, signals, a database that others hold."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.service.schedule import Every
from tests.builders import write_config
from tests.servers import FeedServer

NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("previous", "following"),
    [
        (None, 2.0),
        (NOW, 2.0),
        (NOW - timedelta(seconds=1.5), 0.5),
        (NOW - timedelta(seconds=9), 2.0),
        (NOW - timedelta(days=3650), 2.0),
        (NOW + timedelta(days=1), 2.0),
    ],
)
def test_of_all_runs_that_a_clock_jumped_over_one_is_made_up(
    previous: datetime | None, following: float
) -> None:
    assert Every(2.0).get_next_fire_time(previous, NOW) == NOW + timedelta(seconds=following)


def wait_for(log: Path, line: str) -> None:
    deadline = time.monotonic() + 60
    while line not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


@contextmanager
def running(folder: Path, feeds: FeedServer) -> Iterator[subprocess.Popen[bytes]]:
    """A service that has started."""
    config = write_config(folder, feeds=[feeds.url("wire.rss")], host=feeds.host)
    log = folder / "log"
    command = [sys.executable, "-m", "monitor", "run", "-c", str(config)]
    with log.open("wb") as out, subprocess.Popen(command, stderr=out) as process:
        try:
            wait_for(log, "service started")
            yield process
        finally:
            process.kill()


def test_sigterm_ends_the_service_in_time_while_another_program_holds_the_database(
    tmp_path: Path, feeds: FeedServer
) -> None:
    other = sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)
    with running(tmp_path, feeds) as service, closing(other):
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        service.send_signal(signal.SIGTERM)
        assert service.wait(30) == 0
    assert time.monotonic() - begun < 10
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_of_either_kind_ends_at_once(
    tmp_path: Path, feeds: FeedServer, second: signal.Signals
) -> None:
    other = sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)
    with running(tmp_path, feeds) as service, closing(other):
        other.execute("BEGIN IMMEDIATE")
        service.send_signal(signal.SIGTERM)
        wait_for(tmp_path / "log", "service stopping")
        begun = time.monotonic()
        service.send_signal(second)
        assert service.wait(30) == -second
    assert time.monotonic() - begun < 2
