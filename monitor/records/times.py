"""Times as every record holds them: aware, and in UTC."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from functools import cache


def aware(moment: datetime) -> datetime:
    """Return ``moment`` in UTC; a naive time is a ``ValueError``."""
    if moment.tzinfo is None:
        raise ValueError(f"naive datetime {moment!r}: times here are aware UTC")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


class Timed:
    """Turns every datetime field of a record into aware UTC when the record is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        for name in _names_of_times(type(self)):  # type: ignore[arg-type]
            moment = getattr(self, name)
            if moment is not None and moment.tzinfo is not UTC:
                object.__setattr__(self, name, aware(moment))


@cache
def _names_of_times(record: type) -> tuple[str, ...]:
    """The names of the fields that hold a time: looked up once, since records are many."""
    return tuple(each.name for each in fields(record) if "datetime" in str(each.type))
