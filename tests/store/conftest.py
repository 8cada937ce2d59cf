from __future__ import annotations

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
def shared_url(cluster: Cluster) -> Iterator[str]:
    """A migrated database that tests empty before use: quicker than one for each of them."""
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
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of the current schema."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'news.db'}"
        open_database(address).close()
        yield address
        return
    shared: str = request.getfixturevalue("shared_url")
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with psycopg.connect(shared) as connection:
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY".encode())
    connection.close()
    yield shared


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    database = open_database(url)
    yield database
    database.close()
