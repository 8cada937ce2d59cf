"""From a web page to the addresses at which its feeds may be. Pure.

``parse_links`` is called only inside a worker process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.ingest.charset import decode
from monitor.ingest.clean import is_excessive
from monitor.ingest.fields import absolute, title_line
from monitor.ingest.urls import canonical_url, host_of

MAX_LINKS = 20
"""Of each kind: a page that names more lists its categories."""

_MAX_PAGE = 2 * 1024 * 1024
_TYPES = {
    "application/rss+xml": "RSS",
    "application/atom+xml": "Atom",
    "application/rdf+xml": "RDF",
    "application/feed+json": "JSON Feed",
    "application/json": "JSON Feed",
    "application/xml": "XML",
    "text/xml": "XML",
}
_NOT_FEEDS = re.compile(r"/wp-json/|oembed|api\.w\.org|manifest", re.IGNORECASE)
"""What WordPress and others declare with a type of feeds."""

_LIKE_FEED = re.compile(
    r"(?:[/.](?:rss|atom|rdf|feed|feeds|feed\.json|index\.xml)(?:[/.?](?:xml|json|php)?[/]?)?$"
    r"|[?&](?:feed|format|output)=(?:rss|atom|feed)|//feeds\.)",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"comment|kommentar", re.IGNORECASE)
_COMMON = ("feed", "rss", "atom.xml", "feed.xml", "rss.xml", "index.xml", "feed.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLink:
    """An address that a page gives. ``declared``: as its feed, not only as a link in its text.

    ``kind`` is what the page says of it, and may be empty.
    """

    url: str
    title: str = ""
    kind: str = ""
    declared: bool = False


def parse_links(body: bytes, content_type: str | None, url: str) -> tuple[FeedLink, ...]:
    """Return what the page at ``url`` gives for feeds: declared ones first, of comments last.

    Nothing for what is no page, or is nested too deep to be read.
    """
    text = decode(body, content_type)[:_MAX_PAGE]
    if is_excessive(text):
        return ()
    page = LexborHTMLParser(text.encode("utf-8", "replace"))
    base = _base(page, url)
    declared = _first(_declared(page, base))
    linked = _first(_linked(page, base))
    both = {canonical_url(each.url): each for each in (*linked, *declared)}
    home = host_of(base)
    return tuple(sorted(both.values(), key=lambda link: _rank(link, home)))


def common_addresses(url: str) -> tuple[str, ...]:
    """Return where the feed of a site often is: below ``url`` itself, then at its root."""
    below = [] if urlsplit(url).path in ("", "/") else [f"{url.partition('?')[0].rstrip('/')}/feed"]
    return tuple(dict.fromkeys([*below, *(urljoin(url, f"/{name}") for name in _COMMON)]))


def _rank(link: FeedLink, home: str) -> tuple[bool, bool, bool]:
    """Sort by what is declared, by what is on the site itself, by what is news and no comment."""
    elsewhere = host_of(link.url).removeprefix("www.") != home.removeprefix("www.")
    comments = _COMMENTS.search(f"{link.title} {link.url}") is not None
    return not link.declared, elsewhere and not link.declared, comments


def _base(page: LexborHTMLParser, url: str) -> str:
    node = page.css_first("base[href]")
    return (absolute(node.attributes.get("href"), url) if node else None) or url


def _declared(page: LexborHTMLParser, base: str) -> Iterator[FeedLink]:
    for node in page.css("link[rel][href]"):
        rel = (node.attributes.get("rel") or "").lower().split()
        kind = _TYPES.get((node.attributes.get("type") or "").partition(";")[0].strip().lower())
        link = absolute(node.attributes.get("href"), base)
        named = "alternate" in rel and kind and "stylesheet" not in rel
        if link and not _NOT_FEEDS.search(link) and (named or "feed" in rel):
            title = title_line(node.attributes.get("title") or "")
            yield FeedLink(url=link, title=title, kind=kind or "", declared=True)


def _linked(page: LexborHTMLParser, base: str) -> Iterator[FeedLink]:
    for node in page.css("a[href]"):
        link = absolute(node.attributes.get("href"), base)
        if link and _LIKE_FEED.search(link.partition("#")[0]):
            yield FeedLink(url=link, title=_words(node))


def _words(node: LexborNode) -> str:
    return title_line(node.text(deep=True))


def _first(links: Iterable[FeedLink]) -> list[FeedLink]:
    """Return the first links, each address once."""
    found: dict[str, FeedLink] = {}
    for link in links:
        found.setdefault(canonical_url(link.url), link)
        if len(found) == MAX_LINKS:
            break
    return list(found.values())
