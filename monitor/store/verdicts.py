"""Verdicts: what a reader said of stories, each a step that is kept and can be taken back."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, insert, select, update

from monitor.errors import StoreError
from monitor.records import Story, Verdict
from monitor.store.database import Database
from monitor.store.tables import topics
from monitor.store.tables import verdicts as table
from monitor.store.topics import Chosen, spec_of, version_of, write_threshold


def give(
    db: Database,
    topic_id: int,
    story: Story,
    *,
    wanted: bool,
    origin: str,
    now: datetime,
    chosen: Chosen | None = None,
) -> Verdict:
    """Store what was said of a story, with its words, and move its topic on.

    What was said of the same story before is taken back; where it was the same, it stands and
    nothing changes. ``chosen`` is the threshold to go with it, see :func:`_move`.
    :class:`StoreError` where there is no such topic.
    """
    said = unstored(topic_id, story, wanted=wanted, origin=origin, now=now)
    with db.write() as connection:
        version = _locked(connection, db.name, topic_id)
        before = _standing_on(connection, said)
        if before is not None and before.wanted == wanted:
            return before
        if before is not None:
            _take_back(connection, before.id, now)
        values = {name: value for name, value in asdict(said).items() if name != "id"}
        row = connection.execute(insert(table).values(values).returning(table)).one()
        _move(connection, topic_id, version, chosen, now)
    return Verdict(**row._mapping)


def unstored(topic_id: int, story: Story, *, wanted: bool, origin: str, now: datetime) -> Verdict:
    """A verdict as it will be stored, but for its number."""
    return Verdict(
        id=0,
        topic_id=topic_id,
        story_id=story.id,
        url=story.url,
        title=story.title,
        text=story.text,
        language=story.language,
        wanted=wanted,
        origin=origin,
        given_at=now,
    )


def revert(
    db: Database, verdict_id: int, now: datetime, *, chosen: Chosen | None = None
) -> Verdict | None:
    """Take a verdict back; None: no verdict of that number stands."""
    with db.write() as connection:
        topic_id = connection.scalar(select(table.c.topic_id).where(table.c.id == verdict_id))
        if topic_id is None:
            return None
        version = _locked(connection, db.name, topic_id)
        row = _take_back(connection, verdict_id, now)
        if row is None:
            return None
        _move(connection, topic_id, version, chosen, now)
    return Verdict(**row._mapping)


def get(db: Database, verdict_id: int) -> Verdict | None:
    """The verdict of that number, whether it stands or not."""
    with db.read() as connection:
        row = connection.execute(select(table).where(table.c.id == verdict_id)).first()
    return None if row is None else Verdict(**row._mapping)


def history(db: Database, topic_id: int) -> tuple[Verdict, ...]:
    """Every verdict on stories of a topic, those taken back too; oldest first."""
    chosen = select(table).where(table.c.topic_id == topic_id).order_by(table.c.id)
    with db.read() as connection:
        return tuple(Verdict(**row._mapping) for row in connection.execute(chosen))


def count_given(db: Database, topic_id: int, story_id: int, *, since: datetime, origin: str) -> int:
    """How often a verdict on a story was given for a topic after ``since``, taken back or not.

    Those alone count whose origin begins with ``origin``.
    """
    given = select(func.count()).where(
        table.c.topic_id == topic_id,
        table.c.story_id == story_id,
        table.c.given_at > since,
        table.c.origin.startswith(origin, autoescape=True),
    )
    with db.read() as connection:
        return connection.execute(given).scalar_one()


def _locked(connection: Connection, name: str, topic_id: int) -> str:
    """Let nobody else change the topic meanwhile; return the version that it has."""
    row = select(topics.c.version).where(topics.c.id == topic_id).with_for_update()
    version: str | None = connection.scalar(row)
    if version is None:
        raise StoreError(f"database {name}: there is no topic of the number {topic_id}")
    return version


def _standing_on(connection: Connection, said: Verdict) -> Verdict | None:
    """What stands for the topic on the same story."""
    same = and_(table.c.topic_id == said.topic_id, table.c.story_id == said.story_id)
    row = connection.execute(select(table).where(same, table.c.reverted_at.is_(None))).first()
    return None if row is None else Verdict(**row._mapping)


def _take_back(connection: Connection, verdict_id: int, now: datetime) -> Row[Any] | None:
    stands = update(table).where(table.c.id == verdict_id, table.c.reverted_at.is_(None))
    return connection.execute(stands.values(reverted_at=now).returning(table)).first()


def _move(
    connection: Connection, topic_id: int, before: str, chosen: Chosen | None, now: datetime
) -> None:
    """Make a topic's version that of its spec and of what stands now, and store its threshold.

    Both at once, so that no story is ever matched without it. It is not stored where the topic is
    not as it was when it was chosen; a version that returns keeps the one it had.
    """
    stands = select(table.c.id).where(table.c.topic_id == topic_id, table.c.reverted_at.is_(None))
    topic = topics.c.id == topic_id
    spec = spec_of(connection.execute(select(topics.c.spec).where(topic)).scalar_one())
    version = version_of(spec, connection.scalars(stands))
    connection.execute(update(topics).where(topic).values(version=version))
    if chosen is not None and chosen.topic_version == before:
        kept = replace(chosen, topic_version=version)
        write_threshold(connection, topic_id, kept, now, again=False)
