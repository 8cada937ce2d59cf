"""Who is served when: hours, rest, recipients, and how each recipient wants it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum

from monitor.records.times import Timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """When a recipient is left alone, by local clock: quiet hours each day, and whole days.

    Quiet hours begin at ``start`` and end before ``end``, over midnight where ``end`` is not
    later; both None: there are none. ``yearly`` holds (month, day).
    """

    start: time | None = None
    end: time | None = None
    weekdays: frozenset[int] = frozenset()
    dates: frozenset[date] = frozenset()
    yearly: frozenset[tuple[int, int]] = frozenset()

    def covers(self, wall: datetime) -> bool:
        """Return whether the recipient rests when the local clock reads ``wall`` (naive)."""
        return self.is_off(wall.date()) or self.is_quiet(wall.time())

    def is_off(self, day: date) -> bool:
        """Return whether the whole of a local day is off."""
        return (
            day.weekday() in self.weekdays
            or day in self.dates
            or (day.month, day.day) in self.yearly
        )

    def is_quiet(self, at: time) -> bool:
        """Return whether a local time of day is in the quiet hours."""
        if self.start is None or self.end is None:
            return False
        if self.start < self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Local times of day in a named zone, or ``cron``: five fields, in that zone too.

    ``weekdays`` (Monday 0) empty: every day; they go with ``times``, not with ``cron``. Times
    that fall into ``rest`` are left out.
    """

    times: tuple[time, ...] = ()
    weekdays: frozenset[int] = frozenset()
    zone: str = "UTC"
    cron: str | None = None
    rest: Rest = Rest()

    @property
    def key(self) -> str:
        """What tells this schedule from another, the same in every process.

        The `repr` of a set does not: its order follows hashes, which differ from start to start.
        """
        rest = self.rest
        days_off = (sorted(rest.weekdays), sorted(rest.dates), sorted(rest.yearly))
        hours = (self.times, sorted(self.weekdays), self.cron, self.zone)
        return repr((*hours, rest.start, rest.end, *days_off))


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """Matches told at once: those of score ``above`` and more, at most ``at_most`` mails a day."""

    above: float
    at_most: int


class WhenEmpty(StrEnum):
    """What a recipient gets at an hour without news: nothing, or a note that says so."""

    SILENT = "silent"
    NOTE = "note"


class ChannelKind(StrEnum):
    """By which way a recipient is reached."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    APPRISE = "apprise"
    FEED = "feed"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How one recipient of one digest is served: the digest's settings, the recipient's on top.

    ``recipient`` is a mail address or the name of a channel. ``cap``: entries in one message.
    ``updates``: whether a told story that was published anew with another text is told again, in
    a message that answers the first one.
    """

    digest: str
    recipient: str
    channel: ChannelKind = ChannelKind.MAIL
    topics: tuple[str, ...] = ()
    schedule: Schedule
    cap: int = 30
    urgent: Urgent | None = None
    when_empty: WhenEmpty = WhenEmpty.SILENT
    updates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Timed):
    """One recipient of one digest. ``next_at``: the next slot that has not been served.

    ``last_at``: when it was last served, a mail or silence. ``started_at``: stories seen before
    it are not candidates. ``schedule_key`` tells schedules apart: ``next_at`` is replaced in the
    store only when it changed. ``stopped_at``: since then the recipient wants nothing more;
    ``stopped_by`` says who took them off: ``mail`` (the link or button there) or ``command``.
    """

    digest: str
    recipient: str
    started_at: datetime
    next_at: datetime
    last_at: datetime | None = None
    schedule_key: str = ""
    id: int = field(default=0, compare=False)
    stopped_at: datetime | None = None
    stopped_by: str | None = None
