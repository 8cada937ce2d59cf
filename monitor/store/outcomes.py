"""What polls leave behind: on their feeds' rows, on their hosts, and in the log of fetches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ClauseElement,
    Connection,
    Insert,
    Select,
    Update,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy import insert as plain_insert

from monitor.records import FetchLine, PollOutcome, PollStatus
from monitor.store import rows
from monitor.store.database import Database, insert, insert_of
from monitor.store.leases import FREE, HORIZON
from monitor.store.tables import feeds, fetches, hosts
from monitor.store.tables import marks as marks_table

LONGEST_ERROR = 500
"""Characters of an error kept on a feed's row and in the log."""
_PRUNED_AT_ONCE = 1_000


def record(db: Database, *outcomes: PollOutcome) -> None:
    """Write how polls without stories ended, and end the claims.

    Those of unchanged feeds, which change the same columns, are one statement.
    """
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    with db.write() as connection:
        for outcome in outcomes:
            if outcome.status is PollStatus.UNCHANGED and not outcome.gap:
                values = _values(outcome)
                alike[tuple(values)].append(_bound(outcome, values))
            else:
                settle(connection, outcome)
        for names, values_of_each in alike.items():
            connection.execute(_update_of(names), values_of_each)
        log(connection, outcomes)


def settle(
    connection: Connection,
    outcome: PollOutcome,
    also: Mapping[str, Any] = MappingProxyType({}),
    *,
    as_claimed: bool = False,
) -> bool:
    """Write an outcome on its feed as a part of the caller's transaction, without the log.

    ``also``: other columns of the feed. ``as_claimed``: only if no other poll was settled since
    ``outcome.follows``; return whether that was so.
    """
    values = {**_values(outcome), **also}
    if any(isinstance(value, ClauseElement) for value in values.values()):
        changed = _which(as_claimed).values(values)
    else:
        changed = _update_of(tuple(values), as_claimed=as_claimed)
    if not connection.execute(changed, _bound(outcome, values)).rowcount:
        return False
    if outcome.marks is not None:
        _remember(connection, outcome.feed_id, outcome.marks)
    if outcome.rest_until is not None:
        _rest(connection, outcome, outcome.rest_until)
    return True


def _bound(outcome: PollOutcome, values: Mapping[str, Any]) -> dict[str, Any]:
    plain = {f"to_{k}": v for k, v in values.items() if not isinstance(v, ClauseElement)}
    return {**plain, "number": outcome.feed_id, "follows": outcome.follows}


def _which(as_claimed: bool) -> Update:
    which = update(feeds).where(feeds.c.id == bindparam("number"))
    if not as_claimed:
        return which
    follows = bindparam("follows", type_=feeds.c.last_checked_at.type)
    return which.where(feeds.c.last_checked_at.is_not_distinct_from(follows))


@cache
def _update_of(names: tuple[str, ...], *, as_claimed: bool = False) -> Update:
    """The statement that sets these columns: to build it costs as much as to run it."""
    return _which(as_claimed).values({name: bindparam(f"to_{name}") for name in names})


def log(connection: Connection, outcomes: Sequence[PollOutcome], new: int = 0) -> None:
    """Add a line for each outcome that was a request; ``new``: stories that each brought.

    A feed that is put off was asked only where that led to a host that rests.
    """
    lines = [_line(each, new) for each in outcomes if not _was_spared(each)]
    if lines:
        connection.execute(_logged(), lines)


def _was_spared(outcome: PollOutcome) -> bool:
    return outcome.status is PollStatus.PUT_OFF and outcome.seconds is None


@cache
def _logged() -> Insert:
    return plain_insert(fetches)


def listing(
    db: Database,
    *,
    feed_id: int | None = None,
    failed: bool = False,
    since: datetime | None = None,
    limit: int,
) -> tuple[FetchLine, ...]:
    """The newest lines of the log first; ``failed``: only those of polls that went wrong."""
    query = select(fetches).order_by(fetches.c.id.desc()).limit(limit)
    if feed_id is not None:
        query = query.where(fetches.c.feed_id == feed_id)
    if failed:
        query = query.where(fetches.c.status.in_((PollStatus.FAILED, PollStatus.GONE)))
    if since is not None:
        query = query.where(fetches.c.at >= since)
    with db.read() as connection:
        return tuple(map(rows.fetch_line, connection.execute(query)))


def resting(db: Database, now: datetime) -> Mapping[int, datetime]:
    """Until when nobody asks the host of a feed, because it wished so, by the feed's number."""
    until = hosts.c.rest_until
    query = select(feeds.c.id, until).join(hosts, hosts.c.host == feeds.c.host)
    with db.read() as connection:
        found = connection.execute(query.where(until > now, until <= now + HORIZON))
        return {row[0]: row[1] for row in found}


