"""What all tables share: how they are named and numbered."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    Column,
    MetaData,
    Table,
)

from monitor.store.columns import ID

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def column(name: str, kind: Any, *, optional: bool = False) -> Column[Any]:
    """A column that is never NULL, but for an optional one."""
    return Column(name, kind, nullable=optional)


def numbered(name: str, *items: Any) -> Table:
    """A table whose numbers are never given twice, not even after the newest row went."""
    return Table(
        name, metadata, Column("id", ID, primary_key=True), *items, sqlite_autoincrement=True
    )
