"""Several kinds of digests, their archive, other ways out than mail, and who wants no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Add what was missing; nothing that is stored changes."""
    _runs()
    op.add_column("subscriptions", sa.Column("stopped_at", MOMENT, nullable=True))
    op.add_column("subscriptions", sa.Column("stopped_by", sa.Text(), nullable=True))
    mail = sa.Column("content_type", sa.Text(), server_default="message/rfc822", nullable=False)
    op.add_column("outbox", mail)
    _archive()


def _runs() -> None:
    """A slot may have an urgent digest and updates beside its own: SQLite needs a new table."""
    with op.batch_alter_table("runs", table_kwargs={"sqlite_autoincrement": True}) as runs:
        runs.add_column(sa.Column("kind", sa.Text(), server_default="scheduled", nullable=False))
        runs.add_column(sa.Column("thread", sa.Text(), server_default="", nullable=False))
        runs.drop_constraint("uq_runs_subscription_id_slot", type_="unique")
        runs.create_unique_constraint(
            "uq_runs_subscription_id_slot_kind_thread",
            ["subscription_id", "slot", "kind", "thread"],
        )


def _archive() -> None:
    op.create_table(
        "archives",
        sa.Column("run_id", ID, autoincrement=False, nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("templates", JSON, nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_archives_run_id_runs")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_archives")),
    )
    op.create_table(
        "templates",
        sa.Column("sha256", sa.LargeBinary(32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_templates")),
    )
