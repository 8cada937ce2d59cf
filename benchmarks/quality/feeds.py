"""Reading feeds: every file through the product's parser pool, items against what is known."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from monitor.errors import ParseError
from monitor.ingest.pool import ParserPool


def feeds(folder: Path, progress: Callable[[str], None]) -> dict[str, object]:
    """Return how many files were read and how many have the items they should.

    A file that is no feed, or none that can be read, is refused with a ``ParseError`` and counts
    as no items. ``differences`` names each file whose count is not the expected one, or, where
    none is stated, not feedparser's.
    """
    entries = [json.loads(line) for line in (folder / "index.jsonl").read_text().splitlines()]
    with ParserPool() as pool:
        rows = [_read(pool, folder, entry, progress) for entry in entries]
    return {
        "files": len(rows),
        "refused": sum(row["refused"] for row in rows),
        **_agreement(rows, "expected_items"),
        **_agreement(rows, "feedparser_items"),
        "differences": [row for row in rows if row["items"] != _known(row)],
    }


def _read(
    pool: ParserPool, folder: Path, entry: Mapping[str, Any], progress: Callable[[str], None]
) -> dict[str, Any]:
    progress(entry["file"])
    headers = _headers(entry.get("http_headers") or ())
    body = (folder / entry["file"]).read_bytes()
    row = {
        "file": entry["file"],
        "kind": entry["kind"],
        "expected_items": entry["expected_items"],
        "feedparser_items": entry["feedparser_items"],
        "refused": False,
    }
    try:
        parsed = pool.parse(body, headers.get("content-type"), "https://feed.example/feed")
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
