"""Schedules and moments for the rules of slots, and a slow model of them that goes by minutes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from monitor.notify.slots import next_slot
from monitor.records import Rest, Schedule

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


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


CHANGES = (
    ("Europe/Berlin", utc(2025, 3, 30, 1)),
    ("Europe/Berlin", utc(2025, 10, 26, 1)),
    ("America/New_York", utc(2025, 3, 9, 7)),
    ("America/New_York", utc(2025, 11, 2, 6)),
    ("America/St_Johns", utc(2010, 3, 14, 3, 31)),
    ("America/St_Johns", utc(2010, 11, 7, 2, 31)),
    ("America/Havana", utc(2025, 3, 9, 5)),
    ("America/Havana", utc(2025, 11, 2, 5)),
    ("Australia/Lord_Howe", utc(2025, 4, 5, 15)),
    ("Australia/Lord_Howe", utc(2025, 10, 4, 15, 30)),
    ("Africa/Casablanca", utc(2025, 2, 23, 2)),
    ("Africa/Casablanca", utc(2025, 4, 6, 2)),
    ("Pacific/Apia", utc(2011, 12, 30, 10)),
    ("Antarctica/Troll", utc(2025, 3, 30, 1)),
    ("Antarctica/Troll", utc(2025, 10, 26, 1)),
)
"""Zones and the instants at which their clocks are changed."""

seconds = st.times().map(lambda at: at.replace(microsecond=0))
minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(*divmod(minute, 60)))
quarters = st.integers(0, 24 * 4 - 1).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@st.composite
def rests(draw: st.DrawFn) -> Rest:
    """Quiet hours or none, and days off, never all of a week."""
    start, end = draw(st.tuples(quarters, quarters).filter(lambda two: two[0] != two[1]))
    quiet = draw(st.booleans())
    return Rest(
        start=start if quiet else None,
        end=end if quiet else None,
        weekdays=draw(st.frozensets(st.integers(0, 6), max_size=3)),
        dates=draw(st.frozensets(st.dates(date(2025, 1, 1), date(2025, 12, 31)), max_size=3)),
        yearly=draw(st.frozensets(st.tuples(st.integers(1, 12), st.integers(1, 28)), max_size=3)),
    )


def plain(
    times: st.SearchStrategy[time], zones: st.SearchStrategy[str]
) -> st.SearchStrategy[Schedule]:
    return st.builds(
        Schedule,
        times=st.lists(times, min_size=1, max_size=4).map(tuple),
        weekdays=st.frozensets(st.integers(0, 6)),
        zone=zones,
    )


def local(moment: datetime, zone: str) -> datetime:
    """What the clocks of the zone read."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0)


def each_minute(start: datetime, end: datetime) -> Iterator[datetime]:
    while start < end:
        yield start
        start += timedelta(minutes=1)


def slots_between(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    """The slots after ``start`` and before ``end``."""
    slots = [next_slot(schedule, start)]
    while slots[-1] < end:
        slots.append(next_slot(schedule, slots[-1]))
    return slots[:-1]


def by_trial(
    walls: list[datetime], zone: str, rest: Rest, start: datetime, end: datetime
) -> list[datetime]:
    """The slots from ``start`` until ``end``, by looking at the clock every minute.

    ``walls`` are the listed readings in order, also those of the days around.
    """
    found, open_walls = [], [wall for wall in walls if not rest.covers(wall)]
    for moment in each_minute(start - timedelta(days=3), end):
        reading = local(moment, zone)
        passed = bool(open_walls) and open_walls[0] <= reading
        while open_walls and open_walls[0] <= reading:
            open_walls.pop(0)
        if passed and moment >= start and not rest.covers(reading):
            found.append(moment)
    return found
