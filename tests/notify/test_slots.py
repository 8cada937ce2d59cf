"""A slot is the first instant at which the local clock reads at least the listed time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.notify.slots import day_start, latest_slot, next_slot, rest_until, time_zone
from monitor.records import Rest, Schedule
from tests.notify.schedules import (
    CHANGES,
    ZONES,
    by_trial,
    minutes,
    plain,
    seconds,
    slots_between,
    utc,
)

schedules = plain(seconds, st.sampled_from(ZONES))
moments = st.timedeltas(timedelta(0), timedelta(days=70 * 365)).map(
    lambda since: datetime(1990, 1, 1, tzinfo=UTC) + since
)


def daily(*times: time, zone: str = "Europe/Berlin") -> Schedule:
    return Schedule(times=times, zone=zone)


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


def test_while_an_hour_is_repeated_its_times_have_all_been_served() -> None:
    schedule = daily(time(2, 30), time(2, 45))
    again = utc(2025, 10, 26, 1, 10)  # 02:10 for the second time

    assert latest_slot(schedule, again) == utc(2025, 10, 26, 0, 45)
    assert next_slot(schedule, again) == utc(2025, 10, 27, 1, 30)


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


@given(
    change=st.sampled_from(CHANGES),
    schedule=plain(minutes, st.just("UTC")),
    before=st.integers(0, 36 * 60),
)
def test_around_a_clock_change_the_slots_are_those_a_watcher_of_the_clock_finds(
    change: tuple[str, datetime], schedule: Schedule, before: int
) -> None:
    zone, moment = change
    start = moment - timedelta(minutes=before)
    listed = days_of(schedule, start.date())
    walls = sorted(datetime.combine(day, at) for day in listed for at in set(schedule.times))
    expected = by_trial(walls, zone, Rest(), start, start + timedelta(days=2))

    found = slots_between(
        replace(schedule, zone=zone),
        start - timedelta(microseconds=1),
        start + timedelta(days=2),
    )

    assert found == expected


def days_of(schedule: Schedule, around: date) -> list[date]:
    near = [around + timedelta(days=n) for n in range(-5, 6)]
    return [day for day in near if not schedule.weekdays or day.weekday() in schedule.weekdays]


@pytest.mark.parametrize(
    ("zone", "now", "began"),
    [
        ("UTC", utc(2025, 7, 28, 23, 59), utc(2025, 7, 28)),
        ("Europe/Berlin", utc(2025, 7, 28, 21, 59), utc(2025, 7, 27, 22)),
        ("Europe/Berlin", utc(2025, 7, 28, 22), utc(2025, 7, 28, 22)),
        ("America/Havana", utc(2025, 3, 9, 5), utc(2025, 3, 9, 5)),  # skips to one o'clock
        ("America/Havana", utc(2025, 3, 9, 4, 59), utc(2025, 3, 8, 5)),
        ("America/Havana", utc(2025, 11, 2, 5, 30), utc(2025, 11, 2, 4)),  # again past midnight
        ("Pacific/Apia", utc(2011, 12, 30, 10), utc(2011, 12, 30, 10)),  # the day after is skipped
    ],
)
def test_a_day_starts_at_its_first_midnight_or_at_the_change_that_skips_it(
    zone: str, now: datetime, began: datetime
) -> None:
    assert day_start(zone, now) == began


@given(zone=st.sampled_from(ZONES), moment=moments)
def test_a_day_has_started_and_is_the_day_of_the_local_clock(zone: str, moment: datetime) -> None:
    began = day_start(zone, moment)

    assert began <= moment
    assert began.tzinfo is UTC
    assert began.astimezone(ZoneInfo(zone)).date() == moment.astimezone(ZoneInfo(zone)).date()
    assert (began - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date() < began.astimezone(
        ZoneInfo(zone)
    ).date()


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "", "America", "\x00"])
def test_an_unknown_zone_is_named(name: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone") as caught:
        time_zone(name)

    assert repr(name) in str(caught.value)


@pytest.mark.parametrize("rule", [next_slot, latest_slot, rest_until])
def test_a_naive_time_is_refused(rule: Callable[[Schedule, datetime], object]) -> None:
    with pytest.raises(ValueError, match="naive"):
        rule(daily(time(7)), datetime(2025, 7, 28))  # noqa: DTZ001


def test_a_schedule_without_times_is_refused() -> None:
    with pytest.raises(ValueError, match="without times"):
        latest_slot(Schedule(times=()), utc(2025, 7, 28))
