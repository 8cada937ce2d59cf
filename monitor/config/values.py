"""The single values of the files: each type reads what the owner writes and can write it back.

A wrong value is a ``ValueError`` whose words say what is wrong and what to write instead.
"""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BeforeValidator,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
)

from monitor.records import language_code

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_SIZES = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "B": 1}
_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def nearest(word: str, known: list[str]) -> str:
    """Return ``; did you mean 'x'?`` with the nearest known word, or nothing."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def parse_duration(value: object) -> timedelta:
    """Read ``10s``, ``15m``, ``2h``, ``1d`` or ``1w``."""
    found = re.fullmatch(r"(\d{1,6})\s*([smhdw])", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r:.60} is no duration; write a number with s, m, h, d or w: 15m")
    made = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if not made:
        raise ValueError("must be longer than nothing; write for example 15m")
    return made


def format_duration(value: timedelta) -> str:
    """Write a duration in the largest unit that leaves no rest."""
    seconds = int(value.total_seconds())
    unit, size = next(each for each in _UNITS.items() if seconds % each[1] == 0)
    return f"{seconds // size}{unit}"


def parse_size(value: object) -> int:
    """Read ``500KiB``, ``10MiB`` or ``1GiB`` as bytes."""
    found = re.fullmatch(r"(\d{1,6})\s*([KMG]iB|B)", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{value!r:.60} is no size; write a number with KiB, MiB or GiB: 10MiB")
    made = int(found[1]) * _SIZES[found[2]]
    if not made:
        raise ValueError("must be more than nothing; write for example 10MiB")
    return made


def format_size(value: int) -> str:
    """Write a size in the largest unit that leaves no rest."""
    unit, size = next(each for each in _SIZES.items() if value % each[1] == 0)
    return f"{value // size}{unit}"


def parse_time(value: object) -> time:
    """Read ``07:00`` as a local time of day."""
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", value) if isinstance(value, str) else None
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f'{value!r:.60} is no time of day; write "07:00", up to "23:59"')
    return time(int(found[1]), int(found[2]))


def parse_weekday(value: object) -> str:
    """Read the English name of a weekday."""
    word = value.lower() if isinstance(value, str) else ""
    if word not in WEEKDAYS:
        raise ValueError(f"{value!r:.60} is no weekday; write monday to sunday")
    return word


def parse_day_off(value: object) -> str:
    """Read a weekday, a day of each year (``12-25``) or a date (``2026-12-24``)."""
    word = value.lower() if isinstance(value, str) else ""
    if word in WEEKDAYS or _is_date(word) or _is_date(f"2000-{word}"):  # it had a 29 February
        return word
    raise ValueError(
        f"{value!r:.60} is no day off; write a weekday (saturday), a day of each year"
        ' ("12-25") or a date ("2026-12-24")'
    )


def _is_date(word: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", word):
        return False
    try:
        date.fromisoformat(word)
    except ValueError:
        return False
    return True


def parse_switch(value: object) -> bool:
    """Read ``true``/``false``, and the words of YAML 1.1: ``yes``, ``no``, ``on``, ``off``."""
    read = value if isinstance(value, bool) else _SWITCH.get(str(value).lower())
    if read is None:
        raise ValueError(f"{value!r:.60} is neither true nor false; write one of them")
    return read


def is_off(value: object) -> bool:
    """Return whether a value is one of the words for a switch that is off."""
    return _SWITCH.get(str(value).lower()) is False


def check_filled(value: object) -> object:
    """Refuse an empty list. (A length limit of pydantic would also count out every wrong item.)"""
    if value == []:
        raise ValueError("is empty; write at least one")
    return value


def check_zone(value: str) -> str:
    """Refuse a time zone that the zone database does not know."""
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:
        hint = nearest(value, sorted(available_timezones()))
        raise ValueError(
            f"{value!r:.60} is no time zone{hint or '; write a name like Europe/Berlin'}"
        ) from error
    return value


_JOINERS = {0x200C: None, 0x200D: None}
"""No characters to be seen, but Persian words and many emoji are written with them."""


def check_text(value: str) -> str:
    """Refuse control characters in a text of one line."""
    if not value.translate(_JOINERS).isprintable():
        raise ValueError("holds a line break or control character; write one line of text")
    return value


def check_language(value: str) -> str:
    """Return the code of a language; refuse what is no code or tag."""
    code = language_code(value)
    if code is None:
        raise ValueError(f"{value!r:.60} is no language; write a code like de, or a tag like de-AT")
    return code


def check_env_name(value: str) -> str:
    """Refuse what is no variable's name, without repeating it: it may be the secret itself."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", value):
        raise ValueError("is no environment variable; write its name, never the secret")
    return value


def beside(value: object, info: ValidationInfo) -> Path:
    """Return an absolute path; a relative one is meant from the folder of its file."""
    if not isinstance(value, str | Path) or not str(value).isprintable() or not str(value):
        raise ValueError("is no path; write one, relative to the folder of this file")
    folder: Path = info.context["folder"]  # type: ignore[index]
    try:
        return folder / Path(value).expanduser()
    except RuntimeError as error:
        raise ValueError("begins with ~ and a name that is no user's; correct it") from error


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(check_text),
]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    AfterValidator(check_text),
]
"""Of a topic or a digest: a sentence where the owner likes that; four bytes a character still fit
into an index of PostgreSQL, beside a mail address."""
Filled = BeforeValidator(check_filled)
Duration = Annotated[timedelta, PlainValidator(parse_duration), PlainSerializer(format_duration)]
Size = Annotated[int, PlainValidator(parse_size), PlainSerializer(format_size)]
TimeOfDay = Annotated[
    time, PlainValidator(parse_time), PlainSerializer(lambda value: f"{value:%H:%M}")
]
Weekday = Annotated[str, PlainValidator(parse_weekday)]
DayOff = Annotated[str, PlainValidator(parse_day_off)]
Switch = Annotated[bool, PlainValidator(parse_switch)]
Zone = Annotated[str, AfterValidator(check_zone)]
OwnPath = Annotated[Path, BeforeValidator(beside)]
Language = Annotated[str, AfterValidator(check_language)]
EnvName = Annotated[str, AfterValidator(check_env_name)]
