"""Many threads and processes on one database: nothing lost, nothing given twice, nobody failed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Any

import pytest
from sqlalchemy import select

from monitor.store import feeds, stories
from monitor.store.database import Database
from monitor.store.tables import feeds as feeds_table
from tests.store.builders import (
    HOUR,
    LEASE,
    NOW,
    add_feed,
    add_feeds,
    new_story,
    outcome,
    put_message,
)
from tests.store.processes import (
    add_up,
    claim_feeds,
    claim_messages,
    on_own_connection,
    start,
)

PROCESSES = 3
THREADS = 4


def everywhere(db: Database, url: str, work: Callable[..., Any], *each: object) -> list[Any]:
    """What ``work`` gives in each of some threads and some processes at the same time."""
    others = [
        start(on_own_connection, url, work, *(each or (f"process {number}",)))
        for number in range(PROCESSES)
    ]
    with ThreadPoolExecutor(THREADS) as threads:
        futures = [
            threads.submit(work, db, *(each or (f"thread {number}",))) for number in range(THREADS)
        ]
        return [future.result() for future in futures] + [other.result() for other in others]


def test_no_increment_is_lost(db: Database, url: str) -> None:
    add_feed(db)

    everywhere(db, url, add_up, 25)

    with db.read() as connection:
        total = connection.scalar(select(feeds_table.c.skipped_entries))
    assert total == 25 * (PROCESSES + THREADS)


def test_no_feed_is_claimed_twice(db: Database, url: str) -> None:
    every = add_feeds(db, *(f"https://host{n % 20}.org/{n}" for n in range(60)))

    claimed = list(chain.from_iterable(everywhere(db, url, claim_feeds)))

    assert sorted(claimed) == [feed.id for feed in every]


def test_no_message_is_claimed_twice(db: Database, url: str) -> None:
    for number in range(30):
        put_message(db, str(number))

    claimed = list(chain.from_iterable(everywhere(db, url, claim_messages)))

    assert sorted(claimed) == list(range(1, 31))


def test_two_that_store_the_same_document_store_it_once(db: Database) -> None:
    feed = add_feed(db)
    document = tuple(new_story(str(number)) for number in range(40))

    with ThreadPoolExecutor(THREADS) as threads:
        added = list(
            threads.map(lambda _: stories.add_new(db, outcome(feed.id), document), range(THREADS))
        )

    assert sorted(len(each.new) for each in added) == [0, 0, 0, 40]
    assert stories.count_after(db, 0) == 40


def test_a_reader_sees_one_state_while_others_write(db: Database) -> None:
    feed = add_feed(db)

    with db.read() as connection, ThreadPoolExecutor(1) as writer:
        before = connection.scalar(select(feeds_table.c.failures))
        writer.submit(feeds.claim_due, db, NOW, owner="w", lease=LEASE, limit=1).result(10)
        writer.submit(stories.add_new, db, outcome(feed.id), (new_story("a"),)).result(10)

    assert before == 0
    assert feeds.all_feeds(db)[0].next_check_at == NOW + HOUR


@pytest.mark.parametrize("width", [40])
def test_more_threads_than_connections_wait_for_their_turn(db: Database, width: int) -> None:
    feed = add_feed(db)

    with ThreadPoolExecutor(width) as threads:
        done = threads.map(
            lambda n: stories.add_new(db, outcome(feed.id), (new_story(str(n)),)), range(width)
        )

    assert sorted(chain.from_iterable(each.new for each in done)) == list(range(1, width + 1))
