"""Several ways out at once: what is wrong with one costs the others nothing, and is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.errors import ConfigError, DeliveryError
from monitor.records import Message, OutboxItem, OutboxState
from monitor.service.deliver import LONGEST_ASKED, PAUSE, deliver
from monitor.service.digest import digest
from tests.builders import MORNING
from tests.service.newsroom import Newsroom

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR
EVERYBODY = """
  - name: daily
    recipients: [a@example.org, b@example.org, c@example.org, pages]
    schedule: {daily: "07:00"}
    timezone: UTC
"""
CHANNELS = "channels:\n  pages: {folder: pages}\n"
DOWN = DeliveryError("connection refused", unreachable=True)
OVER_QUOTA = DeliveryError("452 over quota")
UNKNOWN = DeliveryError("550 no such user", permanent=True)
NO_ANSWER = DeliveryError("no answer after the whole mail", ambiguous=True)


class Server:
    """A way out that fails for some recipients, and remembers whom it was tried for."""

    def __init__(self, errors: Mapping[str, DeliveryError]) -> None:
        self.errors, self.tried = errors, list[str]()

    def send(self, message: Message) -> None:
        self.tried.append(message.recipient)
        error = self.errors.get(message.recipient, self.errors.get("*"))
        if error is not None:
            raise error

    def check(self) -> None:
        """Nothing to try."""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    """Seven o'clock, and all four have a message that is ready."""
    room = Newsroom(tmp_path, EVERYBODY, more=CHANNELS)
    app = room.start(MORNING)
    room.story(MORNING)
    digest(app, SEVEN)
    yield room
    room.stop()


def mailing(room: Newsroom, **errors: DeliveryError) -> Server:
    """A mail server that fails so for these, by the name before the @; ``all``: for all."""
    assert room.app is not None
    spelt = {"*" if name == "all" else f"{name}@example.org": it for name, it in errors.items()}
    room.app.ways[""] = server = Server(spelt)
    return server


def send(room: Newsroom, now: object) -> Mapping[str, int]:
    assert room.app is not None
    return {name: n for name, n in deliver(room.app, now).counts.items() if n}  # type: ignore[arg-type]


def by_recipient(room: Newsroom) -> dict[str, OutboxItem]:
    return {item.message.recipient.partition("@")[0]: item for item in room.items}


def states(room: Newsroom) -> dict[str, OutboxState]:
    return {name: item.state for name, item in by_recipient(room).items()}


def test_a_way_that_is_down_is_tried_once_and_the_other_ways_do_not_wait_for_it(
    room: Newsroom,
) -> None:
    server = mailing(room, all=DOWN)
    assert send(room, SEVEN) == {"waiting": 1, "sent": 1}
    assert server.tried == ["a@example.org"]
    assert states(room)["pages"] is OutboxState.SENT


def test_what_was_not_tried_counts_no_attempt_and_is_told_no_error(room: Newsroom) -> None:
    mailing(room, all=DOWN)
    send(room, SEVEN)
    waiting = by_recipient(room)["b"]
    assert (waiting.state, waiting.attempts, waiting.last_error) == (OutboxState.READY, 0, None)


def test_a_way_that_is_down_is_tried_again_after_a_pause_by_the_next_message(
    room: Newsroom,
) -> None:
    server = mailing(room, all=DOWN)
    for seconds in range(0, 120, 2):
        send(room, SEVEN + timedelta(seconds=seconds))
    assert server.tried == ["a@example.org"]
    send(room, SEVEN + PAUSE)
    assert server.tried == ["a@example.org", "b@example.org"]


def test_a_way_that_is_up_again_takes_all_that_waits(room: Newsroom) -> None:
    mailing(room, all=DOWN)
    send(room, SEVEN)
    mailing(room)
    send(room, SEVEN + PAUSE)
    send(room, SEVEN + HOUR)
    assert set(states(room).values()) == {OutboxState.SENT}


def test_a_clock_set_back_does_not_keep_a_way_closed(room: Newsroom) -> None:
    mailing(room, all=DOWN)
    send(room, SEVEN + 365 * DAY)
    server = mailing(room)
    send(room, SEVEN)
    assert "b@example.org" in server.tried


@pytest.mark.parametrize(
    ("error", "state", "uncertain"),
    [
        (OVER_QUOTA, OutboxState.WAITING, False),
        (NO_ANSWER, OutboxState.WAITING, True),
        (UNKNOWN, OutboxState.DEAD, False),
    ],
)
def test_what_is_wrong_with_one_message_is_settled_for_it_alone(
    room: Newsroom, error: DeliveryError, state: OutboxState, uncertain: bool
) -> None:
    mailing(room, b=error)
    send(room, SEVEN)
    found = by_recipient(room)
    assert (found["b"].state, found["b"].uncertain) == (state, uncertain)
    assert str(error) in str(found["b"].last_error)
    assert {found[each].state for each in ("a", "c", "pages")} == {OutboxState.SENT}


