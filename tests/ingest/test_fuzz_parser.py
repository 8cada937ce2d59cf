"""Whatever arrives as a document, what leaves the parser's room is clean, bounded, in UTC."""

from __future__ import annotations

import random
import time
import tracemalloc
from html import escape

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.ingest.ending import is_whole
from monitor.ingest.parse import parse_feed
from monitor.ingest.slices import cut
from monitor.records import ParsedFeed
from tests.fuzz.promises import CONTENT_TYPES, URL, assert_feed, parser
from tests.fuzz.seeds import DOCUMENTS, SPLICES

QUICK = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
SLOWLY_MADE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
TYPES = st.integers(0, len(CONTENT_TYPES) - 1).map(lambda number: bytes([number]))


def mutated(document: bytes, seed: int) -> bytes:
    """The document after a few accidents: bytes flipped, cut, doubled, others put between."""
    rng = random.Random(seed)
    body = bytearray(document)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(body) + 1)
        end = min(len(body), at + rng.choice((1, 3, 20, 200)))
        accident = rng.randrange(5)
        if accident == 0 and at < len(body):
            body[at] ^= 1 << rng.randrange(8)
        elif accident == 1:
            body[at:at] = rng.choice(SPLICES)
        elif accident == 2:
            del body[at:end]
        elif accident == 3:
            body[at:at] = body[at:end]
        elif rng.random() < 0.3:
            del body[at:]
    return bytes(body)


MUTATED = st.builds(mutated, st.sampled_from(DOCUMENTS), st.integers(0, 2**32))
SPLICED = st.tuples(MUTATED, MUTATED, st.integers(0, 800), st.integers(0, 800)).map(
    lambda parts: parts[0][: parts[2]] + parts[1][parts[3] :]
)


@QUICK
@given(TYPES, MUTATED)
def test_a_mutated_document_gives_clean_entries_or_a_parse_error(kind: bytes, body: bytes) -> None:
    parser(kind + body)


@QUICK
@given(TYPES, SPLICED)
def test_two_documents_run_into_each_other_do_no_harm(kind: bytes, body: bytes) -> None:
    parser(kind + body)


@QUICK
@given(TYPES, st.lists(st.sampled_from(SPLICES) | st.binary(max_size=8), max_size=20).map(b"".join))
def test_nothing_but_rubble_does_no_harm(kind: bytes, body: bytes) -> None:
    parser(kind + body)


NAMES = st.sampled_from(
    ["title", "link", "guid", "id", "description", "content:encoded", "summary", "content",
     "pubDate", "updated", "dc:date", "published", "language", "dc:language", "media:content",
     "category", "source", "enclosure", "itunes:summary", "georss:point", "author",
     "creativeCommons:license"]
)  # fmt: skip
VALUES = st.text(max_size=40) | st.sampled_from(
    ["http://[::1", "//", "http://", "https://user:pw@[fe80::1%25eth0]/", "javascript:x", "%00",
     "\u202e", "\ud800", "a" * 5_000, "9" * 400, "9999-12-31T23:59:59-14:00", "0000-00-00", "-1",
     "31 Feb 2026", "Sat, 14 Mar 2026 25:61:61 +9999", "2026-W99", "en-\u0000"]
)  # fmt: skip
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["type", "href", "rel", "xml:base", "xml:lang", "isPermaLink", "url", "mode"]),
    VALUES | st.sampled_from(["xhtml", "text/plain", "base64", "alternate"]),
    max_size=2,
)


def element(name: str, attributes: dict[str, str], value: str) -> str:
    """One element as a well-meaning publisher would write it around a hostile value."""
    inside = "".join(f' {key}="{escape(given)}"' for key, given in attributes.items())
    return f"<{name}{inside}>{escape(value)}</{name}>"


ITEMS = st.lists(
    st.lists(st.builds(element, NAMES, ATTRIBUTES, VALUES), max_size=5).map("".join), max_size=4
)


@QUICK
@given(ITEMS, st.sampled_from([("item", "rss"), ("entry", "feed"), ("item", "rdf:RDF")]))
def test_hostile_values_in_the_right_places_give_clean_entries(
    items: list[str], kind: tuple[str, str]
) -> None:
    item, root = kind
    body = "".join(f"<{item}>{each}</{item}>" for each in items)
    document = f"<{root}><channel><title>A feed</title>{body}</channel></{root}>"
    feed = parse_feed(document.encode("utf-8", "surrogatepass"), None, URL)
    assert_feed(feed)
    assert len(feed.entries) + feed.skipped == len(items)


@QUICK
@given(st.data())
def test_no_accident_in_one_item_costs_the_others(data: st.DataObject) -> None:
    values = data.draw(st.lists(st.builds(element, NAMES, ATTRIBUTES, VALUES), max_size=6))
    body = (
        "<rss><channel><item><title>Before</title></item>"
        f"<item>{''.join(values)}</item><item><title>After</title></item></channel></rss>"
    )
    titles = titles_of(parse_feed(body.encode("utf-8", "surrogatepass"), None, URL))
    assert (titles[0], titles[-1]) == ("Before", "After")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_document_cut_anywhere_gives_a_beginning_of_its_entries_or_a_parse_error(
    document: bytes,
) -> None:
    for end in range(0, len(document), 13):
        parser(b"\x00" + document[:end])


HEAPS = st.lists(
    st.sampled_from(
        [b" ", b"\n", b"<?a ", b"?>", b"<!--", b"-->", b"<rss", b"<rss>", b"<channel", b">",
         b" a='1'", b"=", b"'", b"<item>", b"<item ", b"</item>", b"<item/>", b"<![CDATA[",
         b"]]>", b"</rss>", b"<feed ", b"<entry>", b"\x00", b"\xef\xbf", b"\xc3\xa9", b"&#",
         b"encoding='utf-8'"]
    ),
    min_size=1,
    max_size=3,
).map(b"".join)  # fmt: skip
HEAP = 1_000_000


@SLOWLY_MADE
@given(st.sampled_from([b"", b"<rss", b"<rss><channel", b"<?xml "]), HEAPS)
@example(b"", b" ")
def test_what_the_service_itself_does_with_a_document_takes_little(
    begin: bytes, repeated: bytes
) -> None:
    """Parsers can be killed; who looks for items that need no parsing cannot."""
    body = begin + repeated * (HEAP // len(repeated)) + b"</channel></rss>"
    tracemalloc.start()
    started = time.process_time()
    try:
        cut(body, None)
        is_whole(body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - started < 2
    assert peak < 20 * HEAP


def titles_of(feed: ParsedFeed) -> list[str]:
    return [entry.title for entry in feed.entries]
