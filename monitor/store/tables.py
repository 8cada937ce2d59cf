"""The tables: one schema for SQLite and PostgreSQL.

Whatever the walk must not do twice is a primary key or a UNIQUE index here. A change to a table
needs a migration beside it; a test compares the two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from monitor.store.columns import ID, Clean, Json, Utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _column(name: str, kind: Any, *, optional: bool = False) -> Column[Any]:
    return Column(name, kind, nullable=optional)


def _numbered(name: str, *items: Any) -> Table:
    """A table whose numbers are never given twice, not even after the newest row went."""
    return Table(
        name, metadata, Column("id", ID, primary_key=True), *items, sqlite_autoincrement=True
    )


feeds = _numbered(
    "feeds",
    _column("url", Clean),
    _column("host", Clean),
    _column("title", Clean),
    _column("own_title", Clean),
    _column("tags", Json),
    _column("interval_seconds", Double),
    _column("enabled", Boolean),
    _column("etag", LargeBinary, optional=True),
    _column("last_modified", LargeBinary, optional=True),
    _column("body_hash", LargeBinary, optional=True),
    _column("next_check_at", Utc),
    _column("last_checked_at", Utc, optional=True),
    _column("last_success_at", Utc, optional=True),
    _column("failing_since", Utc, optional=True),
    _column("failures", Integer),
    _column("last_error", Clean, optional=True),
    _column("last_status", Integer, optional=True),
    _column("skipped_entries", Integer),
    _column("lease_owner", Clean, optional=True),
    _column("lease_until", Utc, optional=True),
    _column("language", Clean, optional=True),
    UniqueConstraint("url"),
    Index(None, "next_check_at"),
)

stories = _numbered(
    "stories",
    Column("feed_id", ID, ForeignKey("feeds.id"), nullable=False),
    _column("url", Clean, optional=True),
    _column("title", Clean),
    _column("text", Clean),
    _column("language", Clean, optional=True),
    _column("published_at", Utc),
    _column("seen_at", Utc),
    _column("link_key", LargeBinary(16), optional=True),
    _column("content_key", LargeBinary(16)),
    _column("backlog", Boolean),
    _column("edited_at", Utc, optional=True),
    _column("matched_at", Utc, optional=True),
    Index(None, "seen_at"),
)
Index(
    "ix_stories_unmatched",
    stories.c.id,
    sqlite_where=stories.c.matched_at.is_(None),
    postgresql_where=stories.c.matched_at.is_(None),
)

story_keys = Table(
    "story_keys",
    metadata,
    Column("feed_id", ID, ForeignKey("feeds.id"), nullable=False),
    _column("key", LargeBinary(16)),
    # no foreign key: a key outlives its story, so that retention never makes an old item new
    _column("story_id", ID),
    PrimaryKeyConstraint("feed_id", "key"),
    sqlite_with_rowid=False,
)

topics = _numbered(
    "topics",
    _column("name", Clean),
    _column("version", Clean),
    _column("spec", Json),
    _column("position", Integer),
    _column("enabled", Boolean),
    UniqueConstraint("name"),
)

backgrounds = Table(
    "backgrounds",
    metadata,
    Column("version", ID, primary_key=True, autoincrement=False),
    _column("created_at", Utc),
    _column("stories", BigInteger),
    _column("last_story_id", ID),
    _column("counts", LargeBinary),
)

thresholds = Table(
    "thresholds",
    metadata,
    Column("topic_id", ID, ForeignKey("topics.id"), nullable=False),
    _column("topic_version", Clean),
    # no foreign key: version 0, the shipped prior, is not stored
    _column("background_version", ID),
    _column("value", Double),
    _column("kind", Clean),
    _column("sample", Integer),
    _column("expected_per_week", Double, optional=True),
    _column("created_at", Utc),
    _column("expected_low", Double, optional=True),
    _column("expected_high", Double, optional=True),
    PrimaryKeyConstraint("topic_id", "topic_version", "background_version"),
)

verdicts = _numbered(
    "verdicts",
    Column("topic_id", ID, ForeignKey("topics.id"), nullable=False),
    # no foreign key: what was learned from a story outlives it, so its words are kept here
    _column("story_id", ID),
    _column("url", Clean, optional=True),
    _column("title", Clean),
    _column("text", Clean),
    _column("language", Clean, optional=True),
    _column("wanted", Boolean),
    _column("origin", Clean),
    _column("given_at", Utc),
    _column("reverted_at", Utc, optional=True),
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
    _column("title", Clean),
    _column("text", Clean),
    _column("origin", Clean),
    _column("fetched_at", Utc),
)

matches = Table(
    "matches",
    metadata,
    Column("story_id", ID, ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
    Column("topic_id", ID, ForeignKey("topics.id"), nullable=False),
    _column("score", Double),
    _column("threshold", Double),
    _column("state", Clean),
    _column("veto", Clean, optional=True),
    _column("terms", Json),
    _column("rest", Double),
    _column("background_version", ID),
    _column("topic_version", Clean),
    _column("matched_at", Utc),
    PrimaryKeyConstraint("story_id", "topic_id"),
    Index(None, "topic_id", "state", "matched_at"),
    Index(None, "matched_at"),
)

subscriptions = _numbered(
    "subscriptions",
    _column("digest", Clean),
    _column("recipient", Clean),
    _column("enabled", Boolean),
    _column("started_at", Utc),
    _column("next_at", Utc),
    _column("last_at", Utc, optional=True),
    _column("schedule_key", Clean),
    UniqueConstraint("digest", "recipient"),
)

runs = _numbered(
    "runs",
    Column("subscription_id", ID, ForeignKey("subscriptions.id"), nullable=False),
    _column("slot", Utc),
    _column("created_at", Utc),
    UniqueConstraint("subscription_id", "slot"),
)

outbox = _numbered(
    "outbox",
    Column("run_id", ID, ForeignKey("runs.id"), nullable=False),
    _column("message_id", Clean),
    _column("sender", Clean),
    _column("recipient", Clean),
    _column("subject", Clean),
    _column("raw", LargeBinary),
    _column("state", Clean),
    _column("attempts", Integer),
    _column("created_at", Utc),
    _column("next_attempt_at", Utc),
    _column("uncertain", Boolean),
    _column("last_error", Clean, optional=True),
    _column("settled_at", Utc, optional=True),
    _column("lease_owner", Clean, optional=True),
    _column("lease_until", Utc, optional=True),
    UniqueConstraint("run_id"),
    UniqueConstraint("message_id"),
    Index(None, "state", "next_attempt_at"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("subscription_id", ID, ForeignKey("subscriptions.id"), nullable=False),
    # no foreign key: what a recipient was told is remembered after the story went
    _column("story_id", ID),
    _column("topic_id", ID),
    Column("run_id", ID, ForeignKey("runs.id"), nullable=False),
    _column("cut", Boolean),
    _column("told_at", Utc),
    _column("link_key", LargeBinary(16), optional=True),
    _column("content_key", LargeBinary(16)),
    PrimaryKeyConstraint("subscription_id", "story_id"),
    Index(None, "subscription_id", "link_key"),
    Index(None, "subscription_id", "content_key"),
    Index(None, "story_id"),
    Index(None, "run_id"),
)

beats = Table(
    "beats",
    metadata,
    Column("name", Clean, primary_key=True),
    _column("beat_at", Utc),
)
