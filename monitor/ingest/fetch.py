"""Many conditional GETs at once, with limits, behind plain synchronous calls.

    requests -> per host, in flight -> hop, hop, ... -> (request, answer or error)

The network runs on an asyncio loop of its own in one background thread.
"""

from __future__ import annotations

import asyncio
import queue
import ssl
from collections.abc import Iterable, Iterator
from itertools import count
from types import TracebackType
from weakref import WeakValueDictionary

from monitor.errors import FetchError
from monitor.ingest.client import Client, FetchSettings, Redirect, Transport
from monitor.ingest.dial import GuardedBackend, Resolver, resolve
from monitor.ingest.guard import Guard
from monitor.ingest.loop import LoopThread
from monitor.ingest.urls import host_of
from monitor.records import Fetched, Request

__all__ = ["FetchSettings", "Fetcher"]

_MAX_REDIRECTS = 10

Answer = tuple[Request, Fetched | FetchError]


class Fetcher:
    """Fetches; a context manager. Thread-safe.

    ``resolve`` finds the addresses of a host; ``ssl_context`` None trusts the public authorities.
    Nothing is started before the first fetch.
    """

    def __init__(
        self,
        guard: Guard,
        settings: FetchSettings,
        *,
        resolve: Resolver = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard
        self._settings = settings
        self._client = Client(Transport(GuardedBackend(guard, resolve), ssl_context), settings)
        self._hosts: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
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

        At most ``concurrency`` answers are under way or wait to be taken, so a slow consumer
        slows the fetching and piles up nothing. Leaving the iterator cancels the rest.
        """
        answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        slots = asyncio.Semaphore(self._settings.concurrency)
        work = self._thread.submit(self._fetch_all(tuple(requests), slots, answers))
        if work is None:
            return
        try:
            while (answer := answers.get()) is not None:
                self._thread.call(slots.release)
                yield answer
        finally:
            work.cancel()

    async def _fetch_all(
        self,
        requests: tuple[Request, ...],
        slots: asyncio.Semaphore,
        answers: queue.SimpleQueue[Answer | None],
    ) -> None:
        async def fetch_one(request: Request) -> None:
            answers.put((request, await self._answer(request, slots)))

        try:
            async with asyncio.TaskGroup() as group:
                for request in requests:
                    group.create_task(fetch_one(request))
        finally:
            answers.put(None)

    async def _answer(self, request: Request, slots: asyncio.Semaphore) -> Fetched | FetchError:
        try:
            return await self._follow(request, slots)
        except FetchError as error:
            return error
        except Exception as error:
            # A fault of ours must cost this feed one poll, not the others their round.
            failure = FetchError(f"{host_of(request.url)}: unexpected {type(error).__name__}")
            failure.__cause__ = error
            return failure

    async def _follow(self, request: Request, slots: asyncio.Semaphore) -> Fetched:
        """Go from hop to hop; whichever way it ends, one slot is held until its answer is taken.

        A hop takes its host first and then a slot, and gives both back before the next: nobody
        waits for one while holding the other. Waiting does not count against the deadline.
        """
        url, left = request.url, self._settings.timeout.total_seconds()
        clock = asyncio.get_running_loop().time
        for hops in count():
            async with self._host(url):
                await slots.acquire()
                started = clock()
                answer = await self._hop(request, url, left)
                left -= clock() - started
            if isinstance(answer, Fetched):
                return answer
            if hops == _MAX_REDIRECTS:
                raise FetchError(f"{host_of(url)}: more than {_MAX_REDIRECTS} redirects")
            slots.release()
            url = answer.url
        raise AssertionError("count() does not end")

    async def _hop(self, request: Request, url: str, seconds: float) -> Fetched | Redirect:
        self._guard.check_scheme(url.strip().partition(":")[0].lower())
        try:
            async with asyncio.timeout(seconds):
                return await self._client.hop(request, url)
        except TimeoutError as error:
            limit = self._settings.timeout.total_seconds()
            raise FetchError(f"{host_of(url)}: no complete answer within {limit:g} s") from error

    def _host(self, url: str) -> asyncio.Semaphore:
        host = host_of(url)
        semaphore = self._hosts.get(host)
        if semaphore is None:
            semaphore = self._hosts[host] = asyncio.Semaphore(self._settings.per_host)
        return semaphore
