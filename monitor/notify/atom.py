"""Matches as Atom entries, and back: the form of the feeds that a folder holds. Pure (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from html import escape
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from monitor.notify.channel import delivery_id, entries_of, message_of, other_topics
from monitor.notify.lines import MAX_SNIPPET, MAX_TITLE, clean_line, shorten
from monitor.notify.wording import reason_words, safe_link, score_words
from monitor.notify.words import title_words
from monitor.records import ContentType, Digest, DigestEntry, MatchedStory, Rendered, aware
from monitor.records.times import Timed

_SPACE = "http://www.w3.org/2005/Atom"
_NO_XML = re.compile("[\ufffe\uffff]")
"""What a clean line may hold and XML 1.0 cannot, however it is written."""
_MAX_NAME = 100
_MAX_TERMS = 6
_MAX_SOURCES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry(Timed):
    """A match as a feed tells it. ``updated``: when it was told; ``link`` empty: it has none.

    ``content`` is HTML of our own: the beginning of the story, and why it matched.
    """

    id: str
    topic: str
    title: str
    link: str
    source: str
    published: datetime
    updated: datetime
    content: str


def as_entries(digest: Digest) -> Rendered:
    """Return ``digest`` as an Atom document: one entry for each story and topic that it matched."""
    raw = write(
        feed_id=_urn(delivery_id(digest)),
        title=_line(digest.name),
        updated=digest.slot,
        entries=newest_first(
            each for entry in entries_of(digest) for each in _entries(entry, digest.slot)
        ),
    )
    return Rendered(message=message_of(digest, raw, ContentType.ATOM), digest=digest)


def topic_feed(channel: str, topic: str, entries: Iterable[FeedEntry]) -> bytes:
    """Return the feed of one topic, newest first; raises ``ValueError`` without entries."""
    newest = newest_first(entries)
    return write(
        feed_id=_urn(f"{channel}\0{topic}"),
        title=topic,
        updated=max(each.updated for each in newest),
        entries=newest,
    )


def newest_first(entries: Iterable[FeedEntry]) -> list[FeedEntry]:
    """Return each entry once, as it was told last, in the order of a feed."""
    last: dict[str, FeedEntry] = {}
    for each in sorted(entries, key=lambda entry: (entry.updated, entry.published, repr(entry))):
        last[each.id] = each
    return sorted(last.values(), key=lambda entry: (entry.updated, entry.published, entry.id))[::-1]


def _entries(entry: DigestEntry, told_at: datetime) -> Iterator[FeedEntry]:
    """The lead, what else it matched, and its updates, which take its place."""
    for match in (entry.lead, *other_topics(entry), *entry.updates):
        others = (each for each in (entry.lead, *entry.echoes) if each.story.id != match.story.id)
        yield _entry(match, [each.story.source for each in others], told_at)


def _entry(match: MatchedStory, sources: list[str], told_at: datetime) -> FeedEntry:
    story = match.story
    identity = (story.link_key or story.content_key).hex()
    return FeedEntry(
        id=_urn(f"{match.topic}\0{identity}"),
        topic=_clean(match.topic),
        title=_clean(title_words(match, MAX_TITLE).text),
        link=_clean(safe_link(story.url) or ""),
        source=_line(story.source) or "unknown",
        published=story.published_at,
        updated=told_at,
        content=_content(match, sources),
    )


def _content(match: MatchedStory, sources: list[str]) -> str:
    text = _clean(shorten(match.story.text, MAX_SNIPPET))
    return "".join(f"<p>{escape(each)}</p>" for each in (text, _reason(match, sources)) if each)


def _reason(match: MatchedStory, sources: list[str]) -> str:
    words = reason_words(match.match, _MAX_TERMS)
    why = f" Why: {words}." if words else ""
    names = dict.fromkeys(map(_line, sources))
    named = ", ".join(list(names)[:_MAX_SOURCES])
    more = f" and {len(names) - _MAX_SOURCES} more" if len(names) > _MAX_SOURCES else ""
    also = f" Also in: {named}{more}." if named else ""
    return _NO_XML.sub("", f"Matched with {score_words(match.match)}.{why}{also}")


def write(*, feed_id: str, title: str, updated: datetime, entries: Iterable[FeedEntry]) -> bytes:
    """Return an Atom document in UTF-8."""
    feed = ET.Element("feed", {"xmlns": _SPACE})
    _texts(feed, id=feed_id, title=title, updated=updated.isoformat())
    for each in entries:
        entry = ET.SubElement(feed, "entry")
        _texts(entry, id=each.id, title=each.title)
        if each.link:
            ET.SubElement(entry, "link", {"rel": "alternate", "href": each.link})
        _texts(ET.SubElement(entry, "author"), name=each.source)
        ET.SubElement(entry, "category", {"term": each.topic})
        published, updated_at = each.published.isoformat(), each.updated.isoformat()
        _texts(entry, published=published, updated=updated_at)
        ET.SubElement(entry, "content", {"type": "html"}).text = each.content
    ET.indent(feed)
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def read(document: bytes) -> tuple[FeedEntry, ...]:
    """Return the entries of a document that `write` made; ``ValueError`` for any other."""
    try:
        feed = ET.fromstring(document)  # noqa: S314 - a file of ours
    except ET.ParseError as error:
        raise ValueError(f"is no XML: {error}") from error
    if feed.tag != f"{{{_SPACE}}}feed":
        raise ValueError("is no Atom feed")
    return tuple(map(_read_entry, feed.iterfind(f"{{{_SPACE}}}entry")))


def _read_entry(entry: ET.Element) -> FeedEntry:
    return FeedEntry(
        id=_text(entry, "id"),
        topic=_attribute(entry, "category", "term"),
        title=_text(entry, "title"),
        link=_attribute(entry, "link", "href", default=""),
        source=_text(entry, "author/name"),
        published=aware(datetime.fromisoformat(_text(entry, "published"))),
        updated=aware(datetime.fromisoformat(_text(entry, "updated"))),
        content=_text(entry, "content"),
    )


def _text(entry: ET.Element, path: str) -> str:
    found = entry.findtext(path, namespaces={"": _SPACE})
    if not found:
        raise ValueError(f"has an entry without {path}")
    return found


def _attribute(entry: ET.Element, tag: str, name: str, default: str | None = None) -> str:
    element = entry.find(tag, namespaces={"": _SPACE})
    found = default if element is None else element.get(name, default)
    if found is None:
        raise ValueError(f"has an entry without {tag}")
    return found


def _texts(parent: ET.Element, **texts: str) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = text


def _line(text: str) -> str:
    return _clean(shorten(text, _MAX_NAME))


def _clean(text: str) -> str:
    return clean_line(_NO_XML.sub("", text))


def _urn(name: str) -> str:
    plain = name.encode("utf-8", "backslashreplace").decode()
    return uuid5(NAMESPACE_URL, f"newsmonitor:{plain}").urn
