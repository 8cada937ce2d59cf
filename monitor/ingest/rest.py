"""Hosts that asked to be left alone, for as long as they asked. Not thread-safe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

from monitor.errors import FetchError
from monitor.ingest.cadence import CEILING

DEFAULT_REST = timedelta(minutes=1)
"""For a 429 that does not say how long."""

_MAX_HOSTS = 10_000


def rest_asked(error: FetchError) -> timedelta | None:
    """Return how long a host wants to be left alone by all of its feeds; None: it does not.

    A 429 says so, and a 503 with a Retry-After; a day is believed at most. Pure.
    """
    unavailable = error.status == HTTPStatus.SERVICE_UNAVAILABLE and error.retry_after is not None
    if error.status != HTTPStatus.TOO_MANY_REQUESTS and not unavailable:
        return None
    return DEFAULT_REST if error.retry_after is None else min(error.retry_after, CEILING)


class Rests:
    """Remembers until when; ``clock`` counts seconds and never goes back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    def begin(self, host: str, span: timedelta) -> None:
        """Let ``host`` rest for ``span``."""
        until = self._clock() + span.total_seconds()
        self._until[host] = max(until, self._until.get(host, until))
        if len(self._until) > _MAX_HOSTS:
            self._forget()

    def left(self, host: str) -> timedelta | None:
        """Return what is left of the rest of ``host``; None: it may be asked."""
        until = self._until.get(host)
        if until is None:
            return None
        left = until - self._clock()
        if left > 0:
            return timedelta(seconds=left)
        del self._until[host]
        return None

    def _forget(self) -> None:
        """Drop what is over, and the half that ends first where that is not enough."""
        now = self._clock()
        lasting = sorted((until, host) for host, until in self._until.items() if until > now)
        self._until = {host: until for until, host in lasting[-_MAX_HOSTS // 2 :]}