def prune(db: Database, before: datetime, *, per_feed: int) -> int:
    """Forget lines of the log older than ``before``, and all but the newest ``per_feed`` of each.

    Hosts whose rest was over before then are forgotten too. Returns how many lines went.
    """
    with db.read() as connection:
        old = connection.scalars(_forgettable(before, per_feed)).all()
    for start in range(0, len(old), _PRUNED_AT_ONCE):
        with db.write() as connection:
            some = fetches.c.id.in_(old[start : start + _PRUNED_AT_ONCE])
            connection.execute(delete(fetches).where(some))
    with db.write() as connection:
        connection.execute(delete(hosts).where(hosts.c.rest_until < before))
    return len(old)


def _forgettable(before: datetime, per_feed: int) -> Select[tuple[int]]:
    newest_first = (fetches.c.at.desc(), fetches.c.id.desc())
    place = func.row_number().over(partition_by=fetches.c.feed_id, order_by=newest_first)
    ranked = select(fetches.c.id, fetches.c.at, place.label("place")).subquery()
    return select(ranked.c.id).where(or_(ranked.c.at < before, ranked.c.place > per_feed))


def went_well(outcome: PollOutcome) -> bool:
    """Whether the feed was read, or was unchanged."""
    return outcome.status in (PollStatus.READ, PollStatus.UNCHANGED)


def _line(outcome: PollOutcome, new: int) -> dict[str, Any]:
    return {
        "feed_id": outcome.feed_id,
        "at": outcome.checked_at,
        "status": outcome.status,
        "http_status": outcome.http_status,
        "seconds": outcome.seconds,
        "size": outcome.size,
        "new": new,
        "error": outcome.error and outcome.error[:LONGEST_ERROR],
        "url": outcome.url,
    }


def _remember(connection: Connection, feed_id: int, marks: bytes) -> None:
    remembered = _remembered(connection.dialect.name)
    connection.execute(remembered, {"feed_id": feed_id, "marks": marks})


@cache
def _remembered(dialect: str) -> Insert:
    kept = insert_of(dialect, marks_table)
    newest = {"marks": kept.excluded.marks}
    return kept.on_conflict_do_update(index_elements=["feed_id"], set_=newest)


def _rest(connection: Connection, outcome: PollOutcome, until: datetime) -> None:
    own = select(feeds.c.host).where(feeds.c.id == outcome.feed_id)
    host = outcome.rest_host or connection.scalar(own)
    if host is None:
        return
    resting = insert(connection, hosts).values(host=host, rest_until=until)
    connection.execute(
        resting.on_conflict_do_update(index_elements=["host"], set_={"rest_until": until})
    )


def _values(outcome: PollOutcome) -> dict[str, Any]:
    values: dict[str, Any] = {**FREE, "next_check_at": outcome.next_check_at}
    if outcome.status is PollStatus.PUT_OFF:
        return values
    values |= {
        "last_checked_at": outcome.checked_at,
        "last_status": outcome.http_status,
        "last_seconds": outcome.seconds,
    }
    return (
        values
        | (_succeeded(outcome) if went_well(outcome) else _failed(outcome))
        | _learned(outcome)
    )


def _failed(outcome: PollOutcome) -> dict[str, Any]:
    values = {
        "failures": feeds.c.failures + 1,
        "failing_since": func.coalesce(feeds.c.failing_since, outcome.checked_at),
        "last_error": (outcome.error or "")[:LONGEST_ERROR],
    }
    return values | ({"gone_at": outcome.checked_at} if outcome.status is PollStatus.GONE else {})


def _succeeded(outcome: PollOutcome) -> dict[str, Any]:
    values: dict[str, Any] = {
        "failures": 0,
        "failing_since": None,
        "last_error": None,
        "last_success_at": outcome.checked_at,
    }
    if outcome.status is PollStatus.READ:
        values["skipped_entries"] = outcome.skipped
    if outcome.title:
        values["own_title"] = outcome.title
    if outcome.gap:
        values |= {"gaps": feeds.c.gaps + 1, "gap_at": outcome.checked_at}
    return values


def _learned(outcome: PollOutcome) -> dict[str, Any]:
    """What a poll tells for the polls after it, however it ended; None leaves what is stored."""
    values: dict[str, Any] = {}
    if outcome.validators is not None:
        values["etag"] = outcome.validators.etag
        values["last_modified"] = outcome.validators.last_modified
    if outcome.body_hash is not None:
        values["body_hash"] = outcome.body_hash
    if outcome.rhythm is not None:
        values |= rows.rhythm_values(outcome.rhythm)
    if outcome.wishes is not None:
        values["wishes"] = rows.wishes_value(outcome.wishes)
    if outcome.move is not None:
        values |= {"moved_to": outcome.move.url, "moved_times": outcome.move.times}
    return values
