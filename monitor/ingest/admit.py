"""From entries to new stories: identity, dates, backlog. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.ingest.marks import Mark
from monitor.ingest.urls import (
    canonical_url,
    digest,
    is_front_page,
    key_of_canonical,
    link_key,
    words_of,
)
from monitor.records import Entry, Feed, NewStory, ParsedFeed

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
"""A date before, or so far ahead, is not believed: the story is dated when it is found."""
_UNDATED_NEWS = 20
_MAX_HEADLINE = 100
_TELLING = 80


@dataclass(frozen=True, slots=True)
class Admitted:
    """The stories of a document, and the marks by which its items are known at the next poll."""

    stories: tuple[NewStory, ...]
    marks: tuple[Mark, ...]


def admit(
    parsed: ParsedFeed,
    feed: Feed,
    now: datetime,
    keep: timedelta,
    *,
    language: str | None = None,
    marks: Iterable[Mark] = (),
) -> Admitted:
    """Return the stories of a document in its order, each with its keys; copies are folded.

    A date that is missing, ancient or over a day ahead becomes ``now``. At a feed's first poll
    stories older than ``keep`` are backlog, and of those without a date all but the first twenty.
    A story speaks the language that the owner gave its feed, else the one that the entry or the
    document declares, else ``language``.

    Of items in ``parsed.known`` only their ``marks`` are needed, those of the poll before. The
    stories of the other entries are the same as if the whole document had been parsed, keys and
    contents, but for two things. An entry that has the identity of a known item is not folded into
    it where that one comes first: the store knows it by its keys, as an edit. And a known item
    gives no story, so it takes on none of the keys it would have beside its new neighbours.
    """
    entries = [_Signs(entry) for entry in parsed.entries]
    remembered = {mark.raw: mark for mark in marks}
    known = {raw: remembered[raw] for raw in parsed.known if raw in remembered}
    document = _Document((*known.values(), *(each.mark for each in entries)), feed.spec.url)
    stories = tuple(_stories(entries, document, parsed.language or language, feed, now, keep))
    found = {each.mark.raw: each.mark for each in entries if each.mark.raw}
    return Admitted(stories=stories, marks=tuple({**known, **found}.values()))


def _stories(
    entries: Iterable[_Signs],
    document: _Document,
    spoken: str | None,
    feed: Feed,
    now: datetime,
    keep: timedelta,
) -> Iterator[NewStory]:
    backlog = _Backlog(now - keep) if feed.is_new else None
    known: set[bytes] = set()
    for signs in entries:
        entry, keys = signs.entry, document.keys(signs)
        if not (entry.title or entry.text) or not known.isdisjoint(keys):
            continue
        known.update(keys)
        published_at = _usable(entry.published_at, now)
        yield NewStory(
            keys=keys,
            url=entry.url,
            title=entry.title or _headline(entry.text),
            text=entry.text,
            language=feed.spec.language or entry.language or spoken,
            published_at=published_at or now,
            link_key=document.link(signs),
            content_key=_copy_key(signs),
            backlog=backlog is not None and backlog.takes(published_at),
        )


def _usable(published_at: datetime | None, now: datetime) -> datetime | None:
    """Return a date that can be true; None: missing, ancient or over a day ahead."""
    if published_at is None or not EARLIEST <= published_at <= now + AHEAD:
        return None
    return published_at


def _copy_key(signs: _Signs) -> bytes:
    """Return what copies of a story share: their text, where it is long enough to be its own.

    A short one recurs (a bare "Situation report" every morning) and tells its story only together
    with the place where it stands.
    """
    entry = signs.entry
    if len(entry.title) + len(entry.text) >= _TELLING:
        return signs.content_key
    return digest("short", signs.content_key.hex(), entry.url or entry.guid or "")


def _headline(text: str) -> str:
    """Return the beginning of a text without a title, cut between words."""
    line = text.partition("\n")[0]
    if len(line) <= _MAX_HEADLINE:
        return line
    return line[:_MAX_HEADLINE].rpartition(" ")[0].rstrip(" ,;:-") + "…"


class _Backlog:
    """What of a feed's first document is no news: the old, and of the undated all but a few."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._undated = 0

    def takes(self, published_at: datetime | None) -> bool:
        """Return whether it takes the next story of the document."""
        if published_at is not None:
            return published_at < self._since
        self._undated += 1
        return self._undated > _UNDATED_NEWS


class _Signs:
    """What an entry can be told by: each sign is worked out once."""

    __slots__ = ("content_key", "entry", "guid", "link", "mark", "names_a_page", "title")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.guid = digest("guid", entry.guid) if entry.guid else None
        self.title = words_of(entry.title)
        self.content_key = digest(self.title, words_of(entry.text))
        url = canonical_url(entry.url) if entry.url else None
        self.link = key_of_canonical(url) if url else None
        self.names_a_page = url is not None and not is_front_page(url)
        self.mark = self._mark()

    @property
    def content(self) -> bytes:
        """What it is told by where it has nothing else."""
        return digest("content", self.content_key.hex())

    def _mark(self) -> Mark:
        place = (self.link or digest("title", self.title)) if self.guid else None
        bearer = (self.guid or self.content) if self.link else None
        short = (part and part[:8] for part in (self.guid, place, self.link, bearer))
        return Mark(self.entry.raw or b"", *short)


class _Document:
    """What only the whole document tells: which ids and which links name one entry.

    Feeds are found that give one id to all their entries, or link them all to one page.
    """

    def __init__(self, marks: Iterable[Mark], feed_url: str) -> None:
        self._own = link_key(feed_url)
        self._places: dict[bytes, set[bytes | None]] = defaultdict(set)
        self._bearers: dict[bytes, set[bytes | None]] = defaultdict(set)
        for mark in marks:
            if mark.guid:
                self._places[mark.guid].add(mark.place)
            if mark.link:
                self._bearers[mark.link].add(mark.bearer)

    def link(self, signs: _Signs) -> bytes | None:
        """Return the key of the entry's link where that link is the entry's alone."""
        link = signs.link
        if not signs.names_a_page or link is None or link == self._own:
            return None
        return link if len(self._bearers[link[:8]]) == 1 else None

    def keys(self, signs: _Signs) -> tuple[bytes, ...]:
        """Return what tells this entry from the others of its feed, now and at later polls.

        The id; with it link and title, so that an id that moves finds its story again. Without
        an id the link; without that the content.
        """
        link = self.link(signs)
        if signs.guid and len(self._places[signs.guid[:8]]) == 1:
            moved = (digest("link+title", link.hex(), signs.title),) if link and signs.title else ()
            return (signs.guid, *moved)
        if link:
            return (digest("link", link.hex()),)
        return (signs.content,)
