"""A real HTTP server on loopback for the sample feeds, with dates relative to the time given."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from threading import Thread

TYPES = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "json": "application/feed+json",
}
AGE = re.compile(r"@(RFC822|ISO8601):(\d+)@")


def sample_feeds(now: datetime) -> dict[str, bytes]:
    """The sample feeds by name, dated so many hours before ``now``."""
    folder = files("monitor.demo").joinpath("feeds")
    return {
        each.name: AGE.sub(lambda mark: _date(mark, now), each.read_text("utf-8")).encode()
        for each in sorted(folder.iterdir(), key=lambda each: each.name)
    }


def _date(mark: re.Match[str], now: datetime) -> str:
    moment = now - timedelta(hours=int(mark[2]))
    return format_datetime(moment) if mark[1] == "RFC822" else moment.isoformat(timespec="seconds")


@contextmanager
def served(bodies: dict[str, bytes]) -> Iterator[str]:
    """Serve ``bodies`` below the address that is yielded, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies.get(self.path.lstrip("/"))
            self.send_response(200 if body is not None else 404)
            self.send_header("Content-Type", TYPES.get(self.path.rpartition(".")[2], "text/plain"))
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the demo's output is its digest."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
