"""Who is told what and when: recipients and their hours, and the messages on their way.

A message is put with its ledger and the next hour in one transaction, is claimed with a lease,
and is sent from here only. Once ``sending`` it may have gone out, whatever happens then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, not_, or_, select, update

from monitor.records import Digest, Message, OutboxItem, OutboxState, Rendered, Subscription
from monitor.store import ledger, rows
from monitor.store.database import Database, insert
from monitor.store.leases import FREE, come, held
from monitor.store.tables import outbox, runs, subscriptions

LONGEST_ERROR = 500
"""Characters of an error kept on a message's row."""
_LONGEST_WAIT = timedelta(days=8)
"""A digest comes at least weekly: an hour further ahead comes from a clock that was wrong."""


def sync(db: Database, wanted: Iterable[Subscription]) -> None:
    """Make the recipients those of ``wanted``, each given as if first seen now.

    One that is known keeps its start and its next hour, unless its schedule changed; one that
    comes back starts anew; one that is gone is disabled, and its ledger stays. A digest that is
    new goes on where the one with the same schedule that is gone ended: it was renamed.
    """
    given = {(each.digest, each.recipient): each for each in wanted}
    with db.write() as connection:
        _rename(connection, given)
        stored = connection.execute(select(subscriptions)).all()
        for row in stored:
            changes = _changes(row, given.pop((row.digest, row.recipient), None))
            if changes:
                connection.execute(
                    update(subscriptions).where(subscriptions.c.id == row.id).values(changes)
                )
        if given:
            added = insert(connection, subscriptions).on_conflict_do_nothing(
                index_elements=["digest", "recipient"]
            )
            connection.execute(added, [_new_row(each) for each in given.values()])


def mend_clock(db: Database, now: datetime) -> int:
    """Take back the times that a clock ahead of ours has written; return how many recipients.

    Stories seen since would count as found before the recipient started, and never be told.
    """
    start, last = subscriptions.c.started_at, subscriptions.c.last_at
    values = {
        "started_at": case((start > now, now), else_=start),
        "last_at": case((last > now, now), else_=last),
    }
    with db.write() as connection:
        ahead = update(subscriptions).where(or_(start > now, last > now)).values(values)
        return connection.execute(ahead).rowcount


def due(db: Database, now: datetime | None) -> tuple[Subscription, ...]:
    """The recipients whose hour has come, longest waiting first; ``now`` None: all of them."""
    chosen = select(subscriptions).where(subscriptions.c.enabled)
    if now is not None:
        chosen = chosen.where(come(subscriptions.c.next_at, now, _LONGEST_WAIT))
    with db.read() as connection:
        ordered = chosen.order_by(subscriptions.c.next_at, subscriptions.c.id)
        return tuple(map(rows.subscription, connection.execute(ordered)))


def put(
    db: Database,
    subscription: Subscription,
    slot: datetime,
    next_at: datetime,
    made: Sequence[Rendered],
    now: datetime,
) -> bool:
    """Serve ``slot``: put the messages out, write their stories into the ledger, move the hour.

    With nothing ``made``, when there is nothing to say, only the hour moves. Returns False if
    somebody else served ``subscription`` since it was read; then nothing is written. A slot that
    has its message already gets no second one: only the hour moves, and False is returned.
    """
    with db.write() as connection:
        number = _lock_unserved(connection, subscription)
        if number is None or ledger.knows_any(connection, number, made):
            return False
        served = update(subscriptions).where(subscriptions.c.id == number)
        connection.execute(served.values(next_at=next_at, last_at=now))
        put_all = [_put_one(connection, number, slot, each, now) for each in made]
        return all(put_all)


def _put_one(
    connection: Connection, number: int, slot: datetime, made: Rendered, now: datetime
) -> bool:
    run = _new_run(connection, number, slot, made.digest, now)
    if run is None:
        return False
    connection.execute(insert(connection, outbox).values(_message_row(made.message, run, now)))
    ledger.write(connection, number, run, made.digest, now)
    return True


def claim(
    db: Database, now: datetime, *, owner: str, lease: timedelta, limit: int
) -> tuple[OutboxItem, ...]:
    """Claim messages whose time has come for ``owner`` until ``now + lease``, oldest first.

    A claim is never given twice. A message whose sender let its lease run out is ``uncertain``:
    nobody knows whether it went.
    """
    sending = outbox.c.state == OutboxState.SENDING
    waiting = outbox.c.state.in_((OutboxState.READY, OutboxState.WAITING))
    open_now = or_(
        and_(waiting, come(outbox.c.next_attempt_at, now)), and_(sending, not_(held(outbox, now)))
    )
    oldest = select(outbox.c.id).where(open_now).order_by(outbox.c.next_attempt_at, outbox.c.id)
    taken = {
        "uncertain": case((sending, True), else_=outbox.c.uncertain),
        "state": OutboxState.SENDING,
        "attempts": outbox.c.attempts + 1,
        "lease_owner": owner,
        "lease_until": now + lease,
    }
    with db.write() as connection:
        # the condition again: of two that chose the same row only the first one finds it open
        chosen = update(outbox).where(outbox.c.id.in_(oldest.limit(limit)), open_now)
        claimed = connection.execute(chosen.values(taken).returning(outbox)).all()
    return tuple(sorted(map(rows.outbox_item, claimed), key=lambda item: item.id))


def sent(db: Database, item: OutboxItem, now: datetime) -> bool:
    """Write that the server took the message: the truth, even from one whose lease ran out."""
    final = {"state": OutboxState.SENT, "settled_at": now, "last_error": None}
    return _settle(db, item, final, outbox.c.state != OutboxState.SENT)


