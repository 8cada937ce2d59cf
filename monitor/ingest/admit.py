"""From entries to new stories: identity, dates, backlog. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from monitor.ingest.urls import content_key, digest, is_front_page, link_key, words_of
from monitor.records import Entry, Feed, NewStory, ParsedFeed

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_MAX_AHEAD = timedelta(days=1)
_UNDATED_NEWS = 20
_MAX_HEADLINE = 100


def admit(parsed: ParsedFeed, feed: Feed, now: datetime, keep: timedelta) -> tuple[NewStory, ...]:
    """Return the stories of a document in its order, each with its keys; copies are folded.

    A date that is missing, ancient or over a day ahead becomes ``now``. At a feed's first poll
    stories older than ``keep`` are backlog, and of those without a date all but the first twenty.
    """
    document = _Document(parsed.entries, feed.spec.url)
    stories: list[NewStory] = []
    known: set[bytes] = set()
    for entry in parsed.entries:
        keys = document.keys(entry)
        if not (entry.title or entry.text) or not known.isdisjoint(keys):
            continue
        known.update(keys)
        spoken = replace(entry, language=entry.language or parsed.language)
        stories.append(_story(spoken, keys, document.link(entry), now))
    return _with_backlog(stories, now, keep) if feed.is_new else tuple(stories)


def _story(entry: Entry, keys: tuple[bytes, ...], link: bytes | None, now: datetime) -> NewStory:
    published_at = entry.published_at
    if published_at is None or not _EARLIEST <= published_at <= now + _MAX_AHEAD:
        published_at = now
    return NewStory(
        keys=keys,
        url=entry.url,
        title=entry.title or _headline(entry.text),
        text=entry.text,
        language=entry.language,
        published_at=published_at,
        link_key=link,
        content_key=content_key(entry.title, entry.text),
    )


def _headline(text: str) -> str:
    """Return the beginning of a text without a title, cut between words."""
    line = text.partition("\n")[0]
    if len(line) <= _MAX_HEADLINE:
        return line
    return line[:_MAX_HEADLINE].rpartition(" ")[0].rstrip(" ,;:-") + "…"


def _with_backlog(
    stories: Iterable[NewStory], now: datetime, keep: timedelta
) -> tuple[NewStory, ...]:
    undated = 0
    judged = []
    for story in stories:
        is_undated = story.published_at == now
        undated += is_undated
        old = story.published_at < now - keep
        judged.append(replace(story, backlog=old or (is_undated and undated > _UNDATED_NEWS)))
    return tuple(judged)


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
