"""How often a feed brings news is learned from what it brought, and forgotten again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.cadence import Bounds
from monitor.ingest.rhythm import HALF_LIFE, first_rhythm, rhythm_after
from monitor.records import Rhythm
from tests.ingest.builders import NOW

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
UNKNOWN = Rhythm()
BOUNDS = Bounds(floor=5 * MINUTE, ceiling=4 * HOUR)


def after(
    rhythm: Rhythm = UNKNOWN, *, elapsed: timedelta = HOUR, new: int = 0, gap: bool = False
) -> Rhythm:
    """The rhythm after one poll."""
    return rhythm_after(rhythm, elapsed=elapsed, new=new, gap=gap, bounds=BOUNDS)


def per_day(rhythm: Rhythm) -> float:
    """Stories a day."""
    return rhythm.stories / rhythm.seconds * DAY.total_seconds()


@pytest.mark.parametrize("elapsed", [5 * MINUTE, 4 * HOUR, 10 * DAY])
def test_an_even_stream_is_told_right_however_often_it_is_polled(elapsed: timedelta) -> None:
    rhythm = Rhythm()
    for _ in range(200):
        rhythm = after(rhythm, elapsed=elapsed, new=3)
    assert per_day(rhythm) == pytest.approx(3 * (DAY / elapsed))


@given(st.lists(st.timedeltas(timedelta(0), 3 * DAY), min_size=1, max_size=8))
def test_many_short_silences_weigh_what_a_long_one_does(pieces: list[timedelta]) -> None:
    begun = Rhythm(stories=20.0, seconds=DAY.total_seconds())
    short = begun
    for piece in pieces:
        short = after(short, elapsed=piece)
    long = after(begun, elapsed=sum(pieces, timedelta(0)))
    assert short.stories == pytest.approx(long.stories)
    assert short.seconds == pytest.approx(long.seconds)


def test_what_was_seen_counts_half_after_three_days() -> None:
    faded = after(Rhythm(stories=8.0, seconds=DAY.total_seconds()), elapsed=HALF_LIFE)
    assert faded.stories == pytest.approx(4.0)


def test_a_poll_at_the_same_moment_or_after_a_clock_went_back_loses_nothing() -> None:
    begun = Rhythm(stories=2.0, seconds=60.0)
    for elapsed in (timedelta(0), -DAY):
        assert after(begun, elapsed=elapsed, new=3) == Rhythm(stories=5.0, seconds=60.0)


class TestLimit:
    def test_a_gap_halves_what_was_too_long(self) -> None:
        assert after(elapsed=2 * HOUR, gap=True).limit == HOUR

    def test_the_next_one_halves_the_limit_down_to_the_floor(self) -> None:
        rhythm, found = Rhythm(limit=HOUR), []
        for _ in range(5):
            rhythm = after(rhythm, elapsed=HOUR, gap=True)
            found.append(rhythm.limit)
        assert found == [30 * MINUTE, 15 * MINUTE, 7.5 * MINUTE, 5 * MINUTE, 5 * MINUTE]

    def test_a_gap_after_a_long_outage_does_not_lengthen_it(self) -> None:
        assert after(Rhythm(limit=HOUR), elapsed=9 * DAY, gap=True).limit == 30 * MINUTE

    def test_each_poll_without_a_gap_lengthens_it_by_a_tenth(self) -> None:
        assert after(Rhythm(limit=HOUR), elapsed=HOUR).limit == 66 * MINUTE

    def test_beyond_the_ceiling_it_is_forgotten(self) -> None:
        assert after(Rhythm(limit=BOUNDS.ceiling), elapsed=HOUR).limit is None

    def test_an_owners_interval_beyond_the_ceiling_is_held_back_as_well(self) -> None:
        rhythm, elapsed, polls = after(elapsed=DAY, gap=True), DAY, 0
        while rhythm.limit is not None:
            elapsed = min(DAY, rhythm.limit)
            rhythm, polls = after(rhythm, elapsed=elapsed), polls + 1
        assert elapsed == DAY
        assert polls > 5

    def test_without_any_gap_there_is_none(self) -> None:
        assert after(new=3).limit is None


class TestFirstDocument:
    def test_dates_tell_what_polling_all_the_week_would_have_told(self) -> None:
        dates = [NOW - n * HOUR for n in range(24 * 9)]
        told = first_rhythm(dates, NOW)
        assert per_day(told) == pytest.approx(24, rel=0.02)
        polled = Rhythm()
        for _ in range(24 * 7):
            polled = after(polled, new=1)
        assert told.seconds == pytest.approx(polled.seconds)

    def test_a_document_that_does_not_reach_back_a_week_tells_of_less_time(self) -> None:
        told = first_rhythm([NOW - n * 6 * MINUTE for n in range(31)], NOW)
        assert per_day(told) == pytest.approx(240, rel=0.02)
        assert told.seconds == pytest.approx(3 * 3600, rel=0.02)

    def test_a_week_of_silence_is_known_to_be_silence(self) -> None:
        told = first_rhythm([NOW - 30 * DAY], NOW)
        assert told.stories == 0
        assert told.seconds > 3 * DAY.total_seconds()

    @pytest.mark.parametrize(
        "dates",
        [[], [None, None], [NOW] * 30, [NOW + HOUR], [NOW + 40 * DAY]],
        ids=["empty", "undated", "dated when served", "ahead", "far ahead"],
    )
    def test_dates_that_tell_nothing_make_no_rhythm(self, dates: list[None]) -> None:
        assert first_rhythm(dates, NOW) == Rhythm()

    def test_it_fades_like_any_other(self) -> None:
        told = first_rhythm([NOW - n * HOUR for n in range(24)], NOW)
        assert after(told, elapsed=HALF_LIFE).stories == pytest.approx(told.stories / 2)
