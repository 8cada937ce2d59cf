"""Topics, and what matching has learned: backgrounds, thresholds, the pages given as seeds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, select, update

from monitor.records import (
    BackgroundRecord,
    FullText,
    Seed,
    Threshold,
    ThresholdKind,
    Topic,
    TopicSpec,
    Verdict,
)
from monitor.store.columns import storable_json
from monitor.store.database import Database, insert
from monitor.store.tables import backgrounds, matches, seed_pages, topics, verdicts
from monitor.store.tables import thresholds as table

_THRESHOLD = ("value", "kind", "sample", "expected_per_week", "expected_low", "expected_high")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A threshold, and which version of its topic and of the background it was chosen for."""

    threshold: Threshold
    topic_version: str
    background_version: int


def version_of(spec: TopicSpec, standing: Iterable[int] = ()) -> str:
    """Sixteen hexadecimal digits that change with all that decides a score, and with what stands.

    ``standing``: the numbers of the verdicts that stand; what one says never changes.
    ``full_text`` is left out: it says how stories are read, not which are wanted.
    """
    decides = asdict(spec)
    del decides["full_text"]
    canonical = json.dumps(storable_json(decides), sort_keys=True, separators=(",", ":"))
    if numbers := sorted(standing):
        canonical += json.dumps(numbers)
    return blake2b(canonical.encode(), digest_size=8).hexdigest()


def sync(db: Database, specs: Iterable[TopicSpec]) -> tuple[Topic, ...]:
    """Make the stored topics those of ``specs``, by name, and return them in that order.

    A topic that is gone is disabled; its matches and verdicts stay. One that only got another name
    keeps them under it: what was not told yet still is.
    """
    wanted = {spec.name: spec for spec in specs}
    with db.write() as connection:
        # locked, so that no verdict is given between what is read here and the version written
        rows = connection.execute(select(topics).order_by(topics.c.id).with_for_update()).all()
        owners, numbers = _owners(rows, wanted), _standing_numbers(connection)
        _rename(connection, owners)
        gone = update(topics).where(topics.c.name.not_in(wanted))
        connection.execute(gone.values(enabled=False))
        upsert = insert(connection, topics)
        changed = ("version", "spec", "position", "enabled")
        upsert = upsert.on_conflict_do_update(
            index_elements=["name"], set_={name: upsert.excluded[name] for name in changed}
        )
        for position, (name, spec) in enumerate(wanted.items()):
            version = version_of(spec, numbers.get(owners.get(name), ()))
            connection.execute(upsert.values(_row(spec, version, position)))
    return all_topics(db)


def planned(db: Database, specs: Iterable[TopicSpec]) -> tuple[Topic, ...]:
    """The topics that :func:`sync` would make of ``specs``; nothing is written.

    One that is not stored like that has a number below 0: no stored threshold is its own.
    """
    wanted = {spec.name: spec for spec in specs}
    with db.read() as connection:
        rows = connection.execute(select(topics).order_by(topics.c.id)).all()
        standing = _standing(connection)
    owners, stored = _owners(rows, wanted), {row.version: row.id for row in rows if row.enabled}
    found = []
    for position, (name, spec) in enumerate(wanted.items(), start=1):
        given = standing.get(owners.get(name, -position), ())
        version = version_of(spec, (verdict.id for verdict in given))
        number = stored.get(version, -position)
        found.append(Topic(id=number, version=version, spec=spec, verdicts=given))
    return tuple(found)


def _owners(rows: Sequence[Row[Any]], wanted: Mapping[str, TopicSpec]) -> dict[str, int]:
    """The number of the stored topic behind each wanted name, where there is one.

    A topic that is gone gets the name of a new one that equals it in all else.
    """
    owners = {row.name: row.id for row in rows if row.name in wanted}
    stored = (_topic(row, ()) for row in rows if row.enabled and row.name not in wanted)
    gone = {_nameless(each.spec): each.id for each in stored}
    for name, spec in wanted.items():
        number = None if name in owners else gone.pop(_nameless(spec), None)
        if number is not None:
            owners[name] = number
    return owners


