"""The tables: one schema for SQLite and PostgreSQL.

Whatever the walk must not do twice is a primary key or a UNIQUE index here. A change to a table
needs a migration beside it; a test compares the two.
"""

from monitor.store.tables.base import metadata
from monitor.store.tables.mailing import (
    archives,
    beats,
    ledger,
    outbox,
    runs,
    subscriptions,
    templates,
)
from monitor.store.tables.matching import (
    backgrounds,
    matches,
    seed_pages,
    thresholds,
    topics,
    verdicts,
)
from monitor.store.tables.reading import articles, feeds, fetches, hosts, marks, stories, story_keys

__all__ = [
    "archives",
    "articles",
    "backgrounds",
    "beats",
    "feeds",
    "fetches",
    "hosts",
    "ledger",
    "marks",
    "matches",
    "metadata",
    "outbox",
    "runs",
    "seed_pages",
    "stories",
    "story_keys",
    "subscriptions",
    "templates",
    "thresholds",
    "topics",
    "verdicts",
]
