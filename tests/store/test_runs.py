"""What is made for a recipient: all of it or none, urgent or at its hour, and never twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.errors import StoreError
from monitor.records import Digest, DigestKind, FirstTold, MatchedStory, Rendered, Subscription
from monitor.store import archive, matches, outbox, subscriptions
from monitor.store.database import Database
from monitor.store.tables import archives, ledger, runs
from monitor.store.tables import outbox as outbox_table
from tests.store.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    VERSION,
    add_feeds,
    add_hit,
    add_topics,
    candidates,
    digest_of,
    key,
    made,
    message,
    put,
    subscribe,
    subscription,
)


def urgent(name: str, *leads: MatchedStory, **changes: Any) -> Rendered:
    """An urgent digest whose message bears ``name``."""
    digest = digest_of(*leads, kind=DigestKind.URGENT, **changes)
    return Rendered(message=message(name), digest=digest)


def update(name: str, *leads: MatchedStory, thread: str = "<first@example.org>") -> Rendered:
    """More of what the message ``thread`` told."""
    first = FirstTold(message_id=thread, subject="News", told_at=NOW)
    digest = digest_of(*leads, kind=DigestKind.UPDATE, first=first)
    return Rendered(message=message(name), digest=digest)


def at_once(
    db: Database,
    reader: Subscription,
    made: Rendered,
    now: datetime = NOW,
    *,
    since: datetime = NOW,
    at_most: int = 3,
) -> bool:
    return outbox.put_at_once(db, reader, made, now, since=since, at_most=at_most, version=VERSION)


def rows(db: Database) -> list[int]:
    """How much there is: runs, messages, archived digests, lines of the ledger."""
    with db.read() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(table))
            for table in (runs, outbox_table, archives, ledger)
        ]
    return [count or 0 for count in counts]


# ---------------------------------------------------------------- at the hour


def test_a_digest_and_its_updates_are_put_together(db: Database) -> None:
    news, more, again = candidates(db, "news", "more", "again")
    updates = update("two", more), update("three", again, thread="<other@example.org>")

    digest = made(message("one"), digest_of(news))
    assert put(db, subscribe(db), NOW, NOW + DAY, (*digest, *updates), NOW)

    assert rows(db) == [3, 3, 3, 3]
    kinds = [line.kind for line in archive.listing(db, limit=9)]
    assert kinds == [DigestKind.UPDATE, DigestKind.UPDATE, DigestKind.SCHEDULED]


def test_where_one_message_cannot_be_put_none_is_and_no_hour_moves(db: Database) -> None:
    news, more = candidates(db, "news", "more")
    reader = subscribe(db)

    with pytest.raises(StoreError):  # the second message bears the Message-ID of the first
        put(
            db,
            reader,
            NOW,
            NOW + DAY,
            (*made(message(), digest_of(news)), update("one", more)),
            NOW,
        )

    assert rows(db) == [0, 0, 0, 0]
    assert subscriptions.due(db, NOW) == (reader,)


def test_a_slot_that_has_its_digest_gets_no_late_update_either(db: Database) -> None:
    """What the update tells stays untold, so that it comes at the next hour."""
    news, more = candidates(db, "news", "more")
    reader = subscribe(db)
    put(db, reader, NOW, NOW + DAY, made(message("one"), digest_of(news)), NOW)
    again = replace(reader, next_at=NOW + DAY)
    both = (*made(message("two"), digest_of()), update("three", more))

    assert not put(db, again, NOW, NOW + HOUR, both, NOW)

    assert rows(db) == [1, 1, 1, 1]
    assert matches.candidates(db, reader, ["iraq"]) == (more,)
    assert subscriptions.due(db, None)[0].next_at == NOW + HOUR


def test_a_slot_may_have_updates_of_several_messages_one_after_the_other(db: Database) -> None:
    more, again = candidates(db, "more", "again")
    reader = subscribe(db)
    assert put(db, reader, NOW, NOW + DAY, (update("one", more),), NOW)
    served = replace(reader, next_at=NOW + DAY)

    other = update("two", again, thread="<other@example.org>")
    assert put(db, served, NOW, NOW + 2 * DAY, (other,), NOW)
    assert rows(db) == [2, 2, 2, 2]


@pytest.mark.parametrize("same", ["link_key", "content_key"])
def test_a_copy_of_what_was_told_meanwhile_is_not_told(db: Database, same: str) -> None:
    (topic,) = add_topics(db, "iraq")
    add_feeds(db, "https://a.example/", "https://b.example/")
    add_hit(db, "x", topic, score=0.9)
    shared: dict[str, Any] = {same: key(f"{same.removesuffix('_key')} x")}
    add_hit(db, "copy", topic, feed_id=2, **shared)
    reader = subscribe(db)
    original, copy = matches.candidates(db, reader, ["iraq"])
    assert at_once(db, reader, urgent("one", original))

    assert not put(db, reader, NOW, NOW + DAY, made(message("two"), digest_of(copy)), NOW)

    assert rows(db) == [1, 1, 1, 1]
    assert subscriptions.due(db, NOW) == (reader,)


def test_an_update_has_the_address_of_what_was_told(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic, score=0.9)
    add_hit(db, "more", topic, link_key=key("link x"))
    reader = subscribe(db)
    first, more = matches.candidates(db, reader, ["iraq"])
    at_once(db, reader, urgent("one", first))

    assert put(db, reader, NOW, NOW + DAY, (update("two", more),), NOW)


def many(story: MatchedStory, numbers: Iterable[int]) -> tuple[MatchedStory, ...]:
    """Stories of these numbers, each with an address and a text of its own."""
    return tuple(
        replace(
            story,
            story=replace(
                story.story, id=number, link_key=key(f"l{number}"), content_key=key(f"c{number}")
            ),
        )
        for number in numbers
    )


def test_more_stories_than_a_query_takes_values_can_be_told(db: Database) -> None:
    (story,) = candidates(db, "x")
    digest = digest_of(cut=many(story, range(1, 33_001)))

    assert put(db, subscribe(db), NOW, NOW + DAY, made(message(), digest), NOW)
    assert rows(db)[-1] == 33_000


def test_of_however_many_stories_none_may_have_been_told_meanwhile(db: Database) -> None:
    (story,) = candidates(db, "x")
    reader = subscribe(db)
    last = replace(story, story=replace(story.story, id=2_500))
    assert at_once(db, reader, urgent("one", last))
    digest = digest_of(cut=many(story, range(1, 2_501)))

    assert not put(db, reader, NOW, NOW + DAY, made(message("two"), digest), NOW)


def test_of_two_that_serve_an_hour_the_second_moves_nothing(db: Database) -> None:
    reader = subscribe(db)
    assert put(db, reader, NOW, NOW + DAY, (), NOW)

    assert not put(db, reader, NOW + HOUR, NOW + 2 * DAY, made(message(), digest_of()), NOW + HOUR)

    assert rows(db) == [0, 0, 0, 0]
    assert subscriptions.due(db, None)[0].next_at == NOW + DAY


# ---------------------------------------------------------------- between the hours


def test_an_urgent_digest_moves_no_hour(db: Database) -> None:
    (story,) = candidates(db, "x")
    reader = subscribe(db)

    assert at_once(db, reader, urgent("one", story))

    assert subscriptions.due(db, None) == (reader,)
    assert rows(db) == [1, 1, 1, 1]
    assert archive.listing(db, limit=9)[0].kind == DigestKind.URGENT
    assert matches.candidates(db, reader, ["iraq"]) == ()


def test_an_urgent_digest_and_the_one_of_the_hour_may_share_their_time(db: Database) -> None:
    news, more = candidates(db, "news", "more")
    reader = subscribe(db)

    assert at_once(db, reader, urgent("one", news, slot=NOW))
    assert put(db, reader, NOW, NOW + DAY, made(message("two"), digest_of(more)), NOW)


def test_urgent_digests_are_counted_from_a_time_and_refused_when_there_are_enough(
    db: Database,
) -> None:
    stories = candidates(db, "a", "b", "c")
    reader = subscribe(db)
    before, *within = (NOW - SECOND, NOW, NOW + HOUR)

    for name, now, story in zip("abc", (before, *within), stories, strict=True):
        assert at_once(db, reader, urgent(name, story, slot=now), now, at_most=2)

    assert not at_once(db, reader, urgent("d", slot=NOW + MINUTE), at_most=2)
    assert at_once(db, reader, urgent("d", slot=NOW + MINUTE), at_most=3)


def test_the_digest_of_the_hour_and_its_updates_do_not_count_as_urgent(db: Database) -> None:
    news, more, hot = candidates(db, "news", "more", "hot")
    reader = subscribe(db)
    both = (*made(message("one"), digest_of(news)), update("two", more))
    put(db, reader, NOW, NOW + DAY, both, NOW)

    assert at_once(db, reader, urgent("three", hot), at_most=1)


def test_an_hour_is_served_by_its_own_digest_alone(db: Database) -> None:
    hot, more = candidates(db, "hot", "more")
    reader = subscribe(db)
    at_once(db, reader, urgent("one", hot, slot=NOW))
    put(db, reader, NOW, NOW + DAY, (update("two", more),), NOW)
    assert not outbox.has_slot(db, reader, NOW)

    served = replace(reader, next_at=NOW + DAY)
    put(db, served, NOW, NOW + 2 * DAY, made(message("three"), digest_of()), NOW)
    assert outbox.has_slot(db, reader, NOW)
    assert not outbox.has_slot(db, reader, NOW + DAY)


def test_each_recipient_has_a_number_of_urgent_digests_of_its_own(db: Database) -> None:
    subscriptions.sync(db, [subscription(), subscription(recipient="b@example.org")], NOW)
    one, other = subscriptions.due(db, None)

    assert at_once(db, one, urgent("one"), at_most=1)
    assert at_once(db, other, urgent("two"), at_most=1)


def test_an_urgent_digest_of_a_clock_far_ahead_keeps_no_other_back(db: Database) -> None:
    reader = subscribe(db)
    years = NOW + 3650 * DAY
    assert at_once(db, reader, urgent("one", slot=years), years, at_most=1)

    assert at_once(db, reader, urgent("two"), at_most=1)


def test_what_was_told_meanwhile_is_not_told_at_once(db: Database) -> None:
    (story,) = candidates(db, "x")
    reader = subscribe(db)
    put(db, reader, NOW, NOW + DAY, made(message("one"), digest_of(story)), NOW)

    assert not at_once(db, reader, urgent("two", story))
    assert rows(db) == [1, 1, 1, 1]


def test_two_urgent_digests_of_one_moment_are_one(db: Database) -> None:
    first, second = candidates(db, "a", "b")
    reader = subscribe(db)

    assert at_once(db, reader, urgent("one", first))
    assert not at_once(db, reader, urgent("two", second))
    assert matches.candidates(db, reader, ["iraq"]) == (second,)


@pytest.mark.parametrize("left", ["gone", "stopped", "unknown"])
def test_who_is_not_served_gets_nothing_at_once(db: Database, left: str) -> None:
    reader = subscribe(db)
    if left == "gone":
        subscriptions.sync(db, [], NOW)
    elif left == "stopped":
        subscriptions.stop(db, reader.id, NOW, by="mail")
    else:
        reader = subscription("unknown")

    assert not at_once(db, reader, urgent("one"))
    assert rows(db) == [0, 0, 0, 0]


def test_a_digest_without_stories_is_put_too(db: Database) -> None:
    """A note that there is nothing new is a message like any other."""
    nothing: Digest = digest_of(sections=())

    assert put(db, subscribe(db), NOW, NOW + DAY, made(message(), nothing), NOW)
    assert rows(db) == [1, 1, 1, 0]
