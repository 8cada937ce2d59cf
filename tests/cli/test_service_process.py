"""`monitor run` as a process: it works, it is alone, it stops when told."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import ADVISORY, FOOTBALL, rss, write_config
from tests.servers import FeedServer, MailServer, feed_server, mail_server

PATIENCE = 60.0


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with feed_server() as server:
        recent = datetime.now(UTC) - timedelta(hours=1)
        server.pages["wire.rss"] = rss([ADVISORY, FOOTBALL], at=recent)
        yield server


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


def configured(folder: Path, feeds: FeedServer, mails: MailServer) -> Path:
    """A service whose digest is due at each of the next minutes."""
    now = datetime.now(UTC)
    minutes = ", ".join(f'"{now + timedelta(minutes=n):%H:%M}"' for n in range(1, 4))
    return write_config(
        folder,
        feeds=[feeds.url("wire.rss")],
        host=feeds.host,
        mail=f"smtp: {{host: 127.0.0.1, port: {mails.port}, security: none}}",
        schedule=f"{{at: [{minutes}]}}",
        interval="2s",
    )


@contextmanager
def running(config: Path) -> Iterator[subprocess.Popen[str]]:
    """A service process; killed at the end if it still lives."""
    command = [sys.executable, "-m", "monitor", "run", "-c", str(config)]
    log = config.parent / "log"
    with log.open("a") as out, subprocess.Popen(command, stderr=out, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until(fact: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Wait for ``fact`` to become true."""
    deadline = time.monotonic() + patience
    while not fact():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def started(config: Path) -> bool:
    """Whether the log of the service says that it runs."""
    return "service started" in (config.parent / "log").read_text()


def stopped(process: subprocess.Popen[str]) -> float:
    """Seconds from SIGTERM to the end, which must be a clean one."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    return time.monotonic() - begun


@pytest.mark.timeout(200)
def test_a_service_that_is_killed_and_restarted_mails_each_story_once(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    config = configured(tmp_path, feeds, mails)
    with running(config) as first:
        until(lambda: feeds.requests, "the first poll")
        first.kill()
    with running(config) as second:
        until(lambda: mails.raw, "the digest", patience=90)
        assert stopped(second) < 10
    assert len(mails.raw) == 1
    assert ADVISORY[0] in mails.mails[0].as_string()


def test_a_second_service_on_one_database_says_so_and_exits_with_3(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    config = configured(tmp_path, feeds, mails)
    with running(config) as first:
        until(lambda: started(config), "the start")
        second = subprocess.run(
            [sys.executable, "-m", "monitor", "run", "-c", str(config)],
            capture_output=True, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
        assert second.returncode == 3
        assert "already" in second.stderr
        assert first.poll() is None
        assert stopped(first) < 10


def test_sigterm_ends_the_service_within_ten_seconds_even_while_a_server_dawdles(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    config = configured(tmp_path, feeds, mails)
    feeds.delays["wire.rss"] = 25.0
    with running(config) as process:
        until(lambda: feeds.requests, "the request")
        assert stopped(process) < 10
    log = (tmp_path / "log").read_text()
    assert "feed failed" not in log, "hanging up is our doing, not the feed's failure"


def test_help_answers_without_loading_a_heavy_library() -> None:
    heavy = "sklearn numpy scipy sqlalchemy httpx feedparser jinja2 pydantic yaml rich apscheduler"
    code = (
        "import sys, click.testing, monitor.cli;"
        "click.testing.CliRunner().invoke(monitor.cli.main, ['--help']);"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
