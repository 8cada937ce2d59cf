"""Many conditional GETs at once, with limits, behind plain synchronous calls.

    requests -> per host, in flight -> hop, hop, ... -> (request, answer or error)

The network runs on an asyncio loop of its own in one background thread.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from weakref import WeakValueDictionary

from monitor.errors import FetchError, HostResting
from monitor.ingest.client import Client, FetchSettings, Redirect
from monitor.ingest.connect import Connector
from monitor.ingest.dial import Resolver, resolve
from monitor.ingest.guard import Guard
from monitor.ingest.loop import LoopThread
from monitor.ingest.rest import Rests, rest_asked
from monitor.ingest.round import Answer, Round
from monitor.ingest.target import Target, parse
from monitor.records import Fetched, Request

__all__ = ["FetchSettings", "Fetcher"]

_MAX_REDIRECTS = 10


@dataclass(slots=True)
class _Course:
    """How far one fetch has come. ``left``: seconds that the network may still be busy with it."""

    request: Request
    home: Target
    left: float


class Fetcher:
    """Fetches; a context manager. Thread-safe.

    ``resolve`` finds the addresses of a host; ``ssl_context`` None trusts the public authorities;
    ``clock`` counts the seconds that a host rests for. A host that answered 429, or 503 with a
    Retry-After, is not asked again before its rest is over: ``HostResting``.
    Nothing is started before the first fetch.
    """

    def __init__(
        self,
        guard: Guard,
        settings: FetchSettings,
        *,
        resolve: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guard = guard
        self._settings = settings
        self._client = Client(Connector(guard, resolve, ssl_context), settings)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._rests = Rests(clock)
        self._thread = LoopThread("fetch")

    def __enter__(self) -> Fetcher:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what is in flight, in any thread; iterators under way end early."""
        self._thread.close()

    def fetch(self, request: Request) -> Fetched:
        """Fetch one; raise ``FetchError``."""
        for _, answer in self.fetch_many((request,)):
            if isinstance(answer, FetchError):
                raise answer
            return answer
        raise FetchError("the program is ending: nothing is fetched any more")

    def fetch_many(self, requests: Iterable[Request]) -> Iterator[Answer]:
        """Yield each request with its answer or error, in order of completion.

        Leaving the iterator cancels the rest.
        """
        with self.round() as asked:
            asked.ask(requests)
            while (answer := asked.take()) is not None:
                yield answer

    def round(self) -> Round:
        """Return a round of requests, to which more may be added while answers are taken."""
        return Round(self._thread, self._answer, self._settings.concurrency)

    async def _answer(self, request: Request, slots: asyncio.Semaphore) -> Fetched | FetchError:
        """Return what became of ``request``; a slot is held until that is taken."""
        try:
            home = parse(request.url)
        except FetchError as error:
            await slots.acquire()
            return error
        course = _Course(request, home, self._settings.timeout.total_seconds())
        try:
            return await self._follow(course, slots)
        except FetchError as error:
            failure = error
        except Exception as error:
            # A fault of ours must cost this feed one poll, not the others their round.
            failure = FetchError(f"{home.host}: unexpected {type(error).__name__}")
            failure.__cause__ = error
        failure.seconds = self._spent(course) or None
        return failure

    async def _follow(self, course: _Course, slots: asyncio.Semaphore) -> Fetched:
        """Go from hop to hop; whichever way it ends, one slot is held until its answer is taken.

        A hop takes its host first and then a slot, and gives both back before the next: nobody
        waits for one while holding the other. Waiting does not count against the deadline.
        """
        target, permanent = course.home, True
        for hops in range(_MAX_REDIRECTS + 1):
            async with self._host(target.host):
                await slots.acquire()
                answer = await self._hop(course, target)
            if isinstance(answer, Fetched):
                moved_to = answer.url if hops and permanent else None
                return replace(answer, moved_to=moved_to, seconds=self._spent(course))
            if hops < _MAX_REDIRECTS:
                slots.release()
            target, permanent = answer.target, permanent and answer.permanent
        raise FetchError(f"{target.host}: more than {_MAX_REDIRECTS} redirects")

    async def _hop(self, course: _Course, target: Target) -> Fetched | Redirect:
        self._guard.check_scheme(target.scheme)
        self._let_rest(target.host)
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            async with asyncio.timeout(course.left):
                return await self._client.hop(course.request, course.home, target)
        except TimeoutError as error:
            limit = self._settings.timeout.total_seconds()
            raise FetchError(f"{target.host}: no complete answer within {limit:g} s") from error
        except FetchError as error:
            error.host = target.host
            self._heed(target.host, error)
            raise
        finally:
            course.left -= clock() - started

    def _let_rest(self, host: str) -> None:
        left = self._rests.left(host)
        if left is not None:
            seconds = left.total_seconds()
            raise HostResting(
                f"{host} asked to be left alone; it is asked again in {seconds:.0f} s",
                retry_after=left,
            )

    def _heed(self, host: str, error: FetchError) -> None:
        """Remember the rest that an answer asked for: it is meant for all feeds of the host."""
        rest = rest_asked(error)
        if rest is not None:
            self._rests.begin(host, rest)

    def _spent(self, course: _Course) -> float:
        return self._settings.timeout.total_seconds() - course.left

    def _host(self, host: str) -> asyncio.Semaphore:
        semaphore = self._hosts.get(host)
        if semaphore is None:
            semaphore = self._hosts[host] = asyncio.Semaphore(self._settings.per_host)
        return semaphore
