"""Feeds, how they were asked, and the stories they brought."""

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
    false,
)

from monitor.store.columns import ID, Clean, Json, Utc
from monitor.store.tables.base import column, metadata, numbered

feeds = numbered(
    "feeds",
    column("url", Clean),
    column("host", Clean),
    column("title", Clean),
    column("own_title", Clean),
    column("tags", Json),
    column("interval_seconds", Double),
    column("enabled", Boolean),
    column("etag", LargeBinary, optional=True),
    column("last_modified", LargeBinary, optional=True),
    column("body_hash", LargeBinary, optional=True),
    column("next_check_at", Utc),
    column("last_checked_at", Utc, optional=True),
    column("last_success_at", Utc, optional=True),
    column("failing_since", Utc, optional=True),
    column("failures", Integer),
    column("last_error", Clean, optional=True),
    column("last_status", Integer, optional=True),
    column("skipped_entries", Integer),
    column("lease_owner", Clean, optional=True),
    column("lease_until", Utc, optional=True),
    column("language", Clean, optional=True),
    Column("paced", Boolean, nullable=False, server_default=false()),
    column("full_text", Clean, optional=True),
    Column("rhythm_stories", Double, nullable=False, server_default="0"),
    Column("rhythm_seconds", Double, nullable=False, server_default="0"),
    column("limit_seconds", Double, optional=True),
    column("wishes", Json, optional=True),
    column("moved_to", Clean, optional=True),
    Column("moved_times", Integer, nullable=False, server_default="0"),
    column("gone_at", Utc, optional=True),
    Column("gaps", Integer, nullable=False, server_default="0"),
    column("gap_at", Utc, optional=True),
    Column("held", Integer, nullable=False, server_default="0"),
    column("held_at", Utc, optional=True),
    column("story_at", Utc, optional=True),
    column("last_seconds", Double, optional=True),
    UniqueConstraint("url"),
    Index(None, "next_check_at"),
)

stories = numbered(
    "stories",
    Column("feed_id", ID, ForeignKey("feeds.id"), nullable=False),
    column("url", Clean, optional=True),
    column("title", Clean),
    column("text", Clean),
    column("language", Clean, optional=True),
    column("published_at", Utc),
    column("seen_at", Utc),
    column("link_key", LargeBinary(16), optional=True),
    column("content_key", LargeBinary(16)),
    column("backlog", Boolean),
    column("edited_at", Utc, optional=True),
    column("matched_at", Utc, optional=True),
    Column("held", Boolean, nullable=False, server_default=false()),
    Index(None, "seen_at"),
    Index(None, "feed_id", "content_key"),
)
Index(
    "ix_stories_held",
    stories.c.feed_id,
    sqlite_where=stories.c.held,
    postgresql_where=stories.c.held,
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
    column("key", LargeBinary(16)),
    # no foreign key: a key outlives its story, so that retention never makes an old item new
    column("story_id", ID),
    PrimaryKeyConstraint("feed_id", "key"),
    sqlite_with_rowid=False,
)

marks = Table(
    "marks",
    metadata,
    # beside the feed's row: they are needed only where a document changed
    Column("feed_id", ID, ForeignKey("feeds.id"), primary_key=True, autoincrement=False),
    column("marks", LargeBinary),
)

hosts = Table(
    "hosts",
    metadata,
    Column("host", Clean, primary_key=True),
    column("rest_until", Utc),
)

fetches = numbered(
    "fetches",
    Column("feed_id", ID, ForeignKey("feeds.id"), nullable=False),
    column("at", Utc),
    column("status", Clean),
    column("http_status", Integer, optional=True),
    column("seconds", Double, optional=True),
    column("size", BigInteger, optional=True),
    column("new", Integer),
    column("error", Clean, optional=True),
    column("url", Clean, optional=True),
    Index(None, "feed_id", "at"),
    Index(None, "at"),
)

articles = Table(
    "articles",
    metadata,
    Column(
        "story_id",
        ID,
        ForeignKey("stories.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    column("state", Clean),
    column("text", Clean, optional=True),
    column("note", Clean, optional=True),
    column("attempts", Integer),
    column("wanted_at", Utc),
    column("next_at", Utc, optional=True),
    column("settled_at", Utc, optional=True),
)
Index(
    "ix_articles_wanted",
    articles.c.next_at,
    sqlite_where=articles.c.state == "wanted",
    postgresql_where=articles.c.state == "wanted",
)
