"""A digest as bytes and back, exactly: what the archive keeps of it.

The bytes are JSON of the records by the names of their fields, compressed. What a newer version
has added to a record is not there in older bytes, and comes back as its default; what it has
taken away is passed over.
"""

from __future__ import annotations

import json
import types
import zlib
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache, partial
from typing import Any, Union, get_args, get_origin, get_type_hints

from monitor.errors import StoreError
from monitor.records import Digest

_LEVEL = 9


def pack(digest: Digest) -> bytes:
    """Return ``digest`` as bytes; the same digest gives the same bytes."""
    text = json.dumps(_plain(digest), separators=(",", ":"))
    return zlib.compress(text.encode("ascii"), _LEVEL)


def unpack(snapshot: bytes) -> Digest:
    """Return the digest that :func:`pack` made ``snapshot`` of; damage is a ``StoreError``."""
    try:
        digest: Digest = _reader(Digest)(json.loads(zlib.decompress(snapshot)))
    except (zlib.error, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise StoreError(
            f"a digest in the archive is damaged; restore the database from a backup ({error})"
        ) from error
    return digest


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value


@cache
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes of a plain value one of the type ``kind``, as fields of records have them."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return partial(_read_tuple, inner[0])
    if origin in (types.UnionType, Union):
        return partial(_read_optional, next(each for each in inner if each is not types.NoneType))
    if is_dataclass(kind):
        return partial(_read_record, kind)
    if kind is datetime:
        return datetime.fromisoformat
    if kind is bytes:
        return bytes.fromhex
    return kind if issubclass(kind, Enum) else partial(_as_it_is, kind)


def _read_tuple(kind: Any, value: Any) -> tuple[Any, ...]:
    return tuple(map(_reader(kind), value))


def _read_optional(kind: Any, value: Any) -> Any:
    return None if value is None else _reader(kind)(value)


def _read_record(kind: Any, value: Any) -> Any:
    hints = _hints(kind)
    return kind(**{name: _reader(hints[name])(value[name]) for name in hints if name in value})


def _as_it_is(kind: type, value: Any) -> Any:
    if not isinstance(value, (int, float) if kind is float else kind):
        raise TypeError(f"{value!r} instead of {kind.__name__}")
    return value


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """The types of the fields of a record: their names are looked up once."""
    known = get_type_hints(kind)
    return {each.name: known[each.name] for each in fields(kind)}
