"""The nouns that travel between the rooms: frozen, slotted, keyword-only, standard library only.

Every time is aware and in UTC; a naive one is a ``ValueError`` where the record is made.
A story carries ``seen_at`` (ours) and ``published_at`` (theirs).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum


def aware(moment: datetime) -> datetime:
    """Return ``moment`` in UTC; a naive time is a ``ValueError``."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}: times here are aware UTC")
    return moment.astimezone(UTC)


_LANGUAGE_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*")
_LANGUAGE_CODES = {"in": "id", "iw": "he", "ji": "yi", "nb": "no", "nn": "no"}
"""Withdrawn codes that are still written, and the two forms of Norwegian: one name for each."""


def language_code(tag: str) -> str | None:
    """Return the language of a tag in any case (``de-AT``: ``de``); None: it is no tag (BCP 47)."""
    found = _LANGUAGE_TAG.fullmatch(tag.strip().lower())
    return _LANGUAGE_CODES.get(found[1], found[1]) if found else None


class _Timed:
    """Turns every datetime field of a record into aware UTC when the record is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if isinstance(value, datetime):
                object.__setattr__(self, each.name, aware(value))


# ---------------------------------------------------------------- feeds


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """What the owner wrote about a feed. ``title`` empty: the feed's own title is shown.

    ``language`` is that of all its stories; None: what the feed or the words of a story say.
    """

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()
    interval: timedelta = timedelta(minutes=30)
    enabled: bool = True
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """The two HTTP validators of a body, byte for byte as the server sent them."""

    etag: bytes | None = None
    last_modified: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(_Timed):
    """A feed with its state. ``failures`` counts failed polls in a row."""

    id: int
    spec: FeedSpec
    title: str
    validators: Validators
    body_hash: bytes | None
    next_check_at: datetime
    last_checked_at: datetime | None
    last_success_at: datetime | None
    failing_since: datetime | None
    failures: int
    last_error: str | None
    last_status: int | None
    skipped_entries: int

    @property
    def is_new(self) -> bool:
        """Whether no poll of this feed has ever succeeded."""
        return self.last_success_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One conditional GET. ``feed_id`` comes back with the answer."""

    feed_id: int
    url: str
    validators: Validators = Validators()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete answer: 200 with a decoded body, or 304 with none.

    ``url`` is the address after redirects; ``headers`` have lower-case names.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    validators: Validators
    body: bytes | None = None

    @property
    def unchanged(self) -> bool:
        """Whether the server said 304."""
        return self.body is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(_Timed):
    """One item of a feed document, as plain clean text; ``published_at`` None: no usable date."""

    guid: str | None
    url: str | None
    title: str
    text: str
    published_at: datetime | None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document: its entries in document order and how many were skipped as unreadable."""

    title: str
    language: str | None
    entries: tuple[Entry, ...]
    skipped: int = 0


class PollStatus(StrEnum):
    """How a poll ended."""

    READ = "read"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome(_Timed):
    """What one poll leaves on its feed's row.

    ``validators`` and ``body_hash`` None: keep what is stored (a failure changes neither).
    """

    feed_id: int
    status: PollStatus
    checked_at: datetime
    next_check_at: datetime
    http_status: int | None = None
    error: str | None = None
    validators: Validators | None = None
    body_hash: bytes | None = None
    title: str = ""
    skipped: int = 0


# ---------------------------------------------------------------- stories


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStory(_Timed):
    """An entry that was given an identity, not yet stored.

    ``keys``: 16-byte hashes, each unique within the feed; a known one means a known story.
    ``link_key`` and ``content_key`` recognise copies across feeds. ``backlog``: only teaches the
    background, is never matched nor mailed.
    """

    keys: tuple[bytes, ...]
    url: str | None
    title: str
    text: str
    language: str | None
    published_at: datetime
    link_key: bytes | None
    content_key: bytes
    backlog: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story(_Timed):
    """A stored story. ``source`` is the feed's title, ``feed_url`` and ``feed_tags`` its feed's."""

    id: int
    feed_id: int
    feed_url: str
    feed_tags: tuple[str, ...]
    source: str
    url: str | None
    title: str
    text: str
    language: str | None
    published_at: datetime
    seen_at: datetime
    link_key: bytes | None
    content_key: bytes
    backlog: bool = False
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What storing a document's stories did."""

    new: tuple[int, ...] = ()
    edited: int = 0
    backlog: int = 0


