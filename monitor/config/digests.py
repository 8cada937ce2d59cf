"""What may stand under ``digests``: who is told what, when, and by which way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import Annotated, Any, Self

from cronsim import CronSim, CronSimError
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from monitor.config.addresses import Recipient
from monitor.config.strict import Strict, exactly_one
from monitor.config.values import (
    WEEKDAYS,
    DayOff,
    Filled,
    Line,
    Name,
    Switch,
    TimeOfDay,
    Weekday,
    Zone,
    is_off,
)
from monitor.records import ChannelKind, Plan, Rest, Schedule, Urgent, WhenEmpty

_WORKDAYS = frozenset(range(5))
_CRON_FIELDS = ("minute", "hour", "day of the month", "month", "day of the week")
_CRON_EXAMPLE = '"30 6 * * mon-fri", which is 06:30 from Monday to Friday'
_FIRST_DAY, _LAST_DAY = date(1972, 1, 1), date(1999, 12, 31)
"""28 years, in which each day of a year falls on each weekday: what they lack never comes."""


def check_cron(value: str) -> str:
    """Return a cron line with single blanks; refuse what is none, or never comes round."""
    fields = value.split()
    if len(fields) != len(_CRON_FIELDS):
        names = ", ".join(_CRON_FIELDS)
        raise ValueError(f"needs five fields ({names}), not {len(fields)}; write {_CRON_EXAMPLE}")
    for n, name in enumerate(_CRON_FIELDS):
        if not _is_cron(" ".join(field if n == m else "*" for m, field in enumerate(fields))):
            raise ValueError(f"{fields[n]!r:.60} is no {name}; write a line like {_CRON_EXAMPLE}")
    line = " ".join(fields)
    if not _is_cron(line) or next(_cron_days(line), None) is None:
        raise ValueError(f"{line!r:.60} never comes round: no such day is in its months; change it")
    return line


Cap = Annotated[int, Field(strict=True, ge=1, le=500)]
Cron = Annotated[Line, AfterValidator(check_cron)]


class WeeklySettings(Strict):
    """One hour of one day of the week."""

    day: Weekday
    at: TimeOfDay


class ScheduleSettings(Strict):
    """When a digest is due: exactly one of the kinds; ``days`` goes with ``at``."""

    daily: TimeOfDay | None = None
    weekdays: TimeOfDay | None = None
    weekly: WeeklySettings | None = None
    at: Annotated[tuple[TimeOfDay, ...], Filled] | None = None
    days: Annotated[tuple[Weekday, ...], Filled] | None = None
    cron: Cron | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        exactly_one(self, "daily", "weekdays", "weekly", "at", "cron")
        if self.days is not None and self.at is None:
            raise ValueError("has days without at; write at: [...] beside days")
        return self

    def record(self, zone: str, rest: Rest) -> Schedule:
        """Return the schedule as the record that `notify.slots` works with."""
        if self.cron is not None:
            return Schedule(cron=self.cron, zone=zone, rest=rest)
        weekly = self.weekly.at if self.weekly is not None else None
        given = (self.daily, self.weekdays, weekly, *(self.at or ()))
        times = sorted({each for each in given if each is not None})
        return Schedule(times=tuple(times), weekdays=self._days(), zone=zone, rest=rest)

    def _days(self) -> frozenset[int]:
        if self.weekdays is not None:
            return _WORKDAYS
        named = (self.weekly.day,) if self.weekly else self.days or ()
        return frozenset(WEEKDAYS.index(day) for day in named)


class OrOff(Strict):
    """A mapping, or ``off``, which a recipient says where the digest has one. Off has no fields."""

    @property
    def is_off(self) -> bool:
        """Whether ``off`` stood in the place of the mapping."""
        return not self.model_fields_set

    @model_validator(mode="wrap")
    @classmethod
    def _read_off(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        return cls.model_construct() if is_off(value) else handler(value)

    @model_serializer(mode="wrap")
    def _show_off(self, handler: SerializerFunctionWrapHandler) -> Any:
        return "off" if self.is_off else handler(self)


class QuietSettings(OrOff):
    """The hours of each day in which nothing is sent."""

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="until")

    @model_validator(mode="after")
    def _check_hours(self) -> Self:
        if not self.is_off and self.start == self.end:
            raise ValueError("begins when it ends; write two hours, or days_off for whole days")
        return self


class UrgentSettings(OrOff):
    """What is told at once, and how often a day at most."""

    above: Annotated[float, Field(strict=True, gt=0, le=1)]
    at_most: Annotated[int, Field(strict=True, ge=1, le=50)] = 3

    def record(self) -> Urgent | None:
        """Return it as the record; None: off."""
        return None if self.is_off else Urgent(above=self.above, at_most=self.at_most)


class ServingSettings(Strict):
    """How one is served: of a digest for all, of a recipient instead. None: not said here."""

    topics: Annotated[tuple[Name, ...], Filled] | None = None
    timezone: Zone | None = None
    quiet: QuietSettings | None = None
    days_off: tuple[DayOff, ...] | None = None
    urgent: UrgentSettings | None = None
    cap: Cap | None = None
    when_empty: WhenEmpty | None = None
    updates: Switch | None = None

    def rest(self) -> Rest:
        """Return quiet hours and days off as the record."""
        quiet = None if self.quiet is None or self.quiet.is_off else self.quiet
        days = self.days_off or ()
        return Rest(
            start=quiet.start if quiet else None,
            end=quiet.end if quiet else None,
            weekdays=frozenset(WEEKDAYS.index(day) for day in days if day in WEEKDAYS),
            dates=frozenset(date.fromisoformat(day) for day in days if day[:4].isdigit()),
            yearly=frozenset((int(day[:2]), int(day[3:])) for day in days if day[2] == "-"),
        )


class RecipientSettings(ServingSettings):
    """A mail address or the name of a channel, and what is different for it."""

    to: Recipient

    @model_serializer(mode="wrap")
    def _show_plainly(self, handler: SerializerFunctionWrapHandler) -> Any:
        shown = {key: value for key, value in handler(self).items() if value is not None}
        return self.to if len(shown) == 1 else {"to": shown.pop("to"), **shown}


def as_recipient(value: Any) -> Any:
    """Read a plain address or name as a recipient without wishes of its own."""
    return {"to": value} if isinstance(value, str) else value


class DigestSettings(ServingSettings):
    """One digest: who gets it, about what, when."""

    name: Name
    recipients: Annotated[
        tuple[Annotated[RecipientSettings, BeforeValidator(as_recipient)], ...], Filled
    ]
    schedule: ScheduleSettings
    timezone: Zone = "UTC"
    cap: Cap = 30
    when_empty: WhenEmpty = WhenEmpty.SILENT
    updates: Switch = False

    @model_serializer(mode="wrap")
    def _show_name_first(self, handler: SerializerFunctionWrapHandler) -> Any:
        shown = handler(self)
        return {key: shown[key] for key in ("name", "recipients", "schedule")} | shown

    def plan(
        self, recipient: RecipientSettings, channel: ChannelKind, all_topics: tuple[str, ...]
    ) -> Plan:
        """Return how ``recipient`` is served: by its own wishes, else the digest's."""
        wishes = self.model_copy(
            update={
                name: own
                for name in ServingSettings.model_fields
                if (own := getattr(recipient, name)) is not None
            }
        )
        return Plan(
            digest=self.name,
            recipient=recipient.to,
            channel=channel,
            topics=wishes.topics or all_topics,
            schedule=self.schedule.record(wishes.timezone, wishes.rest()),
            cap=wishes.cap,
            urgent=wishes.urgent.record() if wishes.urgent else None,
            when_empty=wishes.when_empty,
            updates=wishes.updates,
        )


