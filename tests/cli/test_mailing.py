"""Readers and messages on their way, on the command line: seen, and decided about."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.records import OutboxState
from tests.builders import ADVISORY, rss, write_config
from tests.cli.test_commands import call, told
from tests.cli.test_digests import copied
from tests.servers import feed_server

READER, OTHER = "reader@example.org", "Other@example.org"


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A message for each of two recipients is ready to go: 1 and 2."""
    with feed_server() as server:
        server.pages["wire.rss"] = rss([ADVISORY], at=datetime.now(UTC) - timedelta(hours=1))
        folder = tmp_path_factory.mktemp("waiting")
        feeds = [server.url("wire.rss")]
        path = write_config(folder, feeds=feeds, host=server.host, recipients=(READER, OTHER))
        for step in (("poll",), ("match",), ("digest", "--now")):
            call(*step, "-c", path)
    return path


@pytest.fixture
def config(waiting: Path, tmp_path: Path) -> Path:
    return copied(waiting, tmp_path / "monitor")


def put_into(config: Path, state: OutboxState, error: str | None = None) -> None:
    """Message 1 comes into a state, for a reason."""
    with closing(sqlite3.connect(config.with_name("monitor.db"))) as database:
        values = (state, error)
        database.execute("update outbox set state = ?, last_error = ? where id = 1", values)
        database.commit()


def states(config: Path) -> dict[int, str]:
    return {each["id"]: each["state"] for each in told("outbox", "list", "--all", "-c", config)}


def test_every_recipient_is_listed_with_way_and_hours(config: Path) -> None:
    listed = told("recipients", "list", "-c", config)
    page = call("recipients", "list", "-c", config).output

    assert {(it["digest"], it["recipient"], it["way"]) for it in listed} == {
        ("daily", READER, "mail"),
        ("daily", OTHER, "mail"),
    }
    assert READER in page
    assert "next" in page


def test_who_is_stopped_gets_nothing_more_until_served_again(config: Path) -> None:
    done = call("recipients", "stop", READER, "-c", config)
    assert (done.exit_code, done.output) == (0, f"stopped: daily for {READER}\n")
    assert "was stopped already" in call("recipients", "stop", READER, "-c", config).output
    assert "by command" in call("recipients", "list", "-c", config).output
    assert told("deliver", "-c", config)["deliver"]["sent"] == 1

    back = call("recipients", "resume", READER, "-c", config)
    assert (back.exit_code, back.output.startswith("served again: daily for")) == (0, True)
    assert "was not stopped" in call("recipients", "resume", READER, "-c", config).output
    stopped = {it["stopped_at"] for it in told("recipients", "list", "-c", config)}
    assert stopped == {None}


def test_the_command_tells_that_it_holds_for_who_has_left_by_mail(config: Path) -> None:
    with closing(sqlite3.connect(config.with_name("monitor.db"))) as database:
        left = "update subscriptions set stopped_at = '2026-03-02 06:00:00', stopped_by = 'mail'"
        database.execute(left)
        database.commit()
    done = call("recipients", "stop", READER, "-c", config)

    held = "; had left by mail, and cannot come back by mail from now on"
    assert (done.exit_code, done.output) == (0, f"stopped: daily for {READER}{held}\n")
    listed = {it["recipient"]: it["stopped_by"] for it in told("recipients", "list", "-c", config)}
    assert listed == {READER: "command", OTHER: "mail"}
    assert "was stopped already" in call("recipients", "stop", READER, "-c", config).output


def test_a_recipient_is_found_in_whatever_case(config: Path) -> None:
    assert call("recipients", "stop", OTHER.lower(), "-c", config).exit_code == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("stop", "raeder@example.org"), "did you mean reader@example.org?"),
        (("resume", "nobody"), "there is no recipient nobody; there are: Other@example.org, rea"),
        (("stop", READER, "--digest", "weekly"), "there is no digest weekly; there are: daily"),
    ],
)
def test_a_name_that_nobody_has_is_told_with_the_nearest(
    config: Path, words: tuple[str, ...], reason: str
) -> None:
    done = call("recipients", *words, "-c", config)
    assert done.exit_code == 1
    assert reason in done.stderr


def test_what_waits_and_what_was_given_up_is_listed_with_its_reason(config: Path) -> None:
    put_into(config, OutboxState.DEAD, "550 no such user")
    page = call("outbox", "list", "-c", config).output

    assert "550 no such user" in page
    assert [it["id"] for it in told("outbox", "list", "-c", config)] == [2, 1]
    assert "monitor outbox retry" in call("status", "-c", config).output


@pytest.mark.parametrize("state", OutboxState)
def test_what_is_not_sent_is_listed_whatever_becomes_of_it(
    config: Path, state: OutboxState
) -> None:
    put_into(config, state)
    listed = {each["id"] for each in told("outbox", "list", "-c", config)}

    assert (1 in listed) == (state is not OutboxState.SENT)


def test_what_was_sent_is_listed_on_request_alone(config: Path) -> None:
    call("deliver", "-c", config)
    assert "Nothing waits" in call("outbox", "list", "-c", config).output
    assert states(config) == {1: "sent", 2: "sent"}


def test_what_was_given_up_goes_again_on_request(config: Path) -> None:
    put_into(config, OutboxState.DEAD, "550 no such user")
    done = call("outbox", "retry", 1, "-c", config)

    assert (done.exit_code, f"daily for {READER}" in done.output) == (0, True)
    assert told("deliver", "-c", config)["deliver"]["sent"] == 2


def test_what_is_dropped_is_not_sent(config: Path) -> None:
    done = call("outbox", "drop", 1, "-c", config)

    assert (done.exit_code, f"dropped: daily for {READER}" in done.output) == (0, True)
    assert told("deliver", "-c", config)["deliver"]["sent"] == 1
    assert states(config) == {1: "dead", 2: "sent"}


def test_a_message_that_was_given_up_needs_a_look_until_it_is_dropped(config: Path) -> None:
    put_into(config, OutboxState.DEAD)
    before = [each["id"] for each in told("status", "-c", config)["messages"]]
    call("outbox", "drop", 1, "-c", config)
    after = [each["id"] for each in told("status", "-c", config)["messages"]]

    assert (1 in before, 1 in after) == (True, False)


@pytest.mark.parametrize(
    ("command", "state", "reason"),
    [
        ("retry", OutboxState.READY, "has not been tried yet"),
        ("retry", OutboxState.WAITING, "is not given up: it is tried again by itself"),
        ("retry", OutboxState.SENDING, "is being sent just now"),
        ("retry", OutboxState.SENT, "was sent"),
        ("drop", OutboxState.SENDING, "is being sent just now"),
        ("drop", OutboxState.SENT, "was sent"),
    ],
)
def test_what_cannot_be_decided_any_more_is_told(
    config: Path, command: str, state: OutboxState, reason: str
) -> None:
    put_into(config, state)
    done = call("outbox", command, 1, "-c", config)
    assert done.exit_code == 1
    assert f"it {reason}" in done.stderr


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_a_number_that_no_message_has_is_told(config: Path, command: str) -> None:
    done = call("outbox", command, 99, "-c", config)
    assert (done.exit_code, "there is no message 99" in done.stderr) == (1, True)
