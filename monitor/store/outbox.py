"""What recipients are told: the messages on their way.

A message is put with its ledger and the next hour in one transaction, is claimed with a lease,
and is sent from here only. Once ``sending`` it may have gone out, whatever happens then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    func,
    not_,
    or_,
    select,
    update,
)

from monitor.records import Message, OutboxItem, OutboxState, Rendered, Subscription
from monitor.store import archive, ledger, rows, runs, subscriptions
from monitor.store.database import Database, insert
from monitor.store.leases import FREE, come, held
from monitor.store.tables import outbox
from monitor.store.tables import runs as run_table
from monitor.store.tables import subscriptions as subscription_table

LONGEST_ERROR = 500
"""Characters of an error kept on a message's row."""
DROPPED = "dropped by its owner: it is not sent"
_WAITING = (OutboxState.READY, OutboxState.WAITING)


def put(
    db: Database,
    subscription: Subscription,
    slot: datetime,
    next_at: datetime,
    made: Sequence[Rendered],
    now: datetime,
    *,
    version: str,
) -> bool:
    """Serve ``slot``: put the messages out and into ledger and archive, move the hour; all or none.

    ``next_at`` is an hour of the schedule with the key of ``subscription``.
    ``made``: the scheduled digest, and updates, each answering another message; empty where there
    is nothing to say. ``version``: of the program. Returns False if somebody else served
    ``subscription``, or told any of it, since it was read; then nothing is written. A slot that has
    one of these messages already gets no second one: only the hour moves, and False is returned.
    """
    with db.write() as connection:
        number = subscriptions.lock_unserved(connection, subscription)
        if number is None or ledger.knows_any(connection, number, made):
            return False
        subscriptions.serve(connection, number, subscription, next_at, now)
        if runs.has_any(connection, number, slot, made):
            return False
        for each in made:
            _put_one(connection, number, slot, each, now, version)
    return True


def has_slot(db: Database, subscription: Subscription, slot: datetime) -> bool:
    """Whether the recipient has a scheduled digest of ``slot`` already."""
    with db.read() as connection:
        return runs.is_served(connection, subscription.id, slot)


def put_at_once(
    db: Database,
    subscription: Subscription,
    made: Rendered,
    now: datetime,
    *,
    since: datetime,
    at_most: int,
    version: str,
) -> bool:
    """Put an urgent digest out, and into ledger and archive; no hour moves.

    Returns False, and nothing is written, if ``at_most`` were made since ``since``, if any of it
    was told since it was read, and if the recipient is gone or wants no more.
    """
    slot = made.digest.slot
    with db.write() as connection:
        number = subscriptions.lock(connection, subscription)
        if number is None or runs.urgent(connection, number, since, now) >= at_most:
            return False
        if runs.has_any(connection, number, slot, (made,)):
            return False
        if ledger.knows_any(connection, number, (made,)):
            return False
        _put_one(connection, number, slot, made, now, version)
    return True


def _put_one(
    connection: Connection,
    number: int,
    slot: datetime,
    made: Rendered,
    now: datetime,
    version: str,
) -> None:
    run = runs.add(connection, number, slot, made.digest, now)
    connection.execute(insert(connection, outbox).values(_message_row(made.message, run, now)))
    ledger.write(connection, number, run, made.digest, now)
    archive.write(connection, run, made, version)


def claim(
    db: Database,
    now: datetime,
    *,
    owner: str,
    lease: timedelta,
    limit: int,
    resting: Collection[int] = (),
) -> tuple[OutboxItem, ...]:
    """Claim messages whose time has come for ``owner`` until ``now + lease``, oldest first.

    A claim is never given twice. A message whose sender let its lease run out is ``uncertain``:
    nobody knows whether it went. ``resting``: the numbers of subscriptions to leave alone.
    """
    sending = outbox.c.state == OutboxState.SENDING
    open_now = and_(_open(now), outbox.c.run_id.not_in(runs.of(resting)))
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
        claimed = connection.scalars(chosen.values(taken).returning(outbox.c.id)).all()
        return _those(connection, _items().where(outbox.c.id.in_(claimed)).order_by(outbox.c.id))


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


def retry(db: Database, item_id: int, now: datetime) -> bool:
    """Let a message that was given up go again, at once; False: it was not given up."""
    values = {"state": OutboxState.WAITING, "next_attempt_at": now, "settled_at": None}
    return _decide(db, item_id, values, (OutboxState.DEAD,))


def drop(db: Database, item_id: int, now: datetime) -> bool:
    """Give a message up that waits or was given up; False: it is being sent, was sent, or is gone.

    What it tells counts as told.
    """
    values = {"state": OutboxState.DEAD, "settled_at": now, "last_error": DROPPED}
    return _decide(db, item_id, values, (*_WAITING, OutboxState.DEAD))


def get(db: Database, item_id: int) -> OutboxItem | None:
    """The message of that number; None: there is none, or it was forgotten."""
    with db.read() as connection:
        found = _those(connection, _items().where(outbox.c.id == item_id))
    return found[0] if found else None


def listing(
    db: Database, *, states: Collection[str] = tuple(OutboxState), limit: int = 50
) -> tuple[OutboxItem, ...]:
    """Messages, newest first."""
    chosen = _items().where(outbox.c.state.in_(states))
    with db.read() as connection:
        return _those(connection, chosen.order_by(outbox.c.id.desc()).limit(limit))


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


def _items() -> Select[Any]:
    """Messages, each with the name of the digest that it brings."""
    owner = run_table.c.subscription_id == subscription_table.c.id
    return (
        select(outbox, subscription_table.c.digest)
        .join(run_table, run_table.c.id == outbox.c.run_id)
        .join(subscription_table, owner)
    )


def _those(connection: Connection, chosen: Select[Any]) -> tuple[OutboxItem, ...]:
    return tuple(map(rows.outbox_item, connection.execute(chosen)))


def _open(now: datetime) -> ColumnElement[bool]:
    """Whether a message may be claimed: it is new, it has waited, or its sender's lease ran out."""
    # what was never tried has no wait: the clock that made it was ahead of ours
    untried = outbox.c.state == OutboxState.READY
    again = and_(outbox.c.state == OutboxState.WAITING, come(outbox.c.next_attempt_at, now))
    left = and_(outbox.c.state == OutboxState.SENDING, not_(held(outbox, now)))
    return or_(untried, again, left)


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


def _decide(
    db: Database, item_id: int, values: dict[str, Any], states: Collection[OutboxState]
) -> bool:
    """What the owner decides of a message, where it is in one of ``states``."""
    decided = update(outbox).where(outbox.c.id == item_id, outbox.c.state.in_(states))
    with db.write() as connection:
        return connection.execute(decided.values(values)).rowcount == 1


def _still_claimed(item: OutboxItem) -> ColumnElement[bool]:
    """Every claim counts an attempt more, so the number tells one claim from the next."""
    return and_(outbox.c.state == OutboxState.SENDING, outbox.c.attempts == item.attempts)


def _settle(db: Database, item: OutboxItem, values: dict[str, Any], condition: Any) -> bool:
    settled = update(outbox).where(outbox.c.id == item.id, condition).values({**FREE, **values})
    with db.write() as connection:
        return connection.execute(settled).rowcount == 1
