"""What is known of a document is not read again, and what is read is what the whole would give."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.ingest.document import read
from monitor.ingest.parse import parse_feed
from monitor.ingest.slices import cut
from monitor.records import ParsedFeed
from tests.ingest.builders import document, entry, item, rss
from tests.ingest.generated import ELEMENTS, KINDS, LEAVES, ROOTS, Kind

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


def check(before: str, after: str) -> ParsedFeed:
    """What is read of ``after`` when ``before`` is known, which must be a part of the whole."""
    known = frozenset(each.raw for each in whole(before).entries if each.raw)
    part, all_of_it = read(after.encode(), None, URL, known, parse_feed), whole(after)
    new = tuple(each for each in all_of_it.entries if each.raw not in known)
    assert replace(part, known=()) == replace(all_of_it, entries=new)
    assert len(part.known) == len(all_of_it.entries) - len(new)
    return part


def whole(text: str) -> ParsedFeed:
    return read(text.encode(), None, URL, frozenset(), parse_feed)


def test_one_new_item_on_top_is_all_that_is_read() -> None:
    items = [item(f"Title {n}", more=f"<guid>{n}</guid>") for n in range(31)]
    part = check(rss(*items[1:]).decode(), rss(*items[:-1]).decode())
    assert ([each.title for each in part.entries], len(part.known)) == (["Title 0"], 29)


@pytest.mark.parametrize(
    "odd",
    [
        "<item><title>Not closed</item>",
        "<item><pos xmlns='http://www.opengis.net/gml'>1 2</pos></item>",
        "<item><title>Deep</title><item><title>Inside</title></item></item>",
        "<item><title>A & b</title></item>",
        "<!-- <item><title>None</title></item>",
        "<title>Between</title>",
        "<foo><item><title>Inside</title></item></foo>",
        "<ITEM><title>Loud</title></ITEM>",
        "</channel><channel>",
    ],
)
def test_an_odd_neighbour_changes_nothing_of_what_is_read(odd: str) -> None:
    one, two = item("One"), item("Two")
    for before, after in (((one,), (one, odd, two)), ((one, odd), (two, one, odd))):
        known = frozenset(each.raw for each in whole(rss(*before).decode()).entries if each.raw)
        body = rss(*after)
        part, all_of_it = read(body, None, URL, known, parse_feed), whole(body.decode())
        assert part == all_of_it


def test_an_item_that_a_base_address_in_another_one_may_move_is_read_beside_it() -> None:
    based = "<item><title></title><title xml:base='https://base.example/'></title></item>"
    check(rss(based).decode(), rss(based, "<item><guid>1</guid></item>").decode())


PIECES = st.sampled_from(
    [
        *(" ", "<!-- <item> -->", "<!-- </entry> -->", "<?php <item> ?>", "\x0b", "\ufffe"),
        *("<title><![CDATA[<item></item>]]></title>", "<ttl>5</ttl>", "<guid>&#0;1</guid>"),
    ]
)
ITEMS = st.lists(st.lists(LEAVES | ELEMENTS | PIECES, max_size=3).map("".join), max_size=3)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(KINDS, ITEMS, ITEMS, ITEMS, PIECES, ROOTS)
def test_what_is_read_is_what_the_whole_would_give(
    kind: Kind, gone: list[str], kept: list[str], new: list[str], between: str, root: str
) -> None:
    write, wrap = kind
    before = [wrap(each) for each in (*kept, *gone)]
    after = [wrap(each) for each in (*new, *kept, *new[:1])]
    check(write(*before, root=root), write(*(each + between for each in after), root=root))
