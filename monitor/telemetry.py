"""Logging in one line per event, and word to the service manager.

An event is a message with fields: ``log.info("feed read", extra={"feed": 7})``. Nothing in a value
can end the line or move a cursor.
"""

from __future__ import annotations

import json as json_codec
import logging
import os
import re
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TextIO

MAX_VALUE = 500
"""Characters of one value; the rest is cut and the cut is marked."""

MAX_TRACE = 4_000
"""Characters kept of a traceback, from its end, where the cause stands."""

_QUIET = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "alembic": logging.WARNING,
    # it warns at every tick that finds the one before still at work, which is as it should be
    "apscheduler": logging.ERROR,
}
"""They log whole addresses, or each tick, at the level of news."""

_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime"}
"""What every record carries; all else came in by ``extra``."""

_BARE = re.compile(r"[^\s\"'=\\]+")


def setup_logging(level: str, stream: TextIO, *, json: bool) -> None:
    """Send every event of at least ``level`` (``debug`` ... ``critical``) to ``stream``.

    ``json``: one object a line; else ``key=value`` pairs. Replaces an earlier set-up.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if json else KeyValues())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)


class KeyValues(logging.Formatter):
    """``time=... level=info logger=monitor.service event="feed read" feed=7``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the event as one line."""
        return " ".join(f"{key}={_bare(value)}" for key, value in _fields(record))


class JsonLines(logging.Formatter):
    """The same fields as one JSON object; numbers and booleans stay what they are."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the event as one line."""
        return _printable(json_codec.dumps(dict(_fields(record)), ensure_ascii=False))


def sentence(record: logging.LogRecord) -> str:
    """Return an event for people: ``feed failed (feed 7): it answered 404``, with any traceback."""
    fields = dict(_fields(record))
    for name in ("time", "level", "logger"):
        del fields[name]
    event, error, trace = (fields.pop(name, "") for name in ("event", "error", "trace"))
    facts = ", ".join(f"{name} {value}" for name, value in fields.items())
    told = f"{event}{f' ({facts})' if facts else ''}{f': {error}' if error else ''}"
    return "\n".join(map(_printable, [told, *str(trace).splitlines()]))


def _fields(record: logging.LogRecord) -> Iterator[tuple[str, object]]:
    moment = datetime.fromtimestamp(record.created, UTC)
    yield "time", f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    yield "level", record.levelname.lower()
    yield "logger", record.name
    yield "event", _cut(record.getMessage())
    for key, value in vars(record).items():
        if key not in _STANDARD:
            yield re.sub(r"\W", "_", key), _plain(value)
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        yield "error", _cut(f"{type(error).__name__}: {error}")
        yield "trace", logging.Formatter().formatException(record.exc_info)[-MAX_TRACE:]


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}...({len(text)} characters)"


def _bare(value: object) -> str:
    """Return a value as it stands where that is plain, else in quotes with escapes."""
    text = str(value)
    if _BARE.fullmatch(text) and text.isprintable():
        return text
    return _printable(json_codec.dumps(text, ensure_ascii=False))


def _printable(text: str) -> str:
    """Escape what JSON leaves raw: C1 and bidi controls, surrogates, exotic blanks."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return json_codec.dumps(character)[1:-1] if character != "\x7f" else "\\u007f"


def sd_notify(state: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell systemd a state like ``READY=1`` or ``WATCHDOG=1``; return whether it was told.

    Does nothing where no service manager listens (``NOTIFY_SOCKET`` unset). A send that fails is
    not an error of the service: the watchdog judges it.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):  # the abstract namespace of Linux
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.sendto(state.encode(), address)
    except OSError:
        return False
    return True
