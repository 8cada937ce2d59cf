"""From the bytes of a document to entries of plain text.

Called only inside a worker process: feedparser can be made to run for minutes by 100 kB.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import feedparser
import feedparser.api

from monitor.errors import ParseError
from monitor.ingest import jsonfeed, strict
from monitor.ingest.charset import decode, scrub
from monitor.ingest.clean import clean_line, clean_text, plain_text
from monitor.ingest.ending import is_whole
from monitor.ingest.fields import absolute, guid, language_tag, richest, title_line
from monitor.ingest.shape import Rules
from monitor.ingest.wishes import wishes_of
from monitor.records import Entry, ParsedFeed

_MAX_ENTITIES = 300
_MAX_ATTRIBUTES = 2_000
_HEAP_OF_ATTRIBUTES = re.compile(
    rf"""<[^<>"'=]*+(?:=\s*+(?:"[^"<]*+"|'[^'<]*+')[^<>"'=]*+){{{_MAX_ATTRIBUTES}}}"""
)
"""No "<" may stand in an attribute's value, so that each search ends where the next one begins."""

_PROLOGUE = (("<!--", "-->"), ("<?", "?>"), ("<!", ">"))
_NAME = re.compile(r"<(?:[\w.-]+:)?([a-z][\w.-]*)", re.IGNORECASE)
_ITEM = re.compile(r"<((?:[\w-]+:)?(?:item|entry))[\s>].*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_ITEM_END = re.compile(r"</(?:[\w-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_SHELL = re.compile(r"<(?:rss|rdf:rdf|feed|channel)(?:\s[^<>]*)?>", re.IGNORECASE)
_FEED_ROOTS = frozenset({"rss", "rdf", "feed", "channel", "entry", "item"})
_PARSER = feedparser.api.StrictFeedParser
_HANDLED = (re.match("_(?:start|end)_(.+)", name) for name in dir(_PARSER))
_RULES = Rules(
    namespaces={address.lower(): prefix for address, prefix in _PARSER.namespaces.items()},
    handled=frozenset(found[1].lower() for found in _HANDLED if found),
    looks_like_html=_PARSER.looks_like_html,
)
_DATES = ("published_parsed", "updated_parsed", "created_parsed")


def parse_feed(body: bytes, content_type: str | None, url: str) -> ParsedFeed:
    """Return the entries of a feed document: RSS, Atom, RDF, CDF or JSON Feed.

    ``url``, the document's own address, completes relative links. Raises ``ParseError`` for a
    body that is no feed; an entry that cannot be read is skipped and counted.
    """
    text = decode(body, content_type)
    if text.lstrip("\ufeff \t\r\n").startswith("{"):
        return jsonfeed.parse(text.strip("\ufeff \t\r\n"), url)
    text = scrub(text)
    if not text:
        raise ParseError("the body is empty")
    return _parse_xml(text, url)


def _parse_xml(text: str, url: str) -> ParsedFeed:
    if text.count("<!ENTITY") > _MAX_ENTITIES:
        raise ParseError(f"the document declares more than {_MAX_ENTITIES} entities")
    text = _without_half_item(text)
    quick = strict.read(text, _RULES)
    if quick is not None:
        feed = _feed(quick["feed"], quick["entries"], 0, url)
        return replace(feed, strict=True, wishes=wishes_of(text))
    if _HEAP_OF_ATTRIBUTES.search(text):  # its time is quadratic in them: minutes for 100,000
        raise ParseError(f"an element has {_MAX_ATTRIBUTES:,} attributes or more")
    try:
        documents, poisoned = [_feedparse(text)], 0
    except MemoryError:
        raise
    except Exception as error:
        documents, poisoned = _without_poison(text, error)
    items = [item for document in documents for item in document["entries"]]
    head = documents[0]
    _check_is_feed(text, known=bool(head["version"] or items))
    return replace(_feed(head["feed"], items, poisoned, url), wishes=wishes_of(text))


def _without_half_item(text: str) -> str:
    """Return a document that was cut off without the item it was cut in.

    A half item may lack its id: the whole one, when it comes, would be another story.
    """
    if is_whole(text.encode()):
        return text
    ends = [match.end() for match in _ITEM_END.finditer(text)]
    return text[: ends[-1]] if ends else text


def _feedparse(text: str) -> dict[str, Any]:
    # Bytes: a string would be taken for an address or a file name. No base address is passed: it
    # would end up in the ids, which must not change with it.
    document: dict[str, Any] = feedparser.parse(
        text.encode("utf-8"),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return document


def _without_poison(text: str, cause: Exception) -> tuple[list[dict[str, Any]], int]:
    """Return documents that hold what feedparser can read of ``text``, and the items it cannot.

    Some elements make it raise (a position outside a place, a chapter without a list). The items
    are halved until those that hold one stand alone; a head that holds one is left out.
    """
    found = list(_ITEM.finditer(text))
    if not found:
        raise ParseError(f"feedparser cannot read it ({cause!r})") from cause
    head, tail = text[: found[0].start()], text[found[-1].end() :]
    shell = "".join(_SHELL.findall(head)) or "<rss>"
    for before, after in ((head, tail), (shell, "")):
        try:
            documents = [_feedparse(before + after)]
        except Exception as error:
            cause = error
        else:
            return _halved(before, [match[0] for match in found], after, documents)
    raise ParseError(f"feedparser cannot read it ({cause!r})") from cause


def _halved(
    head: str, items: list[str], tail: str, documents: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], int]:
    poisoned = 0
    waiting = [items]
    while waiting:
        items = waiting.pop()
        try:
            documents.append(_feedparse(head + "".join(items) + tail))
        except MemoryError:
            raise
        except Exception:
            half = len(items) // 2
            poisoned += not half
            waiting += [items[half:], items[:half]] if half else []
    return documents, poisoned


def _check_is_feed(text: str, *, known: bool) -> None:
    root = _root(text)
    if root == "html" or not (known or root in _FEED_ROOTS):
        kind = "a web page" if root in ("html", "head", "body") else "not a feed"
        raise ParseError(
            f"200 but {kind} (it starts with {clean_line(text[:40])!r}); "
            "look up the address of the site's feed"
        )


def _root(text: str) -> str:
    """Return the local name of the root element in lower case, ``""`` where there is none."""
    at = text.find("<")
    while at >= 0:
        closing = next((end for start, end in _PROLOGUE if text.startswith(start, at)), None)
        if closing is None:
            match = _NAME.match(text, at)
            return match[1].lower() if match else ""
        end = text.find(closing, at)
        at = text.find("<", end) if end >= 0 else -1
    return ""


def _feed(
    head: dict[str, Any], items: Iterable[dict[str, Any]], skipped: int, url: str
) -> ParsedFeed:
    language = language_tag(dict.get(head, "language"))
    entries = []
    for item in items:
        try:
            entries.append(_entry(item, url, language))
        except MemoryError:
            raise
        except Exception:
            skipped += 1
    return ParsedFeed(
        title=title_line(_text(dict.get(head, "title_detail") or dict.get(head, "title"))),
        language=language,
        entries=tuple(entries),
        skipped=skipped,
    )


def _entry(item: dict[str, Any], url: str, language: str | None) -> Entry:
    title = dict.get(item, "title_detail") or dict.get(item, "title")
    return Entry(
        guid=guid(dict.get(item, "id")),
        url=_link(item, url),
        title=title_line(_text(title)),
        text=richest(_text(each) for each in _bodies(item)),
        published_at=_date(item),
        language=_entry_language(item, title) or language,
    )


def _bodies(item: dict[str, Any]) -> list[Any]:
    summary = dict.get(item, "summary_detail") or dict.get(item, "summary")
    return [*dict.get(item, "content", ()), summary]


def _text(construct: Any) -> str:
    """Return the plain text of an Atom text construct, or of a bare string, which is HTML."""
    if isinstance(construct, str):
        return plain_text(construct)
    if not isinstance(construct, dict):
        return ""
    value = str(dict.get(construct, "value") or "")
    kind = str(dict.get(construct, "type") or "text/html")
    return clean_text(value) if kind == "text/plain" else plain_text(value)


def _link(item: dict[str, Any], url: str) -> str | None:
    links = [dict.get(item, "link")]
    links += [
        dict.get(each, "href")
        for each in dict.get(item, "links", ())
        if dict.get(each, "rel") == "alternate"
    ]
    return next(filter(None, (absolute(each, url) for each in links)), None)


def _date(item: dict[str, Any]) -> datetime | None:
    for name in _DATES:
        moment = dict.get(item, name)
        if isinstance(moment, time.struct_time):
            return _moment(moment)
        if isinstance(moment, datetime):
            return moment
    return None


def _moment(parsed: time.struct_time) -> datetime | None:
    try:
        return datetime(*parsed[:5], min(parsed.tm_sec, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None  # feedparser lets the year 10000 through


def _entry_language(item: dict[str, Any], title: Any) -> str | None:
    stated = language_tag(dict.get(item, "language"))
    return stated or language_tag(dict.get(title, "language") if isinstance(title, dict) else None)
