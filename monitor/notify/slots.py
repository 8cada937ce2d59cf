"""When a digest is due: the instants at which a schedule's local times come round. Pure.

A slot is the first instant at which the clocks of the zone read at least the listed time on the
listed day. So a time that a clock change skips is served at the change itself, one that comes
twice is served the first time, and two listed times that fall into the same gap are one slot.
A time within the recipient's rest is no slot, nor is one that a clock change moves into it.

Every schedule is times of day on certain days; the first instant of a later reading is never the
earlier one. So the readings of the local clock can be walked in their order, without any zone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count, takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from monitor.records import Rest, Schedule, aware

_HORIZON = 50
"""Years to look through. The rarest day, a 29 February on a certain weekday, comes within 40."""
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def next_slot(schedule: Schedule, after: datetime) -> datetime:
    """Return the first slot strictly after ``after``, in UTC.

    Raises ``ValueError`` for an unknown zone, a naive ``after``, a cron line that is not
    understood, and a schedule that never comes round.
    """
    moment = aware(after)
    zone = time_zone(schedule.zone)
    walls = _walls_from(schedule, _wall(moment, zone))
    return _first(schedule, (slot for slot in _slots(schedule, walls, zone) if slot > moment))


def latest_slot(schedule: Schedule, until: datetime) -> datetime:
    """Return the last slot at or before ``until``, in UTC; raises as ``next_slot``."""
    moment = aware(until)
    zone = time_zone(schedule.zone)
    walls = _walls_back_from(schedule, _latest_reading(moment, zone))
    return _first(schedule, (slot for slot in _slots(schedule, walls, zone) if slot <= moment))


def rest_until(schedule: Schedule, now: datetime) -> datetime | None:
    """Return the instant at which the present rest of a recipient ends; None: no rest now.

    Raises ``ValueError`` for an unknown zone, a naive ``now``, and a rest without end.
    """
    began = moment = aware(now)
    zone = time_zone(schedule.zone)
    while schedule.rest.covers(wall := _wall(moment, zone)):
        if moment.year > began.year + _HORIZON:
            raise ValueError(f"a rest that never ends: {schedule.key}")
        moment = _reach(moment, _end_of_rest(schedule.rest, wall) - wall, zone)
    return None if moment == began else moment


def day_start(zone: str, now: datetime) -> datetime:
    """Return when the local day of ``now`` began: at midnight, or at the change that skips it."""
    own = time_zone(zone)
    return _first_instant(datetime.combine(_wall(aware(now), own), time()), own)


def time_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name; ``ValueError`` where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(
            f"unknown time zone {name!r}: use an IANA name such as Europe/Berlin or UTC"
        ) from error


def _first(schedule: Schedule, slots: Iterator[datetime]) -> datetime:
    found = next(slots, None)
    if found is None:
        raise ValueError(f"a schedule that never comes round: {schedule.key}")
    return found


def _slots(schedule: Schedule, walls: Iterable[datetime], zone: ZoneInfo) -> Iterator[datetime]:
    for wall in walls:
        slot = _first_instant(wall, zone)
        if not schedule.rest.covers(_wall(slot, zone)):
            yield slot


def _walls_from(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    """The readings of the local clock that are due, the first one at or after ``start``."""
    times, today = _times_of(schedule), start.date()
    for day in _days(schedule, today, 1):
        begin = bisect_left(times, start.time()) if day == today else 0
        yield from (datetime.combine(day, at) for at in times[begin:])


def _walls_back_from(schedule: Schedule, start: datetime) -> Iterator[datetime]:
    times, today = _times_of(schedule), start.date()
    for day in _days(schedule, today, -1):
        end = bisect_right(times, start.time()) if day == today else len(times)
        yield from (datetime.combine(day, at) for at in reversed(times[:end]))


def _days(schedule: Schedule, first: date, step: int) -> Iterator[date]:
    """The days of a schedule that are not off, from ``first`` on or back."""
    listed = (
        _cron_days(schedule.cron, first, step)
        if schedule.cron
        else _weekdays(schedule, first, step)
    )
    near = takewhile(lambda day: abs(day.year - first.year) <= _HORIZON, listed)
    return (day for day in near if not schedule.rest.is_off(day))


def _weekdays(schedule: Schedule, first: date, step: int) -> Iterator[date]:
    days = (first + timedelta(days=step * n) for n in count())
    return (day for day in days if not schedule.weekdays or day.weekday() in schedule.weekdays)


def _cron_days(cron: str, first: date, step: int) -> Iterator[date]:
    day = _cron_day(cron, first, step)
    while day is not None:
        yield day
        day = _cron_day(cron, day + step * _DAY, step)


@lru_cache(maxsize=1000)  # asked for every recipient every few seconds, and the same for a day
def _cron_day(cron: str, first: date, step: int) -> date | None:
    """The nearest day of a cron line from ``first`` on, or back; None: not within 50 years."""
    midnight = datetime.combine(first, time())
    sim = _simulation("0 0 {2} {3} {4}", cron, midnight - step * _SECOND, reverse=step < 0)
    found = next(sim, None)
    return None if found is None else found.date()


@lru_cache(maxsize=1000)
def _times_of(schedule: Schedule) -> tuple[time, ...]:
    """The times of each day that are not quiet, in the order of the clock."""
    times = _cron_times(schedule.cron) if schedule.cron else schedule.times
    if not times:
        raise ValueError("a schedule without times has no slots: give it at least one")
    return tuple(sorted({at for at in times if not schedule.rest.is_quiet(at)}))


def _cron_times(cron: str) -> tuple[time, ...]:
    day = datetime(2000, 1, 1)  # noqa: DTZ001  # any day, by no zone's clock
    sim = _simulation("{0} {1} * * *", cron, day - _SECOND)
    return tuple(wall.time() for wall in takewhile(lambda wall: wall < day + _DAY, sim))


def _simulation(part: str, cron: str, start: datetime, *, reverse: bool = False) -> CronSim:
    """The walk over that part of a cron line; local readings, so that no zone has a say."""
    fields = cron.split()
    if len(fields) != 5:
        raise ValueError(f"a cron line has five fields, not {len(fields)}: {cron!r}")
    try:
        return CronSim(part.format(*fields), start, reverse=reverse)
    except CronSimError as error:
        raise ValueError(f"a cron line that is not understood: {cron!r} ({error})") from error


def _first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    reached = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(reached, zone) == wall:
        return reached
    # skipped: by the offset that holds after the change it is before it, and the other way round
    return _clock_change(wall.replace(tzinfo=zone, fold=1).astimezone(UTC), reached, zone)


def _reach(moment: datetime, span: timedelta, zone: ZoneInfo) -> datetime:
    """``span`` later, or at the change of the clocks if there is one before."""
    end = moment + span
    same = _offset(moment, zone) == _offset(end, zone)
    return end if same else _clock_change(moment, end, zone)


def _clock_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """The one change of the clocks after ``start`` and not after ``end``."""
    first, before = start.replace(microsecond=0), _offset(start, zone)
    seconds = range(int((end - first) / _SECOND) + 1)
    changed = bisect_left(
        seconds, True, key=lambda second: _offset(first + second * _SECOND, zone) != before
    )
    return first + changed * _SECOND


def _end_of_rest(rest: Rest, wall: datetime) -> datetime:
    """What the clock reads when that ends which covers ``wall``: the day, or the quiet hours."""
    tomorrow = datetime.combine(wall.date() + _DAY, time())
    if rest.is_off(wall.date()) or rest.end is None:
        return tomorrow
    end = datetime.combine(wall.date(), rest.end)
    return end if end > wall else end + _DAY


def _latest_reading(moment: datetime, zone: ZoneInfo) -> datetime:
    """No clock of the zone has read more until ``moment``: a change may have put it back since."""
    wall = _wall(moment, zone)
    once, again = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return wall + (again - once)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
