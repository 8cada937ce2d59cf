"""From a host name to a connected socket: every address is judged, and only judged ones dialled.

The check and the connection use the same address, so a name that changes its answer between the
two (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence

import httpcore

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.guard import Guard

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From host and port to IP literals, best first; raises ``FetchError``."""

_MAX_ADDRESSES = 4


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of ``host``, best first (RFC 6724); raise ``FetchError``.

    A name is looked up in a daemon thread of its own: a lookup cannot be cancelled, and one that
    hangs in the loop's executor would keep the whole program from ending.
    """
    try:
        return _look_up(host, port, socket.AI_NUMERICHOST)
    except socket.gaierror:
        pass
    answer: asyncio.Future[Sequence[str]] = asyncio.get_running_loop().create_future()
    threading.Thread(target=_answer, args=(answer, host, port), daemon=True, name="resolve").start()
    try:
        return await answer
    except OSError as error:
        raise FetchError(f"{host}: the name does not resolve ({error.strerror})") from error


def _answer(answer: asyncio.Future[Sequence[str]], host: str, port: int) -> None:
    def settle() -> None:
        if answer.cancelled():
            return
        if failure is not None:
            answer.set_exception(failure)
        else:
            answer.set_result(addresses)

    addresses: Sequence[str] = ()
    failure: OSError | None = None
    try:
        addresses = _look_up(host, port, 0)
    except OSError as error:
        failure = error
    try:
        answer.get_loop().call_soon_threadsafe(settle)
    except RuntimeError:
        return  # the loop was closed meanwhile: nobody waits for this answer


def _look_up(host: str, port: int, flags: int) -> Sequence[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError as error:
        raise socket.gaierror(socket.EAI_NONAME, "not a valid host name") from error
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials what ``resolve`` found and ``guard`` lets pass; TLS still names the host."""

    def __init__(self, guard: Guard, resolve: Resolver) -> None:
        self._guard = guard
        self._resolve = resolve
        self._dialler = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the first address that answers; ``timeout`` is shared by all."""
        addresses = self._judged(host, port, await self._resolve(host, port))
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._dialler.connect_tcp(
                    address, port, timeout and timeout / len(addresses), local_address
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
        raise FetchError(f"{host}:{port} cannot be reached ({_reason(failure)})") from failure

    def _judged(self, host: str, port: int, addresses: Sequence[str]) -> Sequence[str]:
        passed = []
        refusal: AddressRefused | None = None
        for address in addresses:
            try:
                self._guard.check(host, port, address)
            except AddressRefused as error:
                refusal = refusal or error
            else:
                passed.append(address)
        if not passed:
            raise refusal or FetchError(f"{host}: the name has no address")
        return passed[:_MAX_ADDRESSES]


def _reason(failure: BaseException | None) -> str:
    """Return what the system said: the libraries wrap it in sentences of their own."""
    reason = "no answer in time"
    while failure is not None:
        if isinstance(failure, OSError) and failure.errno:
            reason = os.strerror(failure.errno)
        failure = failure.__cause__
    return reason
