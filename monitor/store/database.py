"""The database: opening it, its transactions, and the lock that keeps a second service out."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, Engine, Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from monitor.errors import AlreadyRunning, StoreError
from monitor.store import schema
from monitor.store.advisory import AdvisoryLock
from monitor.store.engine import PLAIN, WRITES, make_engine, reads, shown
from monitor.store.faults import store_errors

PATIENCE = 30.0
"""Seconds to wait for another writer before giving up."""
_INSTANCE_KEY = 0x6E65_7773_6D6F_6E31
"""The number of the service's advisory lock in PostgreSQL."""


def _nothing() -> None:
    """The licence of who needs none."""


class Database:
    """An open database of the current schema; threads may share it.

    ``name`` is its address without the password.
    """

    def __init__(self, engine: Engine) -> None:
        self.name = shown(engine.url)
        self.dialect = engine.dialect.name
        self._engine = engine
        self._opened: tuple[int, int] | None = None
        self._licence: Callable[[], None] = _nothing
        self._reading_engine = engine.execution_options(**reads(engine))
        self._writing_engine = engine.execution_options(**WRITES)
        # SQLite lets one write at a time: threads queue here, fairly, instead of polling the file
        self._turn: AbstractContextManager[object] = (
            threading.Lock() if self.dialect == "sqlite" else nullcontext()
        )

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database."""
        return Path(self._engine.url.database or "") if self.dialect == "sqlite" else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the database; keep it short."""
        with store_errors(self.name):
            self._stand_by_the_file()
            with self._reading_engine.begin() as connection:
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is written whole or not at all; never around a network call."""
        with store_errors(self.name), self._turn:
            self._stand_by_the_file()
            self._licence()
            with self._writing_engine.begin() as connection:
                yield connection

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """A connection outside of the pool, on which SQLite begins no transaction by itself."""
        with store_errors(self.name), self._engine.connect() as connection:
            connection.detach()
            yield connection.execution_options(**PLAIN)

    def keep_to_this_file(self) -> None:
        """From now on refuse to work when another file, or none, is found in its place."""
        self._opened = _identity(self.file)

    def _stand_by_the_file(self) -> None:
        """A file that was removed can be written to until it is closed, and is lost then."""
        if self._opened is not None and _identity(self.file) != self._opened:
            raise StoreError(
                f"database {self.name}: its file was removed or replaced while it was in use;"
                " stop the service, see that the right file is in place, then start it again"
            )

    @contextmanager
    def licensed(self, licence: Callable[[], None]) -> Iterator[None]:
        """Write only while ``licence`` raises nothing."""
        self._licence = licence
        try:
            yield
        finally:
            self._licence = _nothing

    def checkpoint(self) -> None:
        """Move what SQLite's write-ahead log holds into the file, as far as readers let it."""
        if self.file is not None:
            with self.apart() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def __repr__(self) -> str:
        return f"Database({self.name!r})"


def open_database(url: str, *, create: bool = True, patience: float = PATIENCE) -> Database:
    """Open the database at ``url`` and bring its schema up to date.

    ``url`` is ``sqlite:///path`` or ``postgresql://...``. With ``create`` False a database without
    the tables is an error. ``patience``: seconds to wait for another writer. Raises
    :class:`StoreError`, or :class:`SchemaTooNew` for a database that a newer version of this
    program has written, which is left untouched.
    """
    database = Database(make_engine(url, patience))
    try:
        _bring_up_to_date(database, create=create, patience=patience)
    except BaseException:
        database.close()
        raise
    return database


def _bring_up_to_date(database: Database, *, create: bool, patience: float) -> None:
    if database.file is not None:
        _look_at(database.file, database.name, create=create)
    with database.read() as connection:
        revision = schema.revision(connection)
    schema.refuse_newer(revision, database.name)
    if revision is None and not create:
        raise StoreError(f"database {database.name}: holds no tables of this program")
    if database.file is not None:
        _use_write_ahead_log(database, patience)
    if revision != schema.HEAD:
        with database.apart() as connection:
            schema.upgrade(connection, database.name)
    database.keep_to_this_file()


def _identity(file: Path | None) -> tuple[int, int] | None:
    """What tells a file from another one of the same name."""
    try:
        found = file.stat() if file is not None else None
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if found else None


def _look_at(file: Path, name: str, *, create: bool) -> None:
    with store_errors(name):
        if not file.parent.is_dir():
            raise StoreError(f"database {name}: the folder {file.parent} does not exist; create it")
        if not create and not file.exists():
            raise StoreError(f"database {name}: there is no such file; check the address")


def _use_write_ahead_log(database: Database, patience: float) -> None:
    """Switch the file to WAL, which it then keeps."""
    with database.apart() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        if mode != "wal":
            mode = _switch_to_wal(connection, patience)
    if mode != "wal":
        raise StoreError(
            f"database {database.name}: its file system has no shared memory for the write-ahead"
            " log; put the file on a local disk"
        )


def _switch_to_wal(connection: Connection, patience: float) -> object:
    """SQLite switches only while nobody else writes, and does not wait for that itself."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return connection.exec_driver_sql("PRAGMA journal_mode = WAL").scalar()
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def verify(database: Database) -> None:
    """Look for damage in a SQLite file; a damaged one is a :class:`StoreError`. Reads all of it."""
    if database.file is None:
        return
    with database.read() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise StoreError(
            f"database {database.name}: the file is damaged; restore it from a backup ({found})"
        )


@contextmanager
def instance_lock(database: Database) -> Iterator[None]:
    """Hold the right to be the one service on this database.

    A second holder is :class:`AlreadyRunning`. The lock goes with its process, however that ends;
    after an unclean end a SQLite file is verified before it is worked on.
    """
    lock = _server_lock(database) if database.file is None else _file_lock(database, database.file)
    with lock:
        yield


@contextmanager
def _file_lock(database: Database, file: Path) -> Iterator[None]:
    """The process number stands in the lock file while, and only while, a service runs."""
    real = file.resolve()  # two names of one file are one database
    path = real.with_name(real.name + ".lock")
    with store_errors(str(path)):
        handle = path.open("a+")
    with handle:
        _take(database, handle)
        if _holder(handle):
            verify(database)
        with store_errors(str(path)):
            _write_holder(handle, str(os.getpid()))
        try:
            yield
        finally:
            _write_holder(handle, "")


def _take(database: Database, handle: IO[str]) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        process = f" (process {_holder(handle)})" if _holder(handle) else ""
        raise _already_running(database, process) from error


def _holder(handle: IO[str]) -> str:
    handle.seek(0)
    return handle.read().strip()


def _write_holder(handle: IO[str], process: str) -> None:
    handle.truncate(0)
    handle.write(process)
    handle.flush()


@contextmanager
def _server_lock(database: Database) -> Iterator[None]:
    lock = AdvisoryLock(database.apart, _INSTANCE_KEY, lambda: _already_running(database))
    try:
        lock.take()
        with database.licensed(lock.renew):
            yield
    finally:
        lock.give()


def _already_running(database: Database, process: str = "") -> AlreadyRunning:
    return AlreadyRunning(
        f"another service already works on {database.name}{process};"
        " stop it first, or give this one a database of its own"
    )


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the words of the connection's database."""
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """The same by the name of the dialect, for statements that are built once."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def one_at_a_time(connection: Connection, what: str) -> None:
    """Let no second transaction do ``what`` until this one ends; SQLite sees to that itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))
