"""What is forgotten, and when: digests last, and never before the stories they tell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.service.upkeep import upkeep
from monitor.store import archive
from tests.builders import MORNING
from tests.service.newsroom import DAILY, Newsroom

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path, DAILY)
    yield room
    room.stop()


@pytest.mark.parametrize(
    ("keep", "kept_for"),
    [("", 730), ("keep_digests: 30d\nkeep: 10d\n", 30), ("keep_digests: 1d\nkeep: 40d\n", 40)],
)
def test_a_digest_is_kept_as_long_as_it_says_and_as_long_as_stories_at_least(
    room: Newsroom, keep: str, kept_for: int
) -> None:
    room.more = keep
    room.configure(DAILY)
    app = room.start(MORNING)
    room.story(MORNING)
    room.tick(SEVEN)

    assert upkeep(app, SEVEN + kept_for * DAY).counts["digests forgotten"] == 0
    assert len(archive.listing(app.database, limit=9)) == 1
    assert upkeep(app, SEVEN + kept_for * DAY + HOUR).counts["digests forgotten"] == 1
