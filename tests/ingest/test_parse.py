"""What is read of a document, what is not, and what is no document at all."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from html import escape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.ingest.clean import MAX_TEXT
from monitor.ingest.fields import MAX_TITLE
from monitor.ingest.page import parse_page
from monitor.ingest.parse import parse_feed
from monitor.records import Entry, ParsedFeed
from tests.ingest.builders import item, rss

URL = "https://news.example/feeds/all.xml"


def read(body: bytes, content_type: str | None = None) -> ParsedFeed:
    return parse_feed(body, content_type, URL)


def only(body: bytes) -> Entry:
    (found,) = read(body).entries
    return found


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b" \r\n\x00 ", "empty"),
        (b"Just text.", "not a feed"),
        (b"<!DOCTYPE html><html><head><title>Hi</title></head></html>", "200 but a web page"),
        (b"<!-- c --><HTML><body><item>x</item></body></HTML>", "200 but a web page"),
        (b"<opml><body><outline/></body></opml>", "not a feed"),
        (b'{"items": []}', "not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1", ', "not valid JSON"),
        (b'{"a":' + b"[" * 100_000, "not valid JSON"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not a feed"),
    ],
)
def test_a_body_that_is_no_feed_is_an_error_that_says_so(body: bytes, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        read(body)


@pytest.mark.parametrize(
    "body",
    [
        rss(),
        b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Nothing yet</title></feed>',
        b'<?xml version="1.0"?><!-- by hand --><channel><title>Bare</title></channel>',
        b'{"version": "https://jsonfeed.org/version/1", "items": []}',
    ],
)
def test_a_feed_without_entries_is_a_feed(body: bytes) -> None:
    assert read(body).entries == ()


def test_one_unusable_character_costs_nothing_else() -> None:
    for poison in ("&#xD800;", "&#0;", "\x0b", "\x00"):
        broken = f"<item><title>Sec{poison}ond</title></item>"
        found = read(rss(item("First"), broken)).entries
        assert [each.title for each in found] == ["First", "Second"]


def test_an_unusable_charset_costs_nothing() -> None:
    for name in ("undefined", "idna", "klingon", "utf-7"):
        body = f'<?xml version="1.0" encoding="{name}"?>'.encode() + rss(item("Überall"))
        assert only(body).title == "Überall"
        assert read(body, f"text/xml; charset={name}").entries[0].title == "Überall"


@pytest.mark.parametrize(
    ("date", "moment"),
    [
        ("Sat, 14 Mar 2026 09:30:00 +0100", datetime(2026, 3, 14, 8, 30, tzinfo=UTC)),
        ("2026-03-14T09:30:00Z", datetime(2026, 3, 14, 9, 30, tzinfo=UTC)),
        ("9999-12-31T23:59:59-14:00", None),
        ("last week", None),
        ("", None),
    ],
)
def test_dates_are_utc_or_none(date: str, moment: datetime | None) -> None:
    assert only(rss(item(more=f"<pubDate>{date}</pubDate>"))).published_at == moment


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://other.example/a?b=1&amp;c=2", "https://other.example/a?b=1&c=2"),
        ("/story", "https://news.example/story"),
        ("story", "https://news.example/feeds/story"),
        ("//cdn.example/story", "https://cdn.example/story"),
        ("javascript:alert(1)", None),
        ("java&#10;script:alert(1)", "https://news.example/feeds/java script:alert(1)"),
        ("mailto:desk@news.example", None),
        ("http://[::1", None),
        ("https://news.example/" + "x" * 5_000, None),
        ("", None),
    ],
)
def test_links_are_absolute_http_or_none(link: str, url: str | None) -> None:
    assert only(rss(item(more=f"<link>{link}</link>"))).url == url


def test_an_id_does_not_depend_on_where_the_feed_lies() -> None:
    body = rss(item(more="<guid>story-1</guid>"))
    for place in (URL, "http://moved.example/"):
        assert parse_feed(body, None, place).entries[0].guid == "story-1"


def test_a_huge_id_is_kept_as_its_hash() -> None:
    first, second = (only(rss(item(more=f"<guid>{'x' * 5_000}{n}</guid>"))).guid for n in (1, 2))
    assert first
    assert second
    assert first != second
    assert len(first) < 50


def test_title_and_text_have_their_limits() -> None:
    found = only(rss(item("word " * 1_000, "word " * 100_000)))
    assert len(found.title) <= MAX_TITLE
    assert MAX_TEXT - 5 <= len(found.text) <= MAX_TEXT


def test_the_richest_of_summary_and_content_is_the_text() -> None:
    content = '<content:encoded xmlns:content="http://purl.org/rss/1.0/modules/content/">{}</content:encoded>'
    assert only(rss(item("t", "short", content.format("much longer")))).text == "much longer"
    assert only(rss(item("t", "the longer one", content.format("short")))).text == "the longer one"


def test_markup_and_scripts_do_not_reach_the_text() -> None:
    found = only(rss(item("<b>Bold</b>", "<p onclick=x>Hi</p><script>alert(1)</script>")))
    assert (found.title, found.text) == ("Bold", "Hi")


def test_languages_are_primary_tags() -> None:
    body = rss(item(), head="<language>EN-us</language>")
    assert (read(body).language, only(body).language) == ("en", "en")
    assert only(rss(item(), head="<language>english, mostly</language>")).language is None


def test_no_file_and_no_address_is_read_because_a_document_names_it() -> None:
    body = (
        b'<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/hostname">'
        b'<!ENTITY site "Our site">]>'
        + rss(item("Seen: &file;"), "<item><title>&site;</title></item>")
    )
    found = read(body).entries
    assert found[0].title == "Seen: &file;"
    assert len(found) == 2
    with pytest.raises(ParseError, match="not a feed"):
        read(b"https://news.example/feed.xml")


def test_heaps_of_entities_are_refused_and_a_doctype_is_not() -> None:
    many = b"".join(b'<!ENTITY e%d "x">' % n for n in range(1_000))
    with pytest.raises(ParseError, match="entities"):
        read(b"<!DOCTYPE rss [" + many + b"]>" + rss(item()))
    laughs = b'<!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>'
    assert read(laughs + rss(item())).entries


@pytest.mark.parametrize("count", [2_000, 100_000])
@pytest.mark.parametrize("value", ["='1'", '="a > b"', " = '\"'"])
def test_a_heap_of_attributes_is_refused_at_once(count: int, value: str) -> None:
    heap = " ".join(f"a{n}{value}" for n in range(count))
    started = time.process_time()
    with pytest.raises(ParseError, match="2,000 attributes"):
        read(f"<rss><channel><item {heap}><title>No end".encode())
    assert time.process_time() - started < 2


def test_many_attributes_in_escaped_markup_are_no_heap() -> None:
    links = "<a href='x' title='y'>z</a>" * 2_000
    assert len(only(rss(item("Links", links, more="<gml:pos>")) + b"<").text) > 1_000


def test_an_item_that_breaks_the_parser_is_skipped_and_counted() -> None:
    poison = "<gml:pos>1 2</gml:pos>"
    items = [item(f"Title {n}", more=poison if n in (0, 3, 9) else "") for n in range(10)]
    found = read(rss(*items))
    assert [each.title[-1] for each in found.entries] == list("1245678")
    assert found.skipped == 3


def test_a_head_that_breaks_the_parser_costs_only_itself() -> None:
    found = read(rss(item("One"), item("Two"), head="<title>T</title><gml:pos>1 2</gml:pos>"))
    assert [each.title for each in found.entries] == ["One", "Two"]


PIECES = st.sampled_from(
    [b"<rss>", b"<channel>", b"<item>", b"</item>", b"<title>", b"</title>", b"<feed>", b"<entry>",
     b"<link href='http://[x'/>", b"<![CDATA[", b"]]>", b"<!--", b"&#xD800;", b"&amp;", b"&foo;",
     b"<gml:pos>1", b"<content type='xhtml'>", b"<div xml:base='http://['>", b"\x00", b"\xff\xfe",
     b"<?xml encoding='idna'?>", b"<!DOCTYPE x [<!ENTITY a 'b'>", b"<svg>", b"a"]
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(PIECES | st.binary(max_size=20), max_size=25).map(b"".join))
def test_any_bytes_are_a_feed_or_a_parse_error(body: bytes) -> None:
    for wrapped in (
        body,
        rss(item("Before")) + body,
        b"<rss><channel>" + body + b"</channel></rss>",
    ):
        try:
            found = read(wrapped)
        except ParseError:
            continue
        assert all(each.url is None or each.url.startswith("http") for each in found.entries)


@pytest.mark.parametrize(
    "half", ["<it", item("Half")[:-9], item("Half", more="<guid>2</guid>")[:-30], "<entry><title>"]
)
def test_of_a_document_that_was_cut_off_only_whole_items_are_read(half: str) -> None:
    body = rss(item("First"), item("Second")).removesuffix(b"</channel></rss>") + half.encode()
    assert [each.title for each in read(body).entries] == ["First", "Second"]


def test_a_number_of_thousands_of_digits_costs_no_other_item_of_a_json_feed() -> None:
    items = f'[{{"id": {"9" * 5_000}, "title": "Huge"}}, {{"id": 2, "title": "Small"}}]'
    found = read(f'{{"version": "https://jsonfeed.org/version/1", "items": {items}}}'.encode())
    assert [each.title for each in found.entries] == ["Huge", "Small"]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(["id", "url", "title", "content_html", "date_published", "language"])


@given(st.lists(st.dictionaries(FIELDS, JSON_VALUES, max_size=5) | JSON_VALUES, max_size=4))
def test_any_json_items_are_read_or_skipped(items: list[object]) -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}).encode()
    found = read(body)
    assert len(found.entries) + found.skipped == len(items)


PAGE = """<!DOCTYPE html><html><head><title>Site - Story</title></head><body>
<nav><a>Home</a><a>World</a></nav><h1>The story</h1>
<{tag}><p>{text}</p><aside>Related</aside></{tag}><footer>Imprint</footer></body></html>"""


@pytest.mark.parametrize("tag", ["article", "main", "div"])
def test_a_page_gives_its_title_and_main_text(tag: str) -> None:
    text = "The council met on Monday & decided. " * 10
    seed = parse_page(PAGE.format(tag=tag, text=escape(text)).encode(), "text/html", URL)
    assert (seed.title, seed.text, seed.origin) == ("The story", text.strip(), URL)


@pytest.mark.parametrize("body", [b"", b"<p>Please accept cookies.</p>", b"<div>" * 100_000])
def test_a_page_without_text_is_an_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_page(body, None, URL)
