"""What a poll leaves on its feed that brought no document. Pure."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from random import Random

from monitor.errors import FetchError, HostResting
from monitor.ingest.cadence import Bounds, next_try
from monitor.ingest.moves import move_failed
from monitor.ingest.rest import DEFAULT_REST, rest_asked
from monitor.ingest.target import parse
from monitor.records import Feed, PollOutcome, PollStatus, Validators

_NOT_UNDERSTOOD = frozenset({400, 412, 413, 416, 431})
"""What a server says that cannot take back the validators it gave."""


def put_off(feed: Feed, error: HostResting, now: datetime, rng: Random) -> PollOutcome:
    """The feed waits until the host has rested that is not asked meanwhile, and has not failed."""
    rest = error.retry_after or DEFAULT_REST
    return PollOutcome(
        feed_id=feed.id,
        status=PollStatus.PUT_OFF,
        checked_at=now,
        next_check_at=now + rest * rng.uniform(1, 1.1),
        error=str(error),
        seconds=error.seconds,
    )


def failed(feed: Feed, error: Exception, now: datetime, rng: Random, bounds: Bounds) -> PollOutcome:
    """Return what a failure leaves on ``feed``, which is as it was before this poll."""
    status = error.status if isinstance(error, FetchError) else None
    retry_after = error.retry_after if isinstance(error, FetchError) else None
    rest = rest_asked(error) if isinstance(error, FetchError) else None
    elsewhere = _other_host(feed, error)
    # only its owner's address can tell that a feed is gone: another is forgotten
    here = feed.address == feed.spec.url and elsewhere is None
    gone = here and status == HTTPStatus.GONE
    return PollOutcome(
        feed_id=feed.id,
        status=PollStatus.GONE if gone else PollStatus.FAILED,
        checked_at=now,
        next_check_at=next_try(feed, now, rng, bounds, retry_after=retry_after),
        http_status=status,
        error=str(error) or type(error).__name__,
        validators=Validators() if status in _NOT_UNDERSTOOD else None,
        move=move_failed(feed, error),
        rest_until=None if rest is None else now + rest,
        rest_host=elsewhere,
        seconds=error.seconds if isinstance(error, FetchError) else None,
    )


def _other_host(feed: Feed, error: Exception) -> str | None:
    """Who failed, if not the feed's own host: where it redirects to must not speak for that."""
    host = error.host if isinstance(error, FetchError) else None
    return None if host is None or host == parse(feed.spec.url).host else host
