"""Runs: that a digest was made, once for each recipient, slot, kind and message it answers.

All of this is a part of the caller's transaction, which holds the lock of the recipient.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from monitor.records import Digest, DigestKind, Rendered
from monitor.store.database import insert
from monitor.store.leases import HORIZON
from monitor.store.tables import runs


def add(connection: Connection, number: int, slot: datetime, digest: Digest, now: datetime) -> int:
    """Write that ``digest`` was made for the recipient ``number``; return the run's number."""
    values = {
        "subscription_id": number,
        "slot": slot,
        "kind": digest.kind,
        "thread": _thread(digest),
        "created_at": now,
    }
    run: int = connection.execute(
        insert(connection, runs).values(values).returning(runs.c.id)
    ).scalar_one()
    return run


def has_any(connection: Connection, number: int, slot: datetime, made: Iterable[Rendered]) -> bool:
    """Whether any of these digests was made for this recipient and slot already."""
    same = [
        and_(runs.c.kind == each.digest.kind, runs.c.thread == _thread(each.digest))
        for each in made
    ]
    known = select(runs.c.id).where(
        runs.c.subscription_id == number, runs.c.slot == slot, or_(False, *same)
    )
    return connection.execute(known.limit(1)).first() is not None


def is_served(connection: Connection, number: int, slot: datetime) -> bool:
    """Whether the recipient has a scheduled digest of ``slot``."""
    known = select(runs.c.id).where(
        runs.c.subscription_id == number,
        runs.c.slot == slot,
        runs.c.kind == DigestKind.SCHEDULED,
    )
    return connection.execute(known).first() is not None


def urgent(connection: Connection, number: int, since: datetime, now: datetime) -> int:
    """How many urgent digests the recipient got since ``since``.

    What lies far ahead was written by a clock that was wrong: it must not keep all others back.
    """
    made = select(func.count()).where(
        runs.c.subscription_id == number,
        runs.c.kind == DigestKind.URGENT,
        runs.c.created_at >= since,
        runs.c.created_at <= now + HORIZON,
    )
    return connection.execute(made).scalar_one()


def of(subscription_ids: Collection[int]) -> Select[Any]:
    """The numbers of all runs of these recipients."""
    return select(runs.c.id).where(runs.c.subscription_id.in_(subscription_ids))


def _thread(digest: Digest) -> str:
    return digest.first.message_id if digest.first else ""
