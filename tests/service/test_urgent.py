"""Matches that cannot wait: at once, seldom, never in a rest, and never a second time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from monitor.service.digest import digest
from tests.builders import MORNING
from tests.service.newsroom import Newsroom, link

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR
NINE = SEVEN + 2 * HOUR
URGENT = """
  - name: daily
    recipients: [reader@example.org]
    schedule: {daily: "07:00"}
    timezone: UTC
    urgent: {above: 0.8, at_most: 2}
"""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    """It is nine, and the digest of the day was served."""
    room = Newsroom(tmp_path, URGENT)
    room.start(MORNING)
    room.tick(SEVEN)
    yield room
    room.stop()


@contextmanager
def statements() -> Iterator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(*call: object) -> None:
        asked.append(str(call[2]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def kinds(room: Newsroom) -> list[tuple[str, tuple[int, ...]]]:
    return [(each.kind, each.stories) for each in room.told()]


def test_what_reaches_the_second_threshold_is_told_at_once_in_one_message(room: Newsroom) -> None:
    stories = (room.story(NINE, score=0.8), room.story(NINE, score=0.95))
    room.tick(NINE)
    (told,) = room.told()
    assert (told.kind, told.stories, told.made_at) == ("urgent", stories, NINE)


def test_what_is_below_it_waits_for_the_digest(room: Newsroom) -> None:
    story = room.story(NINE, score=0.79)
    room.tick(NINE)
    assert room.told() == []
    room.tick(SEVEN + DAY)
    assert kinds(room) == [("scheduled", (story,))]


def test_what_was_told_at_once_does_not_come_again_in_the_digest(room: Newsroom) -> None:
    hot, plain = room.story(NINE, score=0.9), room.story(NINE, score=0.4)
    room.tick(NINE)
    for hours in range(48):
        room.tick(SEVEN + DAY + hours * HOUR)
    assert kinds(room) == [("urgent", (hot,)), ("scheduled", (plain,))]


def test_no_hour_moves_for_it(room: Newsroom) -> None:
    room.story(NINE, score=0.9)
    room.tick(NINE)
    plain = room.story(NINE + HOUR)
    room.tick(SEVEN + DAY)
    scheduled = room.told()[-1]
    assert (scheduled.slot, scheduled.stories) == (SEVEN + DAY, (plain,))


def test_beyond_so_many_a_day_it_waits_for_the_digest_also_over_midnight_and_a_restart(
    room: Newsroom,
) -> None:
    stories = []
    for hours in range(4):
        stories.append(room.story(NINE + hours * HOUR, score=0.9))
        room.tick(NINE + hours * HOUR)
    for hours in range(4, 21):  # until six in the morning
        room.start(NINE + hours * HOUR)
        room.tick(NINE + hours * HOUR)
    assert kinds(room) == [("urgent", (stories[0],)), ("urgent", (stories[1],))]

    room.tick(SEVEN + DAY)
    assert kinds(room)[2:] == [("scheduled", (stories[2], stories[3]))]


def test_the_next_day_brings_as_many_again_by_the_recipients_own_midnight(tmp_path: Path) -> None:
    tokyo = URGENT.replace("timezone: UTC", "timezone: Asia/Tokyo").replace("07:00", "12:00")
    room = Newsroom(tmp_path, tokyo)
    room.start(MORNING)  # 15:00 in Tokyo
    made = []
    for hours in (0, 1, 2, 8, 9.5, 10, 11):  # midnight there is nine hours later
        at = MORNING + hours * HOUR
        room.story(at, score=0.9)
        room.tick(at)
        made = [each.made_at for each in room.told() if each.kind == "urgent"]
    room.stop()
    assert [(at - MORNING) / HOUR for at in made] == [0, 1, 9.5, 10]


def test_in_the_quiet_hours_it_waits_for_their_end(room: Newsroom) -> None:
    room.configure(f'{URGENT}    quiet: {{from: "20:00", until: "06:00"}}\n')
    room.start(NINE)
    night = NINE + 14 * HOUR
    story = room.story(night, score=0.9)
    room.tick(night)
    room.tick(night + 3 * HOUR)
    assert room.told() == []

    six = SEVEN + 23 * HOUR
    room.tick(six)
    (told,) = room.told()
    assert (told.kind, told.stories, told.made_at) == ("urgent", (story,), six)


@pytest.mark.parametrize(("minutes", "kind"), [(10, "urgent"), (11, "scheduled")])
def test_what_came_up_just_before_midnight_is_told_at_once_after_it(
    room: Newsroom, minutes: int, kind: str
) -> None:
    midnight = NINE + 15 * HOUR
    story = room.story(midnight - minutes * MINUTE, score=0.9)
    for now in (midnight, SEVEN + DAY):
        room.tick(now)
    assert kinds(room) == [(kind, (story,))]


@pytest.mark.parametrize(("minutes", "kind"), [(10, "urgent"), (11, "scheduled")])
def test_what_came_up_just_before_a_rest_is_told_at_its_end(
    room: Newsroom, minutes: int, kind: str
) -> None:
    room.configure(f'{URGENT}    quiet: {{from: "20:00", until: "06:00"}}\n')
    room.start(NINE)
    evening = NINE + 11 * HOUR
    story = room.story(evening - minutes * MINUTE, score=0.9)
    for now in (evening, evening + 10 * HOUR, SEVEN + DAY):
        room.tick(now)
    assert kinds(room) == [(kind, (story,))]


def test_copies_and_what_else_a_story_matched_go_with_it(room: Newsroom) -> None:
    hot = room.story(NINE, score=0.9, link_key=link("same"))
    copy = room.story(NINE, score=0.3, link_key=link("same"))
    room.tick(NINE)
    (told,) = room.told()
    assert (told.kind, told.stories) == ("urgent", (hot, copy))
    room.tick(SEVEN + DAY)
    assert len(room.told()) == 1


def test_a_match_that_was_written_late_is_not_passed_over(room: Newsroom) -> None:
    room.story(NINE, score=0.4)
    room.tick(NINE)
    story = room.story(NINE - MINUTE, score=0.9)
    room.tick(NINE + 2 * MINUTE)
    assert kinds(room) == [("urgent", (story,))]


def test_after_the_clock_was_set_back_what_comes_in_is_not_passed_over(room: Newsroom) -> None:
    ahead = room.story(NINE + 3650 * DAY, score=0.4)
    room.tick(NINE + 3650 * DAY)
    story = room.story(NINE + HOUR, score=0.9)
    room.tick(NINE + HOUR)
    assert kinds(room) == [("scheduled", (ahead,)), ("urgent", (story,))]


def test_without_news_a_tick_asks_for_no_candidates(room: Newsroom) -> None:
    app = room.app
    assert app is not None
    room.story(NINE, score=0.4)
    digest(app, NINE)
    with statements() as asked:
        digest(app, NINE + MINUTE)
    assert not any("FROM stories" in each for each in asked)
    assert len([each for each in asked if each.startswith("SELECT")]) <= 4


def test_who_wants_nothing_at_once_gets_nothing_at_once(room: Newsroom) -> None:
    room.configure(
        URGENT.replace(
            "[reader@example.org]", "[{to: a@example.org, urgent: false}, b@example.org]"
        )
    )
    room.start(NINE)
    room.story(NINE, score=0.9)
    room.tick(NINE)
    assert [each.recipient for each in room.told()] == ["b@example.org"]


def test_what_has_to_wait_is_not_counted_as_told(room: Newsroom) -> None:
    app = room.app
    assert app is not None
    counted = []
    for minutes in range(3):
        room.story(NINE + minutes * MINUTE, score=0.9)
        counted.append(digest(app, NINE + minutes * MINUTE).counts["urgent"])
    assert counted == [1, 1, 0]
