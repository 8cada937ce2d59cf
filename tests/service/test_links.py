"""Links to answer on are a help: what stands in their way costs no digest its hour."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.store import archive
from tests.builders import MORNING
from tests.service.newsroom import Newsroom

WEB = "web: {public_url: 'https://news.example.org', key_env: NO_SUCH_KEY}\n"
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path, more=WEB)
    room.start(MORNING)
    yield room
    room.stop()


def mail_of(room: Newsroom) -> str:
    room.story(MORNING)
    room.tick(MORNING + timedelta(days=1))
    (item,) = room.items
    assert room.app is not None
    found = archive.get(room.app.database, item.run)
    assert found is not None
    assert found.digest.unsubscribe or found.digest.warnings
    return item.message.raw.decode("ascii").replace("=\r\n", "")


def test_without_its_key_a_digest_goes_with_commands_and_says_why(
    room: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        mail = mail_of(room)
    assert "monitor verdict" in mail
    assert "No links to answer on: web.key_env: the variable NO_SUCH_KEY is not set" in mail
    assert "digest goes with a fault" in caplog.text


def test_with_its_key_it_goes_with_links(room: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_SUCH_KEY", KEY)
    mail = mail_of(room)
    assert "https://news.example.org/v/" in mail
    assert "monitor verdict" not in mail
