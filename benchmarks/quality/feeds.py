"""Reading feeds: every file through the product's parser pool, items against what is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.quality.corpora import NothingToMeasure, Odd, Say, warn
from monitor.errors import ParseError
from monitor.ingest.pool import ParserPool

KEYS = ("file", "kind", "expected_items", "feedparser_items")


def feeds(folder: Path, progress: Say, note: Say = warn) -> dict[str, object]:
    """Return how many files were read and how many have the items they should.

    A file that is no feed, or none that can be read, is refused with a ``ParseError`` and counts
    as no items. ``differences`` names each file whose count is not the expected one, or, where
    none is stated, not feedparser's. Files that ``index.jsonl`` tells nothing of, or that are not
    there, are left out; a folder without any is ``NothingToMeasure``.
    """
    entries = list(_entries(folder, note))
    if not entries:
        raise NothingToMeasure(f"{folder}: no feed documents with an index.jsonl")
    with ParserPool() as pool:
        rows = [_read(pool, entry, progress) for entry in entries]
    return {
        "files": len(rows),
        "refused": sum(row["refused"] for row in rows),
        **_agreement(rows, "expected_items"),
        **_agreement(rows, "feedparser_items"),
        "differences": [row for row in rows if row["items"] != _known(row)],
    }


def _entries(folder: Path, note: Say) -> Iterator[dict[str, Any]]:
    """Yield the entries of the index whose documents can be read."""
    try:
        lines = (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise NothingToMeasure(
            f"the index of the feed documents cannot be read ({error})"
        ) from error
    odd = Odd("feeds/index.jsonl")
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            known = {name: entry[name] for name in KEYS}
            headers = _headers(entry.get("http_headers") or ())
            body = (folder / entry["file"]).read_bytes()
        except (OSError, ValueError, TypeError, LookupError, AttributeError) as error:
            odd.add(number, f"cannot be used ({type(error).__name__}: {error})")
        else:
            yield {**known, "headers": headers, "body": body}
    odd.tell(note)


def _read(pool: ParserPool, entry: Mapping[str, Any], progress: Say) -> dict[str, Any]:
    progress(entry["file"])
    kind = entry["headers"].get("content-type")
    row = {**{name: entry[name] for name in KEYS}, "refused": False}
    try:
        parsed = pool.parse(entry["body"], kind, "https://feed.example/feed")
    except ParseError as error:
        return {**row, "items": 0, "refused": True, "reason": str(error)}
    return {**row, "items": len(parsed.entries)}


def _headers(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _agreement(rows: list[dict[str, Any]], source: str) -> dict[str, int]:
    stated = [row for row in rows if row[source] is not None]
    return {
        f"with_{source}": len(stated),
        f"equal_{source}": sum(row["items"] == row[source] for row in stated),
    }


def _known(row: Mapping[str, Any]) -> int:
    """Return the items a file should have: the origin's word first, feedparser's second."""
    for source in ("expected_items", "feedparser_items"):
        if row[source] is not None:
            return int(row[source])
    return int(row["items"])
