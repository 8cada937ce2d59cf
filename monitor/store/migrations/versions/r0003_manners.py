"""What polite polling remembers, the log of fetches, and the pages of stories."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Add what was missing; nothing that is stored changes."""
    _feeds()
    _stories()
    _marks_and_hosts()
    _fetches()
    _articles()


def _feeds() -> None:
    for column in (
        sa.Column("paced", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("full_text", sa.Text(), nullable=True),
        sa.Column("rhythm_stories", sa.Double(), server_default="0", nullable=False),
        sa.Column("rhythm_seconds", sa.Double(), server_default="0", nullable=False),
        sa.Column("limit_seconds", sa.Double(), nullable=True),
        sa.Column("wishes", JSON, nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("moved_times", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gone_at", MOMENT, nullable=True),
        sa.Column("gaps", sa.Integer(), server_default="0", nullable=False),
        sa.Column("gap_at", MOMENT, nullable=True),
        sa.Column("held", sa.Integer(), server_default="0", nullable=False),
        sa.Column("held_at", MOMENT, nullable=True),
        sa.Column("story_at", MOMENT, nullable=True),
        sa.Column("last_seconds", sa.Double(), nullable=True),
    ):
        op.add_column("feeds", column)


def _stories() -> None:
    held: sa.Column[bool] = sa.Column(
        "held", sa.Boolean(), server_default=sa.false(), nullable=False
    )
    op.add_column("stories", held)
    op.create_index(
        op.f("ix_stories_feed_id_content_key"), "stories", ["feed_id", "content_key"], unique=False
    )
    op.create_index(
        "ix_stories_held",
        "stories",
        ["feed_id"],
        unique=False,
        sqlite_where=sa.text("held"),
        postgresql_where=sa.text("held"),
    )


def _marks_and_hosts() -> None:
    op.create_table(
        "marks",
        sa.Column("feed_id", ID, autoincrement=False, nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_marks_feed_id_feeds")),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_marks")),
    )
    op.create_table(
        "hosts",
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("rest_until", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_hosts")),
    )


def _fetches() -> None:
    op.create_table(
        "fetches",
        sa.Column("id", ID, nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_fetches_feed_id_feeds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fetches")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_fetches_feed_id_at"), "fetches", ["feed_id", "at"], unique=False)
    op.create_index(op.f("ix_fetches_at"), "fetches", ["at"], unique=False)


def _articles() -> None:
    op.create_table(
        "articles",
        sa.Column("story_id", ID, autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("wanted_at", MOMENT, nullable=False),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["story_id"],
            ["stories.id"],
            name=op.f("fk_articles_story_id_stories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("story_id", name=op.f("pk_articles")),
    )
    op.create_index(
        "ix_articles_wanted",
        "articles",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("state = 'wanted'"),
        postgresql_where=sa.text("state = 'wanted'"),
    )
