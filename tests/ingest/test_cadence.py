"""A feed is looked at again: when its rhythm, its owner and its server say; always some time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.cadence import (
    CEILING,
    Bounds,
    first_open,
    fresh_for,
    next_check,
    next_try,
    parse_retry_after,
)
from monitor.records import Feed, FeedSpec, Rhythm, Wishes
from tests.ingest.builders import NOW, feed

MINUTE = timedelta(minutes=1)
HALF_HOUR = 30 * MINUTE
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
BOUNDS = Bounds(floor=5 * MINUTE, ceiling=4 * HOUR)
INTERVALS = st.timedeltas(BOUNDS.floor, timedelta(days=7))
SPANS = st.none() | st.timedeltas(timedelta(0), timedelta(days=400))
RHYTHMS = st.builds(
    Rhythm,
    stories=st.floats(0, 1e5),
    seconds=st.floats(0, 1e6),
    limit=st.none() | st.timedeltas(MINUTE, timedelta(days=9)),
)
WISHES = st.builds(
    Wishes,
    ttl=SPANS,
    skip_hours=st.frozensets(st.integers(0, 23)),
    skip_days=st.frozensets(st.integers(0, 6)),
)
UNKNOWN = Rhythm()
NO_WISHES = Wishes()
RNGS = st.randoms(use_true_random=False)


def paced(interval: timedelta = HALF_HOUR) -> Feed:
    """A feed whose interval follows its rhythm, beginning with ``interval``."""
    return replace(
        feed(), spec=FeedSpec(url="https://news.example/", interval=interval, paced=True)
    )


def checked(
    it: Feed,
    rng: Random | None = None,
    *,
    rhythm: Rhythm = UNKNOWN,
    wishes: Wishes = NO_WISHES,
    fresh: timedelta | None = None,
) -> timedelta:
    """How long until the next check."""
    rng = rng or Random(0)
    return next_check(it, NOW, rng, BOUNDS, rhythm=rhythm, wishes=wishes, fresh=fresh) - NOW


def tried(
    it: Feed, rng: Random | None = None, *, retry_after: timedelta | None = None
) -> timedelta:
    """How long until the next try."""
    return next_try(it, NOW, rng or Random(0), BOUNDS, retry_after=retry_after) - NOW


def every(stories: float, per: timedelta) -> Rhythm:
    """A rhythm that is well known: of four days."""
    days = timedelta(days=4)
    return Rhythm(stories=stories * (days / per), seconds=days.total_seconds())


class TestAfterSuccess:
    @given(INTERVALS, RNGS)
    def test_the_owners_interval_with_a_tenth_of_jitter(
        self, interval: timedelta, rng: Random
    ) -> None:
        delay = checked(feed(interval=interval, failures=5), rng, rhythm=every(100, HOUR))
        assert max(interval * 0.9, BOUNDS.floor) <= delay <= interval * 1.1

    def test_feeds_added_together_drift_apart(self) -> None:
        rng = Random(1)
        for wishes in (Wishes(), Wishes(ttl=2 * HOUR)):
            assert len({checked(feed(), rng, wishes=wishes) for _ in range(50)}) == 50

    def test_a_feed_of_unknown_rhythm_begins_with_the_common_interval(self) -> None:
        assert HALF_HOUR * 0.9 <= checked(paced()) <= HALF_HOUR * 1.1

    @pytest.mark.parametrize(
        ("rhythm", "expected"),
        [
            (every(10, HOUR), 6 * MINUTE),
            (every(1, HOUR), HOUR),
            (every(60, HOUR), BOUNDS.floor),
            (every(1, DAY), BOUNDS.ceiling),
            (every(0, DAY), BOUNDS.ceiling),
        ],
        ids=["10 an hour", "1 an hour", "60 an hour", "1 a day", "silent"],
    )
    def test_then_one_story_is_to_be_expected_between_two_polls(
        self, rhythm: Rhythm, expected: timedelta
    ) -> None:
        assert expected * 0.85 <= checked(paced(), rhythm=rhythm) <= expected * 1.1

    def test_the_interval_counts_as_one_story_of_prior_knowledge(self) -> None:
        rhythm = Rhythm(stories=2, seconds=2 * HOUR.total_seconds())
        delays = [checked(paced(), Random(n), rhythm=rhythm) for n in range(200)]
        assert (min(delays) + max(delays)) / 2 == pytest.approx(50 * MINUTE, rel=0.01)

    @given(
        st.builds(feed, interval=INTERVALS) | st.builds(paced, INTERVALS),
        RHYTHMS,
        WISHES,
        SPANS,
        RNGS,
    )
    def test_never_before_the_floor_nor_before_what_the_server_asked(
        self, it: Feed, rhythm: Rhythm, wishes: Wishes, fresh: timedelta | None, rng: Random
    ) -> None:
        delay = checked(it, rng, rhythm=rhythm, wishes=wishes, fresh=fresh)
        nothing = timedelta(0)
        assert delay >= max(
            BOUNDS.floor, min(max(fresh or nothing, wishes.ttl or nothing), CEILING)
        )

    @given(st.builds(paced, INTERVALS), RHYTHMS, RNGS)
    def test_never_after_the_ceiling_unless_the_server_asks(
        self, it: Feed, rhythm: Rhythm, rng: Random
    ) -> None:
        assert checked(it, rng, rhythm=rhythm) <= BOUNDS.ceiling

    @given(st.builds(feed, interval=INTERVALS) | st.builds(paced, INTERVALS), SPANS, RNGS)
    def test_no_server_keeps_a_feed_for_longer_than_a_day_or_its_interval(
        self, it: Feed, fresh: timedelta | None, rng: Random
    ) -> None:
        assert checked(it, rng, fresh=fresh) <= max(CEILING, it.spec.interval * 1.1)

    @pytest.mark.parametrize("it", [feed(interval=2 * HOUR), paced(2 * HOUR)])
    def test_where_stories_were_missed_it_is_no_longer_than_the_limit(self, it: Feed) -> None:
        for limit, longest in ((HOUR, HOUR), (MINUTE, BOUNDS.floor)):
            rhythm = replace(every(1, DAY), limit=limit)
            delays = [checked(it, Random(n), rhythm=rhythm) for n in range(50)]
            assert longest * 0.89 <= max(delays) <= longest

    def test_what_a_server_asks_lengthens_even_where_stories_were_missed(self) -> None:
        rhythm = replace(every(10, HOUR), limit=10 * MINUTE)
        assert checked(paced(), rhythm=rhythm, fresh=3 * HOUR) >= 3 * HOUR

    def test_what_a_server_asks_never_shortens(self) -> None:
        delay = checked(feed(), wishes=Wishes(ttl=MINUTE), fresh=timedelta(seconds=1))
        assert delay >= HALF_HOUR * 0.9


class TestHoursAndDaysToSkip:
    @given(WISHES, st.timedeltas(timedelta(0), timedelta(days=400)))
    def test_the_moment_falls_into_none_of_them(self, wishes: Wishes, later: timedelta) -> None:
        moment = NOW + later
        found = first_open(wishes, moment)
        assert timedelta(0) <= found - moment <= timedelta(days=7)
        if len(wishes.skip_hours) < 24 and len(wishes.skip_days) < 7:
            assert found.hour not in wishes.skip_hours
            assert found.weekday() not in wishes.skip_days

    def test_it_is_the_first_one(self) -> None:
        wishes = Wishes(skip_hours=frozenset(range(8)), skip_days=frozenset({5, 6}))
        saturday, monday = NOW, NOW.replace(day=16, hour=8)
        assert first_open(wishes, saturday) == monday
        assert first_open(wishes, monday + MINUTE) == monday + MINUTE

    @pytest.mark.parametrize(
        "wishes", [Wishes(skip_hours=frozenset(range(24))), Wishes(skip_days=frozenset(range(7)))]
    )
    def test_who_skips_everything_is_not_believed(self, wishes: Wishes) -> None:
        assert first_open(wishes, NOW) == NOW

    def test_neither_a_check_nor_a_try_falls_into_them(self) -> None:
        wishes = Wishes(skip_hours=frozenset({NOW.hour}))
        it = replace(feed(), wishes=wishes)
        assert checked(it, wishes=wishes) == HOUR
        assert tried(it) == HOUR


class TestAfterFailure:
    @pytest.mark.parametrize("it", [feed(), paced()])
    @pytest.mark.parametrize(("failures", "times"), [(0, 1), (1, 2), (2, 4), (5, 32)])
    def test_the_delay_doubles_with_each_failure_in_a_row(
        self, it: Feed, failures: int, times: int
    ) -> None:
        delay = tried(replace(it, failures=failures))
        assert HALF_HOUR * times <= delay <= HALF_HOUR * times * 1.2

    def test_from_the_interval_that_the_rhythm_made(self) -> None:
        quiet = replace(paced(), rhythm=every(1, DAY), failures=1)
        assert BOUNDS.ceiling * 2 <= tried(quiet) <= BOUNDS.ceiling * 2.4

    @given(INTERVALS, st.integers(0, 10**9), RNGS)
    def test_no_feed_is_given_up(self, interval: timedelta, failures: int, rng: Random) -> None:
        delay = tried(feed(interval=interval, failures=failures), rng)
        assert interval <= delay <= max(CEILING, interval)

    def test_feeds_that_fail_together_drift_apart_to_the_end(self) -> None:
        rng = Random(1)
        for failures in (0, 30):
            assert len({tried(feed(failures=failures), rng) for _ in range(50)}) == 50

    @given(st.timedeltas(HOUR, CEILING), RNGS)
    def test_a_server_may_ask_for_a_longer_pause(self, asked: timedelta, rng: Random) -> None:
        assert asked <= tried(feed(), rng, retry_after=asked) <= min(asked * 1.1, CEILING)

    def test_but_not_for_a_shorter_one_nor_for_ever(self) -> None:
        for asked, least, most in (
            (timedelta(seconds=1), HALF_HOUR, HALF_HOUR * 1.2),
            (timedelta(days=400), CEILING, CEILING),
        ):
            assert least <= tried(feed(), retry_after=asked) <= most


def test_the_same_seed_gives_the_same_times() -> None:
    first, second = (
        [each for _ in range(5) for each in (tried(feed(), rng), checked(paced(), rng))]
        for rng in (Random(7), Random(7))
    )
    assert first == second


class TestFreshness:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"cache-control": "max-age=600"}, 600),
            ({"cache-control": 'Public, MAX-AGE = "600" , s-maxage=9000'}, 600),
            ({"cache-control": "max-age=600, must-revalidate"}, 600),
            ({"cache-control": "max-age=600, max-age=900"}, 600),
            ({"cache-control": "max-age=600", "age": "200"}, 400),
            ({"cache-control": "max-age=600", "age": "soon"}, 600),
            ({"cache-control": "max-age=600", "expires": "Sat, 14 Mar 2026 13:00:00 GMT"}, 600),
            ({"expires": "Sat, 14 Mar 2026 13:00:00 GMT"}, 3600),
            ({"expires": "Sat, 14 Mar 2026 13:00:00 GMT", "age": "600"}, 3000),
            (
                {"expires": "Sat, 14 Mar 2020 13:00:00 GMT", "date": "Sat, 14 Mar 2020 12:50 GMT"},
                600,
            ),
            ({"cache-control": "public", "expires": "Sat, 14 Mar 2026 13:00:00 GMT"}, 3600),
        ],
    )  # fmt: skip
    def test_it_is_read_from_cache_control_else_from_expires(
        self, headers: Mapping[str, str], seconds: int
    ) -> None:
        assert fresh_for(headers, NOW) == timedelta(seconds=seconds)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"cache-control": "no-cache, max-age=600"},
            {"cache-control": "max-age=600, no-store"},
            {"cache-control": "no-cache", "expires": "Sat, 14 Mar 2026 13:00:00 GMT"},
            {"cache-control": "max-age=0", "expires": "Sat, 14 Mar 2026 13:00:00 GMT"},
            {"cache-control": "max-age=-600"},
            {"cache-control": "max-age"},
            {"cache-control": "max-age=٣"},
            {"cache-control": "s-maxage=600"},
            {"cache-control": "max-age=600", "age": "600"},
            {"expires": "0"},
            {"expires": "-1"},
            {"expires": "Sat, 14 Mar 2026 11:00:00 GMT"},
        ],
        ids=str,
    )
    def test_anything_else_is_no_wish(self, headers: Mapping[str, str]) -> None:
        assert fresh_for(headers, NOW) is None

    @given(st.dictionaries(st.sampled_from(["cache-control", "expires", "date", "age"]), st.text()))
    def test_no_header_breaks_the_reading(self, headers: Mapping[str, str]) -> None:
        span = fresh_for(headers, NOW)
        assert span is None or span > timedelta(0)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "date", "span"),
        [
            ("120", None, timedelta(seconds=120)),
            (" 0 ", None, timedelta(0)),
            ("Sat, 14 Mar 2026 12:10:00 GMT", None, timedelta(minutes=10)),
            ("Sat, 14 Mar 2026 11:00:00 GMT", None, timedelta(0)),
            (
                "Sat, 14 Mar 2026 12:10:00 GMT",
                "Sat, 14 Mar 2026 12:05:00 GMT",
                timedelta(minutes=5),
            ),
            ("Sat, 14 Mar 2026 12:10:00 GMT", "yesterday", timedelta(minutes=10)),
        ],
    )
    def test_it_is_read_in_both_forms(self, value: str, date: str | None, span: timedelta) -> None:
        assert parse_retry_after(value, date, NOW) == span

    @pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "9" * 50, "٣", "Sat, 99 Mar 2026"])
    def test_one_that_cannot_be_read_asks_for_nothing(self, value: str) -> None:
        assert parse_retry_after(value, None, NOW) is None

    def test_a_moment_outside_of_the_calendar_asks_for_nothing(self) -> None:
        edge = "31 Dec 9999 23:59:59 -2359"
        assert parse_retry_after(edge, None, NOW) is None
        ten_past = "Sat, 14 Mar 2026 12:10:00 GMT"
        assert parse_retry_after(ten_past, edge, NOW) == timedelta(minutes=10)

    @given(st.text(), st.none() | st.text())
    def test_no_header_breaks_the_reading(self, value: str, date: str | None) -> None:
        span = parse_retry_after(value, date, NOW)
        assert span is None or span >= timedelta(0)
