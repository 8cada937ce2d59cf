"""Bounded reading of the owner's files: regular ones only, with reasons in words."""

from __future__ import annotations

import os
import stat
from pathlib import Path

MAX_BYTES = 1_000_000
"""No file of the owner needs more: ten thousand feeds fit."""


class Unreadable(Exception):
    """A file that cannot be used; the message follows the file's name: "is a folder; ..."."""


class TooLarge(Unreadable):
    """A file of more than ``MAX_BYTES``."""


def read_text(path: Path) -> str:
    """Return the UTF-8 text of a regular file of at most ``MAX_BYTES``; raises ``Unreadable``."""
    return decoded(read_regular(path))


def decoded(body: bytes) -> str:
    """Return the text of UTF-8 bytes; raises ``Unreadable``."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        byte = body[error.start]
        raise Unreadable(
            f"is not UTF-8 (byte 0x{byte:02x} on line {line}); save it with the encoding UTF-8"
        ) from error


def read_regular(path: Path, *, private: bool = False) -> bytes:
    """Return a regular file's bytes; raises ``Unreadable``.

    ``private``: a file that others than its owner may read is refused.
    """
    # O_NONBLOCK: a named pipe must not hold the program until somebody writes to it.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Unreadable(_reason(error)) from error
    try:
        _check_kind(os.fstat(descriptor).st_mode, path, private=private)
        return _read_bounded(descriptor)
    finally:
        os.close(descriptor)


def _check_kind(mode: int, path: Path, *, private: bool) -> None:
    if stat.S_ISDIR(mode):
        raise Unreadable("is a folder; name a file")
    if not stat.S_ISREG(mode):
        raise Unreadable("is not a regular file; name one")
    if private and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise Unreadable(
            f"may be read by others (mode {stat.S_IMODE(mode):04o}); run: chmod 600 {path}"
        )


def _read_bounded(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        body = file.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise TooLarge(f"is larger than {MAX_BYTES:,} bytes; make it smaller or split it")
    return body


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "does not exist; create it or correct the path"
    if isinstance(error, PermissionError):
        return "may not be read by this user; change its owner or mode"
    return f"cannot be read ({error.strerror}); correct the path"
