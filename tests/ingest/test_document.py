"""What is known of a document is not read again, and what is read is what the whole would give."""

from __future__ import annotations

from dataclasses import replace

from monitor.ingest.document import read
from monitor.ingest.slices import cut
from monitor.records import ParsedFeed
from tests.ingest.builders import document, entry, item, rss

URL = "https://news.example/feeds/all.xml"


class Parser:
    """Gives what it was told to give, one answer after the other, and keeps what it was asked."""

    def __init__(self, *answers: ParsedFeed) -> None:
        self.answers = list(answers)
        self.asked: list[bytes] = []

    def __call__(self, body: bytes, content_type: str | None, url: str) -> ParsedFeed:
        self.asked.append(body)
        return self.answers.pop(0)


def strict(*titles: str) -> ParsedFeed:
    return replace(document(*map(entry, titles)), strict=True)


def hashes(body: bytes) -> tuple[bytes, ...]:
    found = cut(body, None)
    assert found is not None
    return found.hashes


BODY = rss(item("One"), item("Two"), item("Three"))
ONE, TWO, THREE = hashes(BODY)


def raws(feed: ParsedFeed) -> list[tuple[str, bytes | None]]:
    return [(each.title, each.raw) for each in feed.entries]


def test_an_entry_is_given_the_hash_of_its_item() -> None:
    found = read(BODY, None, URL, frozenset(), Parser(strict("One", "Two", "Three")))
    assert raws(found) == [("One", ONE), ("Two", TWO), ("Three", THREE)]
    assert found.known == ()


def test_known_items_are_left_out_and_named() -> None:
    parser = Parser(strict("Two"))
    found = read(BODY, None, URL, frozenset({ONE, THREE}), parser)
    assert parser.asked == [rss(item("Two"))]
    assert raws(found) == [("Two", TWO)]
    assert found.known == (ONE, THREE)


def test_where_all_is_known_the_head_is_read() -> None:
    parser = Parser(strict())
    found = read(BODY, None, URL, frozenset({ONE, TWO, THREE}), parser)
    assert parser.asked == [rss()]
    assert found.known == (ONE, TWO, THREE)


def test_the_same_item_twice_is_known_twice_or_read_twice() -> None:
    body = rss(item("One"), item("One"), item("Two"))
    known = read(body, None, URL, frozenset({hashes(body)[0]}), Parser(strict("Two")))
    assert known.known == hashes(body)[:2]
    new = read(body, None, URL, frozenset({hashes(body)[2]}), Parser(strict("One", "One")))
    assert [each.raw for each in new.entries] == list(hashes(body)[:2])


def test_a_rest_in_doubt_is_read_with_the_whole_document() -> None:
    whole = strict("One", "Two", "Three")
    for doubtful in (document(entry("Two")), strict(), replace(strict("Two"), skipped=1)):
        parser = Parser(doubtful, whole)
        found = read(BODY, None, URL, frozenset({ONE, THREE}), parser)
        assert parser.asked[1] == BODY
        assert [each.title for each in found.entries] == ["One", "Two", "Three"]
        assert found.known == ()


def test_entries_have_no_hash_where_which_item_they_are_is_in_doubt() -> None:
    three = strict("One", "Two", "Three")
    for feed in (replace(three, strict=False), replace(three, skipped=1), strict("One", "Two")):
        found = read(BODY, None, URL, frozenset(), Parser(feed))
        assert found == feed


def test_a_document_that_cannot_be_cut_is_read_whole() -> None:
    body = b"<!DOCTYPE rss>" + BODY
    feed = strict("One", "Two", "Three")
    parser = Parser(feed)
    assert read(body, "text/xml", URL, frozenset({ONE}), parser) == feed
    assert parser.asked == [body]
