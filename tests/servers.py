"""Real servers on loopback for tests that cross an edge: feeds over HTTP, mail over SMTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class FeedServer:
    """Serves ``pages`` by path, honours If-None-Match, and remembers the requests."""

    host: str = ""
    pages: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)
    delays: dict[str, float] = field(default_factory=dict)
    requests: list[tuple[str, int]] = field(default_factory=list)
    closing: Event = field(default_factory=Event)

    def url(self, path: str) -> str:
        """The address of a page."""
        return f"http://{self.host}/{path}"


@contextmanager
def feed_server() -> Iterator[FeedServer]:
    """A running :class:`FeedServer` on a free port."""
    state = FeedServer()
    handler = type("Handler", (_FeedHandler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        state.host = f"127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield state
        state.closing.set()
        server.shutdown()
        thread.join()


class _FeedHandler(BaseHTTPRequestHandler):
    state: FeedServer

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        body = self.state.pages.get(path, b"")
        tag = f'"{hash(body)}"'
        status = self.state.statuses.get(path, 200 if path in self.state.pages else 404)
        if status == 200 and self.headers.get("If-None-Match") == tag:
            status = 304
        self.state.requests.append((path, status))
        self.state.closing.wait(self.state.delays.get(path, 0.0))
        self.send_response(status)
        if path in self.state.locations:
            self.send_header("Location", self.state.locations[path])
        if status == 200:
            self.send_header("ETag", tag)
            self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body) if status == 200 else 0))
        self.end_headers()
        if status == 200:
            self.wfile.write(body)

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that hung up
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Keep test output readable."""


@dataclass
class MailServer:
    """Accepts mail and keeps it in order of arrival."""

    port: int = 0
    raw: list[bytes] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)

    @property
    def mails(self) -> list[EmailMessage]:
        """What arrived, parsed."""
        with self.lock:
            return [message_from_bytes(each, policy=policy.default) for each in self.raw]


class _Keep:
    def __init__(self, state: MailServer) -> None:
        self.state = state

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        with self.state.lock:
            self.state.raw.append(envelope.original_content)
        return "250 kept"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """A running :class:`MailServer` on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        state = MailServer(port=free.getsockname()[1])
    controller = Controller(_Keep(state), hostname="127.0.0.1", port=state.port)
    controller.start()
    try:
        yield state
    finally:
        controller.stop()
