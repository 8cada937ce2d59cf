"""The migrations make exactly the tables that the code works with, or nothing at all."""

from __future__ import annotations

import json
import signal

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect

from monitor.store import vitals
from monitor.store.database import Database, open_database
from monitor.store.schema import REVISIONS, VERSION_TABLE
from monitor.store.tables import metadata
from tests.store.builders import NOW
from tests.store.processes import migrate_and_die, start


def test_the_migrated_schema_is_that_of_the_tables(db: Database) -> None:
    with db.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )

        assert compare_metadata(context, metadata) == []


def test_keys_and_references_are_those_of_the_tables(db: Database) -> None:
    """What the comparison of Alembic leaves out."""
    with db.write() as connection:
        migrated = described(connection)
        for name in [VERSION_TABLE, *(each.name for each in reversed(metadata.sorted_tables))]:
            connection.exec_driver_sql(f"DROP TABLE {name}")
        metadata.create_all(connection)
        created = described(connection)
        connection.rollback()

    assert set(migrated) == set(metadata.tables)
    assert migrated == created


def described(connection: Connection) -> dict[str, str]:
    inspector = inspect(connection)
    return {
        name: json.dumps(
            [
                [(c["name"], c["type"], c["nullable"]) for c in inspector.get_columns(name)],
                inspector.get_pk_constraint(name),
                sorted(inspector.get_unique_constraints(name), key=str),
                sorted(inspector.get_foreign_keys(name), key=str),
                sorted(inspector.get_indexes(name), key=lambda index: str(index["name"])),
                inspector.get_table_options(name),
            ],
            default=str,
        )
        for name in inspector.get_table_names()
        if name != VERSION_TABLE
    }


def test_the_versions_the_code_knows_are_those_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", "monitor.store:migrations")
    found = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]

    assert tuple(reversed(found)) == REVISIONS


@pytest.mark.parametrize("at_statement", [6, 12, 24])
def test_killed_in_the_middle_a_migration_has_changed_nothing_and_is_done_next_time(
    empty_url: str, at_statement: int
) -> None:
    assert start(migrate_and_die, empty_url, at_statement).death() == signal.SIGKILL

    assert tables_of(empty_url) == set()
    database = open_database(empty_url)
    vitals.beat(database, "poll", NOW)
    database.close()


def tables_of(url: str) -> set[str]:
    """The tables there are, looked at without migrating."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names
