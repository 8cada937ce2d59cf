"""What the messages to one recipient left out, as the ledger remembers it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitor.records import DigestKind, FirstTold, LeftOut, MatchedStory, Subscription
from monitor.store import ledger, matches, outbox, stories, subscriptions
from monitor.store.database import Database
from tests.store.builders import (
    DAY,
    NOW,
    add_feeds,
    add_hit,
    add_topics,
    candidates,
    digest_of,
    key,
    made,
    match,
    message,
    put,
    subscribe,
    subscription,
)

EVERYTHING = 1000


def tell(
    db: Database,
    reader: Subscription,
    *told: MatchedStory,
    cut: tuple[MatchedStory, ...] = (),
    at: datetime = NOW,
    **changes: Any,
) -> None:
    """A message of the hour ``at`` tells some stories and leaves others out."""
    digest = digest_of(*told, cut=cut, slot=at, **changes)
    name = f"{reader.recipient} {at:%d}"
    assert put(db, reader, at, at + DAY, made(message(name), digest), at)


def left(db: Database, reader: Subscription, limit: int = EVERYTHING) -> tuple[LeftOut, ...]:
    return ledger.left_out(db, reader.id, limit=limit)[0]


def titles(db: Database, reader: Subscription, limit: int = EVERYTHING) -> list[list[str]]:
    found = left(db, reader, limit)
    return [[each.story.title.removeprefix("Title of ") for each in it.stories] for it in found]


def total(db: Database, reader: Subscription) -> int:
    return ledger.left_out(db, reader.id, limit=1)[1]


def the_one(db: Database) -> Subscription:
    (only,) = subscriptions.everyone(db)
    return only


def test_the_newest_message_comes_first_and_in_it_the_best_story(db: Database) -> None:
    told, *cut = candidates(db, *"abcde")
    tell(db, subscribe(db), told, cut=tuple(cut[:2]))
    tell(db, the_one(db), cut=(cut[3], cut[2]), at=NOW + DAY)

    assert left(db, the_one(db)) == (
        LeftOut(slot=NOW + DAY, stories=(cut[2], cut[3])),
        LeftOut(slot=NOW, stories=(cut[0], cut[1])),
    )


def test_messages_of_one_hour_stay_apart(db: Database) -> None:
    news, later, *others = candidates(db, *"abcd")
    answered = FirstTold(message_id="<a@example.org>", subject="News", told_at=NOW)
    scheduled = digest_of(cut=(news, others[0]))
    update = digest_of(cut=(later, others[1]), kind=DigestKind.UPDATE, first=answered)
    both = (*made(message("one"), scheduled), *made(message("two"), update))
    assert put(db, subscribe(db), NOW, NOW + DAY, both, NOW)

    assert titles(db, the_one(db)) == [["b", "d"], ["a", "c"]]


def test_nothing_left_out_is_nothing(db: Database) -> None:
    (told,) = candidates(db, "a")
    tell(db, subscribe(db), told)

    assert ledger.left_out(db, the_one(db).id, limit=EVERYTHING) == ((), 0)


def test_what_others_were_told_is_their_affair(db: Database) -> None:
    (story, other) = candidates(db, "a", "b")
    subscriptions.sync(db, [subscription(), subscription(recipient="b@example.org")], NOW)
    one, two = subscriptions.due(db, None)
    tell(db, one, other, cut=(story,))
    tell(db, two, story, cut=(other,))

    assert (titles(db, one), titles(db, two)) == ([["a"]], [["b"]])


def test_of_many_the_newest_and_best_are_given_and_all_are_counted(db: Database) -> None:
    cut = candidates(db, *"abcdef")
    tell(db, subscribe(db), cut=cut[:3])
    tell(db, the_one(db), cut=cut[3:], at=NOW + DAY)

    assert titles(db, the_one(db), limit=4) == [["d", "e", "f"], ["a"]]
    assert titles(db, the_one(db), limit=2) == [["d", "e"]]
    assert total(db, the_one(db)) == 6


def test_the_same_text_that_was_told_is_not_told_to_be_left_out(db: Database) -> None:
    """So it is where a story of long ago is cut beside its copy of today."""
    add_feeds(db, "https://example.org/1", "https://example.org/2")
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "old", topic, content_key=key("same"))
    add_hit(db, "copy", topic, content_key=key("same"), feed_id=2)
    add_hit(db, "new", topic)
    by_title = {each.story.title: each for each in matches.candidates(db, subscription(), ["iraq"])}
    old, copy, new = (by_title[f"Title of {name}"] for name in ("old", "copy", "new"))
    subscriptions.sync(db, [subscription(), subscription(recipient="b@example.org")], NOW)
    one, two = subscriptions.due(db, None)
    tell(db, one, copy, cut=(old, new))
    tell(db, two, cut=(old, copy))

    assert (titles(db, one), total(db, one)) == ([["new"]], 1)
    assert (titles(db, two), total(db, two)) == ([["old", "copy"]], 2)


def test_a_later_version_that_found_no_room_is_left_out_though_the_first_was_told(
    db: Database,
) -> None:
    (topic,) = add_topics(db, "iraq")
    for name in ("first", "later"):
        add_hit(db, name, topic, link_key=key("one address"))
    first, later = matches.candidates(db, subscription(), ["iraq"])
    tell(db, subscribe(db), first)
    answered = FirstTold(message_id="<a@example.org>", subject="News", told_at=NOW)
    update = {"kind": DigestKind.UPDATE, "first": answered}
    tell(db, the_one(db), cut=(later,), at=NOW + DAY, **update)

    assert titles(db, the_one(db)) == [["later"]]


def test_a_story_is_left_out_for_the_topic_that_its_message_named(db: Database) -> None:
    iraq, talks = add_topics(db, "iraq", "talks")
    number = add_hit(db, "a", iraq, score=0.4)
    matches.save(db, [number], [match(number, talks, score=0.8)], NOW)
    best, other = matches.candidates(db, subscription(), ["iraq", "talks"])
    tell(db, subscribe(db), cut=(best, other))

    assert [each.stories for each in left(db, the_one(db))] == [(best,)]
    assert total(db, the_one(db)) == 1


def test_what_was_forgotten_is_missing_and_not_counted(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "a", topic)
    tell(db, subscribe(db), cut=matches.candidates(db, subscription(), ["iraq"]))
    assert total(db, the_one(db)) == 1

    tell(db, the_one(db), at=NOW + 2 * DAY)
    assert stories.prune(db, NOW + DAY) == 1

    assert ledger.left_out(db, the_one(db).id, limit=EVERYTHING) == ((), 0)


def test_what_a_forgotten_message_left_out_is_still_known(db: Database) -> None:
    tell(db, subscribe(db), cut=candidates(db, "a"))
    (item,) = outbox.claim(db, NOW, owner="a", lease=DAY, limit=1)
    outbox.sent(db, item, NOW)
    assert outbox.prune(db, NOW + DAY) == 1

    assert titles(db, the_one(db)) == [["a"]]
