"""What may stand under ``digests``: who is told what, when, and by which way."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from monitor.config.addresses import Recipient
from monitor.config.strict import Strict, exactly_one
from monitor.config.values import WEEKDAYS, Filled, Line, Switch, TimeOfDay, Weekday, Zone
from monitor.records import ChannelKind, Plan, Rest, Schedule, Urgent, WhenEmpty

_WORKDAYS = frozenset(range(5))

Cap = Annotated[int, Field(strict=True, ge=1, le=500)]


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
    cron: Line | None = None

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


class QuietSettings(Strict):
    """The hours of each day in which nothing is sent."""

    start: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="until")


class UrgentSettings(Strict):
    """What is told at once, and how often a day at most."""

    above: Annotated[float, Field(strict=True, gt=0, le=1)]
    at_most: Annotated[int, Field(strict=True, ge=1, le=50)] = 3


class ServingSettings(Strict):
    """How one is served: of a digest for all, of a recipient instead. None: not said here."""

    topics: Annotated[tuple[Line, ...], Filled] | None = None
    timezone: Zone | None = None
    quiet: QuietSettings | None = None
    days_off: tuple[Line, ...] | None = None
    urgent: UrgentSettings | None = None
    cap: Cap | None = None
    when_empty: WhenEmpty | None = None
    updates: Switch | None = None

    def rest(self) -> Rest:
        """Return quiet hours and days off as the record."""
        days = self.days_off or ()
        weekdays = frozenset(WEEKDAYS.index(day) for day in days if day in WEEKDAYS)
        dates = [day for day in days if day not in WEEKDAYS]
        return Rest(
            start=self.quiet.start if self.quiet else None,
            end=self.quiet.end if self.quiet else None,
            weekdays=weekdays,
            dates=frozenset(date.fromisoformat(day) for day in dates if len(day) == 10),
            yearly=frozenset((int(day[:2]), int(day[3:])) for day in dates if len(day) == 5),
        )


class RecipientSettings(ServingSettings):
    """A mail address or the name of a channel, and what is different for it."""

    to: Recipient


def as_recipient(value: Any) -> Any:
    """Read a plain address or name as a recipient without wishes of its own."""
    return {"to": value} if isinstance(value, str) else value


class DigestSettings(ServingSettings):
    """One digest: who gets it, about what, when."""

    name: Line
    recipients: Annotated[
        tuple[Annotated[RecipientSettings, BeforeValidator(as_recipient)], ...], Filled
    ]
    schedule: ScheduleSettings
    timezone: Zone = "UTC"
    cap: Cap = 30
    when_empty: WhenEmpty = WhenEmpty.SILENT
    updates: Switch = False

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
        urgent = wishes.urgent
        return Plan(
            digest=self.name,
            recipient=recipient.to,
            channel=channel,
            topics=wishes.topics or all_topics,
            schedule=self.schedule.record(wishes.timezone, wishes.rest()),
            cap=wishes.cap,
            urgent=Urgent(above=urgent.above, at_most=urgent.at_most) if urgent else None,
            when_empty=wishes.when_empty,
            updates=wishes.updates,
        )
