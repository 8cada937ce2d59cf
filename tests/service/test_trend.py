"""The matches a week that a digest shows of a topic: of weeks that were watched, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.store import archive
from tests.builders import MORNING
from tests.service.newsroom import Newsroom

WEEK = timedelta(weeks=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path)
    room.start(MORNING)
    yield room
    room.stop()


def weeks_told(room: Newsroom, weeks: int) -> tuple[int, ...]:
    """What the digest shows so many weeks after the first of two stories."""
    room.story(MORNING)
    now = MORNING + weeks * WEEK + 25 * HOUR
    room.story(now - HOUR)
    room.tick(now)
    assert room.app is not None
    found = archive.get(room.app.database, room.items[-1].run)
    assert found is not None
    (section,) = found.digest.sections
    return section.weeks


@pytest.mark.parametrize("weeks", [0, 1, 2])
def test_less_than_three_weeks_are_no_trend(room: Newsroom, weeks: int) -> None:
    assert weeks_told(room, weeks) == ()


def test_three_weeks_are_a_trend(room: Newsroom) -> None:
    assert weeks_told(room, 3) == (0, 0, 1)


def test_the_weeks_that_are_shown_are_those_since_the_first_story(room: Newsroom) -> None:
    assert weeks_told(room, 4) == (0, 0, 0, 1)


def test_more_than_twelve_weeks_are_not_shown(room: Newsroom) -> None:
    assert len(weeks_told(room, 20)) == 12
