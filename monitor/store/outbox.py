"""What recipients are told: the messages on their way.

A message is put with its ledger and the next hour in one transaction, is claimed with a lease,
and is sent from here only. Once ``sending`` it may have gone out, whatever happens then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, not_, or_, select, update

from monitor.records import Digest, Message, OutboxItem, OutboxState, Rendered, Subscription
from monitor.store import ledger, rows, subscriptions
from monitor.store.database import Database, insert
from monitor.store.leases import FREE, come, held
from monitor.store.tables import outbox, runs

LONGEST_ERROR = 500
"""Characters of an error kept on a message's row."""


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
        number = subscriptions.lock_unserved(connection, subscription)
        if number is None or ledger.knows_any(connection, number, made):
            return False
        subscriptions.serve(connection, number, next_at, now)
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
