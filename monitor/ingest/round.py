"""Requests under way, to which more may be added while the first answers are taken."""

from __future__ import annotations

import asyncio
import concurrent.futures
import queue
from collections.abc import Awaitable, Callable, Iterable
from functools import partial

from monitor.errors import FetchError
from monitor.ingest.loop import LoopThread
from monitor.records import Fetched, Request

Answer = tuple[Request, Fetched | FetchError]
Fetch = Callable[[Request, asyncio.Semaphore], Awaitable[Fetched | FetchError]]
"""From a request to what became of it; of the semaphore one slot is held when it ends."""


class Round:
    """Asks and hands out answers in order of arrival; a context manager, for one thread.

    At most ``concurrency`` answers are under way or wait to be taken, so a slow consumer slows the
    fetching and piles up nothing. Leaving it cancels the rest.
    """

    def __init__(self, thread: LoopThread, fetch: Fetch, concurrency: int) -> None:
        self._thread = thread
        self._fetch = fetch
        self._slots = asyncio.Semaphore(concurrency)
        # Giving slots back wakes the loop, which costs as much as an answer: some at a time.
        self._together = max(1, concurrency // 4)
        self._taken = 0
        self._answers: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        self._works: list[concurrent.futures.Future[None]] = []
        self.pending = 0
        """Answers still to be taken."""

    def __enter__(self) -> Round:
        return self

    def __exit__(self, *_: object) -> None:
        for work in self._works:
            work.cancel()

    def ask(self, requests: Iterable[Request]) -> None:
        """Begin with ``requests``; nothing happens once the program is ending."""
        batch = tuple(requests)
        self._works = [each for each in self._works if not each.done()]
        work = self._thread.submit(self._ask_all(batch))
        if work is not None:
            self._works.append(work)
            self.pending += len(batch)

    def take(self, seconds: float | None = None) -> Answer | None:
        """Return the next answer; None: none came within ``seconds``, or nothing is pending.

        Nothing is pending any more, too, when the fetching was ended from another thread.
        """
        if not self.pending:
            return None
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            return None
        self.pending = self.pending - 1 if answer is not None else 0
        self._give_back()
        return answer

    def _give_back(self) -> None:
        self._taken += 1
        if self._taken >= self._together or self._answers.empty():
            self._thread.call(partial(_release, self._slots, self._taken))
            self._taken = 0

    async def _ask_all(self, requests: tuple[Request, ...]) -> None:
        async def ask(request: Request) -> None:
            self._answers.put((request, await self._fetch(request, self._slots)))

        try:
            async with asyncio.TaskGroup() as group:
                for request in requests:
                    group.create_task(ask(request))
        except BaseException:
            self._answers.put(None)  # whoever waits for an answer must not wait for ever
            raise


def _release(slots: asyncio.Semaphore, count: int) -> None:
    for _ in range(count):
        slots.release()
