"""The servers of a crowd: processes of their own, and an address on loopback for every feed."""

from __future__ import annotations

import asyncio
import resource
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from multiprocessing import get_context
from multiprocessing.connection import Connection

from tests.crowd import Reply, reply_of

PROCESSES = 2
FIRST_HOST = IPv4Address("127.20.0.1")

_HANG_UP = struct.pack("ii", 1, 0)
"""SO_LINGER that breaks a connection off instead of closing it."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A request: which feed, at which tick, when by the monotonic clock of the machine."""

    number: int
    tick: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """The feeds as their reader sees them; ``kinds`` by number, "" for the healthy."""

    kinds: Sequence[str]
    hosts: tuple[str, ...]
    controls: tuple[Connection, ...]

    def url(self, number: int) -> str:
        """The address of a feed."""
        return f"http://{self.hosts[number]}/feed"

    def set_tick(self, tick: int) -> list[Visit]:
        """Publish as of ``tick`` from now on; return the visits since the last call, in order."""
        for control in self.controls:
            control.send(tick)
        visits = [visit for control in self.controls for visit in control.recv()]
        return sorted(visits, key=lambda visit: visit.at)


@contextmanager
def crowd(kinds: Sequence[str]) -> Iterator[Crowd]:
    """Serve one feed for each of ``kinds``, each on a host of its own."""
    spawn = get_context("spawn")
    with ExitStack() as stack:
        controls = []
        for part in range(PROCESSES):
            ours, theirs = spawn.Pipe()
            numbers = range(part, len(kinds), PROCESSES)
            process = spawn.Process(
                target=_run, args=(theirs, {number: kinds[number] for number in numbers})
            )
            process.start()
            theirs.close()
            stack.callback(process.join)
            stack.callback(ours.close)
            controls.append(ours)
        hosts = {number: host for control in controls for number, host in control.recv()}
        yield Crowd(
            kinds=kinds,
            hosts=tuple(hosts[number] for number in range(len(kinds))),
            controls=tuple(controls),
        )


def _run(control: Connection, kinds: dict[int, str]) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    asyncio.run(_Servers(control, kinds).run())


class _Servers:
    """One process of them."""

    def __init__(self, control: Connection, kinds: dict[int, str]) -> None:
        self._control = control
        self._kinds = kinds
        self._tick = 0
        self._visits: list[Visit] = []
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Listen until the other end of ``control`` is closed."""
        self._control.send([(number, await self._listen(number)) for number in self._kinds])
        asyncio.get_running_loop().add_reader(self._control.fileno(), self._set_tick)
        await self._ended.wait()

    async def _listen(self, number: int) -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._serve(number, reader, writer)

        address = str(FIRST_HOST + number)
        server = await asyncio.start_server(serve, address, 0)
        return f"{address}:{server.sockets[0].getsockname()[1]}"

    def _set_tick(self) -> None:
        try:
            self._tick = self._control.recv()
        except EOFError:
            self._ended.set()
            return
        visits, self._visits = self._visits, []
        self._control.send(visits)

    async def _serve(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            asked = await reader.readuntil(b"\r\n\r\n")
            self._visits.append(Visit(number, self._tick, time.monotonic()))
            await _send(reply_of(self._kinds[number], number, self._tick, asked), writer)
        writer.close()


async def _send(reply: Reply, writer: asyncio.StreamWriter) -> None:
    writer.write(reply.head + reply.body)
    await writer.drain()
    while reply.drip:  # until the client has had enough
        await asyncio.sleep(reply.pause)
        writer.write(reply.drip)
        await writer.drain()
    if reply.reset:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _HANG_UP)
