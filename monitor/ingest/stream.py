"""A connection as httpcore wants it, on a bare socket and with TLS over another connection.

httpcore brings streams of its own; they cost more than a whole answer of 304 costs here.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import httpcore

from monitor.errors import FetchError

MAX_HEAD = 64 * 1024
"""Bytes before the body of an answer, early hints and the like included."""

_PIECE = 64 * 1024
_T = TypeVar("_T")


class Stream(httpcore.AsyncNetworkStream):
    """What both kinds share. Reading and writing know no time of their own: the deadline is one
    for the whole fetch, and it is the caller's."""

    def __init__(self) -> None:
        self._read = 0
        self._in_head = True

    def head_is_read(self) -> None:
        """From now on it is the body that is read: its size is bounded elsewhere."""
        self._in_head = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what there is, ``b""`` at the end; raise ``FetchError`` in an endless head."""
        if self._in_head:  # no more than that at once, or httpcore would find it too much first
            max_bytes = min(max_bytes, MAX_HEAD - self._read)
            if not max_bytes:
                raise FetchError(head_too_large())
        data = await self.receive(max_bytes)
        self._read += len(data)
        return data

    @abstractmethod
    async def receive(self, max_bytes: int) -> bytes:
        """Return what there is, ``b""`` at the end."""

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return the same connection with TLS, which names and verifies ``server_hostname``."""
        try:
            # Names in certificates have no dot at their end.
            stream = TlsStream(self, ssl_context, (server_hostname or "").rstrip("."))
            async with asyncio.timeout(timeout):
                await stream.shake_hands()
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no TLS handshake in time") from error
        except ValueError as error:  # a name that no certificate can have
            raise httpcore.ConnectError(str(error)) from error
        return stream


class SocketStream(Stream):
    """A connected, non-blocking socket."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__()
        self._socket = connected
        self._loop = asyncio.get_running_loop()
        self._first = True

    async def receive(self, max_bytes: int) -> bytes:
        """Return what there is, ``b""`` at the end."""
        if not self._first:
            await asyncio.sleep(0)  # what is there at once would keep all others from their turn
        self._first = False
        try:
            return await self._loop.sock_recv(self._socket, max_bytes)
        except OSError as error:
            raise httpcore.ReadError(reason(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of ``buffer``."""
        if not buffer:
            return
        try:
            await self._loop.sock_sendall(self._socket, buffer)
        except OSError as error:
            raise httpcore.WriteError(reason(error)) from error

    async def aclose(self) -> None:
        """Close at once; closing twice is well."""
        self._socket.close()

    def get_extra_info(self, info: str) -> Any:
        """Nothing: httpcore asks for what keeping connections alive needs."""
        return None


class TlsStream(Stream):
    """TLS over another stream, which may itself be one (a proxy behind TLS)."""

    def __init__(self, below: Stream, context: ssl.SSLContext, hostname: str) -> None:
        super().__init__()
        self._below = below
        self._came = ssl.MemoryBIO()
        self._goes = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._came, self._goes, server_hostname=hostname)

    async def shake_hands(self) -> None:
        """Agree on keys and verify the other side; raise ``ssl.SSLError``."""
        await self._do(self._tls.do_handshake)

    async def receive(self, max_bytes: int) -> bytes:
        """Return what there is; an end without a farewell is an end too."""
        try:
            return await self._do(partial(self._tls.read, max_bytes))
        except ssl.SSLError as error:
            if _is_end(error):
                return b""
            raise

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of ``buffer``."""
        if buffer:  # what lies in memory takes all of it at once
            await self._do(partial(self._tls.write, buffer))

    async def aclose(self) -> None:
        """Close at once."""
        await self._below.aclose()

    def get_extra_info(self, info: str) -> Any:
        """The TLS object: httpcore asks it which protocol was agreed on."""
        return self._tls if info == "ssl_object" else None

    async def _do(self, call: Callable[[], _T]) -> _T:
        while True:
            try:
                result = call()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._fill()
            else:
                await self._flush()
                return result

    async def _fill(self) -> None:
        data = await self._below.receive(_PIECE)
        if data:
            self._came.write(data)
        else:
            self._came.write_eof()

    async def _flush(self) -> None:
        if self._goes.pending:
            await self._below.write(self._goes.read())


def _is_end(error: ssl.SSLError) -> bool:
    """Whether the other side has left; OpenSSL 3 has a second way to say so."""
    ends = (ssl.SSLZeroReturnError, ssl.SSLEOFError)
    return isinstance(error, ends) or "UNEXPECTED_EOF" in (error.reason or "")


def head_too_large() -> str:
    """What is said of an answer whose head has no end."""
    return f"the headers are larger than {MAX_HEAD:,} bytes"


def reason(failure: BaseException | None) -> str:
    """Return what the system said: the libraries wrap it in sentences of their own."""
    said = "no answer in time"
    while failure is not None:
        if isinstance(failure, OSError) and failure.errno:
            said = os.strerror(failure.errno)
        failure = failure.__cause__
    return said
