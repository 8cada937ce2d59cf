"""Servers and an App for tests of the steps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import FeedServer, MailServer, feed_server, mail_server


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with feed_server() as server:
        yield server


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server
