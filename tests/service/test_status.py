"""What `monitor status` knows of recipients: also of those who are not told anything now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.service.views import RecipientStatus, status
from monitor.store import subscriptions
from tests.builders import MORNING
from tests.service.newsroom import Newsroom

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR
BOTH = """
  - name: daily
    recipients: [{to: a@example.org, urgent: {above: 0.8, at_most: 3}}, b@example.org]
    schedule: {daily: "07:00"}
    timezone: UTC
    quiet: {from: "22:00", until: "06:00"}
"""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path, BOTH)
    room.start(MORNING)
    room.story(MORNING)
    room.tick(SEVEN)
    yield room
    room.stop()


def seen(room: Newsroom, now: object) -> dict[str, RecipientStatus]:
    assert room.app is not None
    found = status(room.app, now).recipients  # type: ignore[arg-type]
    return {each.subscription.recipient[0]: each for each in found}


def test_each_recipient_has_a_next_hour(room: Newsroom) -> None:
    hours = {each.subscription.next_at for each in seen(room, SEVEN).values()}
    assert hours == {SEVEN + DAY}


def test_a_rest_is_told_with_its_end_while_it_lasts(room: Newsroom) -> None:
    assert seen(room, SEVEN)["a"].rests_until is None
    assert seen(room, SEVEN + 16 * HOUR)["a"].rests_until == SEVEN + 23 * HOUR


def test_one_who_was_stopped_is_still_told_of(room: Newsroom) -> None:
    assert room.app is not None
    number = seen(room, SEVEN)["b"].subscription.id
    subscriptions.stop(room.app.database, number, SEVEN, by="mail")
    stopped = seen(room, SEVEN)["b"].subscription
    assert (stopped.stopped_at, stopped.stopped_by) == (SEVEN, "mail")


def test_what_was_told_at_once_is_counted_from_midnight_on_where_it_is_wanted(
    room: Newsroom,
) -> None:
    for hours in (2, 3):
        room.story(SEVEN + hours * HOUR, score=0.9)
        room.tick(SEVEN + hours * HOUR)
    found = seen(room, SEVEN + 4 * HOUR)
    assert (found["a"].urgent_today, found["a"].urgent_at_most) == (2, 3)
    assert (found["b"].urgent_today, found["b"].urgent_at_most) == (0, 0)
    assert seen(room, SEVEN + DAY)["a"].urgent_today == 0
