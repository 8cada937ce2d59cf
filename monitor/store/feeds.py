"""Feeds: what the owner wrote about them, whose turn it is, and what the owner does with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, not_, or_, select, update

from monitor.records import Feed, FeedSpec
from monitor.store import rows
from monitor.store.database import Database, insert, one_at_a_time
from monitor.store.leases import FREE, HORIZON, come, held
from monitor.store.tables import feeds, hosts, stories
from monitor.store.tables import marks as marks_table

_SLOW = 0.9 * HORIZON.total_seconds()
"""From here on, an interval with its tenth of jitter may end beyond the horizon."""


def sync(db: Database, specs: Iterable[FeedSpec], now: datetime) -> None:
    """Make the stored intent that of ``specs``, by address.

    A new feed is due at once, one that is gone is disabled and keeps its history, and a shortened
    interval counts from the last poll. An address that a feed moved to, written in place of the
    old one, is that feed still; one that is taken back into the files is asked again even if its
    server had said that it is gone.
    """
    wanted = {spec.url: spec for spec in specs}
    with db.write() as connection:
        _follow_moves(connection, wanted)
        stored = {row.url: row for row in connection.execute(select(feeds))}
        fresh = [spec for url, spec in wanted.items() if url not in stored]
        if fresh:
            added = insert(connection, feeds).on_conflict_do_nothing(index_elements=["url"])
            connection.execute(added, [_new_row(spec, now) for spec in fresh])
        for url, row in stored.items():
            changes = _changes(row, wanted.get(url), now)
            if changes:
                connection.execute(update(feeds).where(feeds.c.id == row.id).values(changes))


def all_feeds(db: Database) -> tuple[Feed, ...]:
    """Every feed in the order of discovery, disabled ones too."""
    with db.read() as connection:
        return tuple(map(rows.feed, connection.execute(select(feeds).order_by(feeds.c.id))))


def claim_due(
    db: Database,
    now: datetime,
    *,
    owner: str,
    lease: timedelta,
    limit: int,
    per_host: int | None = None,
) -> tuple[Feed, ...]:
    """Claim at most ``limit`` due feeds for ``owner`` until ``now + lease``.

    Whole hosts are claimed, or of each the ``per_host`` longest waiting, the longest waiting host
    first; a host of which somebody else is polling a feed waits, and so does one that asked for a
    rest. A feed that is gone for good is never due. A claim is never given twice.
    """
    with db.write() as connection:
        one_at_a_time(connection, "feeds")
        claim = (
            update(feeds)
            .where(feeds.c.id.in_(_due(now, limit, per_host or limit)))
            .values(lease_owner=owner, lease_until=now + lease)
            .returning(feeds)
        )
        claimed = map(rows.feed, connection.execute(claim).all())
    return tuple(sorted(claimed, key=lambda feed: (feed.next_check_at, feed.id)))


def release(db: Database, owner: str) -> int:
    """Give back every feed that ``owner`` holds; return how many."""
    with db.write() as connection:
        freed = update(feeds).where(feeds.c.lease_owner == owner).values(FREE)
        return connection.execute(freed).rowcount


def lock(connection: Connection, feed_id: int) -> None:
    """Let nobody else settle a poll of the feed before the caller's transaction ends."""
    connection.execute(select(feeds.c.id).where(feeds.c.id == feed_id).with_for_update())


def marks(db: Database, feed_ids: Iterable[int]) -> Mapping[int, bytes]:
    """What is remembered of the items of feeds' last documents; nothing of those left out."""
    wanted = marks_table.c.feed_id.in_(tuple(feed_ids))
    with db.read() as connection:
        found = connection.execute(select(marks_table.c.feed_id, marks_table.c.marks).where(wanted))
        return {row[0]: row[1] for row in found}


def revive(db: Database, feed_id: int, now: datetime) -> None:
    """Ask a feed again at once at the address that its owner wrote, whatever happened before."""
    with db.write() as connection:
        connection.execute(update(feeds).where(feeds.c.id == feed_id).values(_anew(now)))