# ---------------------------------------------------------------- topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """An example text. ``origin`` says where it came from (a file, an address, ``text``)."""

    text: str
    title: str = ""
    origin: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """What the owner wrote about a topic.

    At most one of ``threshold`` (a cosine, 0..1) and ``alerts_per_week`` is set.
    ``feeds`` and ``tags`` empty: every feed is watched.
    """

    name: str
    seeds: tuple[Seed, ...]
    not_seeds: tuple[Seed, ...] = ()
    must: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = "en"
    alerts_per_week: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(_Timed):
    """What a reader said of a story: ``wanted``, or not. It holds the words it teaches.

    ``origin`` says where it was given (``command``). One with ``reverted_at`` teaches no more.
    """

    id: int
    topic_id: int
    story_id: int
    url: str | None
    title: str
    text: str
    language: str | None
    wanted: bool
    origin: str
    given_at: datetime
    reverted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A stored topic with the verdicts that stand, oldest first.

    ``version`` is a hash of spec and verdicts, so that every change is seen.
    """

    id: int
    version: str
    spec: TopicSpec
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundRecord(_Timed):
    """How rare each term is, as stored: ``counts`` is opaque to all but matching.

    Version 0 is the shipped prior alone and is not stored. ``last_story_id``: every story up to
    this id was learned from.
    """

    version: int
    created_at: datetime
    stories: int
    last_story_id: int
    counts: bytes


class ThresholdKind(StrEnum):
    """Where a threshold comes from."""

    ABSOLUTE = "absolute"
    DEFAULT = "default"
    CALIBRATED = "calibrated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(_Timed):
    """The score from which a story matches.

    ``expected_per_week``: alerts expected at this value from ``sample`` background stories, which
    leave it between ``expected_low`` and ``expected_high`` nine times in ten; None where there is
    no background to tell. ``since``: when it was chosen, None where it was not stored; two that
    decide alike are equal.
    """

    value: float
    kind: ThresholdKind
    sample: int = 0
    expected_per_week: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None
    since: datetime | None = field(default=None, compare=False)


# ---------------------------------------------------------------- matches


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word as it stands in the text, with its share of the score."""

    text: str
    share: float


class MatchState(StrEnum):
    """``hit``: mailed; ``near``: below the threshold; ``vetoed``: above it, but refused."""

    HIT = "hit"
    NEAR = "near"
    VETOED = "vetoed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(_Timed):
    """A story within reach of a topic. The shares of ``terms`` and ``rest`` sum to ``score``."""

    story_id: int
    topic_id: int
    score: float
    threshold: float
    state: MatchState
    veto: str | None
    terms: tuple[Term, ...]
    rest: float
    background_version: int
    topic_version: str
    matched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedStory:
    """A match with its story and the name of its topic."""

    match: Match
    story: Story
    topic: str


# ---------------------------------------------------------------- digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Local times of day in a named zone; ``weekdays`` (Monday 0) empty: every day."""

    times: tuple[time, ...]
    weekdays: frozenset[int] = frozenset()
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription(_Timed):
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
    """What stood behind a digest: the facts of its footer."""

    stories_read: int = 0
    feeds_read: int = 0
    failing: tuple[Feed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest(_Timed):
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
class OutboxItem(_Timed):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What a step did, in small counts."""

    step: str
    counts: Mapping[str, int]
