"""What goes between a parser pool and its workers: frames, and records as JSON. Pure.

A frame is two lengths (4 bytes each, big-endian), a JSON header and a raw body.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from monitor.records import Entry, ParsedFeed, Seed, Wishes

_LENGTHS = struct.Struct(">II")
_BETWEEN = "\0"
"""Stands between texts, none of which holds a control character."""
_MAX_FRAME = 256 * 1024 * 1024


def pack(header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Return one frame."""
    encoded = json.dumps(header, ensure_ascii=False).encode("utf-8", "replace")
    return _LENGTHS.pack(len(encoded), len(body)) + encoded + body


def read(exactly: Callable[[int], bytes]) -> tuple[dict[str, Any], bytes]:
    """Return header and body of the next frame; ``exactly(n)`` gives n bytes or ``EOFError``."""
    header_length, body_length = _LENGTHS.unpack(exactly(_LENGTHS.size))
    if header_length + body_length > _MAX_FRAME:
        raise EOFError("not a frame")
    header = json.loads(exactly(header_length))
    return header, exactly(body_length)


def from_feed(feed: ParsedFeed) -> dict[str, Any]:
    """Return ``feed`` as JSON values."""
    return {
        "title": feed.title,
        "language": feed.language,
        "entries": [_from_entry(each) for each in feed.entries],
        "skipped": feed.skipped,
        "wishes": _from_wishes(feed.wishes),
        "strict": feed.strict,
    }


def to_feed(values: Mapping[str, Any]) -> ParsedFeed:
    """Return the feed that ``from_feed`` took apart."""
    return ParsedFeed(
        title=values["title"],
        language=values["language"],
        entries=tuple(_to_entry(each) for each in values["entries"]),
        skipped=values["skipped"],
        wishes=_to_wishes(values["wishes"]),
        strict=values["strict"],
    )


def pack_feed(feed: ParsedFeed) -> bytes:
    """Return a frame with ``feed``: its texts are the body, of which JSON would read every sign."""
    values = from_feed(feed)
    texts = [entry.pop("text") for entry in values["entries"]]
    return pack({"feed": values}, _BETWEEN.join(texts).encode("utf-8", "replace"))


def unpack_feed(values: Mapping[str, Any], body: bytes) -> ParsedFeed:
    """Return the feed that ``pack_feed`` packed, from header and body of its frame."""
    for entry, text in zip(values["entries"], body.decode().split(_BETWEEN), strict=False):
        entry["text"] = text
    return to_feed(values)


def from_seed(seed: Seed) -> dict[str, Any]:
    """Return ``seed`` as JSON values."""
    return asdict(seed)


def to_seed(values: Mapping[str, Any]) -> Seed:
    """Return the seed that ``from_seed`` took apart."""
    return Seed(**values)


def _from_wishes(wishes: Wishes) -> dict[str, Any]:
    return {
        "ttl": wishes.ttl.total_seconds() if wishes.ttl else None,
        "skip_hours": sorted(wishes.skip_hours),
        "skip_days": sorted(wishes.skip_days),
    }


def _to_wishes(values: Mapping[str, Any]) -> Wishes:
    return Wishes(
        ttl=timedelta(seconds=values["ttl"]) if values["ttl"] else None,
        skip_hours=frozenset(values["skip_hours"]),
        skip_days=frozenset(values["skip_days"]),
    )


def _from_entry(entry: Entry) -> dict[str, Any]:
    # named one by one: asdict copies deeply, which costs more than all else here
    moment = entry.published_at
    return {
        "guid": entry.guid,
        "url": entry.url,
        "title": entry.title,
        "text": entry.text,
        "published_at": moment.isoformat() if moment else None,
        "language": entry.language,
    }


def _to_entry(values: Mapping[str, Any]) -> Entry:
    moment = values["published_at"]
    return Entry(**{**values, "published_at": datetime.fromisoformat(moment) if moment else None})
