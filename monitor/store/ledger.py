"""The ledger: which stories each recipient of each digest was told, or deliberately not told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import chain, groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select

from monitor.records import Digest, LeftOut, MatchedStory, OutboxItem, Rendered, Subscription
from monitor.store import rows
from monitor.store.database import Database, insert
from monitor.store.tables import (
    articles,
    feeds,
    ledger,
    matches,
    outbox,
    runs,
    stories,
    subscriptions,
    topics,
)

_AT_ONCE = 1000
"""Keys in one query: SQLite takes 32,766 values."""
_BEST_FIRST = (matches.c.score.desc(), matches.c.story_id)
_OF_LINE = and_(matches.c.story_id == ledger.c.story_id, matches.c.topic_id == ledger.c.topic_id)
_other = ledger.alias("other")
_TOLD_ELSEWHERE = exists().where(
    _other.c.subscription_id == ledger.c.subscription_id,
    _other.c.content_key == ledger.c.content_key,
    _other.c.cut.is_(False),
)
"""The recipient was told another story of the same text."""


def told(db: Database, item: OutboxItem, *, cut: bool) -> tuple[MatchedStory, ...]:
    """The stories that a message holds, or with ``cut`` those its cap left out; best first.

    Stories that were pruned since are missing.
    """
    lines = (
        _stories()
        .join(outbox, outbox.c.run_id == ledger.c.run_id)
        .where(outbox.c.id == item.id, ledger.c.cut.is_(cut))
        .order_by(*_BEST_FIRST)
    )
    with db.read() as connection:
        return tuple(map(rows.matched, connection.execute(lines)))


def left_out(db: Database, number: int, *, limit: int) -> tuple[tuple[LeftOut, ...], int]:
    """What the messages to a recipient left out, the newest first, and how many stories that are.

    At most ``limit`` stories are given. Those that were pruned since are missing, and those of
    which the recipient was told the same text.
    """
    # the last condition alone would do, but would look up every line that was told
    left = (
        select(ledger.c.story_id)
        .join(matches, _OF_LINE)
        .where(ledger.c.subscription_id == number, ledger.c.cut.is_(True), ~_TOLD_ELSEWHERE)
    )
    # the order is found without texts, which may be long
    newest = left.order_by(ledger.c.run_id.desc(), *_BEST_FIRST).limit(limit)
    lines = (
        _stories(runs.c.id.label("run"), runs.c.slot)
        .join(runs, runs.c.id == ledger.c.run_id)
        .where(ledger.c.subscription_id == number, stories.c.id.in_(newest))
        .order_by(ledger.c.run_id.desc(), *_BEST_FIRST)
    )
    with db.read() as connection:
        found = groupby(connection.execute(lines), key=lambda row: (row.run, row.slot))
        messages = tuple(
            LeftOut(slot=slot, stories=tuple(map(rows.matched, each))) for (_, slot), each in found
        )
        count = select(func.count()).select_from(left.subquery())
        return messages, connection.execute(count).scalar_one()


def of(subscription: Subscription) -> ColumnElement[bool]:
    """Whether a line of the ledger is this recipient's."""
    own = select(subscriptions.c.id).where(
        subscriptions.c.digest == subscription.digest,
        subscriptions.c.recipient == subscription.recipient,
    )
    return ledger.c.subscription_id == own.scalar_subquery()


def knows_any(connection: Connection, number: int, made: Iterable[Rendered]) -> bool:
    """Whether the recipient was told any story of the digests meanwhile, or a copy of one.

    An update has the address of what was told, and another text.
    """
    digests = [each.digest for each in made]
    told = [(digest, each.story) for digest in digests for each in all_of(digest)]
    known: list[tuple[ColumnElement[Any], set[Any]]] = [
        (ledger.c.story_id, {story.id for _, story in told}),
        (ledger.c.content_key, {story.content_key for _, story in told}),
        (ledger.c.link_key, {story.link_key for digest, story in told if not digest.first}),
    ]
    return any(_is_told(connection, number, column, keys - {None}) for column, keys in known)


def _is_told(
    connection: Connection, number: int, column: ColumnElement[Any], keys: Collection[Any]
) -> bool:
    listed = sorted(keys)
    for start in range(0, len(listed), _AT_ONCE):
        some = column.in_(listed[start : start + _AT_ONCE])
        known = select(column).where(ledger.c.subscription_id == number, some)
        if connection.execute(known.limit(1)).first() is not None:
            return True
    return False


def all_of(digest: Digest) -> Iterator[MatchedStory]:
    """Every match that a digest tells or leaves out."""
    yield from _placed(digest)
    yield from digest.cut


def write(connection: Connection, number: int, run: int, digest: Digest, now: datetime) -> None:
    """Write every story of ``digest`` once, as a part of the caller's transaction."""
    lines = {told.story.id: _line(told, cut=True) for told in reversed(digest.cut)}
    lines |= {told.story.id: _line(told, cut=False) for told in reversed(list(_placed(digest)))}
    common = {"subscription_id": number, "run_id": run, "told_at": now}
    if lines:
        connection.execute(insert(connection, ledger), [line | common for line in lines.values()])


def _stories(*columns: Any) -> Select[Any]:
    """The stories of lines with the match by which each was told or left out."""
    return (
        select(*rows.MATCHED, *columns)
        .join(matches, matches.c.story_id == stories.c.id)
        .join(topics, topics.c.id == matches.c.topic_id)
        .join(feeds, feeds.c.id == stories.c.feed_id)
        .outerjoin(articles, articles.c.story_id == stories.c.id)
        .join(ledger, _OF_LINE)
    )


def _placed(digest: Digest) -> Iterator[MatchedStory]:
    entries = chain.from_iterable(section.entries for section in digest.sections)
    for entry in entries:
        yield entry.lead
        yield from entry.echoes
        yield from entry.also
        yield from entry.updates


def _line(told: MatchedStory, *, cut: bool) -> dict[str, Any]:
    return {
        "story_id": told.story.id,
        "topic_id": told.match.topic_id,
        "cut": cut,
        "link_key": told.story.link_key,
        "content_key": told.story.content_key,
    }
