"""`monitor feeds add`: from the address of a site to a feed in the owner's file."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import main
from monitor.config import load
from monitor.service.search import MAX_ASKED
from tests.builders import ADVISORY, FOOTBALL, rss, write_config
from tests.pages import Page, Site, site

RECENT = datetime.now(UTC) - timedelta(hours=1)
NEWS = Page(rss([FOOTBALL, ADVISORY], at=RECENT), headers={"Content-Type": "application/rss+xml"})
OLD = "https://old.example/feed"


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as made:
        yield made


@pytest.fixture
def config(tmp_path: Path, web: Site) -> Path:
    return write_config(tmp_path, feeds=[OLD], host=web.host)


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def page(*parts: str) -> Page:
    body = f"<!doctype html><html><title>Site</title>{''.join(parts)}</html>"
    return Page(body.encode(), headers={"Content-Type": "text/html"})


def declared(href: str, title: str = "News") -> str:
    return f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{href}">'


def added(config: Path) -> list[str]:
    """The addresses in the file beside the one that was there."""
    first, *others = [feed.url for feed in load(config).feeds]
    assert first == OLD
    return others


class TestFinding:
    def test_the_address_of_a_feed_is_added_with_its_title(self, config: Path, web: Site) -> None:
        web.pages["/feed"] = NEWS
        result = call("feeds", "add", web.url("/feed"), "--yes", "-c", config)
        assert result.exit_code == 0, result.output
        assert web.asked == ["/feed"]
        text = config.with_name("feeds.yaml").read_text()
        assert text.endswith(f"  - url: {web.url('/feed')}\n    title: Example Wire\n")

    def test_a_page_that_declares_one_feed_leads_to_it(self, config: Path, web: Site) -> None:
        web.pages |= {"/": page(declared("wire")), "/wire": NEWS}
        assert call("feeds", "add", web.url(), "--yes", "-c", config).exit_code == 0
        assert added(config) == [web.url("/wire")]
        assert web.asked == ["/", "/wire"]

    def test_without_a_declared_feed_its_links_are_tried(self, config: Path, web: Site) -> None:
        web.pages |= {"/": page('<a href="/blog/rss.xml">RSS</a>'), "/blog/rss.xml": NEWS}
        call("feeds", "add", web.url(), "--yes", "-c", config)
        assert added(config) == [web.url("/blog/rss.xml")]

    def test_then_the_usual_addresses_one_by_one_up_to_the_first_feed(
        self, config: Path, web: Site
    ) -> None:
        web.pages |= {"/blog/": page(), "/atom.xml": NEWS, "/rss": page()}
        call("feeds", "add", web.url("/blog/"), "--yes", "-c", config)
        assert added(config) == [web.url("/atom.xml")]
        assert web.asked == ["/blog/", "/blog/feed", "/feed", "/rss", "/atom.xml"]

    def test_a_declared_feed_that_is_gone_does_not_end_the_search(
        self, config: Path, web: Site
    ) -> None:
        web.pages |= {"/": page(declared("/gone")), "/feed": NEWS}
        call("feeds", "add", web.url(), "--yes", "-c", config)
        assert added(config) == [web.url("/feed")]

    def test_a_site_without_a_feed_is_asked_few_times(self, config: Path, web: Site) -> None:
        links = "".join(f'<a href="/{n}/feed">x</a>' for n in range(50))
        web.pages["/"] = page(links)
        result = call("feeds", "add", web.url(), "--yes", "-c", config)
        assert result.exit_code == 1
        assert "no feed was found" in result.stderr
        assert len(web.asked) == 1 + MAX_ASKED

    def test_a_server_that_wants_rest_is_left_alone_at_once(self, config: Path, web: Site) -> None:
        web.pages |= {"/": page(), "/feed": Page(status=429, headers={"Retry-After": "60"})}
        result = call("feeds", "add", web.url(), "--yes", "-c", config)
        assert result.exit_code == 1
        assert "429" in result.stderr
        assert web.asked == ["/", "/feed"]

    def test_where_a_feed_moved_for_good_is_what_is_added(self, config: Path, web: Site) -> None:
        web.pages |= {"/old": Page(status=301, headers={"Location": "/new"}), "/new": NEWS}
        web.pages |= {
            "/": page(declared("/was")),
            "/was": Page(status=308, headers={"Location": "/is"}),
        }
        web.pages |= {"/is": NEWS, "/today": Page(status=302, headers={"Location": "/new"})}
        for path in ("/old", "/", "/today"):
            call("feeds", "add", web.url(path), "--yes", "-c", config)
        assert added(config) == [web.url("/new"), web.url("/is"), web.url("/today")]

    def test_a_feed_that_cannot_be_read_is_told_as_one(self, config: Path, web: Site) -> None:
        web.pages["/feed"] = Page(b'{"version": "https://jsonfeed.org/version/1.1", ')
        result = call("feeds", "add", web.url("/feed"), "--yes", "-c", config)
        assert result.exit_code == 1
        assert "not valid JSON" in result.stderr
        assert web.asked == ["/feed"]


class TestShowing:
    def test_what_it_would_yield_is_shown_and_a_dry_run_adds_nothing(
        self, config: Path, web: Site
    ) -> None:
        web.pages["/feed"] = NEWS
        before = config.with_name("feeds.yaml").read_bytes()
        result = call("feeds", "add", web.url("/feed"), "--dry-run", "-c", config)
        assert result.exit_code == 0
        for told in ("feed: Example Wire (RSS 2.0)", "items: 2, from", "languages: en 2"):
            assert told in result.output
        assert FOOTBALL[0] in result.output
        assert "advisory" in result.output
        assert config.with_name("feeds.yaml").read_bytes() == before
        assert not config.with_name("monitor.db").exists()

    def test_title_and_tags_are_the_owners(self, config: Path, web: Site) -> None:
        web.pages["/feed"] = NEWS
        words = ("--title", "My wire: #1", "--tag", "world", "--tag", "a, b", "--yes")
        assert call("feeds", "add", web.url("/feed"), *words, "-c", config).exit_code == 0
        feed = load(config).feeds[-1]
        assert (feed.title, feed.tags) == ("My wire: #1", ("world", "a, b"))

    def test_a_topic_that_does_not_watch_it_says_so(self, config: Path, web: Site) -> None:
        topic = config.parent / "topics" / "advisory.yaml"
        topic.write_text(f"{topic.read_text()}tags: [defence]\n")
        config.with_name("feeds.yaml").write_text(f"feeds:\n  - url: {OLD}\n    tags: [defence]\n")
        web.pages["/feed"] = NEWS
        shown = call("feeds", "add", web.url("/feed"), "--dry-run", "-c", config).output
        assert "does not watch this feed" in shown
        tagged = ("--dry-run", "--tag", "defence", "-c", config)
        assert "does not watch" not in call("feeds", "add", web.url("/feed"), *tagged).output


class TestChoosing:
    @pytest.fixture(autouse=True)
    def two(self, web: Site) -> None:
        web.pages |= {
            "/": page(declared("/a", "World"), declared("/b", "Sports")),
            "/a": NEWS,
            "/b": Page(rss([FOOTBALL], at=RECENT)),
        }

    def test_several_are_numbered_and_without_a_terminal_none_is_taken(
        self, config: Path, web: Site
    ) -> None:
        result = call("feeds", "add", web.url(), "-c", config)
        assert result.exit_code == 2
        assert f"  1  World (RSS)  {web.url('/a')}" in result.output
        assert f"  2  Sports (RSS)  {web.url('/b')}" in result.output
        assert "say --choose N" in result.stderr
        assert added(config) == []
        assert web.asked == ["/"]

    def test_a_number_takes_one_without_asking(self, config: Path, web: Site) -> None:
        assert call("feeds", "add", web.url(), "--choose", 2, "-c", config).exit_code == 0
        assert added(config) == [web.url("/b")]
        assert web.asked == ["/", "/b"]

    def test_yes_takes_the_first(self, config: Path, web: Site) -> None:
        assert call("feeds", "add", web.url(), "--yes", "-c", config).exit_code == 0
        assert added(config) == [web.url("/a")]

    def test_a_number_that_none_has_is_wrong_usage(self, config: Path, web: Site) -> None:
        result = call("feeds", "add", web.url(), "--choose", 3, "-c", config)
        assert result.exit_code == 2
        assert "there is no feed 3: 2 found" in result.stderr

    def test_on_a_terminal_it_asks_which_and_whether(self, config: Path, web: Site) -> None:
        shown = on_terminal("2\ny\n", "feeds", "add", web.url(), "-c", config)
        assert "Which one" in shown
        assert "Add it?" in shown
        assert added(config) == [web.url("/b")]

    def test_no_is_no(self, config: Path, web: Site) -> None:
        on_terminal("1\nn\n", "feeds", "add", web.url(), "-c", config)
        assert added(config) == []


def on_terminal(typed: str, *words: object) -> str:
    """What a command shows on a terminal where ``typed`` is answered."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "monitor", *map(str, words)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=Path(__file__).parents[2],
    ):
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    return shown.decode()


