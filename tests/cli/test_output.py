"""Where output goes: files, pipes, narrow terminals, nowhere."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.records import Feed, FeedSpec, Validators
from tests.builders import ADVISORY, rss, write_config
from tests.cli.test_commands import call
from tests.cli.test_service_process import until
from tests.servers import FeedServer, feed_server

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def feeds() -> Iterator[FeedServer]:
    with feed_server() as server:
        recent = datetime.now(UTC) - timedelta(hours=1)
        server.pages["wire.rss"] = rss([ADVISORY], at=recent)
        yield server


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, feeds: FeedServer) -> Path:
    folder = tmp_path_factory.mktemp("Größe mit Blank")
    path = write_config(folder, feeds=[feeds.url("wire.rss")], host=feeds.host)
    call("once", "-c", path)
    return path


def monitor(*words: object, **settings: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "monitor", *map(str, words)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run(command, text=True, timeout=60, check=False, **streams)  # type: ignore[call-overload,no-any-return]


def test_a_terminal_without_utf_8_gets_plain_bars(config: Path) -> None:
    environ = os.environ | {"PYTHONIOENCODING": "ascii"}
    page = monitor("explain", ADVISORY[0], "advisory", "-c", config, env=environ)
    assert (page.returncode, page.stderr) == (0, "")
    assert "####" in page.stdout


@pytest.mark.parametrize("command", ["status", "matches"])
def test_output_that_cannot_be_written_is_a_message_not_a_traceback(
    command: str, config: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        page = monitor(command, "-c", config, stdout=full)
    assert page.returncode == 1
    assert page.stderr.count("\n") == 1
    assert "the output cannot be written (No space left on device)" in page.stderr


def test_a_closed_output_is_no_error(config: Path) -> None:
    page = monitor("status", "-c", config, preexec_fn=lambda: os.close(1))
    assert (page.returncode, page.stderr) == (0, "")


def test_a_reader_who_leaves_early_is_no_traceback(config: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        page = monitor("status", "-c", config, stdout=pipe)
    assert page.stderr == ""


def test_a_folder_that_cannot_be_made_is_named() -> None:
    result = call("demo", "--folder", "/proc/demo")
    assert result.exit_code == 1
    assert "/proc/demo" in result.stderr


def test_lines_end_where_their_text_ends(config: Path) -> None:
    for words in (("status",), ("matches",), ("explain", ADVISORY[0], "advisory")):
        page = call(*words, "-c", config).output
        assert [line for line in page.splitlines() if line != line.rstrip()] == []


def test_a_narrow_terminal_gets_two_lines_a_match(config: Path) -> None:
    ours, theirs = pty.openpty()
    environ = os.environ | {"COLUMNS": "60", "TERM": "xterm"}
    monitor("matches", "-c", config, stdout=theirs, env=environ)
    os.close(theirs)
    facts, title, rest = os.read(ours, 10_000).decode().splitlines()
    os.close(ours)
    assert re.match(r"1  0\.9\d\d\d hit  advisory", facts)
    assert f"{title.strip()} {rest.strip()}" == f"{ADVISORY[0]} (Example Wire)"
    assert max(map(len, (facts, title, rest))) <= 60


def test_what_goes_wrong_on_the_way_is_told_in_a_sentence(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = write_config(tmp_path, feeds=[feeds.url("gone.rss")], host=feeds.host)
    result = call("poll", "-c", config)
    assert result.exit_code == 0
    place = f"{feeds.host}/gone.rss"
    told = f"monitor: feed failed (feed 1, title {place}): 127.0.0.1 answered 404 Not Found\n"
    assert result.stderr == told


def test_an_interrupted_command_gives_back_what_it_had_claimed(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = write_config(tmp_path, feeds=[feeds.url("slow.rss")], host=feeds.host)
    feeds.pages["slow.rss"], feeds.delays["slow.rss"] = rss([ADVISORY], at=NOW), 30.0
    asked = len(feeds.requests)
    command = [sys.executable, "-m", "monitor", "poll", "-c", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        until(lambda: len(feeds.requests) > asked, "the request")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 1
    feeds.delays.clear()
    assert "1 read" in call("poll", "-c", config).output


def test_of_many_feeds_those_that_fail_come_first(capsys: pytest.CaptureFixture[str]) -> None:
    from monitor.cli.overview import print_status
    from monitor.service.health import FeedHealth, conditions
    from monitor.service.views import Status

    feeds = (feed(number, fails=number in {120, 200}) for number in range(300))
    state = Status(
        feeds=tuple(FeedHealth(feed=each, conditions=conditions(each, NOW)) for each in feeds),
        topics=(), without_seed=(), outbox={}, messages=(), recipients=(), stories=0,
        background_version=0, background_stories=0, beats={}, late=(),
    )  # fmt: skip
    print_status(state, NOW, every=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Feeds: 2 failing, 298 fine"
    assert [line.split()[0] for line in lines[2:5]] == ["feed-120", "feed-200", "feed-0"]
    assert "... and 270 more: monitor status --all" in lines
    print_status(state, NOW, every=True)
    assert "feed-299" in capsys.readouterr().out


def feed(number: int, *, fails: bool) -> Feed:
    """A feed that was read an hour ago, or has failed since."""
    return Feed(
        id=number, spec=FeedSpec(url=f"https://news.example/{number}"), title=f"feed-{number}",
        validators=Validators(), body_hash=None, next_check_at=NOW + timedelta(minutes=5),
        last_checked_at=NOW, last_success_at=NOW, failing_since=NOW if fails else None,
        failures=int(fails), last_error="503" if fails else None, last_status=None,
        skipped_entries=0,
    )  # fmt: skip


def test_what_a_cap_left_out_can_be_listed(tmp_path: Path, feeds: FeedServer) -> None:
    again = (ADVISORY[0].replace("Combat", "U.S. combat"), f"{ADVISORY[1]} A second report.")
    recent = datetime.now(UTC) - timedelta(hours=1)
    feeds.pages["two.rss"] = rss([ADVISORY, again], at=recent)
    config = write_config(tmp_path, feeds=[feeds.url("two.rss")], host=feeds.host)
    config.write_text(config.read_text().replace("timezone: UTC", "cap: 1"))
    assert "No digest left a story out." in call("matches", "--cut", "-c", config).output
    call("once", "--now", "-c", config)
    lines = call("matches", "-c", config).output.splitlines()[1:]
    left_out = call("matches", "--cut", "-c", config).output.splitlines()[1:]
    assert len(lines) == 2
    assert len(left_out) == 1
    assert left_out[0] in lines
