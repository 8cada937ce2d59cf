"""When to look at a feed again. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random

from monitor.records import Feed

CEILING = timedelta(hours=24)
"""No failure, and no server's wish, keeps a feed waiting longer than this or its own interval."""

_JITTER = 0.1
_MAX_DOUBLINGS = 20
_SECONDS = re.compile(r"[0-9]{1,9}")


def next_check(
    feed: Feed,
    now: datetime,
    rng: Random,
    *,
    failed: bool,
    retry_after: timedelta | None = None,
) -> datetime:
    """Return when ``feed``, just polled, is due again; ``feed.failures`` counts those before.

    Success: the interval, 10 % more or less, so that feeds added together drift apart. Failure:
    the interval doubled for each failure in a row before this one, at most ``CEILING``; a server
    may ask for longer, up to ``CEILING``, never for shorter. No feed is ever given up.
    """
    interval = feed.spec.interval
    if not failed:
        return now + interval * rng.uniform(1 - _JITTER, 1 + _JITTER)
    ceiling = max(CEILING, interval)
    delay = interval * (1 << min(feed.failures, _MAX_DOUBLINGS))
    delay = min(delay * rng.uniform(1, 1 + 2 * _JITTER), ceiling)
    return now + max(delay, min(retry_after or timedelta(0), ceiling))


def parse_retry_after(value: str, date: str | None, now: datetime) -> timedelta | None:
    """Return how long a Retry-After header asks for; None where it cannot be read.

    Both forms of RFC 9110, 10.2.3. A moment is taken relative to the answer's own ``date``
    header, so that a server whose clock is wrong still means the same span.
    """
    if _SECONDS.fullmatch(value.strip()):
        return timedelta(seconds=int(value))
    moment = _http_date(value)
    if moment is None:
        return None
    return max(moment - (_http_date(date or "") or now), timedelta(0))


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