class TestRefusing:
    def test_one_feed_without_a_terminal_needs_a_yes(self, config: Path, web: Site) -> None:
        web.pages["/feed"] = NEWS
        result = call("feeds", "add", web.url("/feed"), "-c", config)
        assert result.exit_code == 2
        assert "say --yes" in result.stderr
        assert added(config) == []

    def test_a_feed_that_is_there_is_not_even_asked(self, config: Path, web: Site) -> None:
        again = call("feeds", "add", "HTTPS://old.example:443/feed?utm_source=x", "-c", config)
        assert again.exit_code == 1
        assert "already" in again.stderr

    def test_nor_one_that_a_page_leads_to(self, config: Path, web: Site) -> None:
        web.pages |= {"/": page(declared("/feed")), "/feed": NEWS}
        call("feeds", "add", web.url(), "--yes", "-c", config)
        again = call("feeds", "add", web.url(), "--yes", "-c", config)
        assert again.exit_code == 1
        assert f"{web.url('/feed')} is in " in again.stderr
        assert len(added(config)) == 1

    def test_a_private_address_says_how_to_allow_it(self, config: Path) -> None:
        result = call("feeds", "add", "http://127.0.0.1:9/", "--yes", "-c", config)
        assert result.exit_code == 1
        assert "add 127.0.0.1:9 to polling.allow_addresses" in result.stderr

    def test_a_page_cannot_lead_to_a_private_address(self, config: Path, web: Site) -> None:
        with site() as private:
            private.pages["/feed"] = NEWS
            web.pages["/"] = page(declared(private.url("/feed")))
            result = call("feeds", "add", web.url(), "--yes", "-c", config)
            assert result.exit_code == 1
            assert private.asked == []

    @pytest.mark.parametrize("url", ["nothing", "ftp://a.example/feed", "a b.example"])
    def test_what_is_no_address_is_wrong_usage(self, config: Path, url: str) -> None:
        result = call("feeds", "add", url, "-c", config)
        assert result.exit_code == 2
        assert "is no web address" in result.stderr

    def test_a_password_in_an_address_is_refused_and_not_repeated(self, config: Path) -> None:
        result = call("feeds", "add", "https://me:hunter2@a.example/", "-c", config)
        assert result.exit_code == 2
        assert "holds a user or password" in result.stderr
        assert "hunter2" not in result.output
