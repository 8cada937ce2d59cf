from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from monitor.store.database import Database, open_database
from monitor.store.tables import metadata
from tests.postgres import Cluster, cluster_or_skip


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with cluster_or_skip() as running:
        yield running


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file: tests that do not migrate work on a copy of it."""
    file = tmp_path_factory.mktemp("store") / "migrated.db"
    open_database(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def migrated_server_url(cluster: Cluster) -> Iterator[str]:
    """A migrated database of the server: tests that do not migrate empty it before use."""
    with cluster.database() as name:
        open_database(cluster.url(name)).close()
        yield cluster.url(name)


@pytest.fixture
def server_url(cluster: Cluster) -> Iterator[str]:
    """The address of a database of a server that holds nothing yet."""
    with cluster.database() as name:
        yield cluster.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'news.db'}"
    address: str = request.getfixturevalue("server_url")
    return address


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of the current schema."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "news.db")
        return f"sqlite:///{tmp_path / 'news.db'}"
    address: str = request.getfixturevalue("migrated_server_url")
    empty(address)
    return address


def empty(url: str) -> None:
    """Forget every row and count from 1 again; quicker than TRUNCATE for a few rows."""
    tables = [table.name for table in reversed(metadata.sorted_tables)]
    numbered = [name for name in tables if metadata.tables[name].kwargs.get("sqlite_autoincrement")]
    statements = [f"DELETE FROM {name}" for name in tables]
    statements += [f"SELECT setval('{name}_id_seq', 1, false)" for name in numbered]
    with psycopg.connect(url) as connection:
        connection.execute("; ".join(statements).encode())
    connection.close()


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    database = open_database(url)
    yield database
    database.close()
