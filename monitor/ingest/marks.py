"""What is remembered of a document's items, so that those known need not be parsed again. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct
from typing import NamedTuple

MAX_MARKS = 1_000
"""Items of a document that are remembered; of a longer one none is, and it is read whole."""

_RAW = 16
_SHORT = 8
_NONE = bytes(_SHORT)
_MARK = Struct(f"{_RAW}s{_SHORT}s{_SHORT}s{_SHORT}s{_SHORT}s")
_CHECKSUM = 8
_VERSION = b"marks 1"
"""To be raised when an item of the same bytes becomes another entry, or has other signs."""


class Mark(NamedTuple):
    """One item: ``raw``, the 16-byte hash of its bytes, and 8-byte hashes of what tells others.

    ``guid``: its id; ``place``: where that id stands, its link or else its title; ``link``: its
    link; ``bearer``: who has that link, its id or else its content. None: there is none.
    """

    raw: bytes
    guid: bytes | None
    place: bytes | None
    link: bytes | None
    bearer: bytes | None


def pack(marks: Sequence[Mark]) -> bytes:
    """Return ``marks`` as bytes, 48 each and a checksum; of more than ``MAX_MARKS`` none."""
    kept = marks if len(marks) <= MAX_MARKS else ()
    packed = b"".join(_MARK.pack(mark.raw, *(part or _NONE for part in mark[1:])) for mark in kept)
    return _checksum(packed) + packed


def unpack(packed: bytes | None) -> tuple[Mark, ...]:
    """Return the marks in what :func:`pack` made; none of what is damaged or of another version."""
    if packed is None or packed[:_CHECKSUM] != _checksum(packed[_CHECKSUM:]):
        return ()
    return tuple(
        Mark(raw, *(None if part == _NONE else part for part in parts))
        for raw, *parts in _MARK.iter_unpack(packed[_CHECKSUM:])
    )


def _checksum(packed: bytes) -> bytes:
    return blake2b(packed, digest_size=_CHECKSUM, person=_VERSION).digest()
