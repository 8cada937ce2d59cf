"""Matches: what was found for whom, and what of it a recipient was not told yet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Exists, Select, and_, exists, func, select, update

from monitor.records import Match, MatchedStory, MatchState, Subscription
from monitor.store import ledger as told_stories
from monitor.store import rows
from monitor.store.database import Database, insert
from monitor.store.tables import articles, feeds, ledger, matches, stories, topics

SLOWEST = timedelta(hours=1)
"""A match is written later than the time it bears: by so much at most."""
_AT_ONCE = 500
_WEEK = timedelta(days=7)


def save(db: Database, story_ids: Sequence[int], found: Iterable[Match], now: datetime) -> int:
    """Store matches and mark all of ``story_ids`` matched, in one transaction.

    A story that has a match with a topic keeps that one. Returns how many matches are new.
    """
    values = [_row(match) for match in found]
    with db.write() as connection:
        added = insert(connection, matches).on_conflict_do_nothing(
            index_elements=["story_id", "topic_id"]
        )
        stored = added.returning(matches.c.story_id)
        new = connection.scalars(stored, values).all() if values else ()
        for start in range(0, len(story_ids), _AT_ONCE):
            chunk = story_ids[start : start + _AT_ONCE]
            marked = update(stories).where(stories.c.id.in_(chunk), stories.c.matched_at.is_(None))
            connection.execute(marked.values(matched_at=now))
    return len(new)


def listing(
    db: Database,
    *,
    topic: str | None = None,
    states: Collection[str] = (MatchState.HIT,),
    since: datetime | None = None,
    limit: int = 50,
) -> tuple[MatchedStory, ...]:
    """Matches of one topic or of all, made from ``since``; newest first, then best first."""
    chosen = _matched().where(matches.c.state.in_(states))
    if topic is not None:
        chosen = chosen.where(topics.c.name == topic)
    if since is not None:
        chosen = chosen.where(matches.c.matched_at >= since)
    newest = chosen.order_by(matches.c.matched_at.desc(), *_BEST_FIRST).limit(limit)
    with db.read() as connection:
        return tuple(map(rows.matched, connection.execute(newest)))


def candidates(
    db: Database, subscription: Subscription, topic_names: Sequence[str], *, at_least: float = 0.0
) -> tuple[MatchedStory, ...]:
    """The hits of these topics that the recipient was not told in this digest, best first.

    ``at_least``: only those of such a score.

    Left out are stories found before ``subscription.started_at``, those in its ledger, placed or
    cut, and their copies: the same link or the same content as a story in it.
    """
    copy_of_told = _told(subscription, ledger.c.link_key == stories.c.link_key)
    hits = _untold(subscription, topic_names).where(matches.c.score >= at_least, ~copy_of_told)
    with db.read() as connection:
        return tuple(map(rows.matched, connection.execute(hits.order_by(*_BEST_FIRST))))


def updates(
    db: Database, subscription: Subscription, topic_names: Sequence[str]
) -> tuple[MatchedStory, ...]:
    """The hits of these topics that say something else at the address of a told story, best first.

    They are no candidates, since only an address tells them from a copy. What a digest left out
    was not read, so it has no updates.
    """
    same_address = ledger.c.link_key == stories.c.link_key
    placed = _told(subscription, same_address, ledger.c.cut.is_(False))
    hits = _untold(subscription, topic_names).where(placed)
    with db.read() as connection:
        return tuple(map(rows.matched, connection.execute(hits.order_by(*_BEST_FIRST))))


def nearest(
    db: Database, topic_names: Sequence[str], since: datetime, until: datetime
) -> MatchedStory | None:
    """Of what these topics matched after ``since``, until ``until``: the one least below its
    threshold; None: there was none.
    """
    missed = _matched().where(
        topics.c.name.in_(topic_names),
        matches.c.state == MatchState.NEAR,
        _between(matches.c.matched_at, since, until),
    )
    short = matches.c.threshold - matches.c.score
    with db.read() as connection:
        row = connection.execute(missed.order_by(short, *_BEST_FIRST).limit(1)).one_or_none()
    return None if row is None else rows.matched(row)


def weekly(
    db: Database, topic_names: Sequence[str], now: datetime, weeks: int
) -> Mapping[str, tuple[int, ...]]:
    """By topic its hits in each of the last ``weeks`` times seven days, the oldest first."""
    ends = [now - _WEEK * back for back in reversed(range(weeks))]
    within = [_between(matches.c.matched_at, end - _WEEK, end) for end in ends]
    counted = (
        select(topics.c.name, *(func.count().filter(each) for each in within))
        .join(topics, topics.c.id == matches.c.topic_id)
        .where(
            topics.c.name.in_(topic_names),
            matches.c.state == MatchState.HIT,
            _between(matches.c.matched_at, now - _WEEK * weeks, now),
        )
        .group_by(topics.c.name)
    )
    with db.read() as connection:
        found = {name: tuple(hits) for name, *hits in connection.execute(counted)}
    return {name: found.get(name, (0,) * weeks) for name in topic_names}


def of_story(db: Database, story_id: int) -> tuple[Match, ...]:
    """Every match of a story, best first."""
    found = select(matches).where(matches.c.story_id == story_id)
    with db.read() as connection:
        return tuple(map(rows.match, connection.execute(found.order_by(*_BEST_FIRST))))


def counts(db: Database, since: datetime) -> Mapping[tuple[int, MatchState], int]:
    """How many matches were made from ``since``, by topic and state; 0 where there are none."""
    grouped = (
        select(matches.c.topic_id, matches.c.state, func.count())
        .where(matches.c.matched_at >= since)
        .group_by(matches.c.topic_id, matches.c.state)
    )
    with db.read() as connection:
        found = connection.execute(grouped).all()
    return Counter({(topic_id, MatchState(state)): number for topic_id, state, number in found})


def _untold(subscription: Subscription, topic_names: Sequence[str]) -> Select[Any]:
    """Hits of these topics of which the recipient was not told the story, nor the same text."""
    return _matched().where(
        topics.c.name.in_(topic_names),
        matches.c.state == MatchState.HIT,
        stories.c.seen_at >= subscription.started_at,
        ~_told(subscription, ledger.c.story_id == stories.c.id),
        ~_told(subscription, ledger.c.content_key == stories.c.content_key),
    )


def _between(moment: ColumnElement[Any], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(moment > since, moment <= until)


_BEST_FIRST = (matches.c.score.desc(), matches.c.story_id, matches.c.topic_id)


def _matched() -> Select[Any]:
    return (
        select(*rows.MATCHED)
        .join(matches, matches.c.story_id == stories.c.id)
        .join(topics, topics.c.id == matches.c.topic_id)
        .join(feeds, feeds.c.id == stories.c.feed_id)
        .outerjoin(articles, articles.c.story_id == stories.c.id)
    )


def _told(subscription: Subscription, *conditions: ColumnElement[bool]) -> Exists:
    """Whether the recipient's ledger has such a line; looked up for each story in an index."""
    return exists().where(told_stories.of(subscription), *conditions)


def _row(match: Match) -> dict[str, Any]:
    return {
        "story_id": match.story_id,
        "topic_id": match.topic_id,
        "score": match.score,
        "threshold": match.threshold,
        "state": match.state,
        "veto": match.veto,
        "terms": [[term.text, term.share] for term in match.terms],
        "rest": match.rest,
        "background_version": match.background_version,
        "topic_version": match.topic_version,
        "matched_at": match.matched_at,
    }
