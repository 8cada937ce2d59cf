"""Topics, what is learned for them, and what matched."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from monitor.store.columns import ID, Clean, Json, Utc
from monitor.store.tables.base import column, metadata, numbered

topics = numbered(
    "topics",
    column("name", Clean),
    column("version", Clean),
    column("spec", Json),
    column("position", Integer),
    column("enabled", Boolean),
    UniqueConstraint("name"),
)

backgrounds = Table(
    "backgrounds",
    metadata,
    Column("version", ID, primary_key=True, autoincrement=False),
    column("created_at", Utc),
    column("stories", BigInteger),
    column("last_story_id", ID),
    column("counts", LargeBinary),
)

thresholds = Table(
    "thresholds",
    metadata,
    Column("topic_id", ID, ForeignKey("topics.id"), nullable=False),
    column("topic_version", Clean),
    # no foreign key: version 0, the shipped prior, is not stored
    column("background_version", ID),
    column("value", Double),
    column("kind", Clean),
    column("sample", Integer),
    column("expected_per_week", Double, optional=True),
    column("created_at", Utc),
    column("expected_low", Double, optional=True),
    column("expected_high", Double, optional=True),
    PrimaryKeyConstraint("topic_id", "topic_version", "background_version"),
)

verdicts = numbered(
    "verdicts",
    Column("topic_id", ID, ForeignKey("topics.id"), nullable=False),
    # no foreign key: what was learned from a story outlives it, so its words are kept here
    column("story_id", ID),
    column("url", Clean, optional=True),
    column("title", Clean),
    column("text", Clean),
    column("language", Clean, optional=True),
    column("wanted", Boolean),
    column("origin", Clean),
    column("given_at", Utc),
    column("reverted_at", Utc, optional=True),
    Index(None, "topic_id", "given_at"),
)
Index(
    "uq_verdicts_standing",
    verdicts.c.topic_id,
    verdicts.c.story_id,
    unique=True,
    sqlite_where=verdicts.c.reverted_at.is_(None),
    postgresql_where=verdicts.c.reverted_at.is_(None),
)

seed_pages = Table(
    "seed_pages",
    metadata,
    Column("url", Clean, primary_key=True),
    column("title", Clean),
    column("text", Clean),
    column("origin", Clean),
    column("fetched_at", Utc),
)

matches = Table(
    "matches",
    metadata,
    Column("story_id", ID, ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
    Column("topic_id", ID, ForeignKey("topics.id"), nullable=False),
    column("score", Double),
    column("threshold", Double),
    column("state", Clean),
    column("veto", Clean, optional=True),
    column("terms", Json),
    column("rest", Double),
    column("background_version", ID),
    column("topic_version", Clean),
    column("matched_at", Utc),
    PrimaryKeyConstraint("story_id", "topic_id"),
    Index(None, "topic_id", "state", "matched_at"),
    Index(None, "matched_at"),
)
