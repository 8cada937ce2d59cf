"""Where the feeds of a web page may be."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.discover import MAX_LINKS, FeedLink, common_addresses, parse_links
from monitor.ingest.pool import ParserPool

HOME = "https://site.example/news/"


def links(page: str, url: str = HOME) -> tuple[FeedLink, ...]:
    return parse_links(page.encode(), "text/html; charset=utf-8", url)


def urls(page: str, url: str = HOME) -> list[str]:
    return [each.url for each in links(page, url)]


def alternate(href: str, kind: str = "application/rss+xml", title: str = "") -> str:
    return f'<link rel="alternate" type="{kind}" href="{href}" title="{title}">'


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(1) as made:
        yield made


class TestDeclared:
    @pytest.mark.parametrize(
        ("kind", "told"),
        [
            ("application/rss+xml", "RSS"),
            ("application/atom+xml", "Atom"),
            ("application/rdf+xml", "RDF"),
            ("application/feed+json", "JSON Feed"),
            ("Application/RSS+XML; charset=utf-8", "RSS"),
        ],
    )
    def test_a_page_declares_feeds_of_every_format(self, kind: str, told: str) -> None:
        assert links(alternate("/f", kind, "Zürich &amp; more")) == (
            FeedLink(url="https://site.example/f", title="Zürich & more", kind=told, declared=True),
        )

    @pytest.mark.parametrize(
        ("href", "meant"),
        [
            ("feed.xml", "https://site.example/news/feed.xml"),
            ("//cdn.example/feed", "https://cdn.example/feed"),
            ("?feed=rss2", "https://site.example/news/?feed=rss2"),
        ],
    )
    def test_relative_addresses_are_completed(self, href: str, meant: str) -> None:
        assert urls(alternate(href)) == [meant]

    def test_by_the_base_of_the_page_where_it_has_one(self) -> None:
        assert urls('<base href="/other/">' + alternate("f")) == ["https://site.example/other/f"]

    def test_other_alternates_are_no_feeds(self) -> None:
        page = (
            '<link rel="alternate" hreflang="de" href="/de">'
            '<link rel="alternate stylesheet" type="text/xml" href="/style">'
            '<link rel="stylesheet" type="text/css" href="/feed.css">'
            + alternate("https://site.example/wp-json/wp/v2/posts/1", "application/json")
            + alternate("javascript:alert(1)")
            + alternate("file:///etc/passwd")
        )
        assert links(page) == ()

    def test_the_feed_of_comments_comes_last(self) -> None:
        page = alternate("/comments/feed", title="Comments") + alternate("/feed", title="News")
        assert urls(page) == ["https://site.example/feed", "https://site.example/comments/feed"]

    def test_each_address_is_told_once_and_few_of_many(self) -> None:
        assert len(links(alternate("/feed") + alternate("https://SITE.example:443/feed"))) == 1
        assert len(links("".join(alternate(f"/{n}") for n in range(500)))) == MAX_LINKS


class TestLinked:
    @pytest.mark.parametrize(
        "href",
        [
            "/feed",
            "/feed/",
            "/rss",
            "/blog/rss.xml",
            "/atom.xml",
            "/index.xml",
            "/a.rss",
            "/?feed=rss2",
            "/feed.json",
            "https://feeds.elsewhere.example/site",
            "/x?format=rss",
        ],
    )
    def test_links_that_look_like_feeds_are_told(self, href: str) -> None:
        assert len(links(f'<a href="{href}">Our feed</a>')) == 1

    @pytest.mark.parametrize(
        "href", ["/", "/feedback", "/rss-reader-test", "/feeding", "mailto:a@b"]
    )
    def test_others_are_not(self, href: str) -> None:
        assert links(f'<a href="{href}">x</a>') == ()

    def test_what_is_declared_goes_first_then_the_site_itself(self) -> None:
        page = '<a href="https://other.example/feed">friend</a><a href="/rss">ours</a>' + alternate(
            "https://cdn.example/x"
        )
        assert urls(page) == [
            "https://cdn.example/x",
            "https://site.example/rss",
            "https://other.example/feed",
        ]


class TestCommon:
    def test_below_the_page_first_then_at_the_root(self) -> None:
        found = common_addresses("https://site.example/blog/?p=1")
        assert found[:3] == (
            "https://site.example/blog/feed",
            "https://site.example/feed",
            "https://site.example/rss",
        )

    def test_they_are_few_and_each_stands_once(self) -> None:
        for url in ("https://site.example", "https://site.example/", HOME):
            found = common_addresses(url)
            assert len(set(found)) == len(found) <= 8


class TestHostile:
    @given(st.text(max_size=300))
    def test_no_page_breaks_it(self, noise: str) -> None:
        for page in (noise, f"<link rel=alternate href={noise}>", f"<a href='{noise}/feed'>"):
            assert all(each.url.startswith("http") for each in links(page))

    @pytest.mark.parametrize(
        "page",
        [
            "<div>" * 100_000,
            "<a href=/feed>" * 100_000,
            "<a href='" + "/rss" * 400_000,
            "<link rel=alternate type=application/rss+xml href=" + "x" * 1_000_000 + ">",
        ],
        ids=["deep", "many", "open", "long"],
    )
    def test_a_hostile_page_costs_little(self, page: str) -> None:
        started = time.process_time()
        links(page)
        assert time.process_time() - started < 5


def test_pages_are_read_in_a_process_that_can_be_killed(pool: ParserPool) -> None:
    page = alternate("/feed", title="News").encode()
    assert pool.read_links(page, None, HOME) == parse_links(page, None, HOME)
    assert pool.read_links(b"\x00\xff", "text/html", HOME) == ()
