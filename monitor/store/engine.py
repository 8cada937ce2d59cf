"""From the owner's address of a database to an engine that behaves the same on both kinds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from monitor.errors import StoreError
from monitor.store.columns import storable_json

WAL_LIMIT = 64 * 2**20
"""Bytes to which the write-ahead log is cut back once its content is in the file."""
_PRAGMAS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA temp_store = MEMORY",
    f"PRAGMA journal_size_limit = {WAL_LIMIT}",
)
_KINDS = "sqlite:///path/to/file.db or postgresql://user@host/name"


# a reader that becomes a writer fails at once if another one wrote meanwhile, whatever its patience
WRITES = {"begin": "BEGIN IMMEDIATE"}
"""Execution options of a connection that is going to write."""
PLAIN = {"begin": ""}
"""Execution options of a connection on which SQLite begins nothing by itself."""


def reads(engine: Engine) -> Mapping[str, str]:
    """Execution options of a connection that sees one state of the database in all it reads.

    SQLite always does; PostgreSQL by itself takes a new look for every statement.
    """
    return {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}


def make_engine(url: str, patience: float) -> Engine:
    """Return an engine for ``url``, not yet connected; :class:`StoreError` where it is no use.

    ``patience``: seconds a statement waits for another writer.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, patience)
    return _postgres(parsed, patience)


def shown(url: URL) -> str:
    """The address as it may be shown: without password and options."""
    return url.set(query={}).render_as_string(hide_password=True)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # not chained: what could not be parsed may hold a password
        raise StoreError(f"the address of the database cannot be read; write {_KINDS}") from None
    if parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "sqlite":
        raise StoreError(f"databases of the kind {parsed.drivername!r} are not known; use {_KINDS}")
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError("a database in memory would be forgotten; name a file: " + _KINDS)
    return parsed


def _sqlite(url: URL, patience: float) -> Engine:
    # the driver would begin transactions by itself, too late and as readers
    engine = _create(url, {"timeout": patience, "isolation_level": None})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _postgres(url: URL, patience: float) -> Engine:
    options = f"-c timezone=UTC -c lock_timeout={round(patience * 1000)}"
    arguments = {
        "connect_timeout": 10,
        "application_name": "newsmonitor",
        "options": f"{url.query.get('options', '')} {options}".strip(),
    }
    try:
        return _create(url, arguments, pool_pre_ping=True)
    except ImportError as error:
        raise StoreError(
            f"database {shown(url)}: PostgreSQL needs one more package;"
            " install it with: pip install 'newsmonitor[postgres]'"
        ) from error


def _create(url: URL, arguments: dict[str, Any], **more: Any) -> Engine:
    return create_engine(
        url,
        connect_args=arguments,
        json_serializer=_json,
        hide_parameters=True,  # what people read and who gets mail is not for the log
        max_overflow=30,
        **more,
    )


def _json(value: object) -> str:
    return json.dumps(storable_json(value), ensure_ascii=False, allow_nan=False)


def _set_pragmas(connection: Any, _record: object) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin(connection: Connection) -> None:
    statement = connection.get_execution_options().get("begin", "BEGIN")
    if statement:
        connection.exec_driver_sql(statement)