def rest_over_all(schedule: Schedule) -> str | None:
    """Return the key of the rest in which every slot of a schedule falls; None: there are slots.

    A single date (not of every year) never takes them all, so it does not count.
    """
    rest = replace(schedule.rest, dates=frozenset())
    if all(rest.is_quiet(at) for at in _times(schedule)):
        return "quiet"
    return "days_off" if all(rest.is_off(day) for day in _days(schedule)) else None


def _times(schedule: Schedule) -> Iterator[time]:
    if schedule.cron is None:
        return iter(schedule.times)
    minute, hour, *_ = schedule.cron.split()
    walls = _walk(f"{minute} {hour} * * *")
    return (wall.time() for wall in takewhile(lambda wall: wall.date() == _FIRST_DAY, walls))


def _days(schedule: Schedule) -> Iterator[date]:
    if schedule.cron is not None:
        return _cron_days(schedule.cron)
    days = (_FIRST_DAY + timedelta(days=n) for n in range((_LAST_DAY - _FIRST_DAY).days + 1))
    return (day for day in days if not schedule.weekdays or day.weekday() in schedule.weekdays)


def _cron_days(line: str) -> Iterator[date]:
    _, _, *days = line.split()
    walls = _walk(" ".join(("0", "0", *days)))
    return (wall.date() for wall in takewhile(lambda wall: wall.date() <= _LAST_DAY, walls))


def _walk(line: str) -> CronSim:
    return CronSim(line, datetime.combine(_FIRST_DAY, time()) - timedelta(seconds=1))


def _is_cron(line: str) -> bool:
    try:
        _walk(line)
    except CronSimError:
        return False
    return True
