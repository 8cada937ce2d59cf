"""Who is told when, what goes out, and what was told."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
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

subscriptions = numbered(
    "subscriptions",
    column("digest", Clean),
    column("recipient", Clean),
    column("enabled", Boolean),
    column("started_at", Utc),
    column("next_at", Utc),
    column("last_at", Utc, optional=True),
    column("schedule_key", Clean),
    column("stopped_at", Utc, optional=True),
    column("stopped_by", Clean, optional=True),
    UniqueConstraint("digest", "recipient"),
)

runs = numbered(
    "runs",
    Column("subscription_id", ID, ForeignKey("subscriptions.id"), nullable=False),
    column("slot", Utc),
    column("created_at", Utc),
    column("kind", Clean),
    # the message that an update answers; empty where there is none
    column("thread", Clean),
    UniqueConstraint("subscription_id", "slot", "kind", "thread"),
)

outbox = numbered(
    "outbox",
    Column("run_id", ID, ForeignKey("runs.id"), nullable=False),
    column("message_id", Clean),
    column("sender", Clean),
    column("recipient", Clean),
    column("subject", Clean),
    column("raw", LargeBinary),
    column("state", Clean),
    column("attempts", Integer),
    column("created_at", Utc),
    column("next_attempt_at", Utc),
    column("uncertain", Boolean),
    column("last_error", Clean, optional=True),
    column("settled_at", Utc, optional=True),
    column("lease_owner", Clean, optional=True),
    column("lease_until", Utc, optional=True),
    column("content_type", Clean),
    UniqueConstraint("run_id"),
    UniqueConstraint("message_id"),
    Index(None, "state", "next_attempt_at"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("subscription_id", ID, ForeignKey("subscriptions.id"), nullable=False),
    # no foreign key: what a recipient was told is remembered after the story went
    column("story_id", ID),
    column("topic_id", ID),
    Column("run_id", ID, ForeignKey("runs.id"), nullable=False),
    column("cut", Boolean),
    column("told_at", Utc),
    column("link_key", LargeBinary(16), optional=True),
    column("content_key", LargeBinary(16)),
    PrimaryKeyConstraint("subscription_id", "story_id"),
    Index(None, "subscription_id", "link_key"),
    Index(None, "subscription_id", "content_key"),
    Index(None, "story_id"),
    Index(None, "run_id"),
)

archives = Table(
    "archives",
    metadata,
    Column("run_id", ID, ForeignKey("runs.id"), primary_key=True, autoincrement=False),
    column("message_id", Clean),
    column("sender", Clean),
    column("subject", Clean),
    column("content_type", Clean),
    column("sha256", LargeBinary(32)),
    column("version", Clean),
    # of each template's name the hash of its source, in hexadecimal digits
    column("templates", Json),
    column("snapshot", LargeBinary),
)

templates = Table(
    "templates",
    metadata,
    Column("sha256", LargeBinary(32), primary_key=True),
    column("source", Clean),
)

beats = Table(
    "beats",
    metadata,
    Column("name", Clean, primary_key=True),
    column("beat_at", Utc),
)
