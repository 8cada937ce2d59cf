"""The ledger: which stories each recipient of each digest was told, or deliberately not told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, select

from monitor.records import Digest, MatchedStory, OutboxItem, Rendered
from monitor.store import rows
from monitor.store.database import Database, insert
from monitor.store.tables import articles, feeds, ledger, matches, outbox, stories, topics


def told(db: Database, item: OutboxItem, *, cut: bool) -> tuple[MatchedStory, ...]:
    """The stories that a message holds, or with ``cut`` those its cap left out; best first.

    Stories that were pruned since are missing.
    """
    lines = (
        select(*rows.MATCHED)
        .join(matches, matches.c.story_id == stories.c.id)
        .join(topics, topics.c.id == matches.c.topic_id)
        .join(feeds, feeds.c.id == stories.c.feed_id)
        .outerjoin(articles, articles.c.story_id == stories.c.id)
        .join(
            ledger,
            (ledger.c.story_id == stories.c.id) & (ledger.c.topic_id == matches.c.topic_id),
        )
        .join(outbox, outbox.c.run_id == ledger.c.run_id)
        .where(outbox.c.id == item.id, ledger.c.cut.is_(cut))
        .order_by(matches.c.score.desc(), stories.c.id)
    )
    with db.read() as connection:
        return tuple(map(rows.matched, connection.execute(lines)))


def knows_any(connection: Connection, number: int, made: Iterable[Rendered]) -> bool:
    """Whether the recipient was told any story of the digests meanwhile."""
    numbers = {told.story.id for each in made for told in all_of(each.digest)}
    known = select(ledger.c.story_id).where(
        ledger.c.subscription_id == number, ledger.c.story_id.in_(numbers)
    )
    return bool(numbers) and connection.execute(known.limit(1)).first() is not None


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
