"""Feeds: what the owner wrote about them, what polling left on them, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, not_, or_, select, update

from monitor.records import Feed, FeedSpec, PollOutcome, PollStatus
from monitor.store import rows
from monitor.store.database import Database, insert, one_at_a_time
from monitor.store.leases import FREE, HORIZON, come, held
from monitor.store.tables import feeds

LONGEST_ERROR = 500
"""Characters of an error kept on a feed's row."""
_DAY = timedelta(days=1).total_seconds()


def sync(db: Database, specs: Iterable[FeedSpec], now: datetime) -> None:
    """Make the stored intent that of ``specs``, by address.

    A new feed is due at once, one that is gone is disabled and keeps its history, and a shortened
    interval counts from the last poll.
    """
    wanted = {spec.url: spec for spec in specs}
    with db.write() as connection:
        stored = {row.url: row for row in connection.execute(select(feeds))}
        fresh = [spec for url, spec in wanted.items() if url not in stored]
        if fresh:
            added = insert(connection, feeds).on_conflict_do_nothing(index_elements=["url"])
            connection.execute(added, [_new_row(spec, now) for spec in fresh])
        for url, row in stored.items():
            changes = _changes(row, wanted.get(url))
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
    first; a host of which somebody else is polling a feed waits. A claim is never given twice.
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


def record(db: Database, *outcomes: PollOutcome) -> None:
    """Write how polls without stories ended on their feeds' rows, and end the claims."""
    if outcomes:
        with db.write() as connection:
            for outcome in outcomes:
                settle(connection, outcome)


def settle(connection: Connection, outcome: PollOutcome) -> None:
    """The same as a part of the caller's transaction."""
    values: dict[str, Any] = {
        **FREE,
        "next_check_at": outcome.next_check_at,
        "last_checked_at": outcome.checked_at,
        "last_status": outcome.http_status,
    }
    values |= _failed(outcome) if outcome.status is PollStatus.FAILED else _succeeded(outcome)
    connection.execute(update(feeds).where(feeds.c.id == outcome.feed_id).values(values))


def release(db: Database, owner: str) -> int:
    """Give back every feed that ``owner`` holds; return how many."""
    with db.write() as connection:
        freed = update(feeds).where(feeds.c.lease_owner == owner).values(FREE)
        return connection.execute(freed).rowcount


def _due(now: datetime, limit: int, per_host: int) -> Select[tuple[int]]:
    """The numbers of the feeds to claim, those of one host side by side."""
    busy = select(feeds.c.host).where(held(feeds, now))
    order = (feeds.c.next_check_at, feeds.c.id)
    waits_since = func.min(feeds.c.next_check_at).over(partition_by=feeds.c.host)
    turn = func.row_number().over(partition_by=feeds.c.host, order_by=order)
    due = (
        select(feeds.c.id, feeds.c.host, waits_since.label("since"), turn.label("turn"))
        .where(feeds.c.enabled, _has_come(now), feeds.c.host.not_in(busy))
        .subquery()
    )
    return (
        select(due.c.id)
        .where(due.c.turn <= per_host)
        .order_by(due.c.since, due.c.host, due.c.turn)
        .limit(limit)
    )


def _has_come(now: datetime) -> Any:
    """Due, or planned by a clock that was ahead. Intervals above a day are meant, though."""
    slow = feeds.c.interval_seconds > _DAY
    from_future = feeds.c.last_checked_at > now + HORIZON
    return or_(
        feeds.c.next_check_at <= now,
        and_(not_(slow), come(feeds.c.next_check_at, now)),
        and_(slow, from_future),
    )


def _intent(spec: FeedSpec) -> dict[str, Any]:
    return {
        "title": spec.title,
        "tags": list(spec.tags),
        "interval_seconds": spec.interval.total_seconds(),
        "enabled": spec.enabled,
        "language": spec.language,
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


def _changes(row: Row[Any], spec: FeedSpec | None) -> dict[str, Any]:
    """What of a stored feed differs from its spec; None: it is gone from the owner's files."""
    intent = {"enabled": False} if spec is None else _intent(spec)
    changes = {name: value for name, value in intent.items() if getattr(row, name) != value}
    seconds = changes.get("interval_seconds", row.interval_seconds)
    if seconds < row.interval_seconds and row.last_checked_at is not None:
        soonest = row.last_checked_at + timedelta(seconds=seconds)
        changes["next_check_at"] = min(row.next_check_at, soonest)
    return changes


def _failed(outcome: PollOutcome) -> dict[str, Any]:
    return {
        "failures": feeds.c.failures + 1,
        "failing_since": func.coalesce(feeds.c.failing_since, outcome.checked_at),
        "last_error": (outcome.error or "")[:LONGEST_ERROR],
    }


def _succeeded(outcome: PollOutcome) -> dict[str, Any]:
    values: dict[str, Any] = {
        "failures": 0,
        "failing_since": None,
        "last_error": None,
        "last_success_at": outcome.checked_at,
    }
    if outcome.validators is not None:
        values["etag"] = outcome.validators.etag
        values["last_modified"] = outcome.validators.last_modified
    if outcome.body_hash is not None:
        values["body_hash"] = outcome.body_hash
    if outcome.status is PollStatus.READ:
        values["skipped_entries"] = outcome.skipped
    if outcome.title:
        values["own_title"] = outcome.title
    return values
