"""From the bytes of a document to entries of plain text.

Called only inside a worker process: feedparser can be made to run for minutes by 100 kB.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from monitor.errors import ParseError
from monitor.ingest import jsonfeed
from monitor.ingest.charset import decode, scrub
from monitor.ingest.clean import clean_line, clean_text, plain_text
from monitor.ingest.fields import absolute, guid, language_tag, richest, title_line
from monitor.records import Entry, ParsedFeed

_MAX_ENTITIES = 300
_ROOT = re.compile(r"<([a-z][\w.-]*:)?([a-z][\w.-]*)", re.IGNORECASE)
_PROLOGUE = re.compile(r"<!--.*?-->|<\?.*?\?>|<![^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)
_FEED_ROOTS = frozenset({"rss", "rdf", "feed", "channel", "entry", "item"})
_DATES = ("published_parsed", "updated_parsed", "created_parsed")


def parse_feed(body: bytes, content_type: str | None, url: str) -> ParsedFeed:
    """Return the entries of a feed document: RSS, Atom, RDF, CDF or JSON Feed.

    ``url``, the document's own address, completes relative links. Raises ``ParseError`` for a
    body that is no feed; an entry that cannot be read is skipped and counted.
    """
    text = decode(body, content_type).lstrip("\ufeff \t\r\n\x00")
    if not text:
        raise ParseError("the body is empty")
    if text.startswith("{"):
        return jsonfeed.parse(text, url)
    return _parse_xml(scrub(text), url)


def _parse_xml(text: str, url: str) -> ParsedFeed:
    if text.count("<!ENTITY") > _MAX_ENTITIES:
        raise ParseError(f"the document declares more than {_MAX_ENTITIES} entities")
    try:
        # Bytes: a string would be taken for an address or a file name. No base address is passed:
        # it would end up in the ids, which must not change with it.
        document = feedparser.parse(
            text.encode("utf-8"),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:
        raise ParseError(f"feedparser cannot read it ({type(error).__name__}: {error})") from error
    _check_is_feed(document, text)
    return _feed(document, url)


def _check_is_feed(document: Mapping[str, Any], text: str) -> None:
    root = _root(text)
    if root == "html" or not (document["version"] or document["entries"] or root in _FEED_ROOTS):
        kind = "a web page" if root in ("html", "head", "body") else "not a feed"
        raise ParseError(
            f"200 but {kind} (it starts with {clean_line(text[:40])!r}); "
            "look up the address of the site's feed"
        )


def _root(text: str) -> str:
    match = _ROOT.search(_PROLOGUE.sub("", text[:65_536]))
    return match[2].lower() if match else ""


def _feed(document: Mapping[str, Any], url: str) -> ParsedFeed:
    head = document["feed"]
    language = language_tag(dict.get(head, "language"))
    entries = []
    skipped = 0
    for item in document["entries"]:
        try:
            entries.append(_entry(item, url, language))
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
    return None


def _moment(parsed: time.struct_time) -> datetime | None:
    try:
        return datetime(*parsed[:5], min(parsed.tm_sec, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        return None  # feedparser lets the year 10000 through


def _entry_language(item: dict[str, Any], title: Any) -> str | None:
    stated = language_tag(dict.get(item, "language"))
    return stated or language_tag(dict.get(title, "language") if isinstance(title, dict) else None)
