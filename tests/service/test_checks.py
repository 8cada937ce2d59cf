"""What `monitor check` says of the configuration as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.service.checks import Finding, configuration
from tests.config.builders import settings

FEED = "feeds:\n  - {url: https://example.org/feed, title: Post, tags: [world], language: dk}\n"
TOPIC = "name: Iraq\nlanguage: xx\nseeds:\n  - text: Troops leave Iraq\n"


def on_languages(folder: Path, **files: str) -> list[Finding]:
    found = configuration(settings(folder, **files))
    return [each for each in found if each.what.startswith("language ")]


def test_a_language_of_which_nothing_is_known_is_a_note_and_no_error(tmp_path: Path) -> None:
    found = on_languages(tmp_path, feeds=FEED, topic=TOPIC)
    assert [(each.what, each.ok) for each in found] == [
        ("language 'dk'", True),
        ("language 'xx'", True),
    ]
    assert found[0].told == "no stemmer and no prior: words are compared as they stand"


def test_the_common_language_is_looked_at_too(tmp_path: Path) -> None:
    (found,) = on_languages(tmp_path, monitor="matching: {language: gr}\n")
    assert found.what == "language 'gr'"


def test_of_known_languages_nothing_is_said(tmp_path: Path) -> None:
    assert on_languages(tmp_path, feeds=FEED.replace("dk", "ja")) == []


def on_feeds(folder: Path, keys: str) -> list[Finding]:
    feed = f"feeds:\n  - {{url: 'http://example.org/feed', tags: [world], {keys}}}\n"
    found = configuration(settings(folder, feeds=feed))
    return [each for each in found if each.what == "feed http://example.org/feed"]


def test_a_secret_that_is_missing_is_named_and_fails_the_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing, _ = on_feeds(tmp_path, "user: me, password_env: WIRE_PW")
    assert not missing.ok
    assert "feeds[0].password_env: the variable WIRE_PW is not set" in missing.told
    monkeypatch.setenv("WIRE_PW", "hunter2")
    (there,) = on_feeds(tmp_path, "user: me, password_env: WIRE_PW")
    assert there.ok
    assert "goes over http" in there.told


def test_of_a_feed_open_to_all_nothing_is_said(tmp_path: Path) -> None:
    assert on_feeds(tmp_path, "headers: {X-Edition: world}") == []


def on_contact(folder: Path, monitor: str) -> list[Finding]:
    found = configuration(settings(folder, monitor=monitor))
    return [each for each in found if each.what == "polling.contact"]


def test_who_gives_servers_no_address_is_asked_for_one(tmp_path: Path) -> None:
    (note,) = on_contact(tmp_path, "polling: {interval: 1h}\n")
    assert (note.ok, note.level) == (True, "note")
    assert on_contact(tmp_path, "polling: {contact: you@example.org}\n") == []


def test_templates_of_ones_own_that_fail_fail_the_check(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "digest.txt").write_text("{% for each in %}")
    found = configuration(settings(tmp_path, monitor="mail: {templates: mine}\n"))
    (fault,) = [each for each in found if each.what == "templates"]
    assert not fault.ok
    assert "digest.txt" in fault.told


@pytest.mark.parametrize(
    ("sender", "recipient", "ways"),
    [
        ("monitor@localhost", "reader@example.org", ["smtp"]),
        ("monitor@localhost", "reader@localhost", []),
        ("monitor@localhost", "shelf", []),
        ("News <monitor@example.org>", "reader@example.org", []),
    ],
)
def test_mail_that_leaves_the_machine_should_not_come_from_localhost(
    tmp_path: Path, sender: str, recipient: str, ways: list[str]
) -> None:
    digests = (
        "channels: {shelf: {folder: pages}}\n"
        f"digests: [{{name: daily, recipients: [{recipient}], schedule: {{daily: '7:00'}}}}]\n"
    )
    for way, keys in {"folder": "folder: outbox", "smtp": "smtp: {host: mx.example}"}.items():
        monitor = f"{digests}mail: {{from: '{sender}', {keys}}}\n"
        found = configuration(settings(tmp_path / way, monitor=monitor))
        warned = [each.level for each in found if each.what == "mail.from"]
        assert warned == ["warning"] * (way in ways)
