"""Stories: kept once each, in the order in which they were found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    select,
)

from monitor.records import Added, ArticleState, NewStory, PollOutcome, Story
from monitor.store import feeds, identity, outcomes, rows
from monitor.store.database import Database
from monitor.store.identity import Decided, Known
from monitor.store.matches import SLOWEST
from monitor.store.tables import articles, ledger, stories, subscriptions
from monitor.store.tables import feeds as feeds_table

_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_FOUND = 20
"""Stories that a search by title gives at most."""
_PRUNED_AT_ONCE = 500
_FEEDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Document:
    """What one poll brought: how it ended, its stories, and what :func:`look_up` told of them."""

    outcome: PollOutcome
    new: tuple[NewStory, ...]
    known: Known


def add_new(db: Database, outcome: PollOutcome, new: tuple[NewStory, ...]) -> Added:
    """Store a document's stories and what its poll leaves on the feed, in one transaction.

    A story of which the feed has shown any key before is that story again: where its content
    differs the row is edited, and it is no news. ``Added.new`` holds the numbers of the stories
    that are to be matched, in document order; the backlog is stored as matched.
    """
    with db.write() as connection:
        feeds.lock(connection, outcome.feed_id)
        known = identity.look_up(connection, outcome.feed_id, new)
        return _add(connection, (Document(outcome, new, known),))[0]


def add_all(db: Database, documents: Sequence[Document]) -> tuple[Added, ...]:
    """Store the documents of several feeds, all of them or none; return what became of each.

    What was looked up holds as long as no other poll of the feed was settled after
    ``outcome.follows``. Otherwise nothing of that document is stored: ``Added.outdated``. So it is
    with a second document of a feed.
    """
    first: dict[int, Document] = {}
    for document in documents:
        first.setdefault(document.outcome.feed_id, document)
    with db.write() as connection:
        standing = outcomes.as_claimed(connection, (each.outcome for each in first.values()))
        stored = [each for number, each in first.items() if number in standing]
        added = dict(zip(map(id, stored), _add(connection, stored), strict=True))
    return tuple(added.get(id(each), Added(outdated=True)) for each in documents)


def _add(connection: Connection, documents: Sequence[Document]) -> tuple[Added, ...]:
    decided = [
        Decided(it.outcome.feed_id, it.outcome.checked_at, identity.decide(it.new, it.known))
        for it in documents
    ]
    of_feeds = map(identity.told_of_feed, decided)
    ended = [each.outcome for each in documents]
    outcomes.settle(connection, zip(ended, of_feeds, strict=True))
    added = identity.add(connection, decided)
    brought = (len(each.new) + each.backlog + each.held for each in added)
    outcomes.log(connection, zip(ended, brought, strict=True))
    return added


def look_up(db: Database, feed_id: int, new: tuple[NewStory, ...]) -> Known:
    """What a feed has shown before of a document's stories."""
    with db.read() as connection:
        return identity.look_up(connection, feed_id, new)


def get(db: Database, story_id: int) -> Story | None:
    """The story of that number."""
    found = _all(db, _stories().where(stories.c.id == story_id))
    return found[0] if found else None


def unmatched(db: Database, limit: int) -> tuple[Story, ...]:
    """The oldest stories that no topic was held against yet, but for those that wait for a page."""
    unread = articles.c.state == ArticleState.WANTED
    waiting = _stories().where(stories.c.matched_at.is_(None), unread.is_not(True))
    return _all(db, waiting.order_by(stories.c.id).limit(limit))


def after(db: Database, story_id: int, limit: int) -> tuple[Story, ...]:
    """The stories after ``story_id`` in the order of their numbers, backlog included."""
    newer = _stories().where(stories.c.id > story_id)
    return _all(db, newer.order_by(stories.c.id).limit(limit))


def latest(db: Database, limit: int, *, before: int | None = None) -> tuple[Story, ...]:
    """The newest stories (with a number below ``before``), newest first, backlog included."""
    chosen = _stories() if before is None else _stories().where(stories.c.id < before)
    return _all(db, chosen.order_by(stories.c.id.desc()).limit(limit))


def came_since(
    db: Database, since: datetime, limit: int, *, after_id: int = 0
) -> tuple[Story, ...]:
    """The stories after ``after_id`` that came from ``since`` on, in the order of their numbers.

    News came when it was found; the backlog, which is found all at once, when it was published.
    """
    came = case((stories.c.backlog, stories.c.published_at), else_=stories.c.seen_at)
    chosen = _stories().where(stories.c.id > after_id, came >= since)
    return _all(db, chosen.order_by(stories.c.id).limit(limit))


def find(db: Database, text: str) -> tuple[Story, ...]:
    """The stories meant by ``text``: a number, a link, or a piece of a title; newest first."""
    text = text.strip()
    for condition in _readings(text):
        newest = _stories().where(condition).order_by(stories.c.id.desc()).limit(_FOUND)
        found = _all(db, newest)
        if found:
            return found
    return ()