def test_waits_grow_with_each_refusal_for_days_until_it_is_given_up(room: Newsroom) -> None:
    mailing(room, b=OVER_QUOTA)
    attempts = [SEVEN]
    send(room, SEVEN)
    while (item := by_recipient(room)["b"]).state is OutboxState.WAITING:
        attempts.append(item.next_attempt_at)
        send(room, item.next_attempt_at)
    waits = [later - before for before, later in pairwise(attempts)]

    assert item.state is OutboxState.DEAD
    assert attempts[-1] - SEVEN >= 5 * DAY
    assert all(later > before for before, later in pairwise(waits[:6]))
    assert len(set(waits)) == len(waits), "jitter"


@pytest.mark.parametrize(
    ("asked", "waits"), [(3 * HOUR, 3 * HOUR), (30 * DAY, LONGEST_ASKED), (MINUTE, MINUTE)]
)
def test_who_asks_to_be_left_alone_is_left_alone_for_a_day_at_most(
    room: Newsroom, asked: timedelta, waits: timedelta
) -> None:
    mailing(room, a=DeliveryError("busy", retry_after=asked))
    send(room, SEVEN)
    again = by_recipient(room)["a"].next_attempt_at - SEVEN
    assert waits <= again < waits + 3 * MINUTE


def test_a_whole_way_that_asks_to_be_left_alone_is_left_alone_by_all_its_messages(
    room: Newsroom,
) -> None:
    server = mailing(room, all=DeliveryError("429", retry_after=HOUR, unreachable=True))
    for minutes in range(59):
        send(room, SEVEN + minutes * MINUTE)
    assert server.tried == ["a@example.org"]


def test_a_message_for_a_channel_that_is_gone_waits_says_so_and_goes_when_it_is_back(
    room: Newsroom,
) -> None:
    room.more = ""
    room.configure(EVERYBODY.replace(", pages", ""))
    app = room.start(SEVEN)
    mailing(room)
    with pytest.raises(ConfigError, match="pages"):
        deliver(app, SEVEN)
    left = by_recipient(room)["pages"]
    assert (left.state, "pages is gone" in str(left.last_error)) == (OutboxState.WAITING, True)
    assert {each for name, each in states(room).items() if name != "pages"} == {OutboxState.SENT}

    for hours in range(24 * 8):
        with suppress(ConfigError):
            deliver(app, SEVEN + hours * HOUR)
    room.more = CHANNELS
    room.configure(EVERYBODY)
    room.start(SEVEN + 9 * DAY)
    assert send(room, SEVEN + 9 * DAY) == {"sent": 1}


class Broken(Server):
    """A way out with a mistake in it, whose words hold a secret."""

    def send(self, message: Message) -> None:
        raise RuntimeError("T0KEN")


def test_after_an_error_that_nobody_expected_a_message_may_have_gone_and_the_others_go(
    room: Newsroom,
) -> None:
    app = room.app
    assert app is not None
    app.ways["pages"], app.ways[""] = Broken({}), Server({})
    with pytest.raises(RuntimeError, match="T0KEN"):
        deliver(app, SEVEN)

    items = {item.message.recipient: item for item in room.items}
    broken = items.pop("pages")
    assert (broken.state, broken.uncertain) == (OutboxState.WAITING, True)
    assert "(RuntimeError); the log tells more" in str(broken.last_error)
    assert "T0KEN" not in str(broken.last_error)
    assert {item.state for item in items.values()} == {OutboxState.SENT}


def test_who_is_to_stop_begins_no_attempt(room: Newsroom) -> None:
    app = room.app
    assert app is not None
    app.stopping.set()

    assert not any(deliver(app, SEVEN).counts.values())
    assert {item.attempts for item in room.items} == {0}


class Unset(Server):
    """A way out that lacks its password."""

    def send(self, message: Message) -> None:
        self.tried.append(message.recipient)
        raise ConfigError(("mail.smtp.password_env: the variable is not set; set it",))


def test_a_way_that_lacks_its_configuration_is_tried_by_one_message_at_a_time(
    room: Newsroom,
) -> None:
    app = room.app
    assert app is not None
    app.ways[""] = server = Unset({})
    with pytest.raises(ConfigError, match="set it"):
        deliver(app, SEVEN)

    assert server.tried == ["a@example.org"]
    assert states(room) == {
        "a": OutboxState.WAITING,
        "b": OutboxState.READY,
        "c": OutboxState.READY,
        "pages": OutboxState.SENT,
    }


def test_a_closed_way_is_closed_for_those_too_who_were_removed_since(room: Newsroom) -> None:
    room.configure(EVERYBODY.replace(", c@example.org", ""))
    room.start(SEVEN)
    server = mailing(room, all=DOWN)
    send(room, SEVEN)

    assert server.tried == ["a@example.org"]
    assert by_recipient(room)["c"].attempts == 0
