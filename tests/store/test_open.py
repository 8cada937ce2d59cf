"""Opening a database, and what is said when that fails."""

from __future__ import annotations

import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from monitor.errors import SchemaTooNew, StoreError
from monitor.store import vitals
from monitor.store.database import Database, open_database, verify
from monitor.store.schema import VERSION_TABLE
from tests.store.builders import NOW, damage
from tests.store.processes import modules_after_opening, open_and_close, start


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "news.db"


def test_a_new_database_is_made_and_opened_again(empty_url: str) -> None:
    first = open_database(empty_url)
    vitals.beat(first, "poll", NOW)
    first.close()

    second = open_database(empty_url, create=False)

    assert vitals.beats(second) == {"poll": NOW}
    second.close()


def test_a_database_of_the_current_version_is_opened_without_loading_the_migrations(
    url: str,
) -> None:
    modules = modules_after_opening(url)

    assert "sqlalchemy" in modules
    assert "alembic" not in modules


def test_several_processes_may_make_the_same_database_at_once(empty_url: str) -> None:
    opening = [start(open_and_close, empty_url) for _ in range(6)]

    assert [each.result() for each in opening] == ["opened"] * 6


def test_without_create_a_missing_file_is_an_error_and_is_not_made(file: Path) -> None:
    with pytest.raises(StoreError, match="no such file"):
        open_database(f"sqlite:///{file}", create=False)

    assert not file.exists()


def test_without_create_a_database_without_tables_is_an_error(empty_url: str) -> None:
    open_nothing = pytest.raises(StoreError, match=r"no tables of this program|no such file")

    with open_nothing:
        open_database(empty_url, create=False)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"folder .*/nowhere does not exist; create it"):
        open_database(f"sqlite:///{tmp_path}/nowhere/news.db")


def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path) -> None:
    file.write_text("These are the words of a letter, not the pages of a database." * 100)
    before = file.read_bytes()

    with pytest.raises(StoreError, match="not a database") as caught:
        open_database(f"sqlite:///{file}")

    assert str(file) in str(caught.value)
    assert caught.value.__cause__ is not None
    assert file.read_bytes() == before


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_database(f"sqlite:///{tmp_path}")


def test_a_newer_schema_is_refused_and_left_untouched(empty_url: str) -> None:
    url = empty_url
    database = open_database(url)
    with database.write() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    database.close()
    before = contents(url)

    with pytest.raises(SchemaTooNew, match="newer version of this program"):
        open_database(url)

    assert contents(url) == before


def contents(url: str) -> bytes:
    return Path(url.removeprefix("sqlite:///")).read_bytes() if url.startswith("sqlite") else b""


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://host/db", "'mysql' are not known"),
        ("nonsense", "cannot be read"),
        ("", "cannot be read"),
        ("sqlite://", "name a file"),
        ("sqlite:///:memory:", "name a file"),
        ("postgresql://user:hunter2@host:port/db", "cannot be read"),
        ("postgresql+asyncpg://user:hunter2@host/db", "not known"),
    ],
)
def test_an_address_that_is_of_no_use_is_explained(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        open_database(url)

    assert "hunter2" not in str(caught.value)
    assert "sqlite:///" in str(caught.value)


def test_a_server_that_cannot_be_reached_is_named_without_the_password() -> None:
    url = "postgresql://reader:hunter2@127.0.0.1:1/news?sslpassword=hunter2"

    with pytest.raises(StoreError, match="cannot be reached; check host, port") as caught:
        open_database(url)

    assert "127.0.0.1:1/news" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_without_the_extra_package_the_error_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    with pytest.raises(StoreError, match=r"pip install 'newsmonitor\[postgres\]'"):
        open_database("postgresql://host/db")


def test_sqlite_is_set_up_to_lose_nothing(file: Path) -> None:
    database = open_database(f"sqlite:///{file}")
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000}

    with database.read() as connection:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}

    database.close()
    assert found == expected


def test_a_copy_of_the_file_without_its_log_mode_is_put_back_into_it(
    file: Path, tmp_path: Path
) -> None:
    open_database(f"sqlite:///{file}").close()
    with sqlite3.connect(file) as connection:
        connection.execute("VACUUM INTO ?", (str(tmp_path / "copy.db"),))
    connection.close()

    copy = open_database(f"sqlite:///{tmp_path / 'copy.db'}")

    with copy.read() as reading:
        assert reading.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    copy.close()


def test_the_switch_to_the_log_waits_for_another_writer(file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with ThreadPoolExecutor(1) as opener:
        opening = opener.submit(open_database, f"sqlite:///{file}")
        with pytest.raises(TimeoutError):
            opening.result(timeout=0.5)
        other.execute("COMMIT")
        opening.result(timeout=10).close()

    other.close()


def test_after_a_checkpoint_the_log_is_empty_and_nothing_is_lost(file: Path) -> None:
    database = open_database(f"sqlite:///{file}")
    vitals.beat(database, "poll", NOW)
    log = file.with_name("news.db-wal")
    assert log.stat().st_size > 0

    database.checkpoint()

    assert not log.exists() or log.stat().st_size == 0
    assert vitals.beats(database) == {"poll": NOW}
    database.close()


def test_a_checkpoint_of_a_server_is_its_own_affair(db: Database) -> None:
    db.checkpoint()


def test_a_sound_database_is_verified_in_silence(db: Database) -> None:
    verify(db)


def test_damage_inside_of_the_file_is_found(file: Path) -> None:
    damage(file)
    damaged = open_database(f"sqlite:///{file}")

    with pytest.raises(StoreError, match="damaged; restore it from a backup"):
        verify(damaged)

    damaged.close()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_removed_or_replaced_in_use_is_worked_on_no_more(
    file: Path, replaced: bool
) -> None:
    with closing(open_database(f"sqlite:///{file}")) as database:
        copy = file.with_name("copy.db")
        copy.write_bytes(file.read_bytes())
        file.unlink()
        if replaced:
            copy.rename(file)
        with pytest.raises(StoreError, match=r"removed or replaced.*start it again"):
            vitals.beat(database, "poll", NOW)
        with pytest.raises(StoreError, match=r"removed or replaced.*start it again"):
            vitals.beats(database)
    assert file.exists() == replaced
