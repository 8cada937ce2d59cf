"""Who rests is told nothing: there are no slots in quiet hours and on days off."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.notify.slots import latest_slot, next_slot, rest_until
from monitor.records import Rest, Schedule
from tests.notify.schedules import (
    CHANGES,
    ZONES,
    by_trial,
    each_minute,
    local,
    plain,
    quarters,
    rests,
    seconds,
    slots_between,
    utc,
)

NIGHT = Rest(start=time(22), end=time(6, 30))
WEEKEND = Rest(weekdays=frozenset({5, 6}))


def hourly(rest: Rest, zone: str = "Europe/Berlin") -> Schedule:
    return Schedule(times=tuple(time(hour) for hour in range(24)), zone=zone, rest=rest)


def resting(rest: Rest, zone: str = "Europe/Berlin") -> Schedule:
    return Schedule(times=(time(12),), zone=zone, rest=rest)


@pytest.mark.parametrize(
    ("at", "is_quiet"),
    [
        (time(22), True),
        (time(23, 59, 59), True),
        (time(0), True),
        (time(6, 29, 59), True),
        (time(6, 30), False),
        (time(21, 59, 59), False),
    ],
)
def test_quiet_hours_go_over_midnight_and_end_before_their_end(at: time, is_quiet: bool) -> None:
    assert NIGHT.is_quiet(at) is is_quiet


def test_quiet_hours_within_a_day_begin_at_their_start_and_end_before_their_end() -> None:
    lunch = Rest(start=time(12), end=time(13))
    quiet = [hour for hour in range(24) if lunch.is_quiet(time(hour))]
    assert quiet == [12]
    assert not Rest().is_quiet(time(0))


def test_a_day_is_off_by_its_weekday_by_its_date_or_every_year() -> None:
    rest = Rest(
        weekdays=frozenset({5}), dates=frozenset({date(2026, 12, 24)}), yearly=frozenset({(12, 25)})
    )
    assert rest.is_off(date(2025, 8, 2))  # a Saturday
    assert not rest.is_off(date(2025, 8, 3))
    assert rest.is_off(date(2026, 12, 24))
    assert not rest.is_off(date(2027, 12, 24))
    assert rest.is_off(date(2025, 12, 25))
    assert rest.covers(datetime(2025, 12, 25, 12))  # noqa: DTZ001
    assert not rest.covers(datetime(2025, 12, 26, 12))  # noqa: DTZ001


def test_hours_within_rest_are_left_out_and_what_they_had_told_comes_with_the_next() -> None:
    evening = utc(2025, 7, 28, 19, 30)  # 21:30 in Berlin

    assert next_slot(hourly(NIGHT), evening) == utc(2025, 7, 29, 5)
    assert latest_slot(hourly(NIGHT), utc(2025, 7, 29, 4, 59)) == utc(2025, 7, 28, 19)


def test_days_off_are_passed_over() -> None:
    schedule = replace(resting(WEEKEND), times=(time(7),))
    friday = utc(2025, 8, 1, 12)

    assert next_slot(schedule, friday) == utc(2025, 8, 4, 5)
    assert latest_slot(schedule, utc(2025, 8, 4, 4)) == utc(2025, 8, 1, 5)


def test_an_hour_that_a_clock_change_moves_into_the_rest_is_left_out() -> None:
    """The clocks skip 02:30; at the change they read 03:00."""
    quiet = Rest(start=time(3), end=time(4))
    schedule = Schedule(times=(time(2, 30),), zone="Europe/Berlin", rest=quiet)

    assert slots_between(schedule, utc(2025, 3, 29, 12), utc(2025, 4, 1)) == [
        utc(2025, 3, 31, 0, 30)
    ]


def test_a_lost_day_is_not_made_up_for_at_the_midnight_of_a_day_off() -> None:
    """Apia went from Thursday to Saturday."""
    schedule = Schedule(times=(time(7),), zone="Pacific/Apia", rest=Rest(weekdays=frozenset({5})))

    assert slots_between(schedule, utc(2011, 12, 29, 12), utc(2012, 1, 1)) == [
        utc(2011, 12, 29, 17),
        utc(2011, 12, 31, 17),  # Sunday
    ]


def test_an_hour_of_the_rest_is_left_out_also_where_a_clock_change_moves_it_to_the_end() -> None:
    quiet = Rest(start=time(2), end=time(3))
    schedule = Schedule(times=(time(2, 30), time(12)), zone="Europe/Berlin", rest=quiet)
    assert slots_between(schedule, utc(2025, 3, 30), utc(2025, 3, 31)) == [utc(2025, 3, 30, 10)]

    friday_off = Rest(weekdays=frozenset({4}))
    schedule = Schedule(times=(time(7),), zone="Pacific/Apia", rest=friday_off)
    assert slots_between(schedule, utc(2011, 12, 30), utc(2011, 12, 31)) == [utc(2011, 12, 30, 17)]


@pytest.mark.parametrize(
    "schedule",
    [
        hourly(Rest(weekdays=frozenset(range(7)))),
        replace(resting(NIGHT), times=(time(23), time(5))),
        replace(resting(WEEKEND), weekdays=frozenset({5})),
        Schedule(cron="0 7 24 12 *", rest=Rest(yearly=frozenset({(12, 24)}))),
    ],
)
def test_a_schedule_of_which_every_hour_rests_is_refused(schedule: Schedule) -> None:
    for rule in (next_slot, latest_slot):
        with pytest.raises(ValueError, match="never comes round"):
            rule(schedule, utc(2025, 7, 28))


def test_a_rest_that_a_clock_change_ends_is_over_at_the_change_to_the_microsecond() -> None:
    """The clocks skip the hour in which the rest would end."""
    rest = Rest(start=time(0), end=time(2, 30))
    asked = utc(2025, 3, 30, 0, 30) + timedelta(microseconds=1)

    assert rest_until(resting(rest), asked) == utc(2025, 3, 30, 1)


def test_a_rest_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="a rest that never ends"):
        rest_until(resting(Rest(weekdays=frozenset(range(7)))), utc(2025, 7, 28))


@pytest.mark.parametrize(
    ("rest", "now", "until"),
    [
        (NIGHT, utc(2025, 7, 28, 19, 59), None),
        (NIGHT, utc(2025, 7, 28, 20), utc(2025, 7, 29, 4, 30)),
        (NIGHT, utc(2025, 7, 29, 4, 29, 59), utc(2025, 7, 29, 4, 30)),
        (NIGHT, utc(2025, 7, 29, 4, 30), None),
        (WEEKEND, utc(2025, 8, 1, 22), utc(2025, 8, 3, 22)),  # Berlin's midnights
        (replace(NIGHT, weekdays=frozenset({5, 6})), utc(2025, 8, 1, 22), utc(2025, 8, 4, 4, 30)),
        (NIGHT, utc(2025, 3, 30, 0), utc(2025, 3, 30, 4, 30)),  # a short night
        (NIGHT, utc(2025, 10, 26, 0), utc(2025, 10, 26, 5, 30)),  # a long one
    ],
)
def test_a_rest_ends_with_the_quiet_hours_or_the_last_of_the_days_off(
    rest: Rest, now: datetime, until: datetime | None
) -> None:
    assert rest_until(resting(rest), now) == until


def test_a_rest_that_a_clock_change_cuts_short_ends_at_the_change() -> None:
    """In the autumn the clocks go from 03:00 to 02:00, which is before the quiet hours."""
    late = resting(Rest(start=time(2, 30), end=time(5)))
    assert rest_until(late, utc(2025, 10, 26, 0, 45)) == utc(2025, 10, 26, 1)

    skipped = resting(Rest(start=time(1), end=time(2, 30)))
    assert rest_until(skipped, utc(2025, 3, 30, 0, 30)) == utc(2025, 3, 30, 1)


@given(change=st.sampled_from(CHANGES), rest=rests(), before=st.integers(-1000, 2000))
def test_everything_before_the_end_of_a_rest_is_rest_and_the_end_is_not(
    change: tuple[str, datetime], rest: Rest, before: int
) -> None:
    zone, moment = change
    now = moment - timedelta(minutes=before)
    outside = (
        each
        for each in each_minute(now, now + timedelta(days=30))
        if not rest.covers(local(each, zone))
    )
    first = next(outside)

    assert rest_until(resting(rest, zone), now) == (None if first == now else first)


@given(
    change=st.sampled_from(CHANGES),
    schedule=plain(quarters, st.just("UTC")),
    rest=rests(),
    before=st.integers(0, 30 * 60),
)
def test_around_a_clock_change_the_slots_are_those_a_watcher_of_the_clock_finds(
    change: tuple[str, datetime], schedule: Schedule, rest: Rest, before: int
) -> None:
    zone, moment = change
    start = moment - timedelta(minutes=before)
    end = start + timedelta(days=1, hours=12)
    days = [start.date() + timedelta(days=n) for n in range(-5, 6)]
    listed = [day for day in days if not schedule.weekdays or day.weekday() in schedule.weekdays]
    walls = sorted(datetime.combine(day, at) for day in listed for at in set(schedule.times))
    expected = by_trial(walls, zone, rest, start, end)

    try:
        found = slots_between(
            replace(schedule, zone=zone, rest=rest), start - timedelta(microseconds=1), end
        )
    except ValueError:
        found = []

    assert found == expected


@given(
    schedule=plain(seconds, st.sampled_from(ZONES)),
    rest=rests(),
    since=st.timedeltas(timedelta(0), timedelta(days=70 * 365)),
)
def test_no_slot_is_in_a_rest(schedule: Schedule, rest: Rest, since: timedelta) -> None:
    schedule = replace(schedule, rest=rest)
    moment = datetime(1990, 1, 1, tzinfo=UTC) + since
    try:
        following, last = next_slot(schedule, moment), latest_slot(schedule, moment)
    except ValueError:
        return

    assert rest_until(schedule, following) is None
    assert rest_until(schedule, last) is None
    assert last <= moment < following
    assert next_slot(schedule, last) == following
    assert latest_slot(schedule, following - timedelta(microseconds=1)) == last


class TestTheKeyOfASchedule:
    DATES = tuple(date(2026, month, 24) for month in range(1, 13))

    def test_it_is_the_same_in_whatever_order_its_days_were_written(self) -> None:
        forward = resting(Rest(dates=frozenset(self.DATES)))
        backward = resting(Rest(dates=frozenset(reversed(self.DATES))))
        assert forward.key == backward.key

    def test_it_is_the_same_in_every_process(self) -> None:
        dates = ", ".join(map(repr, self.DATES))
        program = (
            "import datetime\nfrom monitor.records import Rest, Schedule\n"
            f"rest = Rest(dates=frozenset([{dates}]), weekdays=frozenset([5, 6]))\n"
            "print(Schedule(times=(datetime.time(7),), rest=rest).key)"
        )
        told = {run(program, seed) for seed in ("1", "2", "3")}
        assert len(told) == 1

    @pytest.mark.parametrize(
        "other",
        [
            replace(resting(NIGHT), times=(time(13),)),
            replace(resting(NIGHT), zone="UTC"),
            replace(resting(NIGHT), weekdays=frozenset({0})),
            replace(resting(NIGHT), times=(), cron="0 12 * * *"),
            resting(WEEKEND),
            resting(replace(NIGHT, start=time(23))),
            resting(replace(NIGHT, end=time(7))),
            resting(replace(NIGHT, weekdays=frozenset({6}))),
            resting(replace(NIGHT, dates=frozenset(DATES))),
            resting(replace(NIGHT, yearly=frozenset({(12, 25)}))),
        ],
    )
    def test_it_tells_every_difference(self, other: Schedule) -> None:
        assert other.key != resting(NIGHT).key


def run(program: str, seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
