"""The walk of one story where everything is kept in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import AlreadyRunning
from monitor.store.database import instance_lock
from tests.builders import ADVISORY, FOOTBALL, MORNING, rss, write_config
from tests.postgres import cluster_or_skip
from tests.servers import FeedServer, MailServer
from tests.service.test_learn import small_news
from tests.service.walking import opened, walk

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of an empty database of a private server."""
    with cluster_or_skip() as cluster, cluster.database() as name:
        yield cluster.url(name)


def test_a_story_travels_to_one_mail_and_thresholds_are_learned_on_the_way(
    tmp_path: Path, feeds: FeedServer, mails: MailServer, url: str
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY, FOOTBALL, *small_news(40)], at=MORNING - HOUR)
    config = write_config(
        tmp_path,
        feeds=[feeds.url("wire.rss")],
        host=feeds.host,
        mail=f"smtp: {{host: 127.0.0.1, port: {mails.port}, security: none}}",
        database=url,
    )
    first = walk(config, MORNING)
    assert first["poll"] == {"read": 1, "new": 42}
    assert first["learn"] == {"stories": 42, "thresholds": 1}
    assert first["match"]["hits"] == 1
    assert walk(config, MORNING + HOUR)["deliver"] == {"sent": 1}
    for days in range(1, 100, 33):
        walk(config, MORNING + timedelta(days=days))
    (mail,) = mails.mails
    assert ADVISORY[0] in mail.as_string()

    with (
        opened(config, MORNING) as one,
        opened(config, MORNING) as other,
        instance_lock(one.database),
        pytest.raises(AlreadyRunning),
        instance_lock(other.database),
    ):
        pass
