"""Who is told when: the recipients of the digests, their hours, and who wants no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, case, select, update

from monitor.records import OutboxState, Subscription, same_recipient
from monitor.store import rows, runs
from monitor.store.database import Database, insert
from monitor.store.leases import FREE
from monitor.store.tables import outbox, subscriptions

FIRST_PERIOD = timedelta(days=1)
"""One who starts is told the news of so long before."""
BY_MAIL, BY_COMMAND = "mail", "command"
"""Who stopped a recipient: they themselves, on a page of a mail, or the owner."""
_UNWANTED = "the recipient wants nothing more of this digest"


def sync(db: Database, wanted: Iterable[Subscription], now: datetime) -> None:
    """Make the recipients those of ``wanted``, each given as if first seen now.

    One that is known keeps its start and its next hour, unless its schedule changed; an hour that
    had come by then is still made up. One that comes back starts anew; one that is gone is
    disabled, and its ledger stays. Whoever was stopped stays so. A digest that is new goes on
    where the one with the same schedule that is gone ended: it was renamed. So does a recipient
    whose address is only written otherwise.
    """
    given = {(each.digest, each.recipient): each for each in wanted}
    with db.write() as connection:
        _rename(connection, given)
        _respell(connection, given)
        for row in connection.execute(select(subscriptions)).all():
            changes = _changes(row, given.pop((row.digest, row.recipient), None), now)
            _change(connection, row.id, changes)
        if given:
            added = insert(connection, subscriptions).on_conflict_do_nothing(
                index_elements=["digest", "recipient"]
            )
            connection.execute(added, [_new_row(each) for each in given.values()])


def due(db: Database, now: datetime | None) -> tuple[Subscription, ...]:
    """The recipients whose hour has come, longest waiting first; ``now`` None: all of them.

    Those who were stopped are left out.
    """
    chosen = select(subscriptions).where(
        subscriptions.c.enabled, subscriptions.c.stopped_at.is_(None)
    )
    if now is not None:
        chosen = chosen.where(subscriptions.c.next_at <= now)
    return _those(db, chosen)


def everyone(db: Database) -> tuple[Subscription, ...]:
    """Every recipient there is, also those who were stopped; the next to be served first."""
    return _those(db, select(subscriptions).where(subscriptions.c.enabled))


def all_ever(db: Database) -> tuple[Subscription, ...]:
    """Every recipient there ever was: of those that were removed, messages may be on their way."""
    return _those(db, select(subscriptions))


def mend_clock(db: Database, now: datetime, latest: Mapping[int, datetime]) -> int:
    """Take back the times that a clock ahead of ours has written; return of how many recipients.

    Stories seen since would count as found before the recipient started, and never be told; an
    hour too far ahead would be waited for. ``latest``: by the number of a subscription, the latest
    next hour that its schedule can have.
    """
    with db.write() as connection:
        stored = connection.execute(select(subscriptions).with_for_update()).all()
        mended = {row.id: _mended(row, now, latest.get(row.id, row.next_at)) for row in stored}
        for number, changes in mended.items():
            _change(connection, number, changes)
    return sum(map(bool, mended.values()))


def stop(db: Database, subscription_id: int, now: datetime, *, by: str) -> bool:
    """Send this recipient nothing more, nor what waits to go; False: that changes nothing.

    What is being sent just now may get through, which is written then, and is not tried again.
    ``by``: who took them off, ``BY_MAIL`` or ``BY_COMMAND``. The owner's word goes before theirs:
    who has left by mail is stopped by the command from then on, never the other way round.
    """
    one = update(subscriptions).where(subscriptions.c.id == subscription_id)
    active = one.where(subscriptions.c.stopped_at.is_(None)).values(stopped_at=now, stopped_by=by)
    left = one.where(subscriptions.c.stopped_by == BY_MAIL).values(stopped_by=BY_COMMAND)
    with db.write() as connection:
        stopped = connection.execute(active).rowcount == 1
        if stopped:
            _drop_unsent(connection, subscription_id, now)
        return stopped or (by == BY_COMMAND and connection.execute(left).rowcount == 1)


def resume(
    db: Database, subscription_id: int, now: datetime, *, stopped_by: str | None = None
) -> bool:
    """Serve a stopped recipient again; False: there is nobody who was stopped.

    Whose next hour is still ahead has missed nothing; for whom it went by, it is made up with the
    news that one gets who is new. ``stopped_by``: only one who was stopped so.
    """
    stopped = select(subscriptions).where(
        subscriptions.c.id == subscription_id, subscriptions.c.stopped_at.is_not(None)
    )
    if stopped_by is not None:
        stopped = stopped.where(subscriptions.c.stopped_by == stopped_by)
    with db.write() as connection:
        row = connection.execute(stopped.with_for_update()).one_or_none()
        if row is None:
            return False
        _change(connection, row.id, {"stopped_at": None, "stopped_by": None, **_anew(row, now)})
    return True


def lock(connection: Connection, subscription: Subscription) -> int | None:
    """The number of the recipient, locked, if it is there and wants to be served."""
    return _lock(connection, subscription, True)


def lock_unserved(connection: Connection, subscription: Subscription) -> int | None:
    """The same, if its next hour is still the one that was read."""
    return _lock(connection, subscription, subscriptions.c.next_at == subscription.next_at)


def serve(
    connection: Connection,
    number: int,
    subscription: Subscription,
    next_at: datetime,
    now: datetime,
) -> None:
    """Move the hour of a recipient, as a part of the caller's transaction.

    With it goes the key of the schedule that it is an hour of, by which the next start sees whether
    that is still the one.
    """
    hours = {"next_at": next_at, "last_at": now, "schedule_key": subscription.schedule_key}
    _change(connection, number, hours)


def _lock(connection: Connection, subscription: Subscription, condition: Any) -> int | None:
    served = select(subscriptions.c.id).where(
        subscriptions.c.digest == subscription.digest,
        subscriptions.c.recipient == subscription.recipient,
        subscriptions.c.enabled,
        subscriptions.c.stopped_at.is_(None),
        condition,
    )
    number: int | None = connection.scalar(served.with_for_update())
    return number


def _those(db: Database, chosen: Any) -> tuple[Subscription, ...]:
    with db.read() as connection:
        ordered = chosen.order_by(subscriptions.c.next_at, subscriptions.c.id)
        return tuple(map(rows.subscription, connection.execute(ordered)))


def _change(connection: Connection, number: int, changes: Mapping[str, Any]) -> None:
    if changes:
        changed = update(subscriptions).where(subscriptions.c.id == number)
        connection.execute(changed.values(**changes))


def _rename(connection: Connection, given: Mapping[tuple[str, str], Subscription]) -> None:
    """Give the recipients of a renamed digest its new name, with their ledgers and hours."""
    stored = connection.execute(select(subscriptions)).all()
    known, wanted = {row.digest for row in stored}, {digest for digest, _ in given}
    gone = _by_reader(row for row in stored if row.enabled and row.digest not in wanted)
    new = _by_reader(each for each in given.values() if each.digest not in known)
    for reader in gone.keys() & new.keys():
        if len(gone[reader]) == len(new[reader]) == 1:  # or nobody knows which became which
            _change(connection, gone[reader][0].id, {"digest": new[reader][0].digest})


def _respell(connection: Connection, given: Mapping[tuple[str, str], Subscription]) -> None:
    """Let those go on under the spelling that they have now: who wanted no more still does not."""
    stored = connection.execute(select(subscriptions)).all()
    new = {
        (digest, same_recipient(recipient)): recipient
        for digest, recipient in given.keys() - {(row.digest, row.recipient) for row in stored}
    }
    for row in stored:
        if row.enabled and (row.digest, row.recipient) not in given:
            spelling = new.get((row.digest, same_recipient(row.recipient)))
            _change(connection, row.id, {"recipient": spelling} if spelling else {})


def _by_reader(found: Iterable[Any]) -> Mapping[tuple[str, str], list[Any]]:
    readers: dict[tuple[str, str], list[Any]] = {}
    for each in found:
        readers.setdefault((each.recipient, each.schedule_key), []).append(each)
    return readers


def _changes(row: Row[Any], given: Subscription | None, now: datetime) -> dict[str, Any]:
    if given is None:
        return {"enabled": False} if row.enabled else {}
    if not row.enabled:
        return _new_row(given)
    if given.schedule_key == row.schedule_key:
        return {}
    overdue = row.next_at <= now
    return {
        "schedule_key": given.schedule_key,
        "next_at": row.next_at if overdue else given.next_at,
    }


def _new_row(given: Subscription) -> dict[str, Any]:
    return {
        "digest": given.digest,
        "recipient": given.recipient,
        "enabled": True,
        "started_at": given.started_at,
        "next_at": given.next_at,
        "last_at": given.last_at,
        "schedule_key": given.schedule_key,
    }


def _mended(row: Row[Any], now: datetime, latest: datetime) -> dict[str, datetime]:
    bounds = {"started_at": now, "last_at": now, "next_at": latest}
    stored = row._mapping
    return {name: bound for name, bound in bounds.items() if stored[name] and stored[name] > bound}


def _anew(row: Row[Any], now: datetime) -> dict[str, Any]:
    """What changes for one who was stopped over its hour: what came meanwhile is not told."""
    if row.next_at > now:
        return {}
    start = max(row.started_at, now - FIRST_PERIOD)
    served_since = row.last_at is not None and row.last_at > start
    return {"started_at": start, "last_at": row.last_at if served_since else None}


def _drop_unsent(connection: Connection, number: int, now: datetime) -> None:
    sending = outbox.c.state == OutboxState.SENDING
    unsent = update(outbox).where(
        outbox.c.run_id.in_(runs.of([number])),
        outbox.c.state.in_((OutboxState.READY, OutboxState.WAITING, OutboxState.SENDING)),
    )
    dropped = {
        "state": OutboxState.DEAD,
        "settled_at": now,
        "last_error": _UNWANTED,
        "uncertain": case((sending, True), else_=outbox.c.uncertain),
        **FREE,
    }
    connection.execute(unsent.values(dropped))
