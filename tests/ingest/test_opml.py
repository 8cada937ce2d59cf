"""Lists of feeds: what is read of those in the field, and that ours are read back."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.ingest.opml import MAX_BYTES, FeedList, Listed, read, write
from monitor.ingest.urls import canonical_url

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "feeds"
INDEX = CORPUS / "index.jsonl"


def lists() -> list[dict[str, Any]]:
    rows = map(json.loads, INDEX.read_text("utf-8").splitlines()) if INDEX.exists() else ()
    return [row for row in rows if row["format"] == "opml"]


def opml(body: str) -> bytes:
    return f"<opml version='2.0'><head/><body>{body}</body></opml>".encode()


def feeds_of(body: str) -> tuple[Listed, ...]:
    return read(opml(body)).feeds


class TestRead:
    def test_folders_become_tags_and_a_feed_in_two_of_them_has_both(self) -> None:
        found = feeds_of(
            "<outline text='World'><outline text='Asia'>"
            "<outline text='A' xmlUrl='https://a.example/feed'/></outline></outline>"
            "<outline title='Defence' text='x'>"
            "<outline text='A' xmlUrl='https://A.example/feed'/></outline>"
        )
        tags = ("World", "Asia", "Defence")
        assert found == (Listed(url="https://a.example/feed", title="A", tags=tags),)

    def test_the_category_attribute_gives_tags_too(self) -> None:
        (found,) = feeds_of("<outline xmlUrl='https://a.example' category='/World/Asia, defence'/>")
        assert found.tags == ("World", "Asia", "defence")

    @pytest.mark.parametrize("name", ["xmlUrl", "xmlurl", "XMLURL", "xmlURL"])
    def test_attributes_and_elements_count_in_any_case(self, name: str) -> None:
        document = f"<OPML><Body><Outline Text='A' {name}='https://a.example'/></Body></OPML>"
        assert read(document.encode()).feeds == (Listed(url="https://a.example", title="A"),)

    def test_a_title_that_is_only_the_address_is_none(self) -> None:
        (found,) = feeds_of("<outline text='https://a.example' xmlUrl='https://a.example'/>")
        assert found.title == ""

    def test_what_names_only_a_page_is_told_apart(self) -> None:
        found = read(opml("<outline text='B' htmlUrl='https://b.example'/>"))
        assert (found.feeds, found.pages) == ((), ("B (https://b.example)",))

    def test_a_comment_is_a_feed_that_is_switched_off(self) -> None:
        (found,) = feeds_of("<outline isComment='true' xmlUrl='https://a.example'/>")
        assert not found.enabled

    def test_a_bare_ampersand_is_one(self) -> None:
        (found,) = feeds_of("<outline text='A & B &amp; C' xmlUrl='https://a.example/?a=1&b=2'/>")
        assert (found.title, found.url) == ("A & B & C", "https://a.example/?a=1&b=2")

    def test_quotes_in_quotes_cost_no_other_feed_and_the_fault_is_told(self) -> None:
        found = read(
            opml(
                '<outline text="F">'
                '<outline text="A" description="the "A" <a href="x">list</a>" xmlUrl="https://a.example"/>'
                '<outline text="B" xmlUrl="https://b.example/?x=1&amp;y=2"/></outline>'
                '<outline text="C" xmlUrl="https://c.example"/>'
            )
        )
        assert [(each.title, each.tags) for each in found.feeds] == [
            ("A", ("F",)),
            ("B", ("F",)),
            ("C", ()),
        ]
        assert found.feeds[1].url == "https://b.example/?x=1&y=2"
        assert found.fault is not None
        assert "line 1" in found.fault

    def test_a_list_that_was_cut_off_is_read_as_far_as_it_goes(self) -> None:
        whole = opml('<outline xmlUrl="https://a.example"/><outline xmlUrl="https://b.exa')
        found = read(whole[: whole.index(b"b.exa")])
        assert [each.url for each in found.feeds] == ["https://a.example"]
        assert found.fault is not None

    @pytest.mark.parametrize(
        ("body", "encoding"), [("Zürich 東京", "utf-8"), ("Zürich", "latin-1"), ("東京", "utf-16")]
    )
    def test_its_declared_encoding_is_believed(self, body: str, encoding: str) -> None:
        text = f"<?xml version='1.0' encoding='{encoding}'?><opml><body>"
        text += f"<outline text='{body}' xmlUrl='https://a.example'/></body></opml>"
        assert read(text.encode(encoding)).feeds[0].title == body

    def test_controls_are_cleaned_out_of_titles(self) -> None:
        (found,) = feeds_of("<outline text='a&#10;b \u202e c' xmlUrl='https://a.example'/>")
        assert found.title == "a b c"


class TestHostile:
    def test_entities_are_neither_expanded_nor_read_from_elsewhere(self) -> None:
        for declared in ('a "aaaa"', 'a SYSTEM "file:///etc/passwd"'):
            document = f"<!DOCTYPE opml [<!ENTITY {declared}>]><opml><body/></opml>"
            with pytest.raises(ParseError, match="declares entities of its own"):
                read(document.encode())

    def test_a_doctype_without_entities_is_harmless(self) -> None:
        document = b"<!DOCTYPE opml SYSTEM 'http://127.0.0.1:9/x.dtd'>" + opml("")
        assert read(document) == FeedList(feeds=())

    def test_a_hundred_thousand_levels_are_read(self) -> None:
        depth = 100_000
        inner = "<outline text='x' xmlUrl='https://a.example'/>"
        levels = "".join(f"<outline text='{n}'>" for n in range(depth))
        (found,) = feeds_of(levels + inner + "</outline>" * depth)
        assert found.tags == tuple(str(n) for n in range(depth - 10, depth))

    def test_a_list_above_the_limit_is_refused(self) -> None:
        with pytest.raises(ParseError, match="larger than 10 MiB"):
            read(b" " * (MAX_BYTES + 1))

    @pytest.mark.parametrize("body", [b"", b"\0\0", b"<rss/>", b"<html><p>", b"{}", b"opml"])
    def test_what_is_no_list_is_refused(self, body: bytes) -> None:
        with pytest.raises(ParseError, match="no OPML"):
            read(body)

    @given(st.binary(max_size=300), st.sampled_from([b"", b"<opml>", b"<opml><outline "]))
    def test_no_bytes_break_it(self, noise: bytes, beginning: bytes) -> None:
        with suppress(ParseError):
            assert read(beginning + noise).outlines >= 0

    def test_a_list_that_ends_before_its_first_outline_is_empty(self) -> None:
        assert read(b"<opml><head>").feeds == ()


NAMES = st.text(
    st.characters(exclude_categories=("C", "Z"), codec="utf-8"), min_size=1, max_size=20
).filter(lambda text: text == " ".join(text.split()))
FEEDS = st.builds(
    Listed,
    url=st.integers(0, 9).map("https://{}.example/?a=1&b=<2>".format),
    title=NAMES | st.just(""),
    tags=st.lists(NAMES, max_size=3, unique=True).map(tuple),
    enabled=st.booleans(),
)


class TestWrite:
    @given(st.lists(FEEDS, unique_by=lambda feed: feed.url, max_size=6))
    def test_what_is_written_is_read_back(self, feeds: list[Listed]) -> None:
        found = read(write(feeds, "mine", NOW))
        assert {(it.url, it.enabled, it.title, frozenset(it.tags)) for it in found.feeds} == {
            (it.url, it.enabled, clean(it.title), frozenset(map(clean, it.tags))) for it in feeds
        }
        assert found.fault is None

    def test_a_feed_stands_in_the_folder_of_each_tag(self) -> None:
        feeds = [Listed(url="https://a.example", title="A", tags=("x, y", "z/2"))]
        text = write(feeds, "mine", NOW).decode()
        assert text.count('xmlUrl="https://a.example"') == 2
        assert read(text.encode()).feeds[0].tags == ("x, y", "z/2")

    def test_its_date_is_the_given_one_and_the_bytes_are_the_same(self) -> None:
        made = write([Listed(url="https://a.example")], "mine", NOW)
        assert b"<dateCreated>Mon, 02 Mar 2026 06:00:00 +0000</dateCreated>" in made
        assert made == write([Listed(url="https://a.example")], "mine", NOW)
        assert b'text="https://a.example"' in made


def clean(text: str) -> str:
    (found,) = read(write([Listed(url="https://x.example", title=text)], "", NOW)).feeds
    return found.title


@pytest.mark.skipif(not INDEX.exists(), reason="the feed corpus does not lie beside this checkout")
class TestCorpus:
    @pytest.mark.parametrize("row", lists(), ids=lambda row: row["file"].removeprefix("files/"))
    def test_every_outline_of_every_list_is_read(self, row: dict[str, Any]) -> None:
        body = (CORPUS / row["file"]).read_bytes()
        found = read(body)
        # of lists with one folder around all, the corpus counts what stands in it
        assert row["raw_item_tags"] in (found.outlines, found.outlines - 1)
        addresses = re.findall('xmlurl="([^"<]+)"', body.decode("utf-8", "replace"), re.IGNORECASE)
        assert len(found.feeds) == len({canonical_url(unescape(each)) for each in addresses})

    def test_there_are_as_many_as_expected(self) -> None:
        assert len(lists()) >= 41
