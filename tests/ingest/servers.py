"""Real HTTP servers on loopback, each with its own way to misbehave."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "127.0.0.1"


@dataclass
class Visit:
    """One request as it arrived, and the connection to answer it on."""

    path: str
    headers: dict[str, bytes]
    stopping: threading.Event
    _write: Callable[[bytes], object]
    connection: socket.socket
    method: str = "GET"

    def send(self, data: bytes) -> None:
        self._write(data)

    def answer(self, status: int = 200, body: bytes = b"", **headers: bytes | str) -> None:
        """A complete HTTP/1.1 answer; header names are written with ``_`` for ``-``."""
        given = {name.replace("_", "-").encode(): _bytes(value) for name, value in headers.items()}
        given.setdefault(b"Content-Length", str(len(body)).encode())
        lines = [b"HTTP/1.1 %d Anything" % status, *(b": ".join(each) for each in given.items())]
        self.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    def drip(self, piece: bytes, seconds: float = 0.05) -> None:
        """Send ``piece`` again and again until the client or the test has had enough."""
        while not self.stopping.wait(seconds):
            self.send(piece)

    def tunnel(self, port: int) -> None:
        """Be a proxy: pass on what comes, both ways, to a port of this machine."""
        with socket.create_connection((HOST, port)) as behind:
            self.send(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pass_on, args=(behind, self.connection))
            back.start()
            _pass_on(self.connection, behind)
            back.join()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass  # one side has left
    with suppress(OSError):
        sink.shutdown(socket.SHUT_RDWR)


Answer = Callable[[Visit], None]


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


@dataclass
class Server:
    port: int
    scheme: str = "http"
    visits: list[Visit] = field(default_factory=list)
    busiest: int = 0
    _busy: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str = "/feed", host: str = HOST) -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    @property
    def allowed(self) -> frozenset[tuple[str, int]]:
        return frozenset({(HOST, self.port)})

    @property
    def paths(self) -> list[str]:
        return [visit.path for visit in self.visits]

    def wait_for_visits(self, count: int, seconds: float = 10.0) -> None:
        deadline = time.monotonic() + seconds
        while len(self.visits) < count:
            assert time.monotonic() < deadline, f"{len(self.visits)} of {count} visits"
            time.sleep(0.005)

    @contextmanager
    def visited(self, visit: Visit) -> Iterator[None]:
        with self._lock:
            self.visits.append(visit)
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= 1


class _Threads(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


@contextmanager
def serve(answer: Answer, *, certificate: Path | None = None) -> Iterator[Server]:
    """Serve every GET and CONNECT by ``answer`` on a free loopback port.

    ``certificate``: a file with a key and a certificate; the server then speaks TLS.
    """
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._visited()

        def do_CONNECT(self) -> None:
            self._visited()

        def _visited(self) -> None:
            headers = {
                name.lower(): value.encode("latin-1") for name, value in self.headers.items()
            }
            visit = Visit(
                self.path, headers, stopping, self.wfile.write, self.connection, self.command
            )
            self.close_connection = True
            with server.visited(visit):
                try:
                    answer(visit)
                except (BrokenPipeError, ConnectionResetError):
                    return  # the client has left

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with _Threads((HOST, 0), Handler) as threads:
        server = Server(threads.server_port, "https" if certificate else "http")
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            threads.socket = context.wrap_socket(threads.socket, server_side=True)
        listener = threading.Thread(target=threads.serve_forever, args=(0.02,))
        listener.start()
        try:
            yield server
        finally:
            stopping.set()
            threads.shutdown()
            listener.join()
