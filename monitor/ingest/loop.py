"""An asyncio loop in a thread of its own, for synchronous callers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from typing import Any

_CLOSE_SECONDS = 5.0


class LoopThread:
    """Runs coroutines from any thread; the thread starts with the first one.

    It is a daemon: whatever a coroutine does, it cannot keep the program from ending.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, work: Coroutine[Any, Any, None]) -> concurrent.futures.Future[None] | None:
        """Start ``work`` and return its future; None once the thread was closed."""
        with self._lock:
            if self._closed:
                work.close()
                return None
            return asyncio.run_coroutine_threadsafe(work, self._started())

    def call(self, callback: Callable[[], None]) -> None:
        """Run ``callback`` on the loop; nothing happens once it was closed."""
        with self._lock:
            if self._loop is not None and not self._closed:
                self._loop.call_soon_threadsafe(callback)

    def close(self) -> None:
        """Cancel everything and wait, some seconds at most, for the thread to end."""
        with self._lock:
            stop = self._loop is not None and not self._closed
            self._closed = True
            if stop and self._loop is not None:
                self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_run, args=(self._loop,), name=self._name, daemon=True
            )
            self._thread.start()
        return self._loop


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
        loop.run_until_complete(_cancel_all())
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
