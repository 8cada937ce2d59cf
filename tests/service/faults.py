"""What can befall a walk, and the moments at which it does.

A moment is just before or just after a statement, a commit, a call of a socket, or a step of
writing a file. They are counted while the fuse is armed; at the chosen one the fault strikes.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect

_SOCKET_CALLS = ("connect", "send", "sendall", "recv", "recv_into", "shutdown", "close")
_FILE_CALLS = (
    *((os, name) for name in ("mkdir", "fdopen", "fchmod", "fsync", "replace", "unlink")),
    (tempfile, "mkstemp"),
)
_NETWORKED = (socket.AF_INET, socket.AF_INET6)
_ROOM = 24 * 2**20
_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_PRIVATE = 1 << 18 | 1 << 14
"""MS_PRIVATE and MS_REC of mount(2); above it CLONE_NEWNS and CLONE_NEWUSER of unshare(2)."""


class Fault(Protocol):
    """Something that goes wrong from a moment on, until it is mended."""

    def strike(self) -> bool:
        """Begin; False: it was not possible just now, try at the next moment."""

    def mend(self) -> None:
        """End, if it was begun."""


class Kill:
    """The process ends here and now."""

    def strike(self) -> bool:
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    def mend(self) -> None:
        """Nothing is left to be mended."""


class NoWrites:
    """No file can be written to, not even where it has room: harder than any full disk."""

    def strike(self) -> bool:
        self._limit(0)
        return True

    def mend(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


class FullDisk:
    """A real file system, on which somebody else takes the last byte."""

    def __init__(self, folder: Path) -> None:
        self.ballast = folder / "ballast"

    def strike(self) -> bool:
        with self.ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\1" * 4096)
        return True

    def mend(self) -> None:
        self.ballast.unlink(missing_ok=True)


class Locked:
    """Another program holds the database's write lock, for longer than anybody waits."""

    def __init__(self, database: Path) -> None:
        self.other = sqlite3.connect(database, timeout=0, isolation_level=None)

    def strike(self) -> bool:
        try:
            self.other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:  # the walk holds it: as soon as it lets go
            return False
        return True

    def mend(self) -> None:
        if self.other.in_transaction:
            self.other.execute("ROLLBACK")


class Fuse:
    """Counts moments by name, and lets the fault strike at the ``at``-th."""

    def __init__(self, fault: Fault, at: int) -> None:
        self.fault, self.at = fault, at
        self.armed, self.struck = False, False
        self.moments: list[str] = []

    def burn(self, name: str) -> None:
        """One moment has come."""
        if not self.armed:
            return
        self.moments.append(name)
        if not self.struck and len(self.moments) >= self.at:
            self.struck = self.fault.strike()

    def mend(self) -> None:
        """Set right what was struck."""
        self.fault.mend()

    def around(self, call: Callable[..., Any], name: str) -> Callable[..., Any]:
        """The same call, with a moment before and one after it."""

        @wraps(call)
        def watched(*given: Any, **named: Any) -> Any:
            self.burn(f"before {name}")
            try:
                return call(*given, **named)
            finally:
                self.burn(f"after {name}")

        return watched


def lay(fuse: Fuse) -> None:
    """Let every moment of this process burn the fuse, for as long as the process lives."""
    event.listen(Engine, "before_cursor_execute", lambda *it: fuse.burn(f"before {_words(it[2])}"))
    event.listen(Engine, "after_cursor_execute", lambda *it: fuse.burn(f"after {_words(it[2])}"))
    for name in ("do_commit", "do_rollback"):
        _lay_around_transactions(fuse, name)
    for name in _SOCKET_CALLS:
        _lay_around_sockets(fuse, name)
    for module, name in _FILE_CALLS:
        setattr(module, name, fuse.around(getattr(module, name), name))


def _words(statement: str) -> str:
    """``UPDATE outbox``: enough to tell what is done."""
    words = statement.split()
    if words[0] == "SELECT":
        return f"SELECT {words[words.index('FROM') + 1]}" if "FROM" in words else "SELECT"
    return " ".join(words[:3] if words[0] in ("INSERT", "DELETE") else words[:2])


def _lay_around_transactions(fuse: Fuse, name: str) -> None:
    """Where there is one: each connection is rolled back on its way to the pool, mostly in vain."""
    call = getattr(DefaultDialect, name)
    watched = fuse.around(call, name.removeprefix("do_").upper())

    def end(dialect: Any, connection: Any) -> None:
        open_now = getattr(connection, "in_transaction", True)
        (watched if open_now else call)(dialect, connection)

    setattr(DefaultDialect, name, end)


def _lay_around_sockets(fuse: Fuse, name: str) -> None:
    """Only those of the network: an event loop wakes itself by a pair of others."""
    call = getattr(socket.socket, name)
    watched = fuse.around(call, name)

    def talk(line: socket.socket, *given: Any, **named: Any) -> Any:
        networked = line.family in _NETWORKED
        return (watched if networked else call)(line, *given, **named)

    setattr(socket.socket, name, talk)


def mount_small_disk(folder: Path) -> bool:
    """Put a small file system of this process alone at ``folder``; False: not allowed here."""
    if not sys.platform.startswith("linux"):
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_MOUNTS) and libc.unshare(_NEW_MOUNTS | _NEW_USER):
        return False
    options = f"size={_ROOM}".encode()
    libc.mount(None, b"/", None, _PRIVATE, None)  # nobody else is to see it
    return not libc.mount(b"tmpfs", bytes(folder), b"tmpfs", 0, options)
