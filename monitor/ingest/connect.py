"""The way to a target: straight, or through a proxy of the owner's."""

from __future__ import annotations

import asyncio
import ssl
from functools import cached_property
from typing import Protocol

import httpcore
import httpx

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.dial import Backend, GuardedBackend, Resolver
from monitor.ingest.guard import Guard
from monitor.ingest.headers import basic
from monitor.ingest.target import Target, parse

CONNECT_SECONDS = 10.0


class Connection(Protocol):
    """What httpcore calls a connection, however it came about."""

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """Send a request and read the head of its answer."""

    async def aclose(self) -> None:
        """Close it."""


class Connector:
    """Opens a connection of its own for every request.

    A pool would rescan its idle connections on every request and save little: feeds live on
    different hosts and are read minutes apart.
    """

    def __init__(
        self, guard: Guard, resolve: Resolver, ssl_context: ssl.SSLContext | None = None
    ) -> None:
        self._guarded = GuardedBackend(guard, resolve)
        self._open = Backend(resolve)
        self._given = ssl_context

    async def connect(self, target: Target, proxy: str | None) -> Connection:
        """Return a connection to ``target``; raise ``FetchError`` and the errors of httpcore.

        ``proxy``: an address, ``http://`` or ``https://``, maybe with a login. Where the proxy
        itself is, is its owner's choice. The target behind it is judged by what its name means
        here, and all its addresses have to pass, since the proxy chooses; but it looks the name up
        again and may come to another answer. A proxy has to be trusted.
        """
        if proxy is None:
            return await self._straight(target)
        if ":" in target.origin[1]:  # httpcore leaves out its brackets, and the proxy would guess
            raise FetchError(f"{target.host}: no IPv6 address is asked for through a proxy")
        connection = self._through(target, proxy)
        await self._judge(target)
        return connection

    async def _straight(self, target: Target) -> Connection:
        origin = target.asked.origin
        scheme, host, port = target.origin
        stream: httpcore.AsyncNetworkStream = await self._guarded.connect_tcp(
            host, port, CONNECT_SECONDS
        )
        if scheme == "https":
            bare = stream
            try:
                stream = await bare.start_tls(self._ssl_context, host, CONNECT_SECONDS)
            except BaseException:
                await bare.aclose()
                raise
        return httpcore.AsyncHTTP11Connection(origin, stream)

    async def _judge(self, target: Target) -> None:
        _, host, port = target.origin
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._guarded.check(host, port)
        except AddressRefused:
            raise
        except (FetchError, TimeoutError) as error:
            raise FetchError(
                f"{host}: the name does not resolve here, so that nobody knows where the proxy "
                "would go; only names that do are asked for through a proxy"
            ) from error

    def _through(self, target: Target, proxy: str) -> Connection:
        way = _proxy(proxy)
        behind_tls = way.scheme == "https"
        return httpcore.AsyncHTTPProxy(
            proxy_url=way.asked,
            proxy_headers=[(b"Proxy-Authorization", basic(*way.login))] if way.login else None,
            ssl_context=self._ssl_context if target.scheme == "https" else None,
            proxy_ssl_context=self._ssl_context if behind_tls else None,
            network_backend=self._open,
        ).create_connection(target.asked.origin)

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        # Loading the authorities takes 60 ms: once, and only where https is read.
        context = self._given or httpx.create_ssl_context(trust_env=False)
        context.set_alpn_protocols(["http/1.1"])
        return context


def _proxy(address: str) -> Target:
    """Take a proxy's address apart; raise ``FetchError`` without its login."""
    try:
        way = parse(address)
    except FetchError:
        raise FetchError("the address of the proxy is not valid", permanent=True) from None
    if way.scheme not in ("http", "https"):
        raise FetchError(
            f"a proxy of the kind {way.scheme[:20]!r} is not offered; "
            "use one with http:// or https://",
            permanent=True,
        )
    return way
