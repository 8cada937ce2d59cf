"""The fast way through a document gives what feedparser gives, or leaves the document to it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.polling.documents import make_feed
from monitor.errors import ParseError
from monitor.ingest import strict
from monitor.ingest.charset import decode, scrub
from monitor.ingest.parse import parse_feed
from monitor.ingest.shape import Rules
from monitor.records import Entry, ParsedFeed
from tests.ingest.generated import (
    GROUPS,
    KINDS,
    LEAVES,
    ROOTS,
    SPACES,
    XHTML,
    Kind,
    atom,
    entry,
    item,
    rdf,
    rss,
)

URL = "https://news.example/feeds/all.xml"


def read(text: str) -> ParsedFeed:
    return parse_feed(text.encode("utf-8", "replace"), "text/xml; charset=utf-8", URL)


def by_feedparser(text: str) -> ParsedFeed:
    """A document type means nothing to feedparser, and is a reason not to go the fast way."""
    return read(f"<!DOCTYPE feed>{scrub(text)}")


def same(text: str) -> ParsedFeed:
    """What is read of a document, which must be the same by both ways."""
    feed = read(text)
    if feed.strict:
        assert replace(feed, strict=False) == by_feedparser(text)
    return feed


def accepted(text: str) -> Entry:
    feed = same(text)
    assert feed.strict
    (only,) = feed.entries
    return only


def test_the_fast_way_takes_whole_feeds_of_each_kind() -> None:
    for number in range(10):
        body = make_feed(1, number).editions[0]
        feed = same(decode(body, None))
        assert feed.strict
        assert len(feed.entries) == 30


@pytest.mark.parametrize(
    "text",
    [
        "<!DOCTYPE rss>" + rss(item()),
        rss(item()) + "<rss/>",
        rss(item("<title>One & two</title>")),
        rss(item("<title>&eacute;</title>")),
        rss(item("<title><b>One</b></title>")),
        rss(item("<pubDate>yesterday</pubDate>")),
        rss(item("<pubDate>Sat, 14 Mar 26 09:30:00 GMT</pubDate>")),
        rss(item("<image><title>x</title></image>")),
        rss(item("<item/>")),
        rss("<foo>" + item() + "</foo>"),
        rss(item(), head="<title>One</title><title>Two</title>"),
        rss(item("<content type='image/png'>aGk=</content>")),
        rss(item("<content mode='base64'>aGk=</content>")),
        rss(item("<content src='https://news.example/1'/>")),
        rss(item("<link>http:///news.example/1</link>")),
        rss(item("<link url='https://news.example/1'/>")),
        rss(item("<media:title>Before</media:title>", "<title>After</title>")),
        rss(item(attributes="href='/1'")),
        rss(item("<link x:href='https://news.example/1'>/2</link>")),
        atom(entry("<title x:type='html'>&amp;amp;</title>")),
        rss(item("<summary_detail>x</summary_detail>")),
        rss(item("<published:parsed xmlns:published='x'/>")),
        rss(item("<media:title xmlns:media='http://purl.org/dc/elements/1.1/'>x</media:title>")),
        rss(item("<guid base='https://other.example/'>1</guid>")),
        rss(item("<title xml:base='/x'>t</title>", "<link>1</link>")),
        atom(entry("<content type='xhtml'><div>x</div></content>")),
        atom(entry(XHTML.format("<svg><title>x</title></svg>"))),
        atom(entry(XHTML.format("<p xml:lang='fr'>x</p>"))),
        atom(entry(XHTML.format("<p>" * 2_000 + "</p>" * 2_000))),
        atom(entry(), root="xml:base='/feeds/'"),
        atom(entry()).replace("2005/Atom", "2005/Atom2"),
        atom(entry()).replace(SPACES["atom"], "http://purl.org/atom/ns#"),
        atom(entry(), root="xmlns:r='http://purl.org/rss/1.0/'"),
        rdf(item(), root=f'xmlns:a="{SPACES["atom"]}"'),
        rdf(item()).replace("</channel>", "</channel><cc:license xmlns:cc='http://web.resource.org/cc/'/>"),
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_left_to_feedparser(text: str) -> None:
    assert not same(text).strict


@pytest.mark.parametrize(
    ("element", "guid", "url"),
    [
        ("<guid>https://news.example/1</guid>", "https://news.example/1", "https://news.example/1"),
        ("<guid isPermaLink='false'>story/1</guid>", "story/1", None),
        ("<guid>story/1</guid>", "story/1", "https://news.example/feeds/story/1"),
        ("<guid>1</guid><link>/2</link>", "1", "https://news.example/2"),
        ("<link>/2?a=1&amp;amp;b=2</link>", None, "https://news.example/2?a=1&b=2"),
        ("<link/><atom:link href='/3'/>", None, "https://news.example/3"),
        ("<atom:link rel='self' href='/3'/>", None, None),
        ("<link rel='self'>/4</link>", None, "https://news.example/4"),
        ("<link>at://did:plc:x/post/1</link>", None, None),
    ],
)
def test_ids_and_links_are_those_of_feedparser(
    element: str, guid: str | None, url: str | None
) -> None:
    found = accepted(rss(item(element)))
    assert (found.guid, found.url) == (guid, url)


def test_what_an_rdf_item_is_about_is_its_id_and_no_link() -> None:
    found = accepted(rdf(item("<title>T</title>", attributes='rdf:about="https://n.example/1"')))
    assert (found.guid, found.url) == ("https://n.example/1", None)


def test_old_rdf_has_dates_of_the_w3c() -> None:
    found = accepted(rdf(item("<dc:date>2004-06-04T20:30:02Z</dc:date>")))
    assert found.published_at
    assert found.published_at.isoformat() == "2004-06-04T20:30:02+00:00"


def test_the_description_of_a_picture_is_the_summary_of_an_item_without_one() -> None:
    media = "<media:description>Of the picture</media:description>"
    for group in ("group", "content"):
        inside = f"<media:{group}>{media}</media:{group}>"
        assert accepted(rss(item("<title>T</title>", inside))).text == "Of the picture"
        longer = "<description>Of the story, and more</description>"
        assert accepted(rss(item(longer, inside))).text == "Of the story, and more"


def test_a_second_description_is_plain_content_where_there_is_no_content_before_it() -> None:
    one, content, third = (
        "<description>1</description>",
        "<content:encoded>22</content:encoded>",
        "<description>&lt;p&gt;third</description>",
    )
    assert accepted(rss(item(one, content, third))).text == "third"
    assert accepted(rss(item(one, third, content))).text == "<p>third"


def test_the_charset_of_the_server_is_taken_into_account() -> None:
    text = rss(item("<title>Übermut</title>"))
    body = f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode("iso-8859-1")
    feed = parse_feed(body, "application/rss+xml; charset=iso-8859-1", URL)
    assert (feed.strict, feed.entries[0].title) == (True, "Übermut")


def test_a_base_address_counts_where_it_is_certain_how_far() -> None:
    based = atom(entry("<link href='1'/>"), root="xml:base='https://other.example/a/'")
    assert accepted(based).url == "https://other.example/a/1"
    inside = entry("<content xml:base='/b/'>x</content>", "<link href='{}'/>", "<id>tag:1</id>")
    assert accepted(atom(inside.format("https://news.example/1"))).url == "https://news.example/1"
    assert not same(atom(inside.format("1"))).strict


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two <b rel='X' title='a&quot;b'>three</b></p>", "One\nTwo three"),
        ("a &lt;b&gt; &amp;amp; c<br/>d", "a <b> &amp; c\nd"),
        ("  ", ""),
        ("<div>One</div> <div>Two</div>", "One\nTwo"),
        ("<P>One</P><title>Two</title><source/>", "One\nTwo"),
    ],
)
def test_xhtml_is_read_as_by_feedparser(markup: str, text: str) -> None:
    assert accepted(atom(entry(XHTML.format(markup)))).text == text
    unwrapped = (
        XHTML.format(markup).replace("<div xmlns", "<span xmlns").replace("</div></c", "</span></c")
    )
    accepted(atom(entry(unwrapped)))
    accepted(rss(item(XHTML.format(markup))))


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("AT&amp;amp;T &amp;#8211; news", "AT&T – news"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("&lt;b&gt;a&lt;/b&gt;", "a"),
        ("<![CDATA[a < b]]>", "a < b"),
        ("Ã¼ber", "über"),
        ("it&#146;s", "it’s"),
        ("  a\n b ", "a b"),
    ],
)
def test_titles_are_mended_as_by_feedparser(value: str, title: str) -> None:
    for text in (rss(item(f"<title>{value}</title>")), rdf(item(f"<title>{value}</title>"))):
        assert accepted(text).title == title
    accepted(atom(entry(f"<title>{value}</title>")))
    accepted(atom(entry(f"<title type='html'>{value}</title>")))


def test_an_item_that_poisons_feedparser_costs_no_other_item() -> None:
    poison = "<p:pos xmlns:p='http://www.opengis.net/gml'>1 2</p:pos>"
    feed = read(rss(item("<title>1</title>"), item(poison), item("<title>3</title>")))
    assert ([each.title for each in feed.entries], feed.skipped) == (["1", "3"], 1)
    assert not feed.strict


def alike(text: str) -> None:
    """What poisons the head for feedparser is an error by both ways."""
    try:
        same(text)
    except ParseError:
        with pytest.raises(ParseError):
            by_feedparser(text)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(KINDS, GROUPS, GROUPS, GROUPS, ROOTS)
def test_any_document_is_read_alike_by_both_ways(
    kind: Kind, one: list[str], two: list[str], head: list[str], root: str
) -> None:
    write, wrap = kind
    alike(write(wrap(*one), wrap(*two), head="".join(head), root=root))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(KINDS, LEAVES, LEAVES)
def test_any_single_element_is_read_alike_by_both_ways(kind: Kind, leaf: str, other: str) -> None:
    write, wrap = kind
    alike(write(wrap("<title>Before</title>", leaf, "<guid>2</guid>", other)))
    alike(write(wrap(), head=leaf))


@pytest.mark.parametrize(
    "bomb",
    [
        "<a>" * 100_000 + "</a>" * 100_000,
        "<a " + " ".join(f"a{n}=''" for n in range(50_000)) + "/>",
        "<x:a xmlns:x='" + "x" * 9_000_000 + "'/>",
        "<!--" + "x" * 9_000_000 + "-->",
        "".join(f"<a{n}/>" for n in range(50_000)),
        "".join(f"<a xmlns='{n}'/>" for n in range(50_000)),
    ],
    ids=["depth", "attributes", "address", "comment", "names", "namespaces"],
)
def test_bombs_go_off_in_linear_time(bomb: str) -> None:
    rules = Rules(namespaces={}, handled=frozenset(), looks_like_html=lambda _: False)
    began = time.process_time()
    strict.read(rss(item(bomb)), rules)
    assert time.process_time() - began < 1.5


def test_a_body_that_is_no_feed_is_none_by_either_way() -> None:
    for text in ("<rss/>", "<opml><body/></opml>", "<html/>"):
        alike(text)
