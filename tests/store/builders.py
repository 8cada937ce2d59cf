"""Records for the tests of the store: every argument has a plain value, tests name what matters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from monitor.records import (
    Coverage,
    Digest,
    DigestEntry,
    DigestSection,
    Feed,
    FeedSpec,
    Match,
    MatchedStory,
    MatchState,
    Message,
    NewStory,
    PollOutcome,
    PollStatus,
    Rendered,
    Seed,
    Subscription,
    Term,
    Topic,
    TopicSpec,
)
from monitor.store import feeds, matches, outbox, stories, subscriptions, topics
from monitor.store.database import Database, open_database
from monitor.store.tables import beats

NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEASE = 10 * MINUTE
VERSION = "1.2.3"


def key(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()


def new_story(name: str, **changes: Any) -> NewStory:
    values: dict[str, Any] = {
        "keys": (key(f"id {name}"),),
        "url": f"https://example.org/{name}",
        "title": f"Title of {name}",
        "text": f"Text of {name}.",
        "language": "en",
        "published_at": NOW - HOUR,
        "link_key": key(f"link {name}"),
        "content_key": key(f"content {name}"),
    }
    return NewStory(**{**values, **changes})


def outcome(feed_id: int, status: PollStatus = PollStatus.READ, **changes: Any) -> PollOutcome:
    values: dict[str, Any] = {
        "feed_id": feed_id,
        "status": status,
        "checked_at": NOW,
        "next_check_at": NOW + HOUR,
    }
    return PollOutcome(**{**values, **changes})


def add_feeds(db: Database, *urls: str, now: datetime = NOW) -> tuple[Feed, ...]:
    """Make ``urls`` the feeds of ``db``."""
    feeds.sync(db, [FeedSpec(url=url) for url in urls], now)
    by_url = {feed.spec.url: feed for feed in feeds.all_feeds(db)}
    return tuple(by_url[url] for url in urls)


def add_feed(db: Database, url: str = "https://example.org/feed") -> Feed:
    return add_feeds(db, url)[0]


def add_stories(db: Database, *new: NewStory, now: datetime = NOW, feed_id: int = 1) -> list[int]:
    """Store stories of one feed, made where there is none; return their numbers."""
    if not feeds.all_feeds(db):
        add_feed(db)
    return list(stories.add_new(db, outcome(feed_id, checked_at=now), new).new)


def add_topics(db: Database, *names: str) -> tuple[Topic, ...]:
    return topics.sync(db, [TopicSpec(name=name, seeds=(Seed(text=name),)) for name in names])


def match(story_id: int, topic: Topic, **changes: Any) -> Match:
    values: dict[str, Any] = {
        "story_id": story_id,
        "topic_id": topic.id,
        "score": 0.5,
        "threshold": 0.2,
        "state": MatchState.HIT,
        "veto": None,
        "terms": (Term(text="word", share=0.3),),
        "rest": 0.2,
        "background_version": 0,
        "topic_version": topic.version,
        "matched_at": NOW,
    }
    return Match(**{**values, **changes})


def add_hit(
    db: Database, name: str, topic: Topic, *, score: float = 0.5, feed_id: int = 1, **changes: Any
) -> int:
    """A new story that matches ``topic``; returns its number."""
    (number,) = add_stories(db, new_story(name, **changes), feed_id=feed_id)
    matches.save(db, [number], [match(number, topic, score=score)], NOW)
    return number


def candidates(db: Database, *names: str) -> tuple[MatchedStory, ...]:
    """Stories of these names that match, in that order."""
    (topic,) = add_topics(db, "iraq")
    for place, name in enumerate(names):
        add_hit(db, name, topic, score=0.9 - place / 100)
    return matches.candidates(db, subscription(), ["iraq"])


def subscription(digest: str = "daily", recipient: str = "a@example.org", **changes: Any) -> Any:
    values: dict[str, Any] = {"started_at": NOW - DAY, "next_at": NOW, "schedule_key": "8:00"}
    return Subscription(digest=digest, recipient=recipient, **{**values, **changes})


def subscribe(db: Database, *wanted: Subscription) -> Subscription:
    """Make ``wanted``, or one of plain values, the recipients; return the first as stored."""
    subscriptions.sync(db, wanted or (subscription(),), NOW)
    return subscriptions.due(db, None)[0]


def message(name: str = "one", **changes: Any) -> Message:
    values: dict[str, Any] = {
        "message_id": f"<{name}@example.org>",
        "sender": "monitor@example.org",
        "recipient": "a@example.org",
        "subject": "News",
        "raw": b"Subject: News\r\n\r\n\x00\xff",
    }
    return Message(**{**values, **changes})


def digest_of(*leads: MatchedStory, cut: tuple[MatchedStory, ...] = (), **changes: Any) -> Digest:
    entries = tuple(DigestEntry(lead=lead) for lead in leads)
    values: dict[str, Any] = {
        "name": "daily",
        "recipient": "a@example.org",
        "slot": NOW,
        "since": NOW - DAY,
        "zone": "UTC",
        "sections": (DigestSection(topic="iraq", entries=entries),),
        "cut": cut,
        "coverage": Coverage(),
    }
    return Digest(**{**values, **changes})


def made(message: Message, digest: Digest) -> tuple[Rendered, ...]:
    """What a step hands over for one recipient: one message, made of ``digest``."""
    return (Rendered(message=message, digest=digest),)


def put(
    db: Database,
    reader: Subscription,
    slot: datetime,
    next_at: datetime,
    made: Sequence[Rendered],
    now: datetime,
) -> bool:
    """Put as the program of these tests does."""
    return outbox.put(db, reader, slot, next_at, made, now, version=VERSION)


def put_message(db: Database, name: str = "one", *, at: datetime = NOW) -> None:
    """A message on its way, of a recipient of its own."""
    known = subscriptions.due(db, None)
    own = subscription(recipient=f"{name}@example.org", next_at=at)
    subscriptions.sync(db, (*known, own), at)
    stored = next(each for each in subscriptions.due(db, None) if each.recipient == own.recipient)
    assert put(db, stored, at, at + DAY, made(message(name), digest_of()), at)


def damage(file: Path) -> None:
    """Make ``file`` a database of which one page holds nonsense."""
    db = open_database(f"sqlite:///{file}")
    with db.write() as connection:
        connection.execute(
            insert(beats), [{"name": f"step {number}", "beat_at": NOW} for number in range(500)]
        )
    db.close()
    pages = bytearray(file.read_bytes())
    pages[-4096:] = b"\x5a" * 4096
    file.write_bytes(pages)
