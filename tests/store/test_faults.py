"""Disks that are full, files that are locked, servers that go away: an error, and no half work."""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from monitor.errors import StoreError
from monitor.store import feeds, stories, vitals
from monitor.store.database import Database, open_database
from tests.store.builders import NOW, add_feed, new_story, outcome
from tests.store.processes import add_and_die, start, write_unprivileged


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path / 'news.db'}", patience=0.2)
    yield database
    database.close()


@pytest.mark.parametrize("at_statement", range(1, 6))
def test_killed_in_the_middle_a_document_is_stored_whole_or_not_at_all(
    db: Database, url: str, at_statement: int
) -> None:
    feed = add_feed(db)

    assert start(add_and_die, url, at_statement).death() == signal.SIGKILL

    stored = stories.count_after(db, 0)
    (after,) = feeds.all_feeds(db)
    assert (stored, after.body_hash) == (0, None)
    assert len(stories.add_new(db, outcome(feed.id), (new_story("a"),)).new) == 1


def test_on_a_full_disk_nothing_is_stored_by_half_and_room_heals_it(sqlite: Database) -> None:
    feed = add_feed(sqlite)
    small = new_story("small")
    large = new_story("large", text="word " * 200_000)
    limit_pages(sqlite, 60)

    with pytest.raises(StoreError, match="the disk is full; make room") as caught:
        stories.add_new(sqlite, outcome(feed.id, body_hash=b"new"), (small, large))

    assert caught.value.__cause__ is not None
    assert stories.count_after(sqlite, 0) == 0
    assert feeds.all_feeds(sqlite)[0].body_hash is None
    limit_pages(sqlite, 1_000_000)
    assert len(stories.add_new(sqlite, outcome(feed.id), (small, large)).new) == 2


def limit_pages(db: Database, pages: int) -> None:
    with db.write() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_an_error_does_not_tell_what_people_read(sqlite: Database) -> None:
    feed = add_feed(sqlite)
    limit_pages(sqlite, 60)

    with pytest.raises(StoreError) as caught:
        stories.add_new(sqlite, outcome(feed.id), (new_story("a", text="secret " * 200_000),))

    assert "secret" not in f"{caught.value}{caught.value.__cause__}"


def test_a_locked_file_is_waited_for_and_then_named(sqlite: Database) -> None:
    other = open_database(sqlite.name)

    with (
        other.write(),
        pytest.raises(StoreError, match="locked by another program"),
    ):
        vitals.beat(sqlite, "poll", NOW)

    other.close()
    vitals.beat(sqlite, "poll", NOW)


def test_reading_goes_on_while_the_file_is_locked(sqlite: Database) -> None:
    other = open_database(sqlite.name)

    with other.write():
        assert vitals.beats(sqlite) == {}

    other.close()


def test_a_file_that_may_only_be_read_is_named_with_what_to_do() -> None:
    with open_folder() as folder:
        open_database(f"sqlite:///{folder}/news.db").close()
        folder.chmod(0o555)
        (folder / "news.db").chmod(0o444)

        said = start(write_unprivileged, f"sqlite:///{folder}/news.db").result()

        folder.chmod(0o755)
    assert str(folder) in said
    assert "this user" in said


class open_folder:  # noqa: N801
    """A folder that every user may enter: those of pytest belong to one."""

    def __enter__(self) -> Path:
        self.path = Path(tempfile.mkdtemp())
        self.path.chmod(0o755)
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path)


def test_a_server_that_restarts_is_found_again(server_url: str) -> None:
    database = open_database(server_url)
    vitals.beat(database, "poll", NOW)
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    admin.close()

    assert vitals.beats(database) == {"poll": NOW}
    database.close()


def test_a_connection_that_breaks_in_the_middle_writes_nothing(server_url: str) -> None:
    database = open_database(server_url)

    with pytest.raises(StoreError, match="carries on by itself"):
        write_and_break(database)

    assert vitals.beats(database) == {}
    database.close()


def write_and_break(db: Database) -> None:
    with db.write() as connection:
        connection.execute(text("INSERT INTO beats VALUES ('poll', now())"))
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))


def test_a_lock_of_another_program_is_waited_for_and_then_named(server_url: str) -> None:
    database = open_database(server_url, patience=0.2)
    with psycopg.connect(server_url) as other:
        other.execute("LOCK TABLE beats")

        with pytest.raises(StoreError, match="locked by another program"):
            vitals.beat(database, "poll", NOW)
    other.close()
    database.close()
