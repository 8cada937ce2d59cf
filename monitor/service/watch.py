"""Whether there may be something urgent: found out at every tick, for next to nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from monitor.records import MatchState
from monitor.store import matches
from monitor.store.database import Database


@dataclass
class Watch:
    """Remembers who has nothing urgent to wait for as long as no match comes in.

    A match is new where there are more than at the last look since a time that stands still until
    then; so none is passed over that was written late. After a clock was set back all is asked
    anew.
    """

    since: datetime | None = None
    looked_at: datetime | None = None
    seen: int = 0
    settled: set[int] = field(default_factory=set)

    def look(self, database: Database, now: datetime) -> None:
        """Forget who is settled if matches came in since the last look."""
        before = self.looked_at is not None and self.looked_at <= now
        if not (before and self.since and _hits(database, self.since) == self.seen):
            self.since = now - matches.SLOWEST
            self.seen = _hits(database, self.since)
            self.settled.clear()
        self.looked_at = now


def _hits(database: Database, since: datetime) -> int:
    found = matches.counts(database, since)
    return sum(number for (_, state), number in found.items() if state is MatchState.HIT)
