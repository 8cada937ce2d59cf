"""When to look at a feed again. Pure.

What its news suggest, or its owner wrote, is held between bounds; then the server may lengthen it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

from monitor.records import Feed, Rhythm, Wishes

CEILING = timedelta(hours=24)
"""No failure, and no server's wish, keeps a feed waiting longer than this or its own interval."""

_JITTER = 0.1
_MAX_DOUBLINGS = 20
_NOTHING = timedelta(0)
_HOUR = timedelta(hours=1)
_HOURS_OF_A_WEEK = 7 * 24
_SECONDS = re.compile(r"[0-9]{1,9}")
_ANEW = frozenset({"no-cache", "no-store"})


@dataclass(frozen=True, slots=True)
class Bounds:
    """No feed is looked at more often than each ``floor``; one that follows its rhythm, no more
    rarely than each ``ceiling``."""

    floor: timedelta
    ceiling: timedelta


def next_check(
    feed: Feed,
    now: datetime,
    rng: Random,
    bounds: Bounds,
    *,
    rhythm: Rhythm,
    wishes: Wishes,
    fresh: timedelta | None = None,
) -> datetime:
    """Return when ``feed`` is due again after a poll that went well.

    ``rhythm`` and ``wishes`` are those after this poll, ``fresh`` is how long the answer said that
    it stays fresh. The interval of the owner or of the rhythm, at most ``rhythm.limit``, at least
    the floor, 10 % more or less so that feeds added together drift apart. Then the server:
    ``fresh`` or ``wishes.ttl``, whichever is longer, is waited for in full, up to ``CEILING``,
    whatever interval the owner chose and whatever is missed; and no check falls into an hour or
    onto a day that it wants to be left alone in.
    """
    delay, most = _planned(feed, rhythm, bounds)
    if rhythm.limit is not None:
        most = min(most, max(rhythm.limit, bounds.floor))
    due = now + _spread(rng, delay, least=bounds.floor, most=most)
    asked = min(max(fresh or _NOTHING, wishes.ttl or _NOTHING), CEILING)
    due = max(due, now + _spread(rng, asked, least=asked, most=CEILING))
    return first_open(wishes, due)


def next_try(
    feed: Feed,
    now: datetime,
    rng: Random,
    bounds: Bounds,
    *,
    retry_after: timedelta | None = None,
) -> datetime:
    """Return when ``feed`` is due again after a poll that failed; call it with the feed as before.

    The interval doubled for each failure in a row before this one, up to a fifth more, at most
    ``CEILING`` or an owner's longer interval. ``retry_after`` is waited for in full, up to
    ``CEILING``, and never shortens. No feed is ever given up.
    """
    interval, _ = _planned(feed, feed.rhythm, bounds)
    ceiling = max(CEILING, interval)
    delay = min(interval * (1 << min(feed.failures, _MAX_DOUBLINGS)), ceiling)
    least = max(interval, min(delay, ceiling * (1 - _JITTER)))
    due = now + _between(rng, least, min(delay * (1 + 2 * _JITTER), ceiling))
    asked = min(retry_after or _NOTHING, CEILING)
    return first_open(feed.wishes, max(due, now + _spread(rng, asked, least=asked, most=CEILING)))


def first_open(wishes: Wishes, moment: datetime) -> datetime:
    """Return ``moment``, or the first one after it that is in no hour or day to be skipped (UTC).

    Where nothing is left of the week the wishes make no sense and are ignored.
    """
    utc = moment.astimezone(UTC)
    hour = utc.replace(minute=0, second=0, microsecond=0)
    for ahead in range(_HOURS_OF_A_WEEK + 1):
        start = hour + ahead * _HOUR
        if start.hour not in wishes.skip_hours and start.weekday() not in wishes.skip_days:
            return max(start, utc)
    return moment


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return for how long an answer says that it stays fresh; None: it does not say.

    RFC 9111, 4.2: ``max-age`` of Cache-Control, else Expires relative to Date; less Age, the time
    that it has spent in caches on the way. ``s-maxage`` is for shared caches, ``must-revalidate``
    says what to do afterwards: neither is for us. ``headers`` have lower-case names.
    """
    directives = _directives(headers.get("cache-control", ""))
    if _ANEW & directives.keys():
        return None
    if "max-age" in directives:
        lifetime = _seconds(directives["max-age"])
    else:
        lifetime = _until(headers.get("expires", ""), headers.get("date"), now)
    left = (lifetime or _NOTHING) - (_seconds(headers.get("age", "")) or _NOTHING)
    return left if left > _NOTHING else None


def parse_retry_after(value: str, date: str | None, now: datetime) -> timedelta | None:
    """Return how long a Retry-After header asks for; None where it cannot be read.

    Both forms of RFC 9110, 10.2.3. A moment is taken relative to the answer's own ``date``
    header, so that a server whose clock is wrong still means the same span.
    """
    seconds = _seconds(value)
    return _until(value, date, now) if seconds is None else seconds


def _planned(feed: Feed, rhythm: Rhythm, bounds: Bounds) -> tuple[timedelta, timedelta]:
    """Return the interval before any jitter, and what jitter may not exceed.

    Paced: the time in which one story is to be expected. The configured interval counts as one
    story of prior knowledge: the mean of a Gamma prior of weight one after ``rhythm``.
    """
    interval = max(feed.spec.interval, bounds.floor)
    if not feed.spec.paced:
        return interval, interval * (1 + _JITTER)
    seconds = (rhythm.seconds + feed.spec.interval.total_seconds()) / (rhythm.stories + 1)
    expected = min(timedelta(seconds=seconds), bounds.ceiling)
    return max(expected, bounds.floor), bounds.ceiling


def _spread(rng: Random, delay: timedelta, *, least: timedelta, most: timedelta) -> timedelta:
    """Return ``delay`` give or take a tenth; of the bounds, ``least`` is the stronger one."""
    delay = max(min(delay, most), least)
    low, high = delay * (1 - _JITTER), delay * (1 + _JITTER)
    return _between(rng, max(low, least), min(high, most))


def _between(rng: Random, low: timedelta, high: timedelta) -> timedelta:
    return low + (max(high, low) - low) * rng.random()


def _directives(value: str) -> dict[str, str]:
    """Return the directives of a Cache-Control header; of one that is repeated, the first."""
    found: dict[str, str] = {}
    for each in value.split(","):
        name, _, argument = each.partition("=")
        found.setdefault(name.strip().lower(), argument.strip().strip('"'))
    return found


def _seconds(value: str) -> timedelta | None:
    return timedelta(seconds=int(value)) if _SECONDS.fullmatch(value.strip()) else None


def _until(value: str, date: str | None, now: datetime) -> timedelta | None:
    moment = _http_date(value)
    if moment is None:
        return None
    return max(moment - (_http_date(date or "") or now), _NOTHING)


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
