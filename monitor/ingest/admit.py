"""From entries to new stories: identity, dates, backlog. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from monitor.ingest.urls import content_key, digest, is_front_page, link_key, words_of
from monitor.records import Entry, Feed, NewStory, ParsedFeed

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_MAX_AHEAD = timedelta(days=1)
_UNDATED_NEWS = 20
_MAX_HEADLINE = 100
_TELLING = 80


def admit(
    parsed: ParsedFeed, feed: Feed, now: datetime, keep: timedelta, *, language: str | None = None
) -> tuple[NewStory, ...]:
    """Return the stories of a document in its order, each with its keys; copies are folded.

    A date that is missing, ancient or over a day ahead becomes ``now``. At a feed's first poll
    stories older than ``keep`` are backlog, and of those without a date all but the first twenty.
    A story speaks the language that the owner gave its feed, else the one that the entry or the
    document declares, else ``language``.
    """
    document = _Document(parsed.entries, feed.spec.url)
    backlog = _Backlog(now - keep) if feed.is_new else None
    spoken = parsed.language or language
    owners = feed.spec.language
    stories: list[NewStory] = []
    known: set[bytes] = set()
    for entry in parsed.entries:
        keys = document.keys(entry)
        if not (entry.title or entry.text) or not known.isdisjoint(keys):
            continue
        known.update(keys)
        published_at = _usable(entry.published_at, now)
        stories.append(
            NewStory(
                keys=keys,
                url=entry.url,
                title=entry.title or _headline(entry.text),
                text=entry.text,
                language=owners or entry.language or spoken,
                published_at=published_at or now,
                link_key=document.link(entry),
                content_key=_copy_key(entry),
                backlog=backlog is not None and backlog.takes(published_at),
            )
        )
    return tuple(stories)


def _usable(published_at: datetime | None, now: datetime) -> datetime | None:
    """Return a date that can be true; None: missing, ancient or over a day ahead."""
    if published_at is None or not _EARLIEST <= published_at <= now + _MAX_AHEAD:
        return None
    return published_at


def _copy_key(entry: Entry) -> bytes:
    """Return what copies of a story share: their text, where it is long enough to be its own.

    A short one recurs (a bare "Situation report" every morning) and tells its story only together
    with the place where it stands.
    """
    key = content_key(entry.title, entry.text)
    if len(entry.title) + len(entry.text) >= _TELLING:
        return key
    return digest("short", key.hex(), entry.url or entry.guid or "")


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


class _Document:
    """What only the whole document tells: which ids and which links name one entry.

    Feeds are found that give one id to all their entries, or link them all to one page.
    """

    def __init__(self, entries: Iterable[Entry], feed_url: str) -> None:
        self._own = link_key(feed_url)
        self._places: dict[str, set[bytes]] = defaultdict(set)
        self._bearers: dict[bytes, set[bytes]] = defaultdict(set)
        for entry in entries:
            link = link_key(entry.url) if entry.url else None
            if entry.guid:
                self._places[entry.guid].add(link or digest("title", words_of(entry.title)))
            if link:
                self._bearers[link].add(
                    digest("guid", entry.guid) if entry.guid else _content(entry)
                )

    def link(self, entry: Entry) -> bytes | None:
        """Return the key of the entry's link where that link is the entry's alone."""
        if not entry.url or is_front_page(entry.url):
            return None
        link = link_key(entry.url)
        return link if link != self._own and len(self._bearers[link]) == 1 else None

    def keys(self, entry: Entry) -> tuple[bytes, ...]:
        """Return what tells this entry from the others of its feed, now and at later polls.

        The id; with it link and title, so that an id that moves finds its story again. Without
        an id the link; without that the content.
        """
        link = self.link(entry)
        if entry.guid and len(self._places[entry.guid]) == 1:
            title = words_of(entry.title)
            moved = (digest("link+title", link.hex(), title),) if link and title else ()
            return (digest("guid", entry.guid), *moved)
        if link:
            return (digest("link", link.hex()),)
        return (_content(entry),)


def _content(entry: Entry) -> bytes:
    return digest("content", content_key(entry.title, entry.text).hex())
