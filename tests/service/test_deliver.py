"""Delivery under trouble: what was taken is not sent again, and nobody waits for somebody else."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config import load
from monitor.errors import ConfigError, StoreError
from monitor.notify.mail import Transport
from monitor.records import Message, OutboxItem, OutboxState
from monitor.service import deliver as room
from monitor.service.app import App
from monitor.service.deliver import LEASE, deliver
from monitor.service.digest import digest
from monitor.service.ways import way_to
from monitor.store import outbox
from monitor.store.database import open_database
from tests.builders import ADVISORY, MORNING, rss, write_config
from tests.servers import FeedServer, MailServer
from tests.service.walking import opened, told, walk

HOUR = timedelta(hours=1)
SEVEN = MORNING + HOUR
NOBODY = "smtp: {host: 127.0.0.1, port: 1, security: none}"


@contextmanager
def composed(folder: Path, feeds: FeedServer, mail: str, *, recipients: int = 1) -> Iterator[App]:
    """An App whose recipients have a message each, ready to go at seven; it waits for no lock."""
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING)
    names = [f"reader{number}@example.org" for number in range(recipients)]
    url = feeds.url("wire.rss")
    config = write_config(folder, feeds=[url], host=feeds.host, mail=mail, recipients=names)
    walk(config, MORNING)
    with opened(config, SEVEN) as app:
        digest(app, SEVEN)
    settings = load(config)
    database = open_database(settings.database_url(), patience=0.1)
    with App(settings=settings, database=database, owner="test", rng=random.Random(0)) as app:
        yield app


def smtp(port: int) -> str:
    return f"smtp: {{host: 127.0.0.1, port: {port}, security: none}}"


def the_item(app: App) -> OutboxItem:
    (item,) = outbox.listing(app.database)
    return item


class ThenLocked:
    """A way out after whose every message another program locks the database."""

    def __init__(self, inner: Transport, other: sqlite3.Connection) -> None:
        self.inner, self.other = inner, other

    def send(self, message: Message) -> None:
        self.inner.send(message)
        self.other.execute("BEGIN IMMEDIATE")

    def check(self) -> None:
        self.inner.check()


def test_what_was_taken_is_not_sent_again_because_the_database_could_not_be_told(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    other = sqlite3.connect(tmp_path / "monitor.db", isolation_level=None)
    with composed(tmp_path, feeds, smtp(mails.port)) as app, closing(other):
        app.ways[""] = ThenLocked(way_to(app, "reader@example.org"), other)
        for _ in range(2):
            with pytest.raises(StoreError, match="locked"):
                deliver(app, SEVEN)
        other.execute("ROLLBACK")
        deliver(app, SEVEN + LEASE)
        assert (the_item(app).state, the_item(app).uncertain) == (OutboxState.SENT, False)
    assert len(mails.raw) == 1


def test_a_message_whose_way_lacks_a_password_waits_with_words_and_its_owner_is_told(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    login = "security: tls, user: reader, password_env: MONITOR_NO_SUCH_PASSWORD"
    with composed(tmp_path, feeds, smtp(mails.port)) as ready:
        file = tmp_path / "monitor.yaml"
        file.write_text(file.read_text().replace("security: none", login))
        app = App(settings=load(file), database=ready.database, owner="test", rng=ready.rng)
        with pytest.raises(ConfigError, match="MONITOR_NO_SUCH_PASSWORD"):
            deliver(app, SEVEN)
        assert the_item(app).state is OutboxState.WAITING
        assert "MONITOR_NO_SUCH_PASSWORD" in str(the_item(app).last_error)


def test_for_want_of_configuration_no_message_is_ever_given_up(
    tmp_path: Path, feeds: FeedServer, mails: MailServer
) -> None:
    login = "security: tls, user: reader, password_env: MONITOR_NO_SUCH_PASSWORD"
    with composed(tmp_path, feeds, smtp(mails.port)) as ready:
        file = tmp_path / "monitor.yaml"
        given = file.read_text()
        file.write_text(given.replace("security: none", login))
        app = App(settings=load(file), database=ready.database, owner="test", rng=ready.rng)
        for hours in range(0, 24 * 7, 2):
            with suppress(ConfigError):
                deliver(app, SEVEN + hours * HOUR)
        assert deliver(ready, SEVEN + 24 * 7 * HOUR).counts["sent"] == 1


def test_a_step_begins_no_attempt_after_its_turn_so_that_no_lease_is_counted_from_long_ago(
    tmp_path: Path, feeds: FeedServer, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "TURN", timedelta(0))
    with composed(tmp_path, feeds, smtp(mails.port), recipients=3) as app:
        assert [told(deliver(app, SEVEN)) for _ in range(4)] == [{"sent": 1}] * 3 + [{}]


def test_a_mail_server_that_is_dead_for_a_week_costs_the_message_not_the_service(
    tmp_path: Path, feeds: FeedServer
) -> None:
    with composed(tmp_path, feeds, NOBODY) as app:
        attempts = [told(deliver(app, SEVEN + hours * HOUR)) for hours in range(24 * 7)]
        item = the_item(app)
    assert item.state is OutboxState.DEAD
    assert 25 < sum(bool(each) for each in attempts) == item.attempts
    assert "127.0.0.1:1" in str(item.last_error)


def test_a_machine_that_slept_for_a_week_does_not_give_up_at_its_first_attempt_awake(
    tmp_path: Path, feeds: FeedServer
) -> None:
    with composed(tmp_path, feeds, NOBODY) as app:
        assert told(deliver(app, SEVEN)) == {"waiting": 1}
        assert told(deliver(app, SEVEN + timedelta(days=7))) == {"waiting": 1}
