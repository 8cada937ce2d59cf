"""One service per database."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from monitor.errors import AlreadyRunning, StoreError
from monitor.store import advisory, vitals
from monitor.store.database import Database, instance_lock, open_database
from tests.store.builders import NOW, damage
from tests.store.processes import claim_feeds, on_own_connection, start, start_service


def test_a_second_service_is_told_that_one_is_running(db: Database) -> None:
    with instance_lock(db), pytest.raises(AlreadyRunning, match="stop it first"), instance_lock(db):
        pass


def test_after_a_service_ended_the_next_one_may_start(db: Database) -> None:
    with instance_lock(db):
        pass
    with instance_lock(db):
        pass


def test_an_error_inside_of_the_service_gives_the_lock_back(db: Database) -> None:
    with pytest.raises(RuntimeError), instance_lock(db):
        raise RuntimeError
    with instance_lock(db):
        pass


def test_the_lock_holds_between_processes_and_goes_with_a_killed_one(
    db: Database, url: str
) -> None:
    service = start_service(url)

    with pytest.raises(AlreadyRunning), instance_lock(db):
        pass
    service.process.kill()
    service.process.join()

    with instance_lock(db):
        vitals.beat(db, "poll", NOW)


def test_other_processes_work_on_while_the_service_holds_the_lock(db: Database, url: str) -> None:
    with instance_lock(db):
        assert start(on_own_connection, url, claim_feeds, "cli").result() == []


def test_the_error_names_the_process_that_runs(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'news.db'}")
    named = pytest.raises(AlreadyRunning, match=f"process {os.getpid()}")

    with instance_lock(database), named, instance_lock(database):
        pass

    database.close()


def test_after_an_unclean_end_a_damaged_file_is_not_worked_on(tmp_path: Path) -> None:
    file = tmp_path / "news.db"
    damage(file)
    damaged = open_database(f"sqlite:///{file}")
    (tmp_path / "news.db.lock").write_text("4711")

    with pytest.raises(StoreError, match="damaged"), instance_lock(damaged):
        pass

    damaged.close()


def test_a_lock_file_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'news.db'}")
    (tmp_path / "news.db.lock").mkdir()

    with pytest.raises(StoreError, match="rights of this user"), instance_lock(database):
        pass

    database.close()


def test_a_second_name_of_the_same_file_is_the_same_database(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    alias = tmp_path / "elsewhere" / "alias.db"
    alias.symlink_to(tmp_path / "news.db")
    with (
        closing(open_database(f"sqlite:///{tmp_path / 'news.db'}")) as one,
        closing(open_database(f"sqlite:///{alias}")) as other,
        instance_lock(one),
        pytest.raises(AlreadyRunning),
        instance_lock(other),
    ):
        pass


def break_connections(url: str) -> None:
    """What a restart of the server does to those who are connected."""
    others = b"pid <> pg_backend_pid() AND datname = current_database()"
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        connection.execute(
            b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE " + others
        )


def test_a_lock_whose_connection_broke_is_taken_again_before_anything_is_written(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advisory, "LOOK_EVERY", 0.0)
    with (
        closing(open_database(server_url)) as one,
        closing(open_database(server_url)) as other,
        instance_lock(one),
    ):
        break_connections(server_url)
        vitals.beat(one, "poll", NOW)
        with pytest.raises(AlreadyRunning), instance_lock(other):
            pass


def test_a_service_whose_lock_went_to_another_one_writes_nothing_until_that_one_ends(
    server_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advisory, "LOOK_EVERY", 0.0)
    with (
        closing(open_database(server_url)) as one,
        closing(open_database(server_url)) as other,
        instance_lock(one),
    ):
        break_connections(server_url)
        with instance_lock(other):
            for _ in range(2):
                with pytest.raises(AlreadyRunning):
                    vitals.beat(one, "poll", NOW)
            vitals.beat(other, "poll", NOW)
        vitals.beat(one, "poll", NOW)
