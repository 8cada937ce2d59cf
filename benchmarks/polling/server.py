"""The servers of the feeds: one process, many hosts on loopback, every answer made beforehand.

A connection ends with its answer, as it would with feeds that live on different hosts and are
read minutes apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address
from multiprocessing import get_context
from multiprocessing.connection import Connection

from benchmarks.polling.documents import Feed, make_feed
from benchmarks.polling.scenarios import FIRST, Scenario

WARM_UP = 8
"""Feeds beside those that are measured: each contender reads them before."""

_SEED = 1
_MAX_HOSTS = 200
_LAST_MODIFIED = b"Mon, 02 Mar 2026 05:4%d:00 GMT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The servers as their clients see them; ``mean_size`` of a measured feed, in bytes."""

    warm_up: tuple[str, ...]
    feeds: tuple[str, ...]
    mean_size: int
    control: Connection

    def switch(self, scenario: Scenario) -> dict[HTTPStatus, int]:
        """Behave as in ``scenario`` from now on; return the answers since the last switch."""
        self.control.send(scenario)
        answers: dict[HTTPStatus, int] = self.control.recv()
        return answers


@contextmanager
def serve(feeds: int) -> Iterator[Sites]:
    """Serve so many feeds, and those to warm up with, until the block ends."""
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_run, args=(theirs, feeds), daemon=True)
    process.start()
    theirs.close()
    try:
        addresses, mean_size = ours.recv()
        warm_up, measured = addresses[:WARM_UP], addresses[WARM_UP:]
        yield Sites(warm_up=warm_up, feeds=measured, mean_size=mean_size, control=ours)
    finally:
        ours.close()
        process.join()


def _run(control: Connection, feeds: int) -> None:
    asyncio.run(_Server(control, feeds).run())


class _Server:
    def __init__(self, control: Connection, feeds: int) -> None:
        self._control = control
        self._feeds = [make_feed(_SEED, number) for number in range(WARM_UP + feeds)]
        self._scenario = FIRST
        self._answers: dict[HTTPStatus, int] = {}
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Listen until the other end of ``control`` is closed."""
        hosts = [await self._listen(each) for each in range(min(len(self._feeds), _MAX_HOSTS))]
        addresses = tuple(
            f"http://{hosts[number % len(hosts)]}/{number}" for number in range(len(self._feeds))
        )
        sizes = [len(feed.editions[0]) for feed in self._feeds[WARM_UP:]]
        self._control.send((addresses, sum(sizes) // len(sizes)))
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._switch)
        await self._ended.wait()

    async def _listen(self, number: int) -> str:
        address = str(IPv4Address("127.0.0.1") + number)
        server = await asyncio.start_server(self._serve, address, 0)
        return f"{address}:{server.sockets[0].getsockname()[1]}"

    def _switch(self) -> None:
        try:
            self._scenario = self._control.recv()
        except EOFError:
            self._ended.set()
            return
        answers, self._answers = self._answers, {}
        self._control.send(answers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            number = int(head.split(b" ", 2)[1].strip(b"/"))
            writer.write(self._answer(self._feeds[number], head))
            await writer.drain()
        finally:
            writer.close()

    def _answer(self, feed: Feed, head: bytes) -> bytes:
        edition = self._scenario.edition
        tag = b'"edition-%d"' % edition
        known = self._scenario.validators and tag in head
        status = HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK
        self._answers[status] = self._answers.get(status, 0) + 1
        body = b"" if known else feed.editions[edition]
        fields = [b"HTTP/1.1 %d %s" % (status, status.phrase.encode()), b"Connection: close"]
        if self._scenario.validators:
            fields += [b"ETag: " + tag, b"Last-Modified: " + _LAST_MODIFIED % edition]
        if not known:
            fields += [b"Content-Type: " + feed.content_type, b"Content-Length: %d" % len(body)]
        return b"\r\n".join([*fields, b"", body])
