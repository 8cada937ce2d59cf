"""How feeds fare, in words: each word is said when it is true, and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.cadence import Bounds
from monitor.ingest.rhythm import rhythm_after
from monitor.records import MOVES_CONFIRMED, Feed, FeedSpec, Move, Rhythm, Validators
from monitor.service.health import (
    SLOW,
    TOLD_OF_GAPS,
    Condition,
    State,
    conditions,
    rhythm_words,
    span_words,
)

NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BOUNDS = Bounds(floor=5 * MINUTE, ceiling=4 * HOUR)


def a_feed(**changes: Any) -> Feed:
    """A feed that was read well an hour ago."""
    values: dict[str, Any] = {
        "id": 7,
        "spec": FeedSpec(url="https://example.org/feed"),
        "title": "Example",
        "validators": Validators(),
        "body_hash": None,
        "next_check_at": NOW,
        "last_checked_at": NOW - HOUR,
        "last_success_at": NOW - HOUR,
        "failing_since": None,
        "failures": 0,
        "last_error": None,
        "last_status": 200,
        "skipped_entries": 0,
        "seconds": 0.3,
    }
    return Feed(**{**values, **changes})


def states(feed: Feed, **facts: Any) -> list[State]:
    return [each.state for each in conditions(feed, NOW, **facts)]


def the_one(feed: Feed, **facts: Any) -> Condition:
    (found,) = conditions(feed, NOW, **facts)
    return found


def after_polls(stories: list[float], until: float) -> Feed:
    """A feed polled every four hours for ``until`` days, with a story at each of those days."""
    rhythm, story_at, polls = Rhythm(), None, round(until * 6)
    for poll in range(1, polls + 1):
        new = sum((poll - 1) / 6 < day <= poll / 6 for day in stories)
        rhythm = rhythm_after(rhythm, elapsed=4 * HOUR, new=new, gap=False, bounds=BOUNDS)
        story_at = NOW - (polls - poll) * 4 * HOUR if new else story_at
    return a_feed(rhythm=rhythm, story_at=story_at, last_success_at=NOW)


# ---------------------------------------------------------------- one word each


def test_a_feed_of_which_nothing_is_wrong_is_fine() -> None:
    assert the_one(a_feed()) == Condition(state=State.FINE)


def test_a_feed_that_was_never_read_is_new() -> None:
    assert states(a_feed(last_success_at=None)) == [State.NEW]


def test_of_a_disabled_feed_nothing_else_is_said() -> None:
    ill = a_feed(spec=FeedSpec(url="https://a.org/", enabled=False), failures=3, held=9)

    assert states(ill, rest_until=NOW + DAY) == [State.DISABLED]


def test_a_failing_feed_is_told_with_its_error_and_since_when() -> None:
    error = "the answer is a web page, not a feed"
    failing = a_feed(failures=2, failing_since=NOW - DAY, last_error=error)

    assert the_one(failing) == Condition(state=State.FAILING, told=error, at=NOW - DAY)


def test_a_feed_that_is_gone_is_not_said_to_fail_too() -> None:
    gone = the_one(a_feed(gone_at=NOW - DAY, failures=1, failing_since=NOW - DAY, last_error="410"))

    assert (gone.state, gone.at) == (State.GONE, NOW - DAY)
    assert "monitor feeds retry 7" in gone.remedy


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (1, "1 old story that came again waits"),
        (1200, "1,200 old stories came again at once and wait"),
    ],
)
def test_held_stories_are_counted_with_what_to_do(held: int, told: str) -> None:
    found = the_one(a_feed(held=held, held_at=NOW - DAY))

    assert (found.state, found.told, found.at) == (State.HELD, told, NOW - DAY)
    assert found.remedy == "`monitor feeds release 7`, or with --discard"


def test_a_move_is_told_when_it_is_confirmed() -> None:
    to = "https://example.org/new"
    moving = a_feed(move=Move(url=to, times=MOVES_CONFIRMED - 1))
    moved = the_one(a_feed(move=Move(url=to, times=MOVES_CONFIRMED)))

    assert states(moving) == [State.FINE]
    assert (moved.state, moved.told) == (State.MOVED, f"for good, to {to}")
    assert moved.remedy == "write the new address into feeds.yaml"


def test_missed_stories_are_told_for_a_week_with_the_shorter_interval() -> None:
    limited = a_feed(gaps=3, gap_at=NOW - DAY, rhythm=Rhythm(limit=15 * MINUTE))
    found = the_one(limited)

    assert (found.state, found.at) == (State.MISSED, NOW - DAY)
    assert found.told == (
        "two polls in a row shared no story, 3 times so far; now asked at least every 15 min"
    )
    assert the_one(a_feed(gaps=1, gap_at=NOW)).told == "two polls in a row shared no story"
    assert states(a_feed(gaps=3, gap_at=NOW - TOLD_OF_GAPS - MINUTE)) == [State.FINE]


def test_an_answer_that_took_long_is_slow_unless_it_failed_anyway() -> None:
    limit = SLOW.total_seconds()

    assert states(a_feed(seconds=limit)) == [State.FINE]
    assert the_one(a_feed(seconds=limit + 4)).told == "the last answer took 14 s"
    assert states(a_feed(seconds=limit + 4, failures=1)) == [State.FAILING]


def test_a_rest_is_told_while_it_lasts() -> None:
    found = the_one(a_feed(), rest_until=NOW + HOUR)

    assert (found.state, found.at) == (State.PUT_OFF, NOW + HOUR)
    assert states(a_feed(), rest_until=NOW) == [State.FINE]


def test_of_several_the_most_urgent_comes_first() -> None:
    ill = a_feed(
        failures=1,
        held=2,
        gaps=1,
        gap_at=NOW,
        move=Move(url="https://example.org/new", times=9),
    )

    found = states(ill, rest_until=NOW + HOUR)
    assert found == [State.FAILING, State.HELD, State.MOVED, State.MISSED, State.PUT_OFF]


@given(
    failures=st.integers(0, 2),
    gone=st.booleans(),
    held=st.integers(0, 2),
    gaps=st.integers(0, 1),
    moves=st.integers(0, 4),
    seconds=st.sampled_from([None, 0.1, 29.0]),
    rest=st.sampled_from([None, NOW + HOUR]),
    silent=st.booleans(),
)
def test_whatever_is_wrong_is_said_once_in_the_order_of_urgency(
    failures: int,
    gone: bool,
    held: int,
    gaps: int,
    moves: int,
    seconds: float | None,
    rest: datetime | None,
    silent: bool,
) -> None:
    feed = a_feed(
        failures=failures,
        gone_at=NOW if gone else None,
        held=held,
        gap_at=NOW if gaps else None,
        gaps=gaps,
        move=Move(url="https://n.org/", times=moves),
        seconds=seconds,
        rhythm=Rhythm(stories=1.0, seconds=86_400.0),
        story_at=NOW - 30 * DAY if silent else None,
    )
    found = states(feed, rest_until=rest)

    assert found == sorted(set(found), key=list(State).index)
    assert found


# ---------------------------------------------------------------- silence


def test_a_daily_feed_is_silent_after_ten_days_without_a_story_and_not_before() -> None:
    days = [float(day) for day in range(1, 31)]

    assert states(after_polls(days, 30 + 7)) == [State.FINE]
    silent = the_one(after_polls(days, 30 + 11))
    assert (silent.state, silent.at) == (State.SILENT, NOW - 11 * DAY)
    assert silent.told == "longer than its rhythm of about 1 story a day"


def test_the_busiest_feed_is_given_three_days() -> None:
    days = [hour / 24 for hour in range(24 * 7)]

    assert states(after_polls(days, 7 + 2.9)) == [State.FINE]
    assert states(after_polls(days, 7 + 3.2)) == [State.SILENT]


def test_a_weekly_feed_is_silent_after_weeks() -> None:
    days = [float(day) for day in range(7, 70, 7)]

    assert states(after_polls(days, 63 + 21)) == [State.FINE]
    assert states(after_polls(days, 63 + 49)) == [State.SILENT]


def test_a_feed_stays_silent_for_years() -> None:
    days = [float(day) for day in range(1, 31)]

    assert states(after_polls(days, 30 + 1000)) == [State.SILENT]


def test_a_weekly_paper_of_thirty_stories_is_not_silent_between_two_papers() -> None:
    days = [float(7 * week) for week in range(1, 9) for _ in range(30)]
    midweek = after_polls(days, 56 + 6)

    assert states(midweek, longest_pause=7 * DAY) == [State.FINE]
    assert states(after_polls(days, 56 + 15), longest_pause=7 * DAY) == [State.SILENT]


@pytest.mark.parametrize("days", [[], [3.0], [1.0, 31.0], [30.0, 60.0, 90.0]])
def test_a_feed_that_never_had_a_rhythm_is_not_silent(days: list[float]) -> None:
    assert states(after_polls(days, 200)) == [State.FINE]


def test_a_service_that_did_not_ask_calls_nobody_silent() -> None:
    busy = after_polls([hour / 24 for hour in range(24 * 7)], 7)
    late = replace(busy, next_check_at=NOW + 60 * DAY, last_checked_at=NOW + 60 * DAY)
    later = conditions(late, NOW + 60 * DAY)

    assert [each.state for each in later] == [State.FINE]


def test_a_clock_that_was_set_back_makes_nobody_silent() -> None:
    ahead = a_feed(rhythm=Rhythm(stories=9.0, seconds=86_400.0), story_at=NOW + 4000 * DAY)

    assert states(ahead) == [State.FINE]


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("a_week", "words"),
    [
        (7 * 1234, "about 1,234 stories a day"),
        (84, "about 12 stories a day"),
        (7, "about 1 story a day"),
        (6.9, "about 7 stories a week"),
        (1, "about 1 story a week"),
        (0.9, "less than a story a week"),
        (0, "less than a story a week"),
    ],
)
def test_a_rhythm_in_words(a_week: float, words: str) -> None:
    assert rhythm_words(Rhythm(stories=a_week, seconds=7 * 86_400.0)) == words


def test_before_a_day_was_seen_there_is_no_rhythm_to_tell() -> None:
    assert rhythm_words(Rhythm(stories=30.0, seconds=3_600.0)) == ""


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=59.9), "59 s"),
        (MINUTE, "1 min"),
        (59 * MINUTE, "59 min"),
        (HOUR, "1 h"),
        (47 * HOUR, "47 h"),
        (49 * HOUR, "2 days"),
    ],
)
def test_a_span_in_words(span: timedelta, words: str) -> None:
    assert span_words(span) == words
