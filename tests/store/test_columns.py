"""What goes in comes out, the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import insert, select

from monitor.errors import StoreError
from monitor.store import vitals
from monitor.store.columns import storable, storable_json
from monitor.store.database import Database
from monitor.store.tables import beats


def test_times_come_back_aware_in_utc_to_the_microsecond(db: Database) -> None:
    far_east = timezone(timedelta(hours=13, minutes=45))
    given = datetime(2031, 1, 1, 3, 4, 5, 678901, tzinfo=far_east)

    vitals.beat(db, "poll", given)

    (stored,) = vitals.beats(db).values()
    assert stored == given
    assert stored.tzinfo is UTC


@pytest.mark.parametrize("year", [1, 1970, 9999])
def test_times_far_from_now_come_back(db: Database, year: int) -> None:
    given = datetime(year, 6, 1, tzinfo=UTC)

    vitals.beat(db, "poll", given)

    assert vitals.beats(db) == {"poll": given}


def test_a_naive_time_is_refused(db: Database) -> None:
    naive = datetime(2031, 1, 1)  # noqa: DTZ001

    with pytest.raises(StoreError, match="aware UTC"), db.write() as connection:
        connection.execute(insert(beats).values(name="poll", beat_at=naive))


def test_text_that_postgresql_refuses_or_utf8_cannot_say_is_left_out(db: Database) -> None:
    vitals.beat(db, "a\0b\ud800c", datetime(2031, 1, 1, tzinfo=UTC))

    with db.read() as connection:
        assert connection.scalar(select(beats.c.name)) == "ab?c"


def test_text_of_every_plane_comes_back_as_it_went_in(db: Database) -> None:
    text = "Ünï \U0001f600 日本 \\u0000 'quoted' %s :name \x7f"

    vitals.beat(db, text, datetime(2031, 1, 1, tzinfo=UTC))

    assert set(vitals.beats(db)) == {text}


def test_json_is_cleaned_in_every_depth() -> None:
    assert storable_json({"a\0": ["b\0", ("c\ud800", 1, None)]}) == {"a": ["b", ["c?", 1, None]]}
    assert storable("\\u0000") == "\\u0000"