def settle_held(db: Database, feed_id: int, *, wanted: bool) -> int:
    """End the waiting of a feed's held stories; return how many there were.

    ``wanted``: they are matched like news; otherwise they stay what a backlog is.
    """
    freed: dict[str, Any] = {"held": False, "backlog": not wanted}
    if wanted:
        freed["matched_at"] = None
    with db.write() as connection:
        held_ones = update(stories).where(stories.c.feed_id == feed_id, stories.c.held)
        count = connection.execute(held_ones.values(freed)).rowcount
        connection.execute(update(feeds).where(feeds.c.id == feed_id).values(held=0, held_at=None))
    return count


def _due(now: datetime, limit: int, per_host: int) -> Select[tuple[int]]:
    """The numbers of the feeds to claim, those of one host side by side."""
    busy = select(feeds.c.host).where(held(feeds, now))
    # one that lies too far ahead was written by a clock that was wrong
    until = hosts.c.rest_until
    resting = select(hosts.c.host).where(until > now, until <= now + HORIZON)
    order = (feeds.c.next_check_at, feeds.c.id)
    waits_since = func.min(feeds.c.next_check_at).over(partition_by=feeds.c.host)
    turn = func.row_number().over(partition_by=feeds.c.host, order_by=order)
    due = (
        select(feeds.c.id, feeds.c.host, waits_since.label("since"), turn.label("turn"))
        .where(feeds.c.enabled, feeds.c.gone_at.is_(None), _has_come(now))
        .where(feeds.c.host.not_in(busy), feeds.c.host.not_in(resting))
        .subquery()
    )
    return (
        select(due.c.id)
        .where(due.c.turn <= per_host)
        .order_by(due.c.since, due.c.host, due.c.turn)
        .limit(limit)
    )


def _has_come(now: datetime) -> Any:
    """Due, or planned by a clock that was ahead.

    Intervals of about a day and more are meant, though, and so are days that a feed skips.
    """
    slow = or_(feeds.c.interval_seconds > _SLOW, feeds.c.wishes.is_not(None))
    from_future = feeds.c.last_checked_at > now + HORIZON
    return or_(
        feeds.c.next_check_at <= now,
        and_(not_(slow), come(feeds.c.next_check_at, now)),
        and_(slow, from_future),
    )


_UNMOVED: dict[str, Any] = {"moved_to": None, "moved_times": 0}


def _anew(now: datetime) -> dict[str, Any]:
    fine = {"gone_at": None, "failures": 0, "failing_since": None, "last_error": None}
    return {**fine, **_UNMOVED, "next_check_at": now}


def _intent(spec: FeedSpec) -> dict[str, Any]:
    return {
        "title": spec.title,
        "tags": list(spec.tags),
        "interval_seconds": spec.interval.total_seconds(),
        "enabled": spec.enabled,
        "language": spec.language,
        "paced": spec.paced,
        "full_text": spec.full_text,
    }


def _new_row(spec: FeedSpec, now: datetime) -> dict[str, Any]:
    return {
        **_intent(spec),
        "url": spec.url,
        "host": rows.host_of(spec.url),
        "own_title": "",
        "next_check_at": now,
        "failures": 0,
        "skipped_entries": 0,
    }


def _follow_moves(connection: Connection, wanted: Mapping[str, FeedSpec]) -> None:
    """Give a feed the address it moved to where the owner has written that one instead."""
    rows_ = connection.execute(select(feeds.c.id, feeds.c.url, feeds.c.moved_to)).all()
    taken = {row.url for row in rows_}
    for row in rows_:
        if row.url not in wanted and row.moved_to in wanted and row.moved_to not in taken:
            taken.add(row.moved_to)
            here = {"url": row.moved_to, "host": rows.host_of(row.moved_to), **_UNMOVED}
            connection.execute(update(feeds).where(feeds.c.id == row.id).values(here))


def _changes(row: Row[Any], spec: FeedSpec | None, now: datetime) -> dict[str, Any]:
    """What of a stored feed differs from its spec; None: it is gone from the owner's files."""
    intent = {"enabled": False} if spec is None else _intent(spec)
    changes = {name: value for name, value in intent.items() if getattr(row, name) != value}
    if changes.get("enabled") and row.gone_at is not None:
        return changes | _anew(now)
    seconds = changes.get("interval_seconds", row.interval_seconds)
    if seconds < row.interval_seconds and row.last_checked_at is not None:
        soonest = row.last_checked_at + timedelta(seconds=seconds)
        changes["next_check_at"] = min(row.next_check_at, soonest)
    return changes
