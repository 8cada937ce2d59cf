"""How often a feed brings news, learned from its polls. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from math import expm1, log

from monitor.ingest.cadence import Bounds
from monitor.records import Rhythm

HALF_LIFE = timedelta(days=3)
"""After this long, what was seen counts half."""
FIRST_WINDOW = timedelta(days=7)
"""How far back the dates of a first document tell of the rhythm."""

_MEAN_LIFE = HALF_LIFE.total_seconds() / log(2)
_RELAXED = 1.1
_SPARE = 1.5
_A_DAY_AHEAD = timedelta(days=1)


def rhythm_after(
    rhythm: Rhythm, *, elapsed: timedelta, new: int, gap: bool, bounds: Bounds
) -> Rhythm:
    """Return the rhythm after a poll that found ``new`` stories, ``elapsed`` after the one before.

    Both counts fade exponentially, those of the time between the polls too, as if the stories had
    come evenly: a long silence and many short ones weigh the same. ``gap``: stories were probably
    missed, since the document had none that was known. Then the limit halves, from the time that
    was too long or from itself; every poll without a gap lengthens it by a tenth, until it holds
    nothing back any more.
    """
    seconds = max(elapsed.total_seconds(), 0.0)
    faded = seconds and -expm1(-seconds / _MEAN_LIFE)
    weight = _MEAN_LIFE * faded / seconds if seconds else 1.0
    return Rhythm(
        stories=rhythm.stories * (1 - faded) + new * weight,
        seconds=rhythm.seconds * (1 - faded) + seconds * weight,
        limit=_limit(rhythm.limit, elapsed, gap, bounds),
    )


def first_rhythm(published: Iterable[datetime | None], now: datetime) -> Rhythm:
    """Return the rhythm that the dates of a feed's first document tell of.

    It is what :func:`rhythm_after` would have made of the last week, or of the time since the
    oldest story where that is less: then that one marks the beginning and is not counted, so that
    a document whose dates are all the same tells nothing of how often it brings stories. Dates
    more than a day ahead are not believed.
    """
    dates = [date for date in published if date is not None and date <= now + _A_DAY_AHEAD]
    if not dates:
        return Rhythm()
    begin = max(min(dates), now - FIRST_WINDOW)
    ages = [max((now - date).total_seconds(), 0.0) for date in dates if date > begin]
    window = max((now - begin).total_seconds(), 0.0)
    return Rhythm(
        stories=sum(1 + expm1(-age / _MEAN_LIFE) for age in ages),
        seconds=-_MEAN_LIFE * expm1(-window / _MEAN_LIFE),
    )


def _limit(
    limit: timedelta | None, elapsed: timedelta, gap: bool, bounds: Bounds
) -> timedelta | None:
    if gap:
        return max(min(elapsed, limit or elapsed) / 2, bounds.floor)
    if limit is None:
        return None
    relaxed = limit * _RELAXED
    # an owner's interval may be longer than the ceiling, and is held back all the same
    return relaxed if relaxed <= max(bounds.ceiling, elapsed * _SPARE) else None
