"""What polls leave behind: on their feeds' rows, on their hosts, and in the log of fetches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
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
    """Write how polls without stories ended, and end the claims."""
    if outcomes:
        with db.write() as connection:
            settle(connection, [(outcome, {}) for outcome in outcomes])
            log(connection, [(outcome, 0) for outcome in outcomes])


def settle(
    connection: Connection, settled: Iterable[tuple[PollOutcome, Mapping[str, Any]]]
) -> None:
    """Write outcomes on their feeds as a part of the caller's transaction, without the log.

    Each comes with other columns of its feed. Those that set the same columns to plain values, as
    most do, are one statement.
    """
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    outcomes = []
    for outcome, also in settled:
        outcomes.append(outcome)
        values = {**_values(outcome), **also}
        if any(isinstance(value, ClauseElement) for value in values.values()):
            one = update(feeds).where(feeds.c.id == outcome.feed_id)
            connection.execute(one.values(values))
        else:
            bound = {f"to_{name}": value for name, value in values.items()}
            alike[tuple(values)].append({**bound, "number": outcome.feed_id})
    for names, values_of_each in alike.items():
        connection.execute(_update_of(names), values_of_each)
    _remember(connection, outcomes)
    for outcome in outcomes:
        if outcome.rest_until is not None:
            _rest(connection, outcome, outcome.rest_until)


def as_claimed(connection: Connection, outcomes: Iterable[PollOutcome]) -> frozenset[int]:
    """The feeds of which no other poll was settled since their claim.

    Nobody else can settle one before the caller's transaction ends.
    """
    follows = {outcome.feed_id: outcome.follows for outcome in outcomes}
    checked = connection.execute(_checked(), {"numbers": sorted(follows)})
    return frozenset(number for number, at in checked if at == follows[number])


@cache
def _checked() -> Select[Any]:
    numbers: BindParameter[Any] = bindparam("numbers", expanding=True)
    which = select(feeds.c.id, feeds.c.last_checked_at).where(feeds.c.id.in_(numbers))
    return which.order_by(feeds.c.id).with_for_update()


@cache
def _update_of(names: tuple[str, ...]) -> Update:
    """The statement that sets these columns: to build it costs as much as to run it."""
    which = update(feeds).where(feeds.c.id == bindparam("number"))
    return which.values({name: bindparam(f"to_{name}") for name in names})


def log(connection: Connection, settled: Iterable[tuple[PollOutcome, int]]) -> None:
    """Add a line for each outcome that was a request, with the number of stories that it brought.

    A feed that is put off was asked only where that led to a host that rests.
    """
    lines = [_line(outcome, new) for outcome, new in settled if not _was_spared(outcome)]
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


def _remember(connection: Connection, outcomes: Iterable[PollOutcome]) -> None:
    marks = [
        {"feed_id": outcome.feed_id, "marks": outcome.marks}
        for outcome in outcomes
        if outcome.marks is not None
    ]
    if marks:
        connection.execute(_remembered(connection.dialect.name), marks)


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
