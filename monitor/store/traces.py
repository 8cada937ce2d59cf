"""When things were decided, for those who ask why. Nothing is written here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select

from monitor.store.database import Database
from monitor.store.tables import stories, thresholds


def matched_at(db: Database, story_id: int) -> datetime | None:
    """When a story was held against the topics; None: it was not, or there is none of that id."""
    with db.read() as connection:
        moment: datetime | None = connection.scalar(
            select(stories.c.matched_at).where(stories.c.id == story_id)
        )
    return moment


def first_thresholds(db: Database) -> Mapping[tuple[int, str], datetime]:
    """When each version of each topic (by its id) got its first threshold."""
    version = (thresholds.c.topic_id, thresholds.c.topic_version)
    first = select(*version, func.min(thresholds.c.created_at)).group_by(*version)
    with db.read() as connection:
        return {(number, name): moment for number, name, moment in connection.execute(first)}
