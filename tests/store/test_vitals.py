from __future__ import annotations

from monitor.store import vitals
from monitor.store.database import Database
from tests.store.builders import HOUR, NOW


def test_the_last_sign_of_life_of_each_step_is_kept(db: Database) -> None:
    vitals.beat(db, "poll", NOW)
    vitals.beat(db, "match", NOW)
    vitals.beat(db, "poll", NOW + HOUR)

    assert vitals.beats(db) == {"poll": NOW + HOUR, "match": NOW}
