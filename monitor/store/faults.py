"""What a database says when it fails, turned into errors that tell the owner what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from monitor.errors import StoreError

_SQLITE = {
    "SQLITE_BUSY": "it stayed locked by another program; close what keeps it open, then try again",
    "SQLITE_LOCKED": "it stayed locked; close what keeps it open, then try again",
    "SQLITE_FULL": "the disk is full; make room, then the service carries on by itself",
    "SQLITE_IOERR": "reading or writing the file failed; check the disk",
    "SQLITE_READONLY": "it is read-only; give this user the right to write the file and its folder",
    "SQLITE_CANTOPEN": "the file cannot be opened; check the folder and the rights of this user",
    "SQLITE_NOTADB": "the file is not a database; name another one",
    "SQLITE_CORRUPT": "the file is damaged; restore it from a backup",
}
_POSTGRES = {
    "08": "the connection broke; check the server, then the service carries on by itself",
    "28": "the server refused the login; check user and password",
    "3D": "there is no such database; create it",
    "40": "it was busy with the same rows; try again",
    "42501": "this user may not do that; grant it the rights on the schema",
    "53": "the server is short of disk, memory or connections",
    "55P03": "it stayed locked by another program; close what keeps it open, then try again",
    "57": "the server is stopping or starting; the service carries on by itself",
    "25006": "it is read-only; use the primary server",
}
_UNREACHABLE = "the server cannot be reached; check host, port and that it runs"
_UNEXPECTED = "an error that was not expected; the service tries again"


@contextmanager
def store_errors(name: str) -> Iterator[None]:
    """Raise what goes wrong with the database ``name`` as :class:`StoreError`."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(f"database {name}: {_advice(error)} ({_said(error)})") from error
    except OSError as error:
        advice = "check the disk and the rights of this user"
        raise StoreError(f"database {name}: {advice} ({error})") from error


def _advice(error: SQLAlchemyError) -> str:
    if not isinstance(error, DBAPIError):
        return _UNEXPECTED
    code = getattr(error.orig, "sqlite_errorname", None)
    if code is not None:  # extended codes read like SQLITE_IOERR_WRITE
        return _SQLITE.get("_".join(code.split("_")[:2]), _UNEXPECTED)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # the driver's own words: the server did not speak
        return _UNREACHABLE if isinstance(error, OperationalError) else _UNEXPECTED
    return _POSTGRES.get(state) or _POSTGRES.get(state[:2]) or _UNEXPECTED


def _said(error: SQLAlchemyError) -> str:
    """The driver's own words in one bounded line, without statement or parameters."""
    said = error.orig if isinstance(error, DBAPIError) else error
    return " ".join(str(said).split())[:300]
