"""Verdicts on stories, the language of a feed, and how sure an expected volume is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what was missing; nothing that is stored changes."""
    op.add_column("feeds", sa.Column("language", sa.Text(), nullable=True))
    op.add_column("thresholds", sa.Column("expected_low", sa.Double(), nullable=True))
    op.add_column("thresholds", sa.Column("expected_high", sa.Double(), nullable=True))
    _verdicts()


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", ID, nullable=False),
        sa.Column("topic_id", ID, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("reverted_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["topic_id"], ["topics.id"], name=op.f("fk_verdicts_topic_id_topics")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_verdicts_topic_id_given_at"), "verdicts", ["topic_id", "given_at"], unique=False
    )
    op.create_index(
        "uq_verdicts_standing",
        "verdicts",
        ["topic_id", "story_id"],
        unique=True,
        sqlite_where=sa.text("reverted_at IS NULL"),
        postgresql_where=sa.text("reverted_at IS NULL"),
    )
