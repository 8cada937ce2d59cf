"""A feed is looked at again: soon when it is well, later when it is not, always some time."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.cadence import CEILING, next_check, parse_retry_after
from tests.ingest.builders import NOW, feed

HALF_HOUR = timedelta(minutes=30)
INTERVALS = st.timedeltas(timedelta(seconds=10), timedelta(days=7))


@given(INTERVALS, st.randoms(use_true_random=False))
def test_after_success_the_interval_with_a_tenth_of_jitter(
    interval: timedelta, rng: Random
) -> None:
    delay = next_check(feed(interval=interval, failures=5), NOW, rng, failed=False) - NOW
    assert interval * 0.9 <= delay <= interval * 1.1


def test_feeds_added_together_drift_apart() -> None:
    rng = Random(1)
    assert len({next_check(feed(), NOW, rng, failed=False) for _ in range(50)}) == 50


def test_the_same_seed_gives_the_same_times() -> None:
    first, second = (
        [next_check(feed(), NOW, rng, failed=True) for _ in range(5)]
        for rng in (Random(7), Random(7))
    )
    assert first == second


@pytest.mark.parametrize(("failures", "times"), [(0, 1), (1, 2), (2, 4), (5, 32)])
def test_the_delay_doubles_with_each_failure_in_a_row(failures: int, times: int) -> None:
    delay = next_check(feed(failures=failures), NOW, Random(0), failed=True) - NOW
    assert HALF_HOUR * times <= delay <= HALF_HOUR * times * 1.2


@given(INTERVALS, st.integers(0, 10**9), st.randoms(use_true_random=False))
def test_no_feed_is_given_up(interval: timedelta, failures: int, rng: Random) -> None:
    delay = next_check(feed(interval=interval, failures=failures), NOW, rng, failed=True) - NOW
    assert interval <= delay <= max(CEILING, interval)


def test_a_server_may_ask_for_a_longer_pause() -> None:
    asked = timedelta(hours=3)
    delay = next_check(feed(), NOW, Random(0), failed=True, retry_after=asked) - NOW
    assert delay == asked


def test_but_not_for_a_shorter_one_nor_for_ever() -> None:
    for asked, least, most in (
        (timedelta(seconds=1), HALF_HOUR, HALF_HOUR * 1.2),
        (timedelta(days=400), CEILING, CEILING),
    ):
        delay = next_check(feed(), NOW, Random(0), failed=True, retry_after=asked) - NOW
        assert least <= delay <= most


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
def test_retry_after_is_read_in_both_forms(value: str, date: str | None, span: timedelta) -> None:
    assert parse_retry_after(value, date, NOW) == span


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "9" * 50, "٣", "Sat, 99 Mar 2026"])
def test_an_unreadable_retry_after_asks_for_nothing(value: str) -> None:
    assert parse_retry_after(value, None, NOW) is None


def test_a_moment_outside_of_the_calendar_asks_for_nothing() -> None:
    edge = "31 Dec 9999 23:59:59 -2359"
    assert parse_retry_after(edge, None, NOW) is None
    assert parse_retry_after("Sat, 14 Mar 2026 12:10:00 GMT", edge, NOW) == timedelta(minutes=10)


@given(st.text(), st.none() | st.text(), st.just(NOW))
def test_no_header_breaks_the_reading(value: str, date: str | None, now: datetime) -> None:
    span = parse_retry_after(value, date, now)
    assert span is None or span >= timedelta(0)
