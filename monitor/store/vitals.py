"""Signs of life: when each step of the service last ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from monitor.store.database import Database, insert
from monitor.store.tables import beats as table


def beat(db: Database, name: str, now: datetime) -> None:
    """Write that the step ``name`` ended at ``now``."""
    with db.write() as connection:
        upsert = insert(connection, table).values(name=name, beat_at=now)
        connection.execute(
            upsert.on_conflict_do_update(index_elements=["name"], set_={"beat_at": now})
        )


def beats(db: Database) -> Mapping[str, datetime]:
    """When each step last ended, by name."""
    with db.read() as connection:
        return {row.name: row.beat_at for row in connection.execute(select(table))}
