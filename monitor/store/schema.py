"""The version of the tables: reading it, refusing a newer one, moving an older one up.

Alembic is imported only when there is something to move.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, select

from monitor.errors import SchemaTooNew, StoreError
from monitor.store.tables import metadata

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every version of the tables, oldest first."""
HEAD = REVISIONS[-1]
VERSION_TABLE = "monitor_schema"
_UPGRADE = "monitor.store.upgrade"

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", Text, nullable=False))


def revision(connection: Connection) -> str | None:
    """The version of the tables in this database; None: it has none of them."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(_version.c.version_num))


def refuse_newer(found: str | None, name: str) -> None:
    """Raise :class:`SchemaTooNew` for a version that this program does not know."""
    if found is not None and found not in REVISIONS:
        raise SchemaTooNew(
            f"database {name}: was written by a newer version of this program (tables {found},"
            f" this one knows {HEAD}); install that version, or name another database"
        )


def upgrade(connection: Connection, name: str) -> None:
    """Bring the tables to ``HEAD`` in one transaction; who comes second finds it done.

    ``connection`` is outside of any transaction and used for nothing else afterwards.
    """
    _begin_alone(connection)
    found = revision(connection)
    refuse_newer(found, name)
    if found != HEAD:
        _run_migrations(connection)
        _check_references(connection, name)
    connection.commit()


def _begin_alone(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock(hashtext('{_UPGRADE}'))")
        return
    # a rebuilt table must not take the rows that refer to it along; only possible before BEGIN
    connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _run_migrations(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "monitor.store:migrations")
    config.attributes.update(connection=connection, metadata=metadata, version_table=VERSION_TABLE)
    command.upgrade(config, "head")


def _check_references(connection: Connection, name: str) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StoreError(
            f"database {name}: moving its tables to version {HEAD} would lose references of"
            f" {broken[0]}; nothing was changed, restore it from a backup"
        )
