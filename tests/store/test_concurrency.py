"""Many threads and processes on one database: nothing lost, nothing given twice, nobody failed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from monitor.store import feeds, identity, matches, outbox, stories, subscriptions
from monitor.store.database import Database
from monitor.store.tables import feeds as feeds_table
from tests.store.builders import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOW,
    add_feed,
    add_feeds,
    add_hit,
    add_stories,
    add_topics,
    digest_of,
    made,
    message,
    new_story,
    outcome,
    put,
    put_message,
    subscription,
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


def test_numbers_become_visible_in_their_order(db: Database) -> None:
    """Learning goes on after the last number it read: a lower one must not appear later."""
    add_feeds(db, "https://a.org/", "https://b.org/")

    with ThreadPoolExecutor(1) as other:
        with db.write() as connection:
            fresh = identity.Decision(fresh=[new_story("first")])
            identity.add(connection, [identity.Decided(1, NOW, fresh)])
            second = other.submit(add_stories, db, new_story("second"), feed_id=2)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        assert second.result(timeout=10) == [2]


def test_of_two_digests_for_a_recipient_made_at_once_one_is_put(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    readers = [subscription(recipient=f"{number}@example.org") for number in range(10)]
    subscriptions.sync(db, readers, NOW)
    told = matches.candidates(db, readers[0], ["iraq"])
    at_once = Barrier(2)

    def put_all(minute: int) -> list[bool]:
        slot = NOW + minute * MINUTE
        done = []
        for number, reader in enumerate(readers):
            at_once.wait(10)
            mail, digest = message(f"{number} {minute}"), digest_of(*told)
            done.append(put(db, reader, slot, NOW + DAY, made(mail, digest), NOW))
        return done

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(put_all, range(2))

    assert [a + b for a, b in zip(first, second, strict=True)] == [1] * 10
    assert len(outbox.listing(db)) == 10


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
