"""The archive: every digest as it was made, with all that is needed to make it again.

It outlives the outbox, which forgets the bytes of what was sent. Each template is kept once,
under the hash of its source.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, select

from monitor.records import (
    Archived,
    ArchivedLine,
    DigestKind,
    FirstTold,
    MatchedStory,
    OutboxState,
    Rendered,
    Subscription,
    Template,
)
from monitor.store import ledger as told_stories
from monitor.store import snapshots
from monitor.store.database import Database, insert, one_at_a_time
from monitor.store.tables import archives, ledger, outbox, runs, subscriptions, templates

_AT_ONCE = 500


def listing(
    db: Database, *, digest: str | None = None, recipient: str | None = None, limit: int
) -> tuple[ArchivedLine, ...]:
    """The digests of one name, one recipient, or all; newest first."""
    chosen = _archived(*_LINE).order_by(runs.c.id.desc()).limit(limit)
    if digest is not None:
        chosen = chosen.where(subscriptions.c.digest == digest)
    if recipient is not None:
        chosen = chosen.where(subscriptions.c.recipient == recipient)
    with db.read() as connection:
        return tuple(map(_line, connection.execute(chosen)))


def get(db: Database, run: int) -> Archived | None:
    """The digest of that number, if it is in the archive; a damaged one is a ``StoreError``."""
    chosen = _archived(*_LINE, *_REST).where(runs.c.id == run)
    with db.read() as connection:
        row = connection.execute(chosen).one_or_none()
        sources = _sources(connection, row.templates) if row is not None else {}
    return None if row is None else _whole(row, sources)


def prune(db: Database, before: datetime) -> int:
    """Forget digests that were made before, and the templates that only they used; how many."""
    made_before = select(runs.c.id).where(runs.c.created_at < before)
    with db.write() as connection:
        one_at_a_time(connection, _TEMPLATES)
        gone = delete(archives).where(archives.c.run_id.in_(made_before))
        number = connection.execute(gone).rowcount
        if number:
            _forget_unused_templates(connection)
    return number


def first_told(
    db: Database, subscription: Subscription, stories: Iterable[MatchedStory]
) -> Mapping[int, FirstTold]:
    """By the number of a story the message that first told of its address to this recipient.

    Missing are stories whose address was never told, and those whose message is forgotten.
    """
    by_link = {each.story.id: each.story.link_key for each in stories}
    links = [link for link in by_link.values() if link is not None]
    found: dict[bytes, FirstTold] = {}
    with db.read() as connection:
        for start in range(0, len(links), _AT_ONCE):
            some = links[start : start + _AT_ONCE]
            for row in connection.execute(_first_messages(subscription, some)):
                found.setdefault(row.link_key, _first(row))
    return {number: found[link] for number, link in by_link.items() if link in found}


def write(connection: Connection, run: int, made: Rendered, version: str) -> None:
    """Keep what ``made`` consists of, as a part of the caller's transaction."""
    hashes = {each.name: _hash(each) for each in made.templates}
    if made.templates:
        one_at_a_time(connection, _TEMPLATES)
        sources = [{"sha256": _hash(each), "source": each.source} for each in made.templates]
        connection.execute(insert(connection, templates).on_conflict_do_nothing(), sources)
    row = {
        "run_id": run,
        "message_id": made.message.message_id,
        "sender": made.sender or made.message.sender,
        "subject": made.message.subject,
        "content_type": made.message.content_type,
        "sha256": sha256(made.message.raw).digest(),
        "version": version,
        "templates": {name: hashed.hex() for name, hashed in hashes.items()},
        "snapshot": snapshots.pack(made.digest),
    }
    connection.execute(insert(connection, archives).values(row))


_TEMPLATES = "templates"
"""Nobody may forget a template while somebody else counts on it."""
_LINE = (
    runs.c.id,
    runs.c.kind,
    runs.c.slot,
    runs.c.created_at,
    archives.c.subject,
    subscriptions.c.digest,
    subscriptions.c.recipient,
    outbox.c.state,
)
_REST = (*(each for each in archives.c if each.name not in ("run_id", "subject")), outbox.c.raw)


def _archived(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(archives)
        .join(runs, runs.c.id == archives.c.run_id)
        .join(subscriptions, subscriptions.c.id == runs.c.subscription_id)
        .outerjoin(outbox, outbox.c.run_id == runs.c.id)
    )


def _line(row: Row[Any]) -> ArchivedLine:
    return ArchivedLine(
        run=row.id,
        digest=row.digest,
        recipient=row.recipient,
        kind=DigestKind(row.kind),
        slot=row.slot,
        created_at=row.created_at,
        subject=row.subject,
        state=OutboxState(row.state) if row.state else None,
    )


def _whole(row: Row[Any], sources: Mapping[str, str]) -> Archived:
    return Archived(
        line=_line(row),
        digest=snapshots.unpack(row.snapshot),
        sender=row.sender,
        content_type=row.content_type,
        message_id=row.message_id,
        sha256=row.sha256,
        version=row.version,
        templates=tuple(
            Template(name=name, source=sources[hashed])
            for name, hashed in sorted(row.templates.items())
        ),
        raw=row.raw,
    )


def _sources(connection: Connection, hashes: Mapping[str, str]) -> Mapping[str, str]:
    wanted = map(bytes.fromhex, hashes.values())
    found = select(templates).where(templates.c.sha256.in_(list(wanted)))
    return {row.sha256.hex(): row.source for row in connection.execute(found)}


def _forget_unused_templates(connection: Connection) -> None:
    uses = connection.scalars(select(archives.c.templates).distinct()).all()
    used = {bytes.fromhex(hashed) for each in uses for hashed in each.values()}
    connection.execute(delete(templates).where(templates.c.sha256.not_in(used)))


def _hash(template: Template) -> bytes:
    return sha256(template.source.encode("utf-8", "surrogatepass")).digest()


def _first_messages(subscription: Subscription, links: list[bytes]) -> Select[Any]:
    """The messages that told of these addresses and are still known, the oldest first."""
    message_id = func.coalesce(archives.c.message_id, outbox.c.message_id)
    subject = func.coalesce(archives.c.subject, outbox.c.subject)
    return (
        select(
            ledger.c.link_key,
            ledger.c.told_at,
            message_id.label("message_id"),
            subject.label("subject"),
        )
        .outerjoin(archives, archives.c.run_id == ledger.c.run_id)
        .outerjoin(outbox, outbox.c.run_id == ledger.c.run_id)
        .where(
            told_stories.of(subscription),
            ledger.c.cut.is_(False),
            ledger.c.link_key.in_(links),
            message_id.is_not(None),
        )
        .order_by(ledger.c.run_id)
    )


def _first(row: Row[Any]) -> FirstTold:
    return FirstTold(message_id=row.message_id, subject=row.subject, told_at=row.told_at)
