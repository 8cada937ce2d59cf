"""`monitor feeds test`: what is right and wrong with one feed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.cli import main
from tests.builders import ADVISORY, FOOTBALL, ORCHARD, rss, write_config
from tests.pages import Page, Site, site

RECENT = datetime.now(UTC) - timedelta(hours=1)
NEWS = rss([FOOTBALL, ADVISORY, ORCHARD], at=RECENT)
RSS = {"Content-Type": "application/rss+xml"}


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as made:
        made.pages["/feed"] = Page(NEWS, headers=RSS, tag='"v1"')
        yield made


@pytest.fixture
def config(tmp_path: Path, web: Site) -> Path:
    return write_config(tmp_path, feeds=[web.url("/feed")], host=web.host)


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)


def examined(config: Path, url: str, code: int = 0) -> Any:
    result = call("feeds", "test", url, "-c", config, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def remarks(config: Path, url: str) -> str:
    return "\n".join(examined(config, url)["remarks"])


def test_a_sound_feed_is_shown_with_its_answer_its_items_and_what_would_match(
    config: Path, web: Site
) -> None:
    page = call("feeds", "test", web.url("/feed"), "-c", config).output
    for told in (
        f"answer: 200 from {web.url('/feed')} in 0.",
        "content-type: application/rss+xml",
        'etag: "v1"',
        "conditional requests: work (304)",
        "feed: Example Wire (RSS 2.0)",
        "items: 3, from 20",
        FOOTBALL[0],
        ADVISORY[0],
    ):
        assert told in page
    assert "note:" not in page
    assert web.asked == ["/feed", "/feed"]


def test_programs_get_scores_that_explain_would_give(config: Path, web: Site) -> None:
    found = examined(config, web.url("/feed"))
    (topic,) = found["topics"]
    assert (topic["topic"], topic["watched"], topic["hits"]) == ("advisory", True, 1)
    best = topic["best"][0]
    assert best["title"] == ADVISORY[0]
    call("once", "-c", config)
    explained = call("explain", ADVISORY[0], "advisory", "-c", config, "--json")
    assert best["score"] == json.loads(explained.stdout)["match"]["score"]
    assert found["sample"]["languages"] == {"en": 3}
    assert found["answer"]["conditional"] == 304


def test_nothing_is_written(config: Path, web: Site) -> None:
    call("feeds", "test", web.url("/feed"), "-c", config)
    assert not config.with_name("monitor.db").exists()
    call("status", "-c", config)
    call("feeds", "test", web.url("/feed"), "-c", config)
    with sqlite3.connect(config.with_name("monitor.db")) as database:
        for table in ("stories", "fetches"):
            assert database.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_a_feed_is_found_by_its_title_and_asked_with_its_access(
    config: Path, web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.with_name("feeds.yaml").write_text(
        f"feeds:\n  - url: {web.url('/feed')}\n    title: My Wire\n"
        "    secret_headers: {X-Key: WIRE_KEY}\n"
    )
    missing = call("feeds", "test", "my wire", "-c", config)
    assert missing.exit_code == 2
    assert "feeds[0].secret_headers.X-Key: the variable WIRE_KEY is not set" in missing.stderr
    monkeypatch.setenv("WIRE_KEY", "hunter2")
    result = call("feeds", "test", "my wire", "-c", config)
    assert result.exit_code == 0
    assert web.said[-1]["x-key"] == "hunter2"
    assert "hunter2" not in result.output


def test_a_name_that_is_no_feeds_is_told(config: Path) -> None:
    result = call("feeds", "test", "nobody", "-c", config)
    assert result.exit_code == 1
    assert "'nobody'" in result.stderr


def test_a_web_page_is_no_feed_and_that_is_a_failure(config: Path, web: Site) -> None:
    web.pages["/page"] = Page(
        b"<!doctype html><html><title>x</title>", headers={"Content-Type": "text/html"}
    )
    assert "200 but a web page" in examined(config, web.url("/page"), code=1)["error"]
    assert (
        "FAIL: 200 but a web page" in call("feeds", "test", web.url("/page"), "-c", config).output
    )


def test_a_failure_tells_its_status_and_the_rest_it_asks_for(config: Path, web: Site) -> None:
    web.pages["/busy"] = Page(status=429, headers={"Retry-After": "600"})
    found = examined(config, web.url("/busy"), code=1)
    assert "429" in found["error"]
    assert "left alone for 600 s" in found["remarks"][0]
    assert "404" in examined(config, web.url("/nothing"), code=1)["error"]


def test_an_address_that_is_not_public_says_how_to_allow_it(config: Path) -> None:
    result = call("feeds", "test", "http://127.0.0.1:9/feed", "-c", config)
    assert result.exit_code == 1
    assert "add 127.0.0.1:9 to polling.allow_addresses" in result.output


def test_languages_are_those_that_the_words_are_in(config: Path, web: Site) -> None:
    german = (
        "Frost kostet die Obstbauern die halbe Ernte",
        "In zwei Nächten hintereinander erfroren die Blüten, obwohl die Bauern zwischen den Reihen "
        "Feuer entzündet hatten. Wie hoch der Schaden ist, wird sich erst im Herbst zeigen.",
    )
    web.pages["/mixed"] = Page(rss([german, FOOTBALL], at=RECENT), headers=RSS, tag='"v1"')
    assert examined(config, web.url("/mixed"))["sample"]["languages"] == {"de": 1, "en": 1}


class TestRemarks:
    def test_without_validators_every_poll_reads_everything(self, config: Path, web: Site) -> None:
        web.pages["/bare"] = Page(NEWS, headers=RSS)
        assert remarks(config, web.url("/bare")).startswith("no validators (ETag, Last-Modified)")

    def test_validators_that_do_not_work_are_told(self, config: Path, web: Site) -> None:
        web.pages["/forgets"] = Page(NEWS, headers=RSS, tag='"v1"', forgetful=True)
        assert remarks(config, web.url("/forgets")).startswith("its validators do not work")

    @pytest.mark.parametrize(("status", "told"), [(301, True), (302, False)])
    def test_a_move_for_good_is_told(
        self, config: Path, web: Site, status: int, told: bool
    ) -> None:
        web.pages["/old"] = Page(status=status, headers={"Location": "/feed"})
        assert ("it moved for good to" in remarks(config, web.url("/old"))) is told

    def test_a_feed_called_a_web_page_is_told(self, config: Path, web: Site) -> None:
        web.pages["/html"] = Page(NEWS, headers={"Content-Type": "text/html"}, tag='"v1"')
        assert "its server calls it a web page" in remarks(config, web.url("/html"))

    def test_dates_that_cannot_be_used_are_counted(self, config: Path, web: Site) -> None:
        dates = (
            "",
            "Mon, 02 Mar 2126 06:00:00 GMT",
            "Mon, 02 Mar 1970 06:00:00 GMT",
            "Mon, 2 Mar 2020 06:00:00 GMT",
        )
        items = "".join(
            f"<item><title>{n}</title><guid>{n}</guid><pubDate>{date}</pubDate></item>"
            for n, date in enumerate(dates)
        )
        body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>"
        web.pages["/dates"] = Page(body.encode(), headers=RSS, tag='"v1"')
        told = remarks(config, web.url("/dates"))
        assert "1 of 4 items have no date" in told
        assert "1 of 4 items are dated over a day ahead" in told
        assert "1 of 4 items are dated before 1990" in told
        assert "its newest item is of 2020-03-02; is it still written?" in told

    def test_an_empty_feed_is_told(self, config: Path, web: Site) -> None:
        web.pages["/empty"] = Page(rss([], at=RECENT), headers=RSS, tag='"v1"')
        assert "it holds no item" in remarks(config, web.url("/empty"))

    def test_a_large_feed_and_one_that_is_not_packed_are_told(
        self, config: Path, web: Site
    ) -> None:
        for path, size, told in (
            ("/large", 2_000_000, "it is large: 1.9 MiB"),
            ("/plain", 200_000, "its server does not compress: 196 KiB come"),
        ):
            body = NEWS.replace(b"<item>", b"<!--" + b"x" * size + b"--><item>", 1)
            web.pages[path] = Page(body, headers=RSS, tag='"v1"')
            assert told in remarks(config, web.url(path))