def count_after(db: Database, story_id: int) -> int:
    """How many stories have a number above ``story_id``, backlog included."""
    return _count(db, stories.c.id > story_id)


def seen_between(db: Database, since: datetime, until: datetime) -> int:
    """How many stories were found after ``since`` and until ``until``, without backlog."""
    return _count(
        db, stories.c.seen_at > since, stories.c.seen_at <= until, stories.c.backlog.is_(False)
    )


def per_week(db: Database, now: datetime) -> float:
    """An estimate of how many stories come in a week.

    The larger of two counts: stories published within the last week, which a feed's first document
    tells already; and stories found since the first one, scaled to a week. The first poll brings
    the news of a day, so less than a day counts as a day.
    """
    since = now - _WEEK
    published = _count(db, stories.c.published_at > since, stories.c.seen_at > since - _DAY)
    found = _count(db, stories.c.seen_at > since, stories.c.backlog.is_(False))
    watched = min(max(now - (first_seen(db) or now), _DAY), _WEEK)
    return max(float(published), found * (_WEEK / watched))


def first_seen(db: Database) -> datetime | None:
    """When the oldest of the stored stories was found; None: there is none."""
    with db.read() as connection:
        first: datetime | None = connection.scalar(select(func.min(stories.c.seen_at)))
    return first


def longest_pauses(db: Database, feed_ids: Sequence[int]) -> Mapping[int, timedelta]:
    """The longest time between two stored stories of each of the feeds that have two.

    Each came when it was published, or at the latest when it was found.
    """
    longest: dict[int, timedelta] = {}
    came = case(
        (stories.c.published_at < stories.c.seen_at, stories.c.published_at),
        else_=stories.c.seen_at,
    )
    for start in range(0, len(feed_ids), _FEEDS_AT_ONCE):
        some = stories.c.feed_id.in_(feed_ids[start : start + _FEEDS_AT_ONCE])
        query = select(stories.c.feed_id, came).where(some).order_by(stories.c.feed_id, came)
        with db.read() as connection:
            for (feed_id, before), (another, after_it) in pairwise(connection.execute(query)):
                if feed_id == another:
                    pause = after_it - before
                    longest[feed_id] = max(longest.get(feed_id, pause), pause)
    return longest


def prune(db: Database, before: datetime) -> int:
    """Forget stories found before ``before``, with their matches; return how many.

    Kept are those not matched yet, those that wait for the owner, those a recipient was told of
    since, and those matched after the last service of any recipient, who may still be told; an hour
    before it too, since matches are written later than the time they bear. Their keys stay for
    ever.
    """
    pruned = 0
    while True:
        with db.write() as connection:
            forgettable = _forgettable(before, _awaited_since(connection))
            old = select(stories.c.id).where(forgettable).limit(_PRUNED_AT_ONCE)
            gone = connection.execute(delete(stories).where(stories.c.id.in_(old))).rowcount
        pruned += gone
        if gone < _PRUNED_AT_ONCE:
            return pruned


def _awaited_since(connection: Connection) -> datetime | None:
    """What was matched from then on may still be told to somebody; None: there is nobody."""
    served = func.min(func.coalesce(subscriptions.c.last_at, subscriptions.c.started_at))
    served_still = and_(subscriptions.c.enabled, subscriptions.c.stopped_at.is_(None))
    oldest: datetime | None = connection.scalar(select(served).where(served_still))
    return None if oldest is None else oldest - SLOWEST


def _forgettable(before: datetime, awaited_since: datetime | None) -> ColumnElement[bool]:
    told = exists().where(ledger.c.story_id == stories.c.id, ledger.c.told_at >= before)
    settled = and_(stories.c.matched_at.is_not(None), stories.c.held.is_(False))
    awaited = stories.c.matched_at >= awaited_since if awaited_since else false()
    return and_(stories.c.seen_at < before, settled, ~awaited, ~told)


def _readings(text: str) -> Iterator[ColumnElement[bool]]:
    if text.isdecimal() and len(text) < 19:
        yield stories.c.id == int(text)
    if text:
        yield stories.c.url == text
        yield stories.c.title.icontains(text, autoescape=True)


def _stories() -> Select[Any]:
    query = select(*rows.STORY).join(feeds_table, feeds_table.c.id == stories.c.feed_id)
    return query.outerjoin(articles, articles.c.story_id == stories.c.id)


def _all(db: Database, query: Select[Any]) -> tuple[Story, ...]:
    with db.read() as connection:
        return tuple(map(rows.story, connection.execute(query)))


def _count(db: Database, *conditions: ColumnElement[bool]) -> int:
    with db.read() as connection:
        return connection.scalar(select(func.count()).select_from(stories).where(*conditions)) or 0
