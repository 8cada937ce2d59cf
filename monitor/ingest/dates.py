"""Dates in the forms that can mean only one thing. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RFC_822 = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun), +)?([0-9]{1,2}) +([a-z]{3}) +([0-9]{4})"
    r" +([0-9]{2}):([0-9]{2})(?::([0-9]{2}))? +(?:([+-][0-9]{4})|([a-z]{1,3}))"
)
_W3C = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"(?:t([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?(?:z|([+-][0-9]{2}:[0-9]{2}))?)?"
)
# Hours behind Greenwich, of RFC 822, section 5.1, and that which replaced it in speech.
_ZONES = {"gmt": 0, "ut": 0, "utc": 0, "z": 0}
_ZONES |= {"edt": 4, "est": 5, "cdt": 5, "cst": 6, "mdt": 6, "mst": 7, "pdt": 7, "pst": 8}


def certain_date(text: str) -> datetime | None:
    """Return the moment in UTC that RFC 822 or W3C-DTF (ISO 8601) give; None: it is not certain.

    Fractions of a second are cut off; what names no zone is UTC.
    https://www.rfc-editor.org/rfc/rfc822#section-5, https://www.w3.org/TR/NOTE-datetime
    """
    text = text.lower()
    try:
        if found := _RFC_822.fullmatch(text):
            day, month, year, *clock, offset, zone = found.groups()
            date = int(year), _MONTHS.index(month) + 1, int(day)
            ahead = _ahead(offset) if offset else -timedelta(hours=_ZONES[zone])
        elif found := _W3C.fullmatch(text):
            year, month, day, *clock, offset = found.groups()
            date = int(year), int(month), int(day)
            ahead = _ahead(offset.replace(":", "")) if offset else timedelta(0)
        else:
            return None
        hour, minute, second = (int(each or 0) for each in clock)
        return datetime(*date, hour, minute, second, tzinfo=UTC) - ahead
    except (ValueError, KeyError, OverflowError):
        return None


def _ahead(offset: str) -> timedelta:
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))
    return -ahead if offset[0] == "-" else ahead
