"""A slot is the first instant at which the local clock reads at least the listed time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.notify.slots import latest_slot, next_slot, time_zone
from monitor.records import Schedule

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",  # changed its clocks at one minute past midnight
    "America/Havana",  # skips midnight itself
    "Australia/Lord_Howe",  # shifts by half an hour
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Africa/Casablanca",  # shifts for Ramadan
    "Pacific/Apia",  # skipped 30 December 2011
    "Antarctica/Troll",  # shifts by two hours
)

schedules = st.builds(
    Schedule,
    times=st.lists(
        st.times().map(lambda at: at.replace(microsecond=0)), min_size=1, max_size=4
    ).map(tuple),
    weekdays=st.frozensets(st.integers(0, 6)),
    zone=st.sampled_from(ZONES),
)
moments = st.timedeltas(timedelta(0), timedelta(days=70 * 365)).map(
    lambda since: datetime(1990, 1, 1, tzinfo=UTC) + since
)


def daily(*times: time, zone: str = "Europe/Berlin") -> Schedule:
    return Schedule(times=times, zone=zone)


def slots_between(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    slots = [next_slot(schedule, start)]
    while slots[-1] < end:
        slots.append(next_slot(schedule, slots[-1]))
    return slots[:-1]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def test_the_next_slot_is_strictly_after_and_the_latest_is_not_later() -> None:
    schedule = daily(time(7))
    slot = utc(2025, 7, 28, 5)

    assert next_slot(schedule, slot - timedelta(microseconds=1)) == slot
    assert next_slot(schedule, slot) == utc(2025, 7, 29, 5)
    assert latest_slot(schedule, slot) == slot
    assert latest_slot(schedule, slot - timedelta(microseconds=1)) == utc(2025, 7, 27, 5)


def test_several_times_of_a_day_come_in_the_order_of_the_clock() -> None:
    schedule = daily(time(18), time(7), zone="UTC")

    assert slots_between(schedule, utc(2025, 7, 28), utc(2025, 7, 29, 12)) == [
        utc(2025, 7, 28, 7),
        utc(2025, 7, 28, 18),
        utc(2025, 7, 29, 7),
    ]


def test_weekdays_are_those_of_the_zone_not_of_utc() -> None:
    mondays = Schedule(times=(time(7),), weekdays=frozenset({0}), zone="Pacific/Auckland")

    assert next_slot(mondays, utc(2025, 7, 24)) == utc(2025, 7, 27, 19)  # Sunday in UTC


def test_the_hour_stays_the_same_on_the_local_clock_over_both_clock_changes() -> None:
    schedule = daily(time(7))

    spring = slots_between(schedule, utc(2025, 3, 29), utc(2025, 3, 31))
    autumn = slots_between(schedule, utc(2025, 10, 25), utc(2025, 10, 27))

    assert spring == [utc(2025, 3, 29, 6), utc(2025, 3, 30, 5)]
    assert autumn == [utc(2025, 10, 25, 5), utc(2025, 10, 26, 6)]


def test_a_time_that_the_clocks_skip_is_served_at_the_change() -> None:
    assert next_slot(daily(time(2, 30)), utc(2025, 3, 29, 12)) == utc(2025, 3, 30, 1)


def test_a_time_that_comes_twice_is_served_the_first_time_only() -> None:
    schedule = daily(time(2, 30))

    assert slots_between(schedule, utc(2025, 10, 25, 12), utc(2025, 10, 27)) == [
        utc(2025, 10, 26, 0, 30)
    ]


def test_two_times_in_the_same_gap_are_one_slot() -> None:
    schedule = daily(time(2, 15), time(2, 45), time(3))

    assert slots_between(schedule, utc(2025, 3, 29, 12), utc(2025, 3, 30, 12)) == [
        utc(2025, 3, 30, 1)
    ]


def test_a_day_that_the_zone_skipped_is_served_when_the_next_one_begins() -> None:
    schedule = daily(time(7), zone="Pacific/Apia")

    assert slots_between(schedule, utc(2011, 12, 29, 12), utc(2011, 12, 31)) == [
        utc(2011, 12, 29, 17),  # Thursday the 29th at seven
        utc(2011, 12, 30, 10),  # Friday the 30th did not exist: Saturday begins
        utc(2011, 12, 30, 17),  # Saturday the 31st at seven
    ]


@settings(deadline=None)
@given(schedule=schedules, moment=moments)
def test_next_and_latest_agree_everywhere(schedule: Schedule, moment: datetime) -> None:
    following, last = next_slot(schedule, moment), latest_slot(schedule, moment)

    assert last <= moment < following
    assert latest_slot(schedule, following) == following
    assert latest_slot(schedule, following - timedelta(microseconds=1)) == last
    assert next_slot(schedule, last) == following
    assert following.tzinfo is UTC
    assert last.tzinfo is UTC


@settings(deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    year=st.integers(1995, 2059),
    month=st.sampled_from((3, 4, 9, 10, 11)),
    minutes=st.lists(st.integers(0, 24 * 60 - 1), min_size=1, max_size=3, unique=True),
)
def test_each_local_day_has_exactly_one_slot_for_each_listed_time(
    zone: str, year: int, month: int, minutes: list[int]
) -> None:
    """Through whole months with clock changes; times that share a gap share a slot."""
    times = tuple(time(*divmod(minute, 60)) for minute in minutes)
    days = [date(year, month, 1) + timedelta(days=n) for n in range(28)]
    start, end = (first_reading(day, time(0), zone) for day in (days[0], days[-1]))
    expected = sorted({first_reading(day, each, zone) for day in days[:-1] for each in times})

    found = slots_between(Schedule(times=times, zone=zone), start - timedelta(microseconds=1), end)

    assert found == expected


def first_reading(day: date, at: time, zone: str) -> datetime:
    """By trial: the first whole minute around whose local reading is at or past the wall time."""
    wall = datetime.combine(day, at)
    probe = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(hours=3)
    while probe.astimezone(ZoneInfo(zone)).replace(tzinfo=None) < wall:
        probe += timedelta(minutes=1)
    return probe


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "", "America", "\x00"])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone") as caught:
        time_zone(name)

    assert repr(name) in str(caught.value)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        next_slot(daily(time(7)), datetime(2025, 7, 28))  # noqa: DTZ001


def test_a_schedule_without_times_is_refused() -> None:
    with pytest.raises(ValueError, match="without times"):
        latest_slot(Schedule(times=()), utc(2025, 7, 28))
