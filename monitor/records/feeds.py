"""A feed, what asking for it brings, and what is remembered of it between two polls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.records.times import Timed

MOVES_CONFIRMED = 3
"""Permanent redirects in a row to one address, after which that is asked."""


class FullText(StrEnum):
    """Whether the page of a story is read: never, where the story comes near a topic, always."""

    NEVER = "never"
    NEAR = "near"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """What the owner wrote about a feed. ``title`` empty: the feed's own title is shown.

    ``language`` is that of all its stories; None: what the feed or the words of a story say.
    ``paced``: the interval is where to begin, and follows the feed's rhythm; otherwise the owner
    has chosen it. ``full_text`` None: what the topics ask for.
    """

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()
    interval: timedelta = timedelta(minutes=30)
    enabled: bool = True
    language: str | None = None
    paced: bool = False
    full_text: FullText | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """The two HTTP validators of a body, byte for byte as the server sent them."""

    etag: bytes | None = None
    last_modified: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often a feed brings news: ``stories`` in ``seconds``, both fading with age.

    ``limit``: no longer than this between two polls, since stories were missed; None: no bound.
    """

    stories: float = 0.0
    seconds: float = 0.0
    limit: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a document asks of those who poll it: how long to wait, and when not to come (UTC).

    ``skip_hours`` 0..23, ``skip_days`` Monday 0.
    """

    ttl: timedelta | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """Where a feed was permanently redirected to, ``times`` in a row; None: nowhere."""

    url: str | None = None
    times: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed(Timed):
    """A feed with its state. ``failures`` counts failed polls in a row.

    ``gone_at``: when its server said that it is gone for good; it is not asked any more.
    ``gaps`` counts two polls in a row that shared no story, the last at ``gap_at``. ``held``: its
    stories that wait for the owner since ``held_at``, because old ones came again all at once.
    ``story_at``: when it last brought something new; ``seconds``: how long its last answer took.
    """

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
    rhythm: Rhythm = Rhythm()
    wishes: Wishes = Wishes()
    move: Move = Move()
    gone_at: datetime | None = None
    gaps: int = 0
    gap_at: datetime | None = None
    held: int = 0
    held_at: datetime | None = None
    story_at: datetime | None = None
    seconds: float | None = None

    @property
    def is_new(self) -> bool:
        """Whether no poll of this feed has ever succeeded."""
        return self.last_success_at is None

    @property
    def address(self) -> str:
        """Where it is asked: where it has moved to, once that is confirmed."""
        confirmed = self.move.url is not None and self.move.times >= MOVES_CONFIRMED
        return self.move.url if confirmed and self.move.url else self.spec.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to come to a feed that is not open to all: for its own host only, never stored.

    ``proxy``: an address, with a login in it where that is needed.
    """

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    proxy: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One conditional GET. ``feed_id`` comes back with the answer."""

    feed_id: int
    url: str
    validators: Validators = Validators()
    access: Access = Access()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A complete answer: 200 with a decoded body, or 304 with none.

    ``url`` is the address after redirects, ``moved_to`` the same where each of them was permanent;
    ``headers`` have lower-case names. ``seconds`` of the whole fetch; ``size``: bytes of the body
    as they came over the wire.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    validators: Validators
    body: bytes | None = None
    moved_to: str | None = None
    seconds: float = 0.0
    size: int = 0

    @property
    def unchanged(self) -> bool:
        """Whether the server said 304."""
        return self.body is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Timed):
    """One item of a feed document, as plain clean text; ``published_at`` None: no usable date.

    ``raw``: a hash of its bytes in the document; None where they could not be told apart.
    """

    guid: str | None
    url: str | None
    title: str
    text: str
    published_at: datetime | None
    language: str | None = None
    raw: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed document: its entries in document order and how many were skipped as unreadable.

    ``known``: the hashes of items that were left unread because the document before had them.
    ``strict``: it is well-formed and of a shape in which an item means the same whatever stands
    beside it.
    """

    title: str
    language: str | None
    entries: tuple[Entry, ...]
    skipped: int = 0
    known: tuple[bytes, ...] = ()
    wishes: Wishes = Wishes()
    strict: bool = False


class PollStatus(StrEnum):
    """How a poll ended. ``gone``: for good (410). ``put off``: its host asked for a rest."""

    READ = "read"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    GONE = "gone"
    PUT_OFF = "put off"


@dataclass(frozen=True, slots=True, kw_only=True)
class PollOutcome(Timed):
    """What one poll leaves on its feed's row, and in the log of fetches.

    None: keep what is stored (a failure changes neither ``validators`` nor ``body_hash``).
    ``marks``: what is remembered of the document's items, opaque to all but ingest.
    ``gap``: no story of the document was known. ``rest_until``: nobody asks ``rest_host``
    before, or where that is None the feed's own host.
    ``url``: where the answer came from, if not from where it was asked. ``follows``: when the
    feed, as it was claimed, had been checked last.
    """

    feed_id: int
    status: PollStatus
    checked_at: datetime
    next_check_at: datetime
    follows: datetime | None = None
    http_status: int | None = None
    error: str | None = None
    validators: Validators | None = None
    body_hash: bytes | None = None
    title: str = ""
    skipped: int = 0
    rhythm: Rhythm | None = None
    wishes: Wishes | None = None
    move: Move | None = None
    marks: bytes | None = None
    gap: bool = False
    rest_until: datetime | None = None
    rest_host: str | None = None
    url: str | None = None
    seconds: float | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLine(Timed):
    """One line of the log of fetches; ``new``: stories that it brought, backlog and held too."""

    feed_id: int
    at: datetime
    status: PollStatus
    http_status: int | None
    seconds: float | None
    size: int | None
    new: int
    error: str | None
    url: str | None
