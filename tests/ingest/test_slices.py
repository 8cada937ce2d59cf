"""A document is cut into its items only where nothing else can be meant."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from monitor.ingest.slices import Slices, cut
from tests.ingest.builders import item, rss

ATOM = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>%b</feed>'
RDF = b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><channel/>%b</rdf:RDF>"


def sliced(body: bytes, content_type: str | None = None) -> Slices:
    found = cut(body, content_type)
    assert found is not None
    return found


def items(body: bytes, content_type: str | None = None) -> list[bytes]:
    found = sliced(body, content_type)
    return [found.document[start:end] for start, end in found.spans]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (rss("<item><a/></item>", "<item>2</item >"), [b"<item><a/></item>", b"<item>2</item >"]),
        (rss('<item rdf:about="x">1</item>'), [b'<item rdf:about="x">1</item>']),
        (ATOM % b"<entry>1</entry>\n<entry>2</entry>", [b"<entry>1</entry>", b"<entry>2</entry>"]),
        (RDF % b"<items/><item>1</item>", [b"<item>1</item>"]),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- by hand -->' + rss("<item>1</item>"),
         [b"<item>1</item>"]),
    ],
)  # fmt: skip
def test_a_document_is_cut_into_its_items(body: bytes, found: list[bytes]) -> None:
    assert items(body) == found


@pytest.mark.parametrize("hidden", ["<!--{}-->", "<![CDATA[{}]]>", "<?php {}?>"])
@pytest.mark.parametrize("tag", ["<item>", "</item>", "<item>1</item>", "<item/>"])
def test_tags_in_comments_sections_and_instructions_are_none(hidden: str, tag: str) -> None:
    one = f"<item><title>{hidden.format(tag)}</title></item>"
    assert items(rss(hidden.format(tag), one, hidden.format(tag))) == [one.encode()]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<item>1</item>",
        b'{"version": "https://jsonfeed.org/version/1", "items": []}',
        rss(),
        b"<!DOCTYPE rss>" + rss("<item>1</item>"),
        b"<html><item>1</item></html>",
        rss("<item><item>1</item></item>"),
        rss("<item>1"),
        rss("1</item>"),
        rss("<item>1</item>", "<item/>"),
        rss("<item>1</item huh>"),
        rss("<item>1</item>", "<!-- <item>"),
        rss("<item>1</item>").removesuffix(b"</channel></rss>"),
        rss("<item>1</item>\ufffe"),
        b"<rss><title>T</title><channel><item>1</item></channel></rss>",
        rss(*["<item>1</item>"] * 2_001),
        rss("<item><title xml:base='https://base.example/'>1</title></item>"),
    ],
)
def test_a_document_in_doubt_is_not_cut(body: bytes) -> None:
    assert cut(body, None) is None


def test_what_a_parser_is_not_given_hides_no_tag() -> None:
    assert len(items(rss("<item>1</item>", "<it\x00em>2</it\x0bem>"))) == 2


def test_the_characters_count_and_not_their_encoding() -> None:
    text = rss(item("Überall"), item("Çà et là")).decode()
    utf_8 = sliced(text.encode())
    for encoding in ("iso-8859-1", "utf-16", "utf-32-be"):
        body = text.encode(encoding)
        assert sliced(body, f"text/xml; charset={encoding}").hashes == utf_8.hashes


def test_a_document_is_put_together_without_what_is_known() -> None:
    body = rss("<item>1</item> ", "<item>2</item><!-- between -->", "<item>3</item>")
    found = sliced(body)
    assert found.without(frozenset()) == body
    assert found.without({found.hashes[1]}) == body.replace(b"<item>2</item>", b"")
    assert found.without(set(found.hashes)) == rss(" ", "<!-- between -->")


def test_an_item_is_known_by_its_bytes_and_by_the_tags_around_it() -> None:
    one, other = "<item>1</item>", "<item>2</item>"
    base = rss(one)
    first, twice, second = sliced(rss(one, one, other)).hashes
    assert first == twice == sliced(base).hashes[0] != second
    assert sliced(rss(one, head="<lastBuildDate>now</lastBuildDate>")).hashes == (first,)
    for before, after in ((b"<rss", b"<rss xml:lang='de'"), (b"<channel", b"<channel a='b>c'")):
        assert sliced(base.replace(before, after)).hashes != (first,)


@pytest.mark.parametrize(
    "hostile",
    [
        b"<item",
        b"<item>",
        b"<item></item>",
        b"<",
        b"<!--",
        b"<!---->",
        b"<![CDATA[",
        b"<?a?>",
        b" a='b'",
        b" ",
        b"<?a>",
    ],
)
def test_no_document_takes_more_than_linear_time(hostile: bytes) -> None:
    for head in (b"<rss><channel>", b"<rss", b""):
        body = head + hostile * (4_000_000 // len(hostile)) + b"</channel></rss>"
        began = time.process_time()
        cut(body, None)
        assert time.process_time() - began < 3


@pytest.mark.parametrize("heap", [b" ", b"<?a>", b"<!---->"], ids=["blanks", "rules", "comments"])
@pytest.mark.parametrize("before", [b"", b"<rss", b"<rss>"])
def test_a_heap_before_the_items_takes_no_memory_to_speak_of(heap: bytes, before: bytes) -> None:
    """This runs in the service itself, where nothing bounds it."""
    body = before + heap * (2_000_000 // len(heap)) + rss(item())
    tracemalloc.start()
    try:
        cut(body, None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 * len(body)
