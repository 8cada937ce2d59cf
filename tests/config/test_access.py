"""Feeds that are not open to all: what may be written, and that no secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.records import Access, FullText
from tests.config.builders import problem, settings

URL = "https://example.org/feed"


def with_feed(folder: Path, keys: str) -> Settings:
    return settings(folder, feeds=f"feeds:\n  - {{url: {URL}, tags: [world], {keys}}}\n")


def wrong(folder: Path, keys: str) -> str:
    return problem(folder, feeds=f"feeds:\n  - {{url: {URL}, tags: [world], {keys}}}\n")


def test_a_feed_open_to_all_needs_nothing(tmp_path: Path) -> None:
    assert settings(tmp_path).access(URL, {}) == Access()
    assert settings(tmp_path).access("https://elsewhere.example/feed", {}) == Access()


def test_headers_login_and_proxy_come_with_their_secrets_when_they_are_needed(
    tmp_path: Path,
) -> None:
    (tmp_path / "proxy.secret").write_text("p@ss word\n")
    (tmp_path / "proxy.secret").chmod(0o600)
    found = with_feed(
        tmp_path,
        "headers: {X-Edition: world}, secret_headers: {X-Key: WIRE_KEY}, user: me, "
        "password_env: WIRE_PW, proxy: 'http://us@proxy.example:3128', "
        "proxy_password_file: proxy.secret",
    )
    assert found.access(URL, {"WIRE_KEY": "k1", "WIRE_PW": "hunter2"}) == Access(
        headers=(("X-Edition", "world"), ("X-Key", "k1")),
        user="me",
        password="hunter2",
        proxy="http://us:p%40ss%20word@proxy.example:3128",
    )


def test_a_secret_that_is_missing_is_named_with_its_feed(tmp_path: Path) -> None:
    found = with_feed(tmp_path, "secret_headers: {X-Key: WIRE_KEY}")
    with pytest.raises(ConfigError) as caught:
        found.access(URL, {})
    told = (
        "feeds[0].secret_headers.X-Key: the variable WIRE_KEY is not set; set it, or WIRE_KEY_FILE"
    )
    assert told in str(caught.value)
    found = with_feed(tmp_path, "user: me, password_env: WIRE_PW")
    with pytest.raises(ConfigError, match=r"feeds\[0\].password_env: the variable WIRE_PW"):
        found.access(URL, {})


def test_no_secret_is_shown_in_any_text(tmp_path: Path) -> None:
    found = with_feed(
        tmp_path,
        "secret_headers: {X-Key: WIRE_KEY}, user: me, password_env: WIRE_PW, "
        "proxy: 'http://us@proxy.example:3128', proxy_password_env: PROXY_PW",
    )
    secrets = {"WIRE_KEY": "hunter1", "WIRE_PW": "hunter2", "PROXY_PW": "hunter3"}
    shown = f"{found.access(URL, secrets)!r} {found!r} {found.show()}"
    assert "hunter" not in shown
    assert "X-Key: WIRE_KEY" in found.show()
    assert "password_env: WIRE_PW" in found.show()


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("headers: {Host: a}", "the header Host is set by this program; remove it"),
        ("headers: {if-range: a}", "the header if-range is set by this program"),
        ("secret_headers: {Accept-Encoding: A}", "the header Accept-Encoding is set by this"),
        ("headers: {Authorization: Bearer hunter2}", "Authorization is a secret; name its var"),
        ("headers: {cookie: a=hunter2}", "cookie is a secret; name its variable in secret_headers"),
        ("headers: {'X Key': a}", "'X Key' is no name of a header"),
        ('headers: {X-Key: "a\\r\\nB: c"}', "the value of X-Key is empty, too long or not ASCII"),
        ("headers: {X-Key: ''}", "the value of X-Key is empty"),
        ("headers: {X-Key: 3}", 'must be text, not a number; put it in quotes: "3"'),
        ("headers: {X-Key: a, x-key: b}", "the header x-key stands here twice"),
        ("headers: [a]", "must be a mapping (name: value), not a list"),
        ("headers: {x-key: a}, secret_headers: {X-KEY: A}", "has X-KEY in headers and secret_head"),
        ("secret_headers: {X-Key: hunter-2}", "is no environment variable; write its name"),
        (
            "secret_headers: {Authorization: A}, user: me, password_env: B",
            "has a user and a header",
        ),
        ("user: me", "has none; write exactly one of password_env, password_file"),
        ("password_env: A", "has a password but no user; add user"),
        ("proxy: 'socks5://a:1'", "is no proxy; write one like http://proxy.example.org:3128"),
        ("proxy: 'http://a:hunter2@b:1'", "holds a password; write proxy_password_env"),
        ("proxy: 'http://b:1/path'", "has more than a host and a port"),
        ("proxy: 'http://b:1', proxy_password_env: A", "no user for its proxy; add user@ to proxy"),
        ("full_text: sometimes", "must be 'never', 'near' or 'always'"),
        ("password: hunter2", "a secret never stands here: use password_env or password_file"),
    ],
)
def test_what_cannot_work_or_would_give_a_secret_away_is_refused(
    tmp_path: Path, keys: str, told: str
) -> None:
    found = wrong(tmp_path, keys)
    assert told in found
    assert found.startswith("feeds.yaml:2: feeds[0]")
    assert "hunter" not in found


def test_feed_and_topic_say_whether_pages_are_read(tmp_path: Path) -> None:
    topic = "name: Iraq\nseeds:\n  - text: Troops leave Iraq\nfull_text: near\n"
    feed = f"feeds:\n  - {{url: {URL}, full_text: always}}\n"
    found = settings(tmp_path, feeds=feed, topic=topic)
    assert found.feed_specs()[0].full_text is FullText.ALWAYS
    assert found.topic_specs({})[0].full_text is FullText.NEAR
    silent = settings(tmp_path)
    assert silent.feed_specs()[0].full_text is None
    assert silent.topic_specs({})[0].full_text is FullText.NEVER
