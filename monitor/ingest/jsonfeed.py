"""The JSON Feed reader, versions 1 and 1.1 (https://jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

from monitor.errors import ParseError
from monitor.ingest.clean import clean_text, plain_text
from monitor.ingest.fields import absolute, guid, language_tag, richest, title_line
from monitor.records import Entry, ParsedFeed

_MAX_DIGITS = 1_000


def parse(text: str, url: str) -> ParsedFeed:
    """Return the entries of a JSON Feed; raise ``ParseError`` for any other JSON.

    An item that is no object, or cannot be read, is skipped and counted.
    """
    try:
        document = json.loads(text, parse_int=_number)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"the body is not valid JSON ({error})") from error
    if not isinstance(document, dict) or not _is_feed(document):
        raise ParseError("200 but not a feed: JSON without the version of a JSON Feed")
    return _feed(document, url)


def _number(digits: str) -> int | float:
    """Return a number; one of thousands of digits, which ``int`` refuses, as infinity."""
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _is_feed(document: dict[str, Any]) -> bool:
    version = document.get("version")
    return isinstance(version, str) and "jsonfeed.org/version/1" in version


def _feed(document: dict[str, Any], url: str) -> ParsedFeed:
    items = document.get("items")
    items = items if isinstance(items, list) else []
    language = language_tag(document.get("language"))
    entries = [_entry(item, url, language) for item in items if isinstance(item, dict)]
    return ParsedFeed(
        title=title_line(_string(document, "title")),
        language=language,
        entries=tuple(entries),
        skipped=len(items) - len(entries),
    )


def _entry(item: dict[str, Any], url: str, language: str | None) -> Entry:
    bodies = (plain_text(_string(item, "content_html")), clean_text(_string(item, "content_text")))
    return Entry(
        guid=guid(item.get("id")),
        url=absolute(item.get("url"), url) or absolute(item.get("external_url"), url),
        title=title_line(_string(item, "title")),
        text=richest((*bodies, clean_text(_string(item, "summary")))),
        published_at=_date(item.get("date_published")) or _date(item.get("date_modified")),
        language=language_tag(item.get("language")) or language,
    )


def _string(holder: dict[str, Any], name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _date(value: object) -> datetime | None:
    """Return an RFC 3339 moment in UTC; one without an offset is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
