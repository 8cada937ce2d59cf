"""Months of polling in seconds: scripted hosts on loopback, and a clock that jumps.

Every host is an address of its own (127.0.0.1, 127.0.0.2 ...) on one port. A script answers each
request by the time that the clock shows; the server writes every request down, byte for byte.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from random import Random
from threading import Thread

from monitor.config import load
from monitor.ingest.fetch import Fetcher, FetchSettings
from monitor.ingest.guard import Guard
from monitor.records import Feed
from monitor.service.app import App, open_app, sync
from monitor.service.poll import poll
from monitor.store import feeds as feed_rows
from tests.builders import write_config

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass
class Clock:
    """The time of a run."""

    now: datetime = START


@dataclass(frozen=True)
class Answer:
    """What a host says; length, connection and a cookie are added. ``HANG_UP`` says nothing."""

    status: int = 200
    headers: Headers = ()
    body: bytes = b""


HANG_UP = Answer(0)


@dataclass(frozen=True)
class Visit:
    """One request as it arrived: ``in_flight`` of its host, itself included.

    ``feed``: the first part of its path; by it all hops of one feed are found. ``start`` counts the
    starts of the program.
    """

    at: datetime
    host: str
    path: str
    headers: Headers
    in_flight: int
    start: int

    @property
    def feed(self) -> str:
        return self.path.split("/")[1]

    def all(self, name: bytes) -> list[bytes]:
        """The values of a header."""
        return [value for each, value in self.headers if each.lower() == name]

    def get(self, name: bytes) -> bytes | None:
        """The value of a header that occurs once at most."""
        values = self.all(name)
        assert len(values) <= 1, f"{name!r} is said {len(values)} times"
        return values[0] if values else None


Script = Callable[[Visit], Answer]
Exchange = tuple[Visit, Answer]


@dataclass
class World:
    """The hosts, by their script, and what was asked and answered."""

    clock: Clock
    port: int = 0
    scripts: dict[str, Script] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    lag: float = 0.0
    start: int = 0
    _busy: dict[str, int] = field(default_factory=dict)

    def url(self, host: str, path: str) -> str:
        """An address on ``host``."""
        return f"http://{host}:{self.port}{path}"

    def of(self, feed: str) -> list[Exchange]:
        """All that was asked on behalf of a feed, in order."""
        return [each for each in self.exchanges if each[0].feed == feed]

    def visits(self, feed: str, host: str | None = None) -> list[Visit]:
        """Its requests; ``host``: only those there."""
        return [visit for visit, _ in self.of(feed) if host in (None, visit.host)]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            host = writer.get_extra_info("sockname")[0]
            self._busy[host] = self._busy.get(host, 0) + 1
            try:
                answer = self._answered(host, head)
                await asyncio.sleep(self.lag)
                writer.write(_bytes_of(answer))
                await writer.drain()
            finally:
                self._busy[host] -= 1
        writer.close()

    def _answered(self, host: str, head: bytes) -> Answer:
        request, *lines = head[:-4].split(b"\r\n")
        pairs = (line.partition(b": ") for line in lines)
        headers = tuple((name, value) for name, _, value in pairs)
        path = request.split(b" ")[1].decode()
        visit = Visit(self.clock.now, host, path, headers, self._busy[host], self.start)
        answer = self.scripts[host](visit)
        self.exchanges.append((visit, answer))
        return answer


def _bytes_of(answer: Answer) -> bytes:
    if answer is HANG_UP:
        return b""
    always = (
        (b"Content-Length", str(len(answer.body)).encode()),
        (b"Connection", b"close"),
        (b"Set-Cookie", b"id=1; Path=/"),
    )
    lines = [b"HTTP/1.1 %d Said" % answer.status]
    lines += [name + b": " + value for name, value in (*answer.headers, *always)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + answer.body


@contextmanager
def world(hosts: Iterable[str]) -> Iterator[World]:
    """A world in which ``hosts`` can be reached until the end; what they say is yet to be given."""
    made = World(Clock())
    loop = asyncio.new_event_loop()

    async def begin() -> list[asyncio.Server]:
        servers: list[asyncio.Server] = []
        for host in hosts:
            servers.append(await asyncio.start_server(made._serve, host, made.port))
            made.port = servers[0].sockets[0].getsockname()[1]
        return servers

    servers = loop.run_until_complete(begin())
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        for server in servers:
            server.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


@dataclass(frozen=True)
class Entry:
    """A feed of feeds.yaml; without ``interval`` it follows its rhythm. ``more``: other keys."""

    url: str
    interval: str | None = None
    more: Sequence[str] = ()

    def written(self) -> str:
        """As the file has it."""
        paced = [f"interval: {self.interval}"] if self.interval else []
        return "\n    ".join([f"  - url: {self.url}", *paced, *self.more])


@dataclass
class Run:
    """The program on one database, started again and again, under the clock of ``world``.

    The hosts in ``refused`` are not among the addresses that it may reach. ``grain``: it looks for
    what is due no more often.
    """

    world: World
    folder: Path
    entries: Sequence[Entry]
    refused: frozenset[str] = frozenset()
    grain: timedelta = timedelta(seconds=1)

    @property
    def now(self) -> datetime:
        """What the clock shows."""
        return self.world.clock.now

    def play(self, span: timedelta) -> None:
        """Start the program, let it poll whenever something is due for ``span``, and end it."""
        end = self.now + span
        with self._started() as app:
            while self.now < end:
                report = poll(app, self.now)
                self.world.clock.now = min(end, self._next(app, any(report.counts.values())))

    def feeds(self) -> dict[str, Feed]:
        """The feeds as they are stored, by their name."""
        with self._started(asleep=True) as app:
            return {
                each.spec.url.split("/", 4)[3]: each for each in feed_rows.all_feeds(app.database)
            }

    def _next(self, app: App, busy: bool) -> datetime:
        """When something comes due; what is due, and yet was not asked, is tried in a while."""
        all_feeds = feed_rows.all_feeds(app.database)
        awake = [each for each in all_feeds if each.spec.enabled and each.gone_at is None]
        soonest = min((each.next_check_at for each in awake), default=self.now + DAY)
        resting = soonest <= self.now and not busy
        return max(soonest, self.now + (7 * MINUTE if resting else self.grain))

    @contextmanager
    def _started(self, *, asleep: bool = False) -> Iterator[App]:
        if not asleep:
            self.world.start += 1
        settings = load(self._config())
        with open_app(settings, owner="service", rng=Random(self.world.start)) as app:
            app.fetcher = self._fetcher(app)
            sync(app, self.now)
            yield app

    def _fetcher(self, app: App) -> Fetcher:
        """The App's own but for its clock: rests are counted in the time of the run."""
        settings = app.settings
        return Fetcher(
            Guard(settings.allowed_addresses()),
            FetchSettings(
                user_agent=settings.user_agent("1.0"),
                timeout=settings.polling.timeout,
                max_bytes=settings.polling.max_body,
                concurrency=settings.polling.concurrency,
                per_host=settings.polling.per_host,
            ),
            clock=lambda: (self.now - START).total_seconds(),
        )

    def _config(self) -> Path:
        path = write_config(
            self.folder, feeds=[], host="", interval="30m", floor="5m", ceiling="4h"
        )
        hosts = [f"'{each}:{self.world.port}'" for each in self.world.scripts.keys() - self.refused]
        listed_hosts = f"[{', '.join(sorted(hosts))}]\n  contact: you@example.org"
        path.write_text(path.read_text().replace("['']", listed_hosts))
        (self.folder / "feeds.yaml").write_text(
            "\n".join(["feeds:", *(each.written() for each in self.entries), ""])
        )
        return path


def http_date(moment: datetime) -> bytes:
    """A date as headers have it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True).encode()


def stories(
    gap: timedelta, *, window: int = 20, head: str = "", begin: datetime = START - 30 * DAY
) -> Callable[[datetime], bytes]:
    """A feed that brings a story each ``gap`` since ``begin`` and shows the newest ``window``."""

    def document(now: datetime) -> bytes:
        newest = (now - begin) // gap
        return rss(
            [(n, begin + n * gap) for n in range(newest, max(newest - window, 0), -1)], head=head
        )

    return document


def rss(items: Sequence[tuple[int, datetime]], *, head: str = "") -> bytes:
    """An RSS 2.0 document of numbered stories with their dates."""
    written = "".join(
        f"<item><title>Story {number}</title><link>https://news.example/{number}</link>"
        f"<guid isPermaLink='false'>id-{number}</guid><pubDate>{format_datetime(date)}</pubDate>"
        f"<description>What happened at number {number}.</description></item>"
        for number, date in items
    )
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
        f"<title>Wire</title><link>https://news.example/</link>{head}{written}</channel></rss>"
    ).encode()
