"""Parsing in processes that can be killed.

job -> an idle worker, or a new one -> answer within the deadline -> worker back, or replaced
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from monitor.errors import ParseError
from monitor.ingest import frames
from monitor.ingest.discover import FeedLink
from monitor.records import ParsedFeed, Seed

_MAX_JOBS = 5_000
_END_SECONDS = 2.0
_INHERITED = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ", "HOME")


class ParserPool:
    """Parses in at most ``workers`` processes, started when needed. Thread-safe.

    One job may take ``cpu_seconds`` of CPU, ``memory_mb`` MiB of address space and
    ``wall_seconds`` of time; a worker that takes more is killed and the job is a ``ParseError``.
    """

    def __init__(
        self,
        workers: int = 2,
        *,
        cpu_seconds: float = 10.0,
        memory_mb: int = 512,
        wall_seconds: float = 30.0,
    ) -> None:
        self._limits = (str(cpu_seconds), str(memory_mb))
        self._wall_seconds = wall_seconds
        self._places = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def parse(self, body: bytes, content_type: str | None, url: str) -> ParsedFeed:
        """Return the entries of a feed document fetched from ``url``; raise ``ParseError``."""
        answer = self._run("feed", body, content_type, url)
        return frames.unpack_feed(answer["feed"], answer["body"])

    def read_page(self, body: bytes, content_type: str | None, url: str) -> Seed:
        """Return title and main text of a web page; raise ``ParseError``."""
        return frames.to_seed(self._run("page", body, content_type, url)["seed"])

    def read_article(self, body: bytes, content_type: str | None, url: str) -> str:
        """Return the main text of a story's page, ``""`` for none; raise ``ParseError``."""
        text: str = self._run("article", body, content_type, url)["text"]
        return text

    def read_links(self, body: bytes, content_type: str | None, url: str) -> tuple[FeedLink, ...]:
        """Return where the feeds of a web page may be; raise ``ParseError``."""
        links = self._run("links", body, content_type, url)["links"]
        return tuple(FeedLink(**each) for each in links)

    def shrink(self, idle: timedelta = timedelta(minutes=1)) -> None:
        """End the workers that have had nothing to do for as long as ``idle``."""
        before = time.monotonic() - idle.total_seconds()
        with self._lock:
            ended = [each for each in self._idle if each.used_at <= before]
            self._idle = [each for each in self._idle if each.used_at > before]
        for worker in ended:
            worker.end()

    def close(self) -> None:
        """End all workers, those at work too: their jobs raise ``ParseError``."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for worker in self._busy:
                worker.kill()  # its job ends it
        for worker in idle:
            worker.end()

    def _run(self, job: str, body: bytes, content_type: str | None, url: str) -> dict[str, Any]:
        header = {"job": job, "content_type": content_type, "url": url}
        with self._places:
            worker = self._take()
            answer: dict[str, Any] = {}
            try:
                answer = worker.do(header, body, self._wall_seconds)
            finally:
                self._give_back(worker, spent=not answer or "spent" in answer)
        if "error" in answer:
            raise ParseError(answer["error"])
        return answer

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise ParseError("the program is ending: nothing is parsed any more")
            worker = self._pop_idle() or _Worker(self._limits)
            self._busy.add(worker)
            return worker

    def _pop_idle(self) -> _Worker | None:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            worker.end()
        return None

    def _give_back(self, worker: _Worker, *, spent: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            spent = spent or self._closed or worker.jobs >= _MAX_JOBS
            if not spent:
                self._idle.append(worker)
        if spent:
            worker.end()


class _Worker:
    """One process and the socket that is its stdin and stdout."""

    def __init__(self, limits: tuple[str, ...]) -> None:
        self.jobs = 0
        self.used_at = time.monotonic()
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                [sys.executable, "-P", "-m", "monitor.ingest.worker", *limits],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                env=_environment(),
                process_group=0,  # a Ctrl-C is the parent's to handle
            )

    def do(self, header: Mapping[str, Any], body: bytes, seconds: float) -> dict[str, Any]:
        """Return the answer to one job, or raise ``ParseError`` when the process failed it."""
        self.jobs += 1
        deadline = time.monotonic() + seconds
        try:
            self._socket.settimeout(seconds)
            self._socket.sendall(frames.pack(header, body))
            answer, rest = frames.read(lambda count: self._receive(count, deadline))
        except TimeoutError as error:
            raise ParseError(f"parsing took more than {seconds:g} s and was stopped") from error
        except (OSError, EOFError) as error:
            raise ParseError(self._obituary()) from error
        self.used_at = time.monotonic()
        return {**answer, "body": rest}

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        """Kill the process and wait for it to be gone."""
        self.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self._socket.close()

    def _receive(self, count: int, deadline: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            piece = self._socket.recv(min(count - len(data), 1 << 20))
            if not piece:
                raise EOFError
            data += piece
        return bytes(data)

    def _obituary(self) -> str:
        try:
            code = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            return "the parser process does not answer any more"
        if code == -signal.SIGXCPU:
            return "parsing took more CPU than allowed and was stopped"
        return f"the parser process ended with code {code}"


def _environment() -> dict[str, str]:
    """Return what a worker needs and no more: passwords of the service are none of its business."""
    package_root = str(Path(__file__).parents[2])
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return inherited | {"PYTHONPATH": package_root}
