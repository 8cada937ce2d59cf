"""What a recipient is told: the stories with their copies and updates, and what stood behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.records.matches import MatchedStory
from monitor.records.times import Timed


class DigestKind(StrEnum):
    """``scheduled``: its hour came; ``urgent``: told at once; ``update``: more of a told story."""

    SCHEDULED = "scheduled"
    URGENT = "urgent"
    UPDATE = "update"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Where a reader says of a story that more like it are wanted, or not: pages, each signed."""

    more: str
    less: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstTold(Timed):
    """The message in which a story was told first; an update answers it."""

    message_id: str
    subject: str
    told_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestEntry:
    """A story to tell: the lead, the stories that are copies of it, and what else they matched.

    ``echoes`` holds each copy once; ``also`` the matches of lead and copies with other topics.
    ``updates``: later stories of the same event, newest first, told under this lead.
    ``first``: the lead is itself an update, of what was told there. ``answers`` None: there is no
    page to answer on, only a command.
    """

    lead: MatchedStory
    echoes: tuple[MatchedStory, ...] = ()
    also: tuple[MatchedStory, ...] = ()
    updates: tuple[MatchedStory, ...] = ()
    first: FirstTold | None = None
    answers: Answers | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestSection:
    """The entries of one topic, best first. ``weeks``: its matches a week, the oldest first."""

    topic: str
    entries: tuple[DigestEntry, ...]
    weeks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedNote(Timed):
    """A feed in the footer: its name, since when something is wrong, and what (or how many)."""

    name: str
    since: datetime | None = None
    error: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What stood behind a digest: the facts of its footer, feeds each in one list of its own.

    ``missed``: those of which stories were probably missed; ``held``: those with stories that wait
    for the owner (``count``); ``gone``: those that ended for good; ``silent``: longer than their
    rhythm. ``nearest``: the best match below its threshold within the period.
    """

    stories_read: int = 0
    feeds_read: int = 0
    failing: tuple[FeedNote, ...] = ()
    missed: tuple[FeedNote, ...] = ()
    held: tuple[FeedNote, ...] = ()
    gone: tuple[FeedNote, ...] = ()
    silent: tuple[FeedNote, ...] = ()
    nearest: MatchedStory | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(Timed):
    """What one message says. ``cut``: the matches that found no room in it, best first.

    ``topics``: all that were watched, also those without news. ``first``: the message that this
    one answers. ``unsubscribe``: the signed page that ends the digest for this recipient;
    ``rest``: the one that lists what its messages left out. None: there is no such page.
    ``warnings``: what its owner has to mend, in sentences.
    """

    name: str
    recipient: str
    slot: datetime
    since: datetime
    zone: str
    sections: tuple[DigestSection, ...]
    cut: tuple[MatchedStory, ...]
    coverage: Coverage
    kind: DigestKind = DigestKind.SCHEDULED
    topics: tuple[str, ...] = ()
    first: FirstTold | None = None
    unsubscribe: str | None = None
    rest: str | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut(Timed):
    """What the message of ``slot`` left out of what there was to tell; best first."""

    slot: datetime
    stories: tuple[MatchedStory, ...]
