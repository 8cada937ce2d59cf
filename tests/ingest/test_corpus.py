"""Feed documents of other projects' tests: every one is read, with every item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.errors import ParseError
from monitor.ingest.charset import decode, scrub
from monitor.ingest.document import read
from monitor.ingest.parse import parse_feed
from monitor.ingest.pool import ParserPool

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "feeds"
INDEX = CORPUS / "index.jsonl"
UTF_8 = "application/xml; charset=utf-8"
PLACE = "https://news.example/feeds/all.xml"

pytestmark = pytest.mark.skipif(
    not INDEX.exists(), reason="the feed corpus does not lie beside this checkout"
)

# Where we differ from the count of feedparser alone, and why.
EXPLAINED = {
    # Little-endian UTF-16 without a byte order mark: feedparser sees no markup, we see the item.
    "simplepie__data__feed-utf16le.xml": 1,
    # The root element is called "unknown": no feed, and feedparser found nothing in it either.
    "feedvalidator__testcases__rss__must__missing_rss.xml": None,
}


def documents() -> Iterator[dict[str, Any]]:
    if INDEX.exists():
        for line in INDEX.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["format"] != "opml":
                yield row


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(1) as made:
        yield made


def expected_items(row: dict[str, Any]) -> int | None:
    name = Path(row["file"]).name
    if name in EXPLAINED:
        return EXPLAINED[name]
    for count in ("expected_items", "feedparser_items", "raw_item_tags"):
        if row[count] is not None:
            return int(row[count])
    raise AssertionError(f"{name}: no count")


def content_type(row: dict[str, Any]) -> str | None:
    headers = (line.partition(":") for line in row.get("http_headers") or ())
    return next(
        (value.strip() for name, _, value in headers if name.lower() == "content-type"), None
    )


def items_read(row: dict[str, Any], pool: ParserPool) -> int | None:
    try:
        feed = pool.parse(
            (CORPUS / row["file"]).read_bytes(), content_type(row), "http://a.example/"
        )
    except ParseError:
        return None
    assert feed.skipped == 0
    return len(feed.entries)


def test_every_document_gives_the_expected_number_of_items(pool: ParserPool) -> None:
    rows = list(documents())
    assert len(rows) > 500
    wrong = {
        row["file"]: (read, expected_items(row))
        for row in rows
        if (read := items_read(row, pool)) != expected_items(row)
    }
    assert wrong == {}


def test_the_fast_way_reads_every_document_it_takes_as_feedparser_does() -> None:
    """A document type means nothing to feedparser, and is a reason not to go the fast way."""
    taken, wrong = 0, []
    for row in documents():
        text = scrub(decode((CORPUS / row["file"]).read_bytes(), content_type(row)))
        try:
            feed = parse_feed(text.encode(), UTF_8, PLACE)
        except ParseError:
            continue
        if feed.strict:
            taken += 1
            plain = parse_feed(f"<!DOCTYPE feed>{text}".encode(), UTF_8, PLACE)
            wrong += [row["file"]] if replace(feed, strict=False) != plain else []
    assert wrong == []
    assert taken > 300


def test_what_is_left_of_a_document_without_its_known_items_is_read_as_in_the_whole() -> None:
    """Known is all but the first item, but the last, but one in the middle, and all."""
    cut_up, wrong = 0, []
    for row in documents():
        body = (CORPUS / row["file"]).read_bytes()
        try:
            whole = read(body, content_type(row), PLACE, frozenset(), parse_feed)
        except ParseError:
            continue
        marks = [entry.raw for entry in whole.entries if entry.raw]
        cut_up += len(marks) > 1
        for new in {0, len(marks) // 2, len(marks) - 1} if len(marks) > 1 else ():
            rest = tuple(entry for entry in whole.entries if entry.raw == marks[new])
            known = frozenset(marks) - {marks[new]}
            part = read(body, content_type(row), PLACE, known, parse_feed)
            same = part.entries == rest and set(part.known) == known
            head = (part.title, part.language, part.wishes)
            if not same or head != (whole.title, whole.language, whole.wishes):
                wrong.append((row["file"], new))
    assert wrong == []
    assert cut_up > 60
