"""A cron line names local readings of the clock; what becomes of them follows the rule of slots."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.notify.slots import latest_slot, next_slot
from monitor.records import Rest, Schedule
from tests.notify.schedules import CHANGES, ZONES, by_trial, local, slots_between, utc


def cron(line: str, zone: str = "UTC", rest: Rest = Rest()) -> Schedule:  # noqa: B008
    return Schedule(cron=line, zone=zone, rest=rest)


@pytest.mark.parametrize(
    ("line", "following", "last"),
    [
        ("30 6 1,15 * *", utc(2025, 8, 1, 6, 30), utc(2025, 7, 15, 6, 30)),
        ("0 7 * * mon-fri", utc(2025, 7, 28, 7), utc(2025, 7, 25, 7)),
        ("0 7 * * 7", utc(2025, 8, 3, 7), utc(2025, 7, 27, 7)),
        ("*/20 8-9 * * *", utc(2025, 7, 28, 8), utc(2025, 7, 27, 9, 40)),
        ("0 18 L * *", utc(2025, 7, 31, 18), utc(2025, 6, 30, 18)),
        ("0 18 LW * *", utc(2025, 7, 31, 18), utc(2025, 6, 30, 18)),
        ("0 9 * * MON#1", utc(2025, 8, 4, 9), utc(2025, 7, 7, 9)),
        ("0 9 * * 5L", utc(2025, 8, 29, 9), utc(2025, 7, 25, 9)),
        ("0 7 24 DEC *", utc(2025, 12, 24, 7), utc(2024, 12, 24, 7)),
        ("0 7 29 2 *", utc(2028, 2, 29, 7), utc(2024, 2, 29, 7)),
        ("0 7 1 * mon", utc(2025, 7, 28, 7), utc(2025, 7, 21, 7)),  # the 1st, and every Monday
        ("0 0 * 2 mon#5", utc(2044, 2, 29), utc(2016, 2, 29)),
        ("0 7 29 2 */7", utc(2032, 2, 29, 7), utc(2004, 2, 29, 7)),  # a Sunday and a leap day
    ],
)
def test_a_line_comes_round_as_its_fields_say(
    line: str, following: datetime, last: datetime
) -> None:
    monday = utc(2025, 7, 28, 3)

    assert (next_slot(cron(line), monday), latest_slot(cron(line), monday)) == (following, last)


def test_its_hours_are_those_of_the_zone_over_both_clock_changes() -> None:
    schedule = cron("0 7 * * *", "Europe/Berlin")

    spring = slots_between(schedule, utc(2025, 3, 29), utc(2025, 3, 31))
    autumn = slots_between(schedule, utc(2025, 10, 25), utc(2025, 10, 27))

    assert spring == [utc(2025, 3, 29, 6), utc(2025, 3, 30, 5)]
    assert autumn == [utc(2025, 10, 25, 5), utc(2025, 10, 26, 6)]


def test_what_a_clock_change_skips_is_served_once_at_the_change() -> None:
    schedule = cron("*/15 1-3 * * *", "Europe/Berlin")

    assert slots_between(schedule, utc(2025, 3, 30, 0, 30), utc(2025, 3, 30, 1, 30)) == [
        utc(2025, 3, 30, 0, 45),
        utc(2025, 3, 30, 1),  # 02:00, :15, :30, :45 and 03:00
        utc(2025, 3, 30, 1, 15),
    ]


def test_what_a_clock_change_repeats_is_served_the_first_time() -> None:
    schedule = cron("0,30 * * * *", "Europe/Berlin")

    assert slots_between(schedule, utc(2025, 10, 25, 23, 45), utc(2025, 10, 26, 3)) == [
        utc(2025, 10, 26, 0),
        utc(2025, 10, 26, 0, 30),
        utc(2025, 10, 26, 2),  # an hour later by the clock, two by the sun
        utc(2025, 10, 26, 2, 30),
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("0 7 30 2 *", "not understood"),
        ("0 7 */30 * mon#3", "never comes round"),  # the 1st or 31st as the third Monday
        ("0 25 * * *", "not understood"),
        ("0 7 * *", "five fields, not 4"),
        ("0 0 7 * * *", "five fields, not 6"),
    ],
)
def test_a_line_that_names_no_hour_is_refused_after_a_bounded_search(line: str, said: str) -> None:
    for rule in (next_slot, latest_slot):
        with pytest.raises(ValueError, match=said):
            rule(cron(line), utc(2025, 7, 28))


FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, tuple[frozenset[int], ...]]:
    """A line of lists and stars, and what each field lists."""
    written, listed = [], []
    for low, high in FIELDS:
        few = draw(st.none() | st.frozensets(st.integers(low, high), min_size=1, max_size=5))
        written.append("*" if few is None else ",".join(map(str, sorted(few))))
        listed.append(frozenset(range(low, high + 1)) if few is None else few)
    return " ".join(written), tuple(listed)


def is_listed(day: date, line: str, listed: tuple[frozenset[int], ...]) -> bool:
    """Both day fields have to agree; where both are restricted, one is enough."""
    in_month, in_week = day.day in listed[2], day.isoweekday() % 7 in listed[4]
    _, _, days, _, weekdays = line.split()
    agreed = in_month and in_week if "*" in (days, weekdays) else in_month or in_week
    return agreed and day.month in listed[3]


@given(change=st.sampled_from(CHANGES), line=lines(), before=st.integers(0, 30 * 60))
def test_around_a_clock_change_the_slots_are_those_a_watcher_of_the_clock_finds(
    change: tuple[str, datetime], line: tuple[str, tuple[frozenset[int], ...]], before: int
) -> None:
    (zone, moment), (written, listed) = change, line
    start = moment - timedelta(minutes=before)
    end = start + timedelta(days=1, hours=12)
    near = [start.date() + timedelta(days=n) for n in range(-5, 6)]
    times = [time(hour, minute) for hour in sorted(listed[1]) for minute in sorted(listed[0])]
    walls = [
        datetime.combine(day, at) for day in near if is_listed(day, written, listed) for at in times
    ]
    expected = by_trial(walls, zone, Rest(), start, end)

    found = slots_until(cron(written, zone), start - timedelta(microseconds=1), end)

    assert found == expected


def slots_until(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    """As ``slots_between``, also of a line that never comes round."""
    try:
        return slots_between(schedule, start, end)
    except ValueError:
        return []


@given(
    line=lines(),
    zone=st.sampled_from(ZONES),
    day=st.dates(date(1990, 1, 1), date(2060, 1, 1)),
    at=st.times(),
)
def test_next_and_latest_agree_everywhere(
    line: tuple[str, tuple[frozenset[int], ...]], zone: str, day: date, at: time
) -> None:
    schedule = cron(line[0], zone)
    moment = utc(day.year, day.month, day.day) + (datetime.combine(day, at) - day_of(day))
    try:
        following, last = next_slot(schedule, moment), latest_slot(schedule, moment)
    except ValueError:
        return

    assert last <= moment < following
    assert latest_slot(schedule, following - timedelta(microseconds=1)) == last
    assert next_slot(schedule, last) == following
    assert local(following, zone).second == 0


def day_of(day: date) -> datetime:
    return datetime.combine(day, time())
