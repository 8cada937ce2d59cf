"""What stands behind the digests of one step is read once for all who share it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.records import MatchState, Story
from monitor.service.coverage import Backdrop, coverage, trend
from monitor.store import matches, topics
from tests.builders import MORNING
from tests.service.newsroom import DAILY, Newsroom
from tests.store.builders import add_stories, match, new_story

HOUR, WEEK = timedelta(hours=1), timedelta(weeks=1)
NOW = MORNING + 4 * WEEK


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path, DAILY)
    room.start(MORNING)
    yield room
    room.stop()


def names(room: Newsroom) -> tuple[str, ...]:
    assert room.app is not None
    return tuple(topic.spec.name for topic in topics.all_topics(room.app.database))


def near_miss(room: Newsroom) -> Story | None:
    """A story that nearly matched an hour ago."""
    assert room.app is not None
    (number,) = add_stories(room.app.database, new_story("near"), now=NOW - HOUR)
    (topic,) = topics.all_topics(room.app.database)
    near = match(number, topic, score=0.1, state=MatchState.NEAR, matched_at=NOW - HOUR)
    matches.save(room.app.database, [number], [near], NOW - HOUR)
    found = matches.nearest(room.app.database, names(room), NOW - 2 * HOUR, NOW)
    return None if found is None else found.story


def test_it_tells_of_each_period_and_topics_what_there_is_to_tell(room: Newsroom) -> None:
    near = near_miss(room)
    assert room.app is not None
    behind = Backdrop(room.app, NOW)
    for since in (NOW - 2 * HOUR, NOW - HOUR / 2, NOW - 2 * HOUR):
        for those in (names(room), ("another",), names(room)):
            told = behind.coverage(those, since)
            assert told == coverage(room.app, those, since, NOW)
            expected = near if (those, since) == (names(room), NOW - 2 * HOUR) else None
            assert (told.nearest and told.nearest.story) == expected


def test_the_weeks_of_each_topic_are_told_as_they_are(room: Newsroom) -> None:
    room.story(MORNING)
    assert room.app is not None
    behind = Backdrop(room.app, NOW)
    for those in (names(room), ("another",), names(room)):
        assert behind.trend(those) == trend(room.app, those, NOW)
    assert behind.trend(names(room)) != behind.trend(("another",))


def test_whoever_shares_it_gets_what_was_read_before(room: Newsroom) -> None:
    assert room.app is not None
    behind = Backdrop(room.app, NOW)
    first = behind.coverage(names(room), NOW - HOUR), behind.trend(names(room))
    again = behind.coverage(names(room), NOW - HOUR), behind.trend(names(room))
    assert all(one is other for one, other in zip(first, again, strict=True))
