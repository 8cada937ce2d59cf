"""Feeds that are not open to all, polled: who is shown what, and what a missing secret costs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.config import load
from monitor.service.app import open_app, sync
from monitor.service.checks import try_feeds
from monitor.service.poll import poll
from monitor.store import feeds, outcomes
from tests.builders import FOOTBALL, MORNING, rss, write_config
from tests.pages import Page, Site, site


@pytest.fixture
def web() -> Iterator[Site]:
    with site() as made:
        made.pages["/open"] = made.pages["/closed"] = Page(rss([FOOTBALL], at=MORNING))
        yield made


@pytest.fixture
def config(tmp_path: Path, web: Site) -> Path:
    path = write_config(tmp_path, feeds=[web.url("/open")], host=web.host)
    with (tmp_path / "feeds.yaml").open("a") as file:
        file.write(
            f"  - url: {web.url('/closed')}\n    user: me\n    password_env: WIRE_PW\n"
            "    headers: {X-Edition: world}\n    secret_headers: {X-Key: WIRE_KEY}\n"
        )
    return path


def polled(config: Path) -> dict[str, str | None]:
    """The last error of each feed after a poll, by the end of its address."""
    with open_app(load(config), owner="test", rng=random.Random(1)) as app:
        sync(app, MORNING)
        poll(app, MORNING)
        return {
            feed.spec.url.rpartition("/")[2]: feed.last_error
            for feed in feeds.all_feeds(app.database)
        }


def test_a_feed_is_polled_with_its_own_headers_and_login_and_no_other_is(
    config: Path, web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRE_PW", "hunter2")
    monkeypatch.setenv("WIRE_KEY", "k1")
    assert polled(config) == {"open": None, "closed": None}
    said = dict(zip(web.asked, web.said, strict=True))
    closed = said["/closed"]
    assert closed["authorization"] == "Basic bWU6aHVudGVyMg=="
    assert (closed["x-edition"], closed["x-key"]) == ("world", "k1")
    assert not {"authorization", "x-edition", "x-key"} & said["/open"].keys()


def test_a_missing_secret_costs_its_own_feed_alone_which_is_not_asked_without_it(
    config: Path, web: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIRE_KEY", "k1")
    errors = polled(config)
    assert errors["open"] is None
    assert "feeds[1].password_env: the variable WIRE_PW is not set" in (errors["closed"] or "")
    assert web.asked == ["/open"]


def test_a_check_tries_the_feeds_whose_secrets_are_there(config: Path, web: Site) -> None:
    with open_app(load(config), owner="test", rng=random.Random(1)) as app:
        assert [each.what for each in try_feeds(app)] == [f"feed {web.url('/open')}"]
    assert web.asked == ["/open"]


def test_neither_database_nor_log_holds_a_secret(
    config: Path, web: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WIRE_PW", "hunter2")
    monkeypatch.setenv("WIRE_KEY", "hunter3")
    web.pages["/closed"] = Page(status=401)
    polled(config)
    assert b"hunter" not in config.with_name("monitor.db").read_bytes()
    assert "hunter" not in caplog.text


def test_the_log_of_fetches_keeps_no_ticket_that_a_redirect_hands_out(
    tmp_path: Path, web: Site
) -> None:
    web.pages["/door"] = Page(status=302, headers={"Location": "/open?ticket=hunter2#hunter3"})
    web.pages["/open?ticket=hunter2"] = web.pages["/open"]
    config = write_config(tmp_path, feeds=[web.url("/door")], host=web.host)
    assert polled(config) == {"door": None}
    with open_app(load(config), owner="test", rng=random.Random(1)) as app:
        (line,) = outcomes.listing(app.database, limit=9)
    assert line.url == web.url("/open")
    assert b"hunter" not in config.with_name("monitor.db").read_bytes()
