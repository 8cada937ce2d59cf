"""How digests, their readers and messages on their way look in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.markup import escape

from monitor.cli.feedtables import when
from monitor.cli.output import console, put
from monitor.cli.tables import make_table
from monitor.records import ArchivedLine, OutboxItem, OutboxState, Subscription
from monitor.service.recipients import Reader

_UNCERTAIN = "an attempt ended without an answer: it may arrive twice"


def print_archive(found: Sequence[ArchivedLine], now: datetime, *, if_none: str) -> None:
    """One line a digest."""
    table = make_table(
        "", "#", "made", "digest", "recipient", "kind", "state", "subject", right="#"
    )
    for each in found:
        names = (each.digest, each.recipient, each.kind, each.state or "forgotten", each.subject)
        table.add_row(str(each.run), when(each.created_at, now), *map(escape, names))
    put(console(), table if found else if_none)


def print_readers(found: Sequence[Reader], now: datetime, *, if_none: str) -> None:
    """One line a recipient of a digest."""
    table = make_table("", "digest", "recipient", "way", "last", "next")
    for reader in found:
        each = reader.subscription
        way = reader.plan.channel if reader.plan else "not configured"
        names = (each.digest, each.recipient, way)
        table.add_row(*map(escape, names), when(each.last_at, now), next_told(each, now))
    put(console(), table if found else if_none)


def next_told(it: Subscription, now: datetime) -> str:
    """When somebody is told next, or since when they are told nothing, and who said so."""
    if it.stopped_at is None:
        return when(it.next_at, now)
    return f"stopped {when(it.stopped_at, now)}, by {it.stopped_by}"


def print_messages(found: Sequence[OutboxItem], now: datetime, *, if_none: str) -> None:
    """One line a message."""
    table = make_table(
        "", "#", "made", "digest", "recipient", "state", "tries", "what happened", right=("#",)
    )
    for each in found:
        names = (each.digest, each.message.recipient, each.state, str(each.attempts))
        made, told = when(each.created_at, now), happened(each, now)
        table.add_row(str(each.id), made, *map(escape, names), escape(told))
    put(console(), table if found else if_none)


def happened(item: OutboxItem, now: datetime) -> str:
    """What became of a message so far, and what comes next."""
    facts = [item.last_error] if item.last_error else []
    if item.uncertain:
        facts.append(_UNCERTAIN)
    if item.state is OutboxState.WAITING:
        facts.append(f"next attempt {when(item.next_attempt_at, now)}")
    return "; ".join(facts)
