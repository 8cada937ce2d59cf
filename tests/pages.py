"""A web site on loopback that answers as a test says, path by path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass(frozen=True)
class Page:
    """An answer. ``tag``: an ETag, honoured with 304 unless ``forgetful``."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    tag: str | None = None
    forgetful: bool = False


@dataclass
class Site:
    """Pages by path, and the requests that came, with their headers by lower-case name."""

    host: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    said: list[Mapping[str, str]] = field(default_factory=list)

    def url(self, path: str = "/") -> str:
        """The address of a page."""
        return f"http://{self.host}{path}"


@contextmanager
def site() -> Iterator[Site]:
    """A running :class:`Site` on a free port."""
    state = Site()
    handler = type("Handler", (_Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        state.host = f"127.0.0.1:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: Site

    def do_GET(self) -> None:
        self.state.asked.append(self.path)
        self.state.said.append({name.lower(): value for name, value in self.headers.items()})
        page = self.state.pages.get(self.path, Page(status=404))
        known = page.tag and self.headers.get("If-None-Match") == page.tag and not page.forgetful
        status, body = (304, b"") if known else (page.status, page.body)
        self.send_response(status)
        for name, value in page.headers.items():
            self.send_header(name, value)
        if page.tag:
            self.send_header("ETag", page.tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        with suppress(ConnectionError):  # a client that hung up
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        """Keep test output readable."""
