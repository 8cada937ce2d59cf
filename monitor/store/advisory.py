"""A lock in PostgreSQL that outlives the connection which holds it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import SQLAlchemyError

from monitor.errors import StoreError

LOOK_EVERY = 2.0
"""Seconds between two looks at whether the lock is still held."""


class AdvisoryLock:
    """The server frees such a lock when its connection breaks, under a service that goes on.

    ``connect`` gives a connection of its own; ``refusal`` the error where somebody else holds it.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractContextManager[Connection]],
        key: int,
        refusal: Callable[[], StoreError],
    ) -> None:
        self._connect, self._key, self._refusal = connect, key, refusal
        self._mutex = threading.Lock()
        self._holding = ExitStack()
        self._seen = 0.0

    def take(self) -> None:
        """Take the lock, or raise the refusal."""
        self._connection = self._holding.enter_context(self._connect())
        taken = self._connection.scalar(select(func.pg_try_advisory_lock(self._key)))
        self._connection.commit()
        if not taken:
            self._drop()
            raise self._refusal()
        self._seen = time.monotonic()

    def renew(self) -> None:
        """See now and then that the lock is held; take a lost one again, or raise the refusal."""
        with self._mutex:
            if time.monotonic() - self._seen < LOOK_EVERY:
                return
            if not self._is_alive():
                self._drop()
                self.take()
            self._seen = time.monotonic()

    def give(self) -> None:
        """Give the lock back; while a thread waits for a server that hangs, it goes with us."""
        if self._mutex.acquire(blocking=False):
            self._drop()
            self._mutex.release()

    def _drop(self) -> None:
        with suppress(SQLAlchemyError, StoreError):  # a broken connection holds nothing
            self._holding.close()

    def _is_alive(self) -> bool:
        try:
            self._connection.scalar(select(1))
            self._connection.commit()
        except SQLAlchemyError:
            return False
        return True
