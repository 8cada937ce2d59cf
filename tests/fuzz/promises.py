"""What holds for any bytes whatever: each promise takes bytes and fails by AssertionError.

The same promises are tried by hypothesis in the tests and by a coverage-guided fuzzer
(``python -m tests.fuzz``).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

from monitor.errors import FetchError, ParseError
from monitor.ingest import frames
from monitor.ingest.charset import decode, scrub
from monitor.ingest.clean import MAX_TEXT, clean_line, clean_text, plain_text
from monitor.ingest.decode import Decoder
from monitor.ingest.fields import MAX_TITLE
from monitor.ingest.parse import parse_feed
from monitor.records import Entry, ParsedFeed

URL = "https://news.example/feeds/all.xml"
MAX_BODY = 100_000

CONTENT_TYPES = (
    None,
    "application/xml",
    "text/xml; charset=iso-8859-1",
    "text/xml; charset=undefined",
    "application/rss+xml; charset=utf-16",
    "text/html; charset=shift_jis",
    "application/json; charset=idna",
    "text/xml; charset=gb18030",
)
CODINGS = ("gzip", "gzip, gzip", "", "x-gzip, identity", "deflate", "gzip, deflate")

_DIRECTIONS = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
_DIRECTION_MARKS = frozenset("\u061c\u200e\u200f")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


def assert_clean(text: str, *, line: bool = False) -> None:
    """No control, line separator, surrogate or sign that turns the direction of writing.

    Told by the Unicode database, not by the list that the cleaning itself goes by.
    """
    for sign in set(text) - ({"\n"} if not line else set()):
        assert unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp"), f"U+{ord(sign):04X}"
        assert unicodedata.bidirectional(sign) not in _DIRECTIONS, f"U+{ord(sign):04X}"
        assert sign not in _DIRECTION_MARKS, f"U+{ord(sign):04X}"
    assert text == text.strip()
    assert unicodedata.is_normalized("NFC", text)


def assert_entry(entry: Entry) -> None:
    """Fit to be stored, logged, mailed and shown, and of bounded length."""
    assert_clean(entry.title, line=True)
    assert_clean(entry.text)
    assert len(entry.title) <= MAX_TITLE
    assert len(entry.text) <= MAX_TEXT
    if entry.guid is not None:
        assert_clean(entry.guid, line=True)
        assert 0 < len(entry.guid) <= 1_000
    if entry.url is not None:
        assert_clean(entry.url, line=True)
        assert entry.url.lower().startswith(("http://", "https://"))
        assert len(entry.url) <= 4_096
    if entry.published_at is not None:
        assert entry.published_at.utcoffset() == timedelta(0)
    if entry.language is not None:
        assert _LANGUAGE.fullmatch(entry.language), entry.language


def assert_feed(feed: ParsedFeed) -> None:
    """The head and every entry; and nothing is lost on the way out of the parser's process."""
    assert_clean(feed.title, line=True)
    assert len(feed.title) <= MAX_TITLE
    assert feed.skipped >= 0
    for entry in feed.entries:
        assert_entry(entry)
    assert frames.to_feed(json.loads(json.dumps(frames.from_feed(feed)))) == feed


def parser(data: bytes) -> None:
    """A document is read into clean entries or is a ``ParseError``; the first byte: its type."""
    content_type = CONTENT_TYPES[data[0] % len(CONTENT_TYPES)] if data else None
    with suppress(ParseError):
        assert_feed(parse_feed(data[1:], content_type, URL))


def text(data: bytes) -> None:
    """Text is clean and bounded however it is cleaned, and clean text stays as it is."""
    given = data.decode("utf-8", "surrogateescape")
    for cleaned in (plain_text(given), clean_text(given)):
        assert_clean(cleaned)
        assert len(cleaned) <= MAX_TEXT
        assert clean_text(cleaned) == cleaned
        assert "" not in cleaned.split("\n")[1:], "a blank line"
    line = clean_line(given)
    assert_clean(line, line=True)
    assert len(line) <= MAX_TEXT
    assert clean_line(line) == line


def charset(data: bytes) -> None:
    """Any bytes become characters; scrubbing is done once and leaves what XML allows."""
    content_type = CONTENT_TYPES[data[0] % len(CONTENT_TYPES)] if data else None
    decoded = decode(data[1:], content_type)
    assert len(decoded) <= len(data)
    scrubbed = scrub(decoded)
    assert len(scrubbed) <= len(decoded)
    scrubbed.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", scrubbed)


def gzip(data: bytes) -> None:
    """A body is whole and within its limit, or a ``FetchError``; first bytes: coding, cut."""
    coding, size = CODINGS[data[0] % len(CODINGS)] if data else "", 1 + sum(data[1:2]) * 5
    with suppress(FetchError):
        decoder = Decoder(coding, MAX_BODY)
        for at in range(2, len(data), size):
            decoder.feed(data[at : at + size])
        assert len(decoder.finish()) <= MAX_BODY


PROMISES: Mapping[str, Callable[[bytes], None]] = {
    "parser": parser,
    "text": text,
    "charset": charset,
    "gzip": gzip,
}