def wait(
    db: Database, item: OutboxItem, next_attempt_at: datetime, error: str, *, uncertain: bool
) -> bool:
    """Write that the attempt failed and when to try again; False: the claim is not ours any more.

    ``uncertain``: the server may have taken it all the same; once so, always so.
    """
    values = {
        "state": OutboxState.WAITING,
        "next_attempt_at": next_attempt_at,
        "last_error": error[:LONGEST_ERROR],
        "uncertain": True if uncertain else outbox.c.uncertain,
    }
    return _settle(db, item, values, _still_claimed(item))


def give_up(db: Database, item: OutboxItem, now: datetime, error: str) -> bool:
    """Write that the message will not be tried again; False: the claim is not ours any more."""
    values = {
        "state": OutboxState.DEAD,
        "settled_at": now,
        "last_error": error[:LONGEST_ERROR],
    }
    return _settle(db, item, values, _still_claimed(item))


def release(db: Database, owner: str) -> int:
    """Give back what ``owner`` was sending when it ended: perhaps sent, tried again at once."""
    values = {**FREE, "state": OutboxState.WAITING, "uncertain": True}
    sending = and_(outbox.c.state == OutboxState.SENDING, outbox.c.lease_owner == owner)
    with db.write() as connection:
        return connection.execute(update(outbox).where(sending).values(values)).rowcount


def listing(
    db: Database, *, states: Collection[str] = tuple(OutboxState), limit: int = 50
) -> tuple[OutboxItem, ...]:
    """Messages, newest first."""
    chosen = select(outbox).where(outbox.c.state.in_(states))
    with db.read() as connection:
        newest = chosen.order_by(outbox.c.id.desc()).limit(limit)
        return tuple(map(rows.outbox_item, connection.execute(newest)))


def counts(db: Database) -> Mapping[OutboxState, int]:
    """How many messages are in each state; 0 where there are none."""
    grouped = select(outbox.c.state, func.count()).group_by(outbox.c.state)
    with db.read() as connection:
        found = connection.execute(grouped).all()
    return Counter({OutboxState(state): number for state, number in found})


def prune(db: Database, before: datetime) -> int:
    """Forget the bytes of messages that were sent or given up before; return how many."""
    with db.write() as connection:
        return connection.execute(delete(outbox).where(outbox.c.settled_at < before)).rowcount


def _rename(connection: Connection, given: Mapping[tuple[str, str], Subscription]) -> None:
    """Give the recipients of a renamed digest its new name, with their ledgers and hours."""
    stored = connection.execute(select(subscriptions)).all()
    known, wanted = {row.digest for row in stored}, {digest for digest, _ in given}
    gone = _by_reader(row for row in stored if row.enabled and row.digest not in wanted)
    new = _by_reader(each for each in given.values() if each.digest not in known)
    for reader in gone.keys() & new.keys():
        if len(gone[reader]) == len(new[reader]) == 1:  # or nobody knows which became which
            row, named = gone[reader][0], new[reader][0].digest
            renamed = update(subscriptions).where(subscriptions.c.id == row.id)
            connection.execute(renamed.values(digest=named))


def _by_reader(found: Iterable[Any]) -> Mapping[tuple[str, str], list[Any]]:
    readers: dict[tuple[str, str], list[Any]] = {}
    for each in found:
        readers.setdefault((each.recipient, each.schedule_key), []).append(each)
    return readers


def _changes(row: Row[Any], given: Subscription | None) -> dict[str, Any]:
    if given is None:
        return {"enabled": False} if row.enabled else {}
    if not row.enabled:
        return _new_row(given)
    if given.schedule_key != row.schedule_key:
        return {"schedule_key": given.schedule_key, "next_at": given.next_at}
    return {}


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


def _lock_unserved(connection: Connection, subscription: Subscription) -> int | None:
    """The number of the recipient, locked, if its next hour is still the one that was read."""
    unserved = select(subscriptions.c.id).where(
        subscriptions.c.digest == subscription.digest,
        subscriptions.c.recipient == subscription.recipient,
        subscriptions.c.enabled,
        subscriptions.c.next_at == subscription.next_at,
    )
    number: int | None = connection.scalar(unserved.with_for_update())
    return number


def _new_run(
    connection: Connection, number: int, slot: datetime, digest: Digest, now: datetime
) -> int | None:
    values = {
        "subscription_id": number,
        "slot": slot,
        "kind": digest.kind,
        "thread": digest.first.message_id if digest.first else "",
        "created_at": now,
    }
    once = insert(connection, runs).values(values).on_conflict_do_nothing()
    run: int | None = connection.scalar(once.returning(runs.c.id))
    return run


def _message_row(message: Message, run: int, now: datetime) -> dict[str, Any]:
    return {
        "run_id": run,
        "message_id": message.message_id,
        "sender": message.sender,
        "recipient": message.recipient,
        "subject": message.subject,
        "raw": message.raw,
        "content_type": message.content_type,
        "state": OutboxState.READY,
        "attempts": 0,
        "created_at": now,
        "next_attempt_at": now,
        "uncertain": False,
    }


def _still_claimed(item: OutboxItem) -> Any:
    """Every claim counts an attempt more, so the number tells one claim from the next."""
    return and_(outbox.c.state == OutboxState.SENDING, outbox.c.attempts == item.attempts)


def _settle(db: Database, item: OutboxItem, values: dict[str, Any], condition: Any) -> bool:
    settled = update(outbox).where(outbox.c.id == item.id, condition).values({**FREE, **values})
    with db.write() as connection:
        return connection.execute(settled).rowcount == 1
