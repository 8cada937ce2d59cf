"""Servers that keep what they took, whatever becomes of its sender, and say when all is in."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from typing import Any

Taken = tuple[str, bytes]
"""The id of a message and its bytes."""


class Receiver(socketserver.ThreadingTCPServer):
    """Counts its conversations; ``taken`` in order of arrival."""

    def __init__(self, handler: type[socketserver.BaseRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.taken: list[Taken] = []
        self.changed = threading.Condition()
        self.begun = self.ended = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._count(begun=1)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._count(ended=1)

    def settled(self) -> tuple[Taken, ...]:
        """All that was taken, when nobody speaks any more.

        Who connects now is let in after all who came before, so those have been counted.
        """
        before = self.begun
        with socket.create_connection(("127.0.0.1", self.port), timeout=10):
            self._wait(lambda: self.begun > before)
        self._wait(lambda: self.begun == self.ended)
        return tuple(self.taken)

    def _count(self, *, begun: int = 0, ended: int = 0) -> None:
        with self.changed:
            self.begun, self.ended = self.begun + begun, self.ended + ended
            self.changed.notify_all()

    def _wait(self, condition: Any) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout=20), "somebody speaks without end"


class _Conversation(socketserver.StreamRequestHandler):
    server: Receiver
    timeout = 10

    def handle(self) -> None:
        with suppress(OSError):
            self.talk()

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def talk(self) -> None:
        raise NotImplementedError


class _Smtp(_Conversation):
    """Takes a mail with its last line, whether or not its sender lives to hear of it."""

    def talk(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        while line := self.rfile.readline():
            verb = line.split()[0].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                self._receive()
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")

    def _receive(self) -> None:
        lines = [self.rfile.readline()]
        while lines[-1] not in (b".\r\n", b""):
            lines.append(self.rfile.readline())
        if not lines[-1]:
            raise ConnectionAbortedError
        raw = b"".join(line.removeprefix(b".") for line in lines[:-1])
        mail = message_from_bytes(raw, policy=policy.default)
        self.server.taken.append((str(mail["Message-ID"]), raw))


class _Hook(_Conversation):
    """Takes a post with its last byte."""

    def talk(self) -> None:
        if not self.rfile.readline():
            return
        headers = dict(self._headers())
        body = self.rfile.read(int(headers["content-length"]))
        if len(body) == int(headers["content-length"]):
            self.server.taken.append((headers["webhook-id"], body))
        self.wfile.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")

    def _headers(self) -> Iterator[tuple[str, str]]:
        while line := self.rfile.readline().decode().strip():
            name, _, value = line.partition(":")
            yield name.lower(), value.strip()


@contextmanager
def receiving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[Receiver]:
    """A running :class:`Receiver`."""
    with Receiver(handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def post_office() -> Any:
    """A mail server."""
    return receiving(_Smtp)


def doorbell() -> Any:
    """A receiver of webhooks."""
    return receiving(_Hook)
