"""One line per event, whatever a feed put into it; and word to the service manager."""

from __future__ import annotations

import io
import json
import logging
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.telemetry import MAX_VALUE, JsonLines, KeyValues, sd_notify, sentence, setup_logging

ESCAPE = "\x1b[31mred\x1b[0m"


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "monitor.x", "levelname": "INFO", "msg": message})
    made.created = datetime(2026, 11, 22, 12, 30, 1, 250_000, tzinfo=UTC).timestamp()
    vars(made).update(fields)
    return made


def logged(*, as_json: bool = False, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    setup_logging(level, stream, json=as_json)
    return stream


def test_an_event_is_a_line_of_pairs_in_utc() -> None:
    line = KeyValues().format(record("feed read", feed=7, title="The Post"))
    assert line == (
        "time=2026-11-22T12:30:01.250Z level=info logger=monitor.x "
        'event="feed read" feed=7 title="The Post"'
    )


def test_an_event_is_a_sentence_for_people() -> None:
    told = sentence(record("feed failed", feed=7, error=f"{ESCAPE} 404"))
    assert told == r"feed failed (feed 7): \u001b[31mred\u001b[0m 404"


def test_a_bug_keeps_its_traceback_in_a_sentence() -> None:
    try:
        int("seven")
    except ValueError as error:
        bug = record("bug", feed=7, exc_info=(ValueError, error, error.__traceback__))
    first, *trace = sentence(bug).splitlines()
    assert first.startswith("bug (feed 7): ValueError: invalid literal")
    assert trace[0] == "Traceback (most recent call last):"


def test_an_event_is_an_object_whose_numbers_stay_numbers() -> None:
    line = JsonLines().format(record("feed read", feed=7, late=True, title=None))
    assert json.loads(line) == {
        "time": "2026-11-22T12:30:01.250Z",
        "level": "info",
        "logger": "monitor.x",
        "event": "feed read",
        "feed": 7,
        "late": True,
        "title": None,
    }


@pytest.mark.parametrize("formatter", [KeyValues(), JsonLines()])
@pytest.mark.parametrize(
    "hostile",
    ["a\nlevel=error", "a\r\nb", ESCAPE, "\x9b31m", "a\u2028b", "\u202egnp.exe", "\x7f", "\ud800"],
)
def test_nothing_in_a_value_ends_the_line_or_steers_a_terminal(
    formatter: logging.Formatter, hostile: str
) -> None:
    line = formatter.format(record("feed read", title=hostile))
    assert line.isprintable()
    line.encode("utf-8")


@settings(deadline=None)
@given(st.text(), st.text())
def test_every_json_line_reads_back_what_was_logged(message: str, value: str) -> None:
    line = JsonLines().format(record(message.replace("%", ""), value=value))
    assert line.isprintable()
    assert json.loads(line)["value"] == value


@settings(deadline=None)
@given(st.text())
def test_a_value_in_quotes_cannot_start_a_field_of_its_own(value: str) -> None:
    line = KeyValues().format(record("read", value=value))
    shown = line.partition(" value=")[2]
    assert (json.loads(shown) if shown.startswith('"') else shown) == value


def test_a_key_cannot_break_the_line_either() -> None:
    line = KeyValues().format(record("read", **{"a b=\n": 1}))
    assert line.endswith(" a_b__=1")


def test_a_long_value_is_cut_and_says_so() -> None:
    line = KeyValues().format(record("read", body="x" * 100_000))
    assert len(line) < MAX_VALUE + 200
    assert "...(100000 characters)" in line


def test_an_exception_is_one_line_with_its_cause_and_a_bounded_trace() -> None:
    stream = logged(as_json=True)
    try:
        raise ValueError("first\nsecond" + "x" * 10_000)
    except ValueError:
        logging.getLogger("monitor.x").exception("step failed", extra={"step": "poll"})
    (line,) = stream.getvalue().splitlines()
    found = json.loads(line)
    assert found["error"].startswith("ValueError: first\nsecond")
    assert found["step"] == "poll"
    assert "raise ValueError" not in found["error"]
    assert len(line) < 10_000


def test_events_below_the_level_are_not_written() -> None:
    stream = logged(level="warning")
    logging.getLogger("monitor.x").info("feed read")
    assert stream.getvalue() == ""


@pytest.mark.parametrize("name", ["httpx", "httpcore.http11", "apscheduler.scheduler"])
def test_libraries_that_log_whole_addresses_are_quiet(name: str) -> None:
    stream = logged(level="debug")
    logging.getLogger(name).info("GET https://example.org/feed?token=secret")
    assert stream.getvalue() == ""


def test_setting_up_again_replaces_the_earlier_stream() -> None:
    first = logged()
    second = logged()
    logging.getLogger("monitor.x").info("once")
    assert first.getvalue() == ""
    assert second.getvalue().count("event=once") == 1


def heard_by_manager(address: str, notify_socket: str, state: str) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(5)
        assert sd_notify(state, {"NOTIFY_SOCKET": notify_socket})
        return manager.recv(100)


def test_the_manager_hears_a_state_on_a_path(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    assert heard_by_manager(path, path, "READY=1") == b"READY=1"


def test_the_manager_hears_a_state_on_an_abstract_socket(tmp_path: Path) -> None:
    name = f"monitor-test-{tmp_path}"[-100:]
    assert heard_by_manager(f"\0{name}", f"@{name}", "WATCHDOG=1") == b"WATCHDOG=1"


def test_without_a_manager_nothing_is_told() -> None:
    assert not sd_notify("READY=1", {})


def test_a_manager_that_is_gone_does_not_stop_the_service(tmp_path: Path) -> None:
    assert not sd_notify("READY=1", {"NOTIFY_SOCKET": str(tmp_path / "gone")})
