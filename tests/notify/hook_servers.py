"""A web server on loopback that keeps what is posted to it and answers as it is told."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HANG_UP = b""
SILENCE = b"silence"
DRIP = b"drip"
"""What it can do instead of answering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request: its first line, its headers with small names, its body."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Hook:
    """The answer to everything, and what was posted."""

    answer: bytes
    port: int = 0
    connections: int = 0
    posts: list[Post] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook") -> str:
        """The address of a page of this server."""
        return f"http://127.0.0.1:{self.port}{path}"


def answering(status: str, *headers: str) -> bytes:
    """The head of an answer without a body."""
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 0", "", ""]).encode()


TAKEN = answering("204 No Content")


@contextmanager
def hook(answer: bytes = TAKEN, tls: ssl.SSLContext | None = None) -> Iterator[Hook]:
    """A running server with this answer to everything."""
    state = Hook(answer=answer)
    handler = type("Handler", (_Handler,), {"state": state, "tls": tls})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield state
        finally:
            state.closing.set()
            server.shutdown()
            thread.join()


class _Handler(socketserver.StreamRequestHandler):
    state: Hook
    tls: ssl.SSLContext | None

    def setup(self) -> None:
        self.state.connections += 1
        if self.tls is not None:
            self.request = self.tls.wrap_socket(
                self.request, server_side=True, do_handshake_on_connect=False
            )
        super().setup()

    def handle(self) -> None:
        with suppress(OSError):
            line = self.rfile.readline().decode().strip()
            if line:
                headers = dict(self._headers())
                body = self.rfile.read(int(headers.get("content-length", 0)))
                self.state.posts.append(Post(line=line, headers=headers, body=body))
                self._answer()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()
        with suppress(OSError):
            self.request.close()

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()

    def _answer(self) -> None:
        if self.state.answer == SILENCE:
            self.state.closing.wait()
        elif self.state.answer == DRIP:
            while not self.state.closing.wait(0.02):
                self.wfile.write(b"H")
        else:
            self.wfile.write(self.state.answer)
