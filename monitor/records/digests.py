"""What a recipient is told and when, the message it becomes, and what a step did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from monitor.records.feeds import Feed
from monitor.records.matches import MatchedStory
from monitor.records.times import Timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Local times of day in a named zone; ``weekdays`` (Monday 0) empty: every day."""

    times: tuple[time, ...]
    weekdays: frozenset[int] = frozenset()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(Timed):
    """One recipient of one digest. ``next_at``: the next slot that has not been served.

    ``last_at``: when it was last served, a mail or silence. ``started_at``: stories seen before
    it are not candidates. ``schedule_key`` tells schedules apart: ``next_at`` is replaced in the
    store only when it changed.
    """

    digest: str
    recipient: str
    started_at: datetime
    next_at: datetime
    last_at: datetime | None = None
    schedule_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """A story to tell: the lead, the stories that are copies of it, and what else they matched.

    ``echoes`` holds each copy once; ``also`` the matches of lead and copies with other topics.
    """

    lead: MatchedStory
    echoes: tuple[MatchedStory, ...] = ()
    also: tuple[MatchedStory, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSection:
    """The entries of one topic, best first."""

    topic: str
    entries: tuple[DigestEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What stood behind a digest: the facts of its footer, feeds each in one list of its own.

    ``missed``: those of which stories were probably missed; ``held``: those with stories that wait
    for the owner; ``gone``: those that ended for good; ``silent``: longer than their rhythm.
    """

    stories_read: int = 0
    feeds_read: int = 0
    failing: tuple[Feed, ...] = ()
    missed: tuple[Feed, ...] = ()
    held: tuple[Feed, ...] = ()
    gone: tuple[Feed, ...] = ()
    silent: tuple[Feed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(Timed):
    """What one mail says. ``cut``: the matches left out by the cap, best first."""

    name: str
    recipient: str
    slot: datetime
    since: datetime
    zone: str
    sections: tuple[DigestSection, ...]
    cut: tuple[MatchedStory, ...]
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A mail, final: ``raw`` is what goes over the wire on every attempt."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    raw: bytes = field(repr=False)


class OutboxState(StrEnum):
    """``ready`` and ``waiting`` go out; ``sending`` is claimed; ``sent`` and ``dead`` are final."""

    READY = "ready"
    SENDING = "sending"
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem(Timed):
    """A message on its way. ``uncertain``: an attempt ended without an answer, so it may repeat."""

    id: int
    message: Message
    state: OutboxState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    uncertain: bool = False
    last_error: str | None = None
    sent_at: datetime | None = None
