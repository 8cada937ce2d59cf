"""Feeds made up at random: their parts are those of real ones, in any order and combination."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from hypothesis import strategies as st

SPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "itunes": "http://www.itunes.com/DTDs/PodCast-1.0.dtd",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "x": "https://news.example/extension",
}
XHTML = "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>{}</div></content>"
Kind = tuple[Callable[..., str], Callable[..., str]]
DECLARED = " ".join(f"xmlns:{prefix}={quoteattr(each)}" for prefix, each in SPACES.items())


def rss(*items: str, head: str = "<title>A feed</title>", root: str = "") -> str:
    inside = head + "".join(items)
    return f'<rss version="2.0" {DECLARED} {root}><channel>{inside}</channel></rss>'


def atom(*entries: str, head: str = "<title>A feed</title>", root: str = "") -> str:
    inside = head + "".join(entries)
    return f'<feed xmlns="{SPACES["atom"]}" {DECLARED} {root}>{inside}</feed>'


def rdf(*items: str, head: str = "<title>A feed</title>", root: str = "") -> str:
    declared = DECLARED.replace(f"xmlns:atom={quoteattr(SPACES['atom'])}", "")
    inside = f'<channel rdf:about="https://news.example/">{head}</channel>{"".join(items)}'
    return f'<rdf:RDF xmlns="http://purl.org/rss/1.0/" {declared} {root}>{inside}</rdf:RDF>'


def item(*elements: str, attributes: str = "") -> str:
    return f"<item {attributes}>{''.join(elements)}</item>"


def entry(*elements: str, attributes: str = "") -> str:
    return f"<entry {attributes}>{''.join(elements)}</entry>"


VALUES = st.sampled_from(
    [
        *("", " ", "Plain words", "a < b & c", "&amp; &#8211;", "<b>Bold</b> <i>x", "&nbsp;x</p>"),
        *("Ã¼ber", "über", "it\x92s", "\u2028x", "<p>One</p><p>Two</p>", "yes", "10", "en-GB"),
        *("https://news.example/1", "/1?a=1&b=2&amp;c", "http:///x", "tag:a,2020:1", "at://x/1"),
        *("http://[x", "#", "1", "https://a.example", "HTTPS://A.example/?#", "mailto:a@b.example"),
        *("Sat, 14 Mar 2026 09:30:00 +0100", "14 mar 2026 9:30 EST", "2026-03-14T09:30:00.5Z"),
        *("2026-03-14", "2026-03-14T24:00:00Z", "Sat, 14 Mar 2026 09:30:60 GMT", "1 Jan 2026 1:1"),
        *("31 Feb 2026 09:30:00 GMT", "2006/13/01", "Fri, 2006/13/15 08:19:53 EDT", "0001-01-01"),
        *("9999-12-31T23:59:59-14:00", "14 Mar 2026 09:30 PST", "14 Mar 2026 09:30:00 +9999"),
    ]
) | st.text(max_size=12)
NAMES = """
title link guid id description summary content pubDate published updated created author name
category comments enclosure source language image url width item entry rights subtitle ttl
atom:link atom:id atom:title atom:summary atom:updated content:encoded dc:title dc:date
dc:creator dc:description dc:language dc:subject dcterms:issued dcterms:created dcterms:valid
itunes:summary itunes:subtitle itunes:author itunes:image itunes:owner itunes:keywords
media:title media:description media:content media:group media:thumbnail media:keywords
media:rating sy:updatePeriod thr:in-reply-to x:other x:title rdf:about post-id links
title_detail TITLE pubdate issued modified tags cloud textInput skipHours hour
"""
ATTRIBUTES = st.sampled_from(
    [
        *('type="html"', 'type="text"', "type='TEXT/HTML'", "type='xhtml'", "type='image/png'"),
        *("rel='alternate'", "rel='self'", "rel='Enclosure'", "href='https://news.example/2'"),
        *("href='2'", "href=''", "isPermaLink='false'", "isPermaLink='true'", "xml:lang='fr'"),
        *("xml:lang=''", "lang='de'", "xml:base='https://base.example/'", "xml:base='b/'"),
        *("url='https://news.example/3'", "x:type='html'", "atom:type='html'", "mode='escaped'"),
        *("rdf:about='https://news.example/4'", "src='/5'", "domain='x'", "term='y'", "base='/'"),
    ]
)


@st.composite
def element(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    name, inside = draw(st.sampled_from(NAMES.split())), draw(inner)
    attributes = " ".join(draw(st.lists(ATTRIBUTES, max_size=2, unique_by=lambda a: a[:5])))
    return f"<{name} {attributes}>{inside}</{name}>"


LEAVES = element(VALUES.map(escape) | VALUES.map(lambda value: f"<![CDATA[{value}]]>"))
TAGS = st.sampled_from(["p", "b", "div", "title", "link", "source", "author", "id", "BR"])
MARKUP = st.recursive(
    VALUES.map(escape),
    lambda inner: st.builds(
        lambda tag, inside, after: f"<{tag} type='A'>{inside}</{tag}>{after}", TAGS, inner, inner
    ),
    max_leaves=6,
).map(XHTML.format)
ELEMENTS = LEAVES | LEAVES | MARKUP | element(st.lists(LEAVES, max_size=3).map("".join))
GROUPS = st.lists(ELEMENTS, max_size=5)
ROOTS = st.sampled_from(
    ["", "xml:lang='nl'", "xml:base='https://base.example/x/'", "xmlns:a='http://www.w3.org/2005/Atom'",
     "xmlns:thr2='http://purl.org/rss/1.0/'", "lang='pt'"]
)  # fmt: skip
KINDS: st.SearchStrategy[Kind] = st.sampled_from([(rss, item), (rdf, item), (atom, entry)])
