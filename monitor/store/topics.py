"""Topics, and what matching has learned: backgrounds, thresholds, the pages given as seeds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, select, update

from monitor.records import BackgroundRecord, Seed, Threshold, ThresholdKind, Topic, TopicSpec
from monitor.store.columns import storable_json
from monitor.store.database import Database, insert
from monitor.store.tables import backgrounds, matches, seed_pages, topics
from monitor.store.tables import thresholds as table

_THRESHOLD = ("value", "kind", "sample", "expected_per_week", "expected_low", "expected_high")


def version_of(spec: TopicSpec) -> str:
    """Sixteen hexadecimal digits that change with anything in ``spec``."""
    canonical = json.dumps(storable_json(asdict(spec)), sort_keys=True, separators=(",", ":"))
    return blake2b(canonical.encode(), digest_size=8).hexdigest()


def sync(db: Database, specs: Iterable[TopicSpec]) -> tuple[Topic, ...]:
    """Make the stored topics those of ``specs``, by name, and return them in that order.

    A topic that is gone is disabled; its matches stay. One that only got another name keeps its
    matches under it: what was not told yet still is.
    """
    wanted = {spec.name: spec for spec in specs}
    with db.write() as connection:
        _rename(connection, wanted)
        gone = update(topics).where(topics.c.name.not_in(wanted))
        connection.execute(gone.values(enabled=False))
        upsert = insert(connection, topics)
        changed = ("version", "spec", "position", "enabled")
        upsert = upsert.on_conflict_do_update(
            index_elements=["name"], set_={name: upsert.excluded[name] for name in changed}
        )
        for position, spec in enumerate(wanted.values()):
            connection.execute(upsert.values(_row(spec, position)))
    return all_topics(db)


def _rename(connection: Connection, wanted: Mapping[str, TopicSpec]) -> None:
    """Give a topic that is gone the name of a new one that equals it in all else."""
    stored = [_topic(row) for row in connection.execute(select(topics).where(topics.c.enabled))]
    gone = {_nameless(each.spec): each.id for each in stored if each.spec.name not in wanted}
    taken = set(connection.scalars(select(topics.c.name).where(topics.c.name.in_(wanted))))
    for name, spec in wanted.items():
        number = None if name in taken else gone.pop(_nameless(spec), None)
        if number is not None:
            connection.execute(update(topics).where(topics.c.id == number).values(name=name))


def _nameless(spec: TopicSpec) -> str:
    return version_of(replace(spec, name=""))


def all_topics(db: Database) -> tuple[Topic, ...]:
    """The enabled topics in the owner's order."""
    enabled = select(topics).where(topics.c.enabled).order_by(topics.c.position)
    with db.read() as connection:
        return tuple(map(_topic, connection.execute(enabled)))


def latest_background(db: Database) -> BackgroundRecord | None:
    """The newest background; None: only the shipped prior is known."""
    newest = select(backgrounds).order_by(backgrounds.c.version.desc()).limit(1)
    with db.read() as connection:
        row = connection.execute(newest).first()
    return None if row is None else _background(row)


def background(db: Database, version: int) -> BackgroundRecord | None:
    """The background of that version."""
    with db.read() as connection:
        row = connection.execute(
            select(backgrounds).where(backgrounds.c.version == version)
        ).first()
    return None if row is None else _background(row)


def save_background(db: Database, record: BackgroundRecord) -> bool:
    """Store a new version; False: that version exists already, and what exists stays."""
    with db.write() as connection:
        added = insert(connection, backgrounds).on_conflict_do_nothing(index_elements=["version"])
        stored = added.values(asdict(record)).returning(backgrounds.c.version)
        return connection.scalar(stored) is not None


def prune_backgrounds(db: Database) -> int:
    """Forget the backgrounds that no match names, but for the newest one; return how many."""
    named = select(matches.c.background_version)
    newest = select(backgrounds.c.version).order_by(backgrounds.c.version.desc()).limit(1)
    with db.write() as connection:
        kept = backgrounds.c.version.in_(named) | backgrounds.c.version.in_(newest)
        return connection.execute(delete(backgrounds).where(~kept)).rowcount


def thresholds(db: Database, version: int) -> Mapping[int, Threshold]:
    """The thresholds of the enabled topics, as they are now, against a background; by topic."""
    current = and_(
        topics.c.id == table.c.topic_id,
        topics.c.version == table.c.topic_version,
        topics.c.enabled,
    )
    chosen = select(table).join(topics, current).where(table.c.background_version == version)
    with db.read() as connection:
        return {row.topic_id: _threshold(row) for row in connection.execute(chosen)}


def save_thresholds(
    db: Database, version: int, chosen: Mapping[int, Threshold], now: datetime
) -> None:
    """Store thresholds by topic for the topics' present versions; what was chosen before goes."""
    with db.write() as connection:
        present = select(topics.c.id, topics.c.version).where(topics.c.id.in_(chosen))
        versions = {row.id: row.version for row in connection.execute(present)}
        upsert = insert(connection, table)
        chosen_here = (*_THRESHOLD, "created_at")
        upsert = upsert.on_conflict_do_update(
            index_elements=["topic_id", "topic_version", "background_version"],
            set_={name: upsert.excluded[name] for name in chosen_here},
        )
        for topic_id, threshold in chosen.items():
            key = {"topic_id": topic_id, "topic_version": versions[topic_id]}
            values = {name: getattr(threshold, name) for name in _THRESHOLD}
            values |= {"background_version": version, "created_at": now}
            connection.execute(upsert.values(key | values))


def seed_page(db: Database, url: str) -> Seed | None:
    """The page at ``url`` as it was last read for a topic."""
    with db.read() as connection:
        row = connection.execute(select(seed_pages).where(seed_pages.c.url == url)).first()
    return None if row is None else Seed(text=row.text, title=row.title, origin=row.origin)


def save_seed_page(db: Database, url: str, seed: Seed, now: datetime) -> None:
    """Keep a page that was read for a topic, in place of what was read before."""
    values = {**asdict(seed), "url": url, "fetched_at": now}
    with db.write() as connection:
        upsert = insert(connection, seed_pages).values(values)
        connection.execute(upsert.on_conflict_do_update(index_elements=["url"], set_=values))


def _row(spec: TopicSpec, position: int) -> dict[str, Any]:
    return {
        "name": spec.name,
        "version": version_of(spec),
        "spec": asdict(spec),
        "position": position,
        "enabled": True,
    }


def _topic(row: Row[Any]) -> Topic:
    """Every list of a spec is a tuple again, and those of seeds hold seeds."""
    spec: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.spec.items()
    }
    for name in ("seeds", "not_seeds"):
        spec[name] = tuple(Seed(**seed) for seed in spec[name])
    return Topic(id=row.id, version=row.version, spec=TopicSpec(**spec))


def _background(row: Row[Any]) -> BackgroundRecord:
    return BackgroundRecord(**row._mapping)


def _threshold(row: Row[Any]) -> Threshold:
    return Threshold(
        value=row.value,
        kind=ThresholdKind(row.kind),
        sample=row.sample,
        expected_per_week=row.expected_per_week,
        expected_low=row.expected_low,
        expected_high=row.expected_high,
        since=row.created_at,
    )
