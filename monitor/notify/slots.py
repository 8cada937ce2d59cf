"""When a digest is due: the instants at which a schedule's local times come round. Pure.

A slot is the first instant at which the clocks of the zone read at least the listed time on the
listed day. So a time that a clock change skips is served at the change itself, one that comes
twice is served the first time, and two listed times that fall into the same gap are one slot.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from monitor.records import Schedule, aware

_REACH = 8
"""Days to look at on either side: a week for the weekdays, one for a day that a zone skipped."""


def next_slot(schedule: Schedule, after: datetime) -> datetime:
    """Return the first slot strictly after ``after``, in UTC.

    Raises ``ValueError`` for an unknown zone, a schedule without times, or a naive ``after``.
    """
    moment = aware(after)
    return min(slot for slot in _slots_around(schedule, moment, -1, _REACH) if slot > moment)


def latest_slot(schedule: Schedule, until: datetime) -> datetime:
    """Return the last slot at or before ``until``, in UTC; raises as ``next_slot``."""
    moment = aware(until)
    return max(slot for slot in _slots_around(schedule, moment, -_REACH, 1) if slot <= moment)


def time_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name; ``ValueError`` where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"unknown time zone {name!r}: use an IANA name such as Europe/Berlin or UTC"
        ) from error


def _slots_around(
    schedule: Schedule, moment: datetime, first: int, last: int
) -> Iterator[datetime]:
    zone = time_zone(schedule.zone)
    if not schedule.times:
        raise ValueError("a schedule without times has no slots: give it at least one")
    today = moment.astimezone(zone).date()
    for offset in range(first, last + 1):
        day = today + timedelta(days=offset)
        if not schedule.weekdays or day.weekday() in schedule.weekdays:
            yield from (_first_instant(day, at, zone) for at in schedule.times)


def _first_instant(day: date, at: time, zone: ZoneInfo) -> datetime:
    wall = datetime.combine(day, at.replace(tzinfo=None, fold=0))
    reached = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(reached, zone) == wall:
        return reached
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """The clock change that skips ``wall``, found between the readings of it before and after."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC).replace(microsecond=0)
    width = wall.replace(tzinfo=zone, fold=0).astimezone(UTC) - before
    seconds = range(int(width.total_seconds()) + 1)
    found = bisect_left(
        seconds, True, key=lambda second: _wall(before + timedelta(seconds=second), zone) >= wall
    )
    return before + timedelta(seconds=found)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
