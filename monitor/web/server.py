"""The pages beside the steps: a server in a thread of its own, which ends when they do."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread

from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

from monitor.config.addresses import format_host_port
from monitor.config.web import WebSettings
from monitor.errors import ConfigError, MonitorError
from monitor.service.app import App
from monitor.service.memory import share_heap
from monitor.web.site import build

log = logging.getLogger(__name__)

CONNECTIONS = 100
"""At a time; more are hung up on, so that descriptors are left for the steps."""
HEAD_SECONDS = 10.0
"""In which the head of the first request has to be here ..."""
LIFE_SECONDS = 60.0
"""... and after which a connection ends, whatever it does."""
LONGEST_HEAD = 16_384
"""Bytes of a request's head."""
THREADS = 2
"""In which pages are made. A verdict costs seconds of CPU: the steps have to have theirs too."""
LAST = 2.0
"""Seconds that requests in flight have to end when the service stops."""


@dataclass
class Served:
    """The running pages. ``host`` is ``address:port``; ``ended``: none is being made any more."""

    host: str
    ended: bool = False


@contextmanager
def serving(app: App, clock: Callable[[], datetime]) -> Iterator[Served]:
    """Serve the pages of ``app`` until the block ends, or until the App is stopping.

    Raises ``ConfigError`` where ``web`` is not configured, and where its key cannot be had, and
    ``MonitorError`` where nothing can listen on its address.
    """
    web = app.settings.web
    if web is None:
        raise ConfigError(("web: there are no pages to serve; write web: {} to have them",))
    share_heap()
    threads = ThreadPoolExecutor(THREADS, thread_name_prefix="pages")
    server = _StoppingServer(_config(build(app, web, threads, clock)), app.stopping)
    listener = _listener(web)
    served = Served(host=format_host_port(listener.getsockname()[:2]))
    thread = Thread(target=_run, args=(server, listener), name="web", daemon=True)
    thread.start()
    log.info("pages served", extra={"listen": served.host})
    try:
        yield served
    finally:
        server.should_exit = True
        ending = Thread(target=_end, args=(thread, threads), name="web-end", daemon=True)
        ending.start()
        ending.join(LAST + 1)
        served.ended = not ending.is_alive()


def _config(pages: object) -> Config:
    return Config(
        pages,  # type: ignore[arg-type]  # starlette and uvicorn name the same types
        loop="asyncio",
        http=_BoundedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        # what goes wrong in a page is told by the guard; what clients do wrong has no end
        log_level="critical",
        access_log=False,
        # so many are taken in at once, before any can be hung up on
        backlog=CONNECTIONS,
        # a page goes on being made when its client has hung up: beyond so many the answer is 503
        limit_concurrency=CONNECTIONS + 1,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=int(LAST),
        h11_max_incomplete_event_size=LONGEST_HEAD,
    )


def _run(server: Server, listener: socket.socket) -> None:
    try:
        server.run([listener])
    except Exception:
        log.exception("pages ended")


def _end(thread: Thread, threads: ThreadPoolExecutor) -> None:
    thread.join()
    threads.shutdown(wait=True, cancel_futures=True)


def _listener(web: WebSettings) -> socket.socket:
    host, port = web.listen
    place = format_host_port(web.listen)
    try:
        (family, *_, address), *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return socket.create_server(address[:2], family=family, backlog=CONNECTIONS)
    except OSError as error:
        raise MonitorError(
            f"web.listen: nothing can listen on {place} ({error.strerror or error}); end what uses"
            " that port, or write another one"
        ) from error


class _StoppingServer(Server):
    """Ends with the steps, so that both have the same seconds."""

    def __init__(self, config: Config, stopping: Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._stopping.is_set()


class _BoundedProtocol(H11Protocol):
    """A connection that is one of few, and does not last."""

    _ends: tuple[asyncio.TimerHandle, ...] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.access_log = False  # whatever loggers are told: addresses are secrets of readers
        if len(self.connections) > CONNECTIONS:
            transport.abort()
            return
        self._ends = (
            self.loop.call_later(HEAD_SECONDS, self._end_without_request),
            self.loop.call_later(LIFE_SECONDS, transport.abort),
        )

    def connection_lost(self, exc: Exception | None) -> None:
        for each in self._ends:
            each.cancel()
        super().connection_lost(exc)

    def _end_without_request(self) -> None:
        if not self.cycle:
            self.transport.abort()
