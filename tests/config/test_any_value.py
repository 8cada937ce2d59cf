"""Whatever stands in a file: settings, or problems in plain words; never a crash."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config import load
from monitor.errors import ConfigError
from tests.config.builders import write

FULL: dict[str, Any] = {
    "monitor": {
        "database": "postgresql://me@host/db",
        "database_password_env": "PW",
        "feeds": "feeds.yaml",
        "topics": "topics",
        "polling": {
            "interval": "30m",
            "floor": "1m",
            "ceiling": "4h",
            "max_body": "10MiB",
            "per_host": 2,
            "allow_addresses": ["127.0.0.1:80"],
            "contact": "me@example.org",
        },
        "matching": {"language": "en"},
        "keep": "90d",
        "digests": [
            {
                "name": "daily",
                "recipients": [
                    "a@example.org",
                    {"to": "b@example.org", "topics": ["Iraq"], "quiet": "off", "days_off": []},
                ],
                "topics": ["Iraq"],
                "schedule": {"weekly": {"day": "monday", "at": "07:00"}},
                "timezone": "Europe/Berlin",
                "quiet": {"from": "22:00", "until": "06:30"},
                "days_off": ["saturday", "12-25", "2026-12-24"],
                "urgent": {"above": 0.4, "at_most": 2},
                "cap": 30,
                "when_empty": "note",
                "updates": True,
            },
            {
                "name": "often",
                "recipients": ["a@example.org"],
                "schedule": {"cron": "*/30 8-18 * * mon-fri"},
            },
        ],
        "mail": {"smtp": {"host": "a", "security": "tls", "user": "me", "password_env": "PW"}},
    },
    "feeds": {
        "feeds": [
            {"url": "https://a.org", "title": "A", "tags": ["w"], "language": "de", "enabled": True}
        ],
    },
    "topic": {
        "name": "Iraq",
        "seeds": [{"text": "a b c"}],
        "not": [{"url": "https://a.org/page"}],
        "must": ["a"],
        "feeds": ["A"],
        "tags": ["w"],
        "threshold": 0.5,
    },
}


def places(value: Any, loc: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a value may be replaced: every key and item, at every depth."""
    if loc:
        yield loc
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*loc, key))


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(["", "0", "-1", "1e400", "[::1]", "http://[", "a@b@c", "\U0010ffff", "../.."])
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(deadline=None)
@given(st.sampled_from([loc for loc in places(FULL) if len(loc) > 1]), values)
def test_a_value_replaced_by_anything_is_settings_or_problems(loc: Any, value: object) -> None:
    files = copy.deepcopy(FULL)
    inner = files
    for key in loc[:-1]:
        inner = inner[key]
    inner[loc[-1]] = value
    texts = {name: yaml.safe_dump(file, allow_unicode=True) for name, file in files.items()}
    with tempfile.TemporaryDirectory() as folder:
        told = outcome(write(Path(folder), **texts))
    assert all(word not in told.lower() for word in ("input should", "pydantic", "valueerror"))
    assert told.replace("\n", "").isprintable()


def outcome(path: Path) -> str:
    try:
        return load(path).path.name
    except ConfigError as error:
        return str(error)