def _rename(connection: Connection, owners: Mapping[str, int]) -> None:
    for name, number in owners.items():
        other = update(topics).where(topics.c.id == number, topics.c.name != name)
        connection.execute(other.values(name=name))


def _nameless(spec: TopicSpec) -> str:
    return version_of(replace(spec, name=""))


def all_topics(db: Database) -> tuple[Topic, ...]:
    """The enabled topics in the owner's order, with their standing verdicts."""
    enabled = select(topics).where(topics.c.enabled).order_by(topics.c.position)
    with db.read() as connection:
        rows = connection.execute(enabled).all()
        standing = _standing(connection)
    return tuple(_topic(row, standing.get(row.id, ())) for row in rows)


def _standing_numbers(connection: Connection) -> Mapping[int | None, list[int]]:
    """The numbers of the standing verdicts of each topic that has any."""
    numbers: dict[int | None, list[int]] = {}
    chosen = select(verdicts.c.topic_id, verdicts.c.id).where(verdicts.c.reverted_at.is_(None))
    for row in connection.execute(chosen):
        numbers.setdefault(row.topic_id, []).append(row.id)
    return numbers


def _standing(connection: Connection) -> Mapping[int, tuple[Verdict, ...]]:
    """The standing verdicts of each topic that has any, oldest first."""
    chosen = select(verdicts).where(verdicts.c.reverted_at.is_(None)).order_by(verdicts.c.id)
    found: dict[int, list[Verdict]] = {}
    for row in connection.execute(chosen):
        found.setdefault(row.topic_id, []).append(Verdict(**row._mapping))
    return {topic_id: tuple(given) for topic_id, given in found.items()}


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
    db: Database,
    version: int,
    chosen_for: Iterable[Topic],
    chosen: Mapping[int, Threshold],
    now: datetime,
) -> None:
    """Store the thresholds ``chosen`` by topic against a background; those of before go.

    They count for the topics as they are in ``chosen_for``: one that moved meanwhile has none yet.
    """
    with db.write() as connection:
        for topic in chosen_for:
            each = Chosen(chosen[topic.id], topic.version, version)
            write_threshold(connection, topic.id, each, now, again=True)


def write_threshold(
    connection: Connection, topic_id: int, chosen: Chosen, now: datetime, *, again: bool
) -> None:
    """Store one threshold; ``again``: also in place of one that was chosen for the same.

    Otherwise that one counts again from ``now`` on.
    """
    key = {
        "topic_id": topic_id,
        "topic_version": chosen.topic_version,
        "background_version": chosen.background_version,
    }
    values = {name: getattr(chosen.threshold, name) for name in _THRESHOLD} | {"created_at": now}
    added = insert(connection, table).values(key | values)
    changed = values if again else {"created_at": now}
    connection.execute(added.on_conflict_do_update(index_elements=list(key), set_=changed))


def threshold_history(db: Database, topic_id: int, limit: int) -> tuple[Chosen, ...]:
    """The newest ``limit`` thresholds that were chosen for a topic, newest first."""
    chosen = select(table).where(table.c.topic_id == topic_id)
    newest = chosen.order_by(table.c.created_at.desc(), table.c.background_version.desc())
    with db.read() as connection:
        rows = connection.execute(newest.limit(limit)).all()
    return tuple(Chosen(_threshold(row), row.topic_version, row.background_version) for row in rows)


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


def _row(spec: TopicSpec, version: str, position: int) -> dict[str, Any]:
    return {
        "name": spec.name,
        "version": version,
        "spec": asdict(spec),
        "position": position,
        "enabled": True,
    }


def _topic(row: Row[Any], given: tuple[Verdict, ...]) -> Topic:
    return Topic(id=row.id, version=row.version, spec=spec_of(row.spec), verdicts=given)


def spec_of(stored: Mapping[str, Any]) -> TopicSpec:
    """A spec out of the column: every list is a tuple again, and those of seeds hold seeds."""
    spec: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
    }
    for name in ("seeds", "not_seeds"):
        spec[name] = tuple(Seed(**seed) for seed in spec[name])
    spec["full_text"] = FullText(spec.get("full_text", FullText.NEVER))
    return TopicSpec(**spec)


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
