"""Who has left and who was stopped: the owner's word goes before that of an old mail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config import load
from monitor.notify.tokens import Claim
from monitor.records import Subscription
from monitor.service import recipients
from monitor.service.answers import Gone, come_back, leave
from monitor.service.app import App, open_app, sync
from monitor.service.links import farewell
from monitor.service.views import NotFound
from monitor.store import subscriptions
from tests.builders import MORNING, write_config
from tests.postgres import Cluster, cluster_or_skip

READERS = ("reader@example.com", "Other@bücher.example")
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with cluster_or_skip() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
    if request.param == "sqlite":
        yield from served(tmp_path, "sqlite:///monitor.db")
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        with cluster.database() as name:
            yield from served(tmp_path, cluster.url(name))


def served(folder: Path, url: str) -> Iterator[App]:
    """A digest for both readers."""
    feeds = ["https://wire.example/feed"]
    config = write_config(folder, feeds=feeds, host="127.0.0.1:1", recipients=READERS, database=url)
    with open_app(load(config), owner="service", rng=random.Random(0)) as app:
        sync(app, MORNING)
        yield app


def reader(app: App) -> Subscription:
    return next(each for each in subscriptions.everyone(app.database) if each.id == 1)


def link(app: App) -> Claim:
    """What the link of a mail says that ends the digest for the first reader."""
    return farewell(reader(app), MORNING + 60 * DAY)


def test_who_has_left_comes_back_by_the_same_link(app: App) -> None:
    leave(app, link(app), MORNING)
    assert come_back(app, link(app), MORNING + DAY).stopped_at is None
    assert come_back(app, link(app), MORNING + DAY) == reader(app), "twice is once"


def test_who_has_left_and_is_stopped_by_a_command_does_not_come_back_by_mail(app: App) -> None:
    leave(app, link(app), MORNING)
    (stopped,) = recipients.stop(app, READERS[0], None, MORNING + DAY)
    assert stopped.stopped_by == "mail", "as they were before"
    with pytest.raises(Gone, match="Whoever runs the service has ended this digest"):
        come_back(app, link(app), MORNING + 2 * DAY)
    assert (reader(app).stopped_at, reader(app).stopped_by) == (MORNING, "command")


def test_leaving_after_the_command_opens_no_way_back(app: App) -> None:
    recipients.stop(app, READERS[0], None, MORNING)
    leave(app, link(app), MORNING + DAY)
    with pytest.raises(Gone):
        come_back(app, link(app), MORNING + DAY)


def test_the_command_that_stopped_serves_again_whoever_had_left_before(app: App) -> None:
    leave(app, link(app), MORNING)
    recipients.stop(app, READERS[0], None, MORNING)
    (resumed,) = recipients.resume(app, READERS[0], None, MORNING)
    assert (resumed.stopped_at, resumed.stopped_by) == (None, None)


@pytest.mark.parametrize(
    ("spelt", "meant"),
    [
        ("reader@EXAMPLE.com", READERS[0]),
        ("READER@example.com", READERS[0]),
        ("other@BÜCHER.example", READERS[1]),
        ("Other@xn--bcher-kva.example", READERS[1]),
    ],
)
def test_a_recipient_is_found_however_their_address_is_spelt(
    app: App, spelt: str, meant: str
) -> None:
    assert [each.recipient for each in recipients.stop(app, spelt, "daily", MORNING)] == [meant]


@pytest.mark.parametrize("spelt", ["reader@example.com.", "reader", "reader@example.org"])
def test_an_address_of_somebody_else_is_not_meant(app: App, spelt: str) -> None:
    with pytest.raises(NotFound, match="there is no recipient"):
        recipients.stop(app, spelt, None, MORNING)
    assert reader(app).stopped_at is None
