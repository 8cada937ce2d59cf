"""From a host name to a connected socket: every address is judged, and only judged ones dialled.

The check and the connection use the same address, so a name that changes its answer between the
two (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import httpcore

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.guard import Guard
from monitor.ingest.stream import SocketStream, Stream, reason

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""From host and port to IP literals, best first; raises ``FetchError``."""

_MAX_ADDRESSES = 4


async def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of ``host``, best first (RFC 6724); raise ``FetchError``.

    A name is looked up in a daemon thread of its own: a lookup cannot be cancelled, and one that
    hangs in the loop's executor would keep the whole program from ending.
    """
    if _is_literal(host):
        return (host,)
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


def _is_literal(host: str) -> bool:
    """Whether ``host`` is an address as addresses are written today, not ``127.1`` or the like."""
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except (OSError, ValueError):
        return False
    return True


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


class Backend(httpcore.AsyncNetworkBackend):
    """Dials what ``resolve`` finds, wherever that is: for what the owner chose, a proxy."""

    def __init__(self, resolve: Resolver) -> None:
        self._resolve = resolve

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return the addresses to dial, best first; raise ``FetchError`` where there is none."""
        return await self._resolve(host, port)

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> Stream:
        """Return a connection to the first address that answers; ``timeout`` is shared by all."""
        addresses = (await self.addresses(host, port))[:_MAX_ADDRESSES]
        failure: OSError | None = None
        for address in addresses:
            try:
                async with asyncio.timeout(timeout and timeout / len(addresses)):
                    return await _connect(address, port)
            except OSError as error:
                failure = failure or error
        raise FetchError(f"{host}:{port} cannot be reached ({reason(failure)})") from failure


class GuardedBackend(Backend):
    """Dials only what ``guard`` lets pass; TLS still names the host."""

    def __init__(self, guard: Guard, resolve: Resolver) -> None:
        super().__init__(resolve)
        self._guard = guard

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Return those addresses that may be reached; raise ``AddressRefused`` for lack of any."""
        found = await super().addresses(host, port)
        refusals = self._refusals(host, port, found)
        passed = [address for address in found if address not in refusals]
        if not passed:
            raise next(iter(refusals.values()), FetchError(f"{host}: the name has no address"))
        return passed

    async def check(self, host: str, port: int) -> None:
        """Raise ``AddressRefused`` where any of the addresses may not be reached."""
        found = await super().addresses(host, port)
        if not found:
            raise FetchError(f"{host}: the name has no address")
        for refusal in self._refusals(host, port, found).values():
            raise refusal

    def _refusals(self, host: str, port: int, found: Sequence[str]) -> Mapping[str, AddressRefused]:
        refusals = {}
        for address in found:
            try:
                self._guard.check(host, port, address)
            except AddressRefused as error:
                refusals[address] = error
        return refusals


async def _connect(address: str, port: int) -> Stream:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.setblocking(False)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except BaseException:
        connecting.close()
        raise
    return SocketStream(connecting)
