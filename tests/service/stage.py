"""Scenes played with real processes, servers and folders, and what arrived where."""

from __future__ import annotations

import json
import multiprocessing
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from monitor.notify.atom import read
from monitor.records import OutboxItem
from monitor.store import archive, ledger, outbox
from monitor.store.database import Database, open_database
from tests.servers import FeedServer, feed_server
from tests.service import victim
from tests.service.newsroom import Newsroom
from tests.service.receivers import Receiver, doorbell, post_office
from tests.service.scenes import Scene
from tests.service.victim import Job

HOUR = timedelta(hours=1)
AFTER = (timedelta(0), HOUR, 6 * HOUR)
"""Each hour of a scene, and when it is come back to: waits after a failure are over by then."""
FAR = 100_000
_CHANNELS = """
channels:
  hook: {{webhook: "http://127.0.0.1:{port}/hook", secret_file: secret}}
  pages: {{folder: pages}}
  feeds: {{feed: feeds}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message as a recipient has it."""

    recipient: str
    id: str
    raw: bytes
    stories: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Record:
    """What the database says of a message: its row, its stories by the ledger, the archive's."""

    item: OutboxItem
    stories: tuple[int, ...]
    archived: bytes


@dataclass(frozen=True, kw_only=True)
class Play:
    """How a scene went: what arrived, and what is recorded.

    ``died``: by its own hand; else ``moments`` names all that there were. ``arrived_first`` and
    ``recorded_first``: when it had died, before it was started anew.
    """

    died: bool
    moments: tuple[str, ...]
    arrived_first: tuple[Arrival, ...]
    recorded_first: tuple[Record, ...]
    arrivals: tuple[Arrival, ...]
    records: tuple[Record, ...]


def nursery() -> multiprocessing.context.ForkServerContext:
    """Forks victims from a process that has everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.service.preload"])
    return context


def run(job: Job) -> tuple[str, ...] | None:
    """Walk in a process of its own; the names of the moments, or None if it died."""
    (job.folder / "moments").unlink(missing_ok=True)
    process = nursery().Process(target=victim.main, args=(job,))
    process.start()
    process.join(90)
    if process.exitcode == victim.NOT_ALLOWED:
        pytest.skip("a small disk of one's own is not allowed here")
    assert process.exitcode in (0, -9), process.exitcode
    survived = (job.folder / "moments").exists()
    return tuple(json.loads((job.folder / "moments").read_text())) if survived else None


def hours_left(job: Job) -> tuple[datetime, ...]:
    """The hours that one that died has not seen."""
    last = datetime.fromisoformat((job.folder / "hour").read_text())
    return tuple(hour for hour in job.hours if hour > last)


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where mails and posts arrive, and where news come from."""

    mails: Receiver
    hooks: Receiver
    feeds: FeedServer


class Stage:
    """One scene, prepared once and played again and again, each time in a folder of its own."""

    def __init__(self, folder: Path, scene: Scene, servers: Servers) -> None:
        self.folder, self.scene, self.servers = folder, scene, servers
        self.plays = 0
        self.base = folder / "base"
        self.base.mkdir()
        self._prepare()
        self.before = servers.mails.settled(), servers.hooks.settled()

    def _prepare(self) -> None:
        (self.base / "secret").write_text("a secret of this test alone")
        (self.base / "secret").chmod(0o600)
        channels = _CHANNELS.format(port=self.servers.hooks.port)
        room = Newsroom(self.base, self.scene.digests, more=channels)
        port = self.servers.mails.port
        smtp = f"smtp: {{host: 127.0.0.1, port: {port}, security: none}}"
        to_files = "pages" in self.scene.told
        room.configure(self.scene.digests, mail="folder: outbox" if to_files else smtp)
        if self.scene.feed is not None:
            self._serve(self.scene.feed)
        self.scene.prepare(room)
        room.stop()

    def _serve(self, feed: bytes) -> None:
        self.servers.feeds.pages["feed"] = feed
        (self.base / "feeds.yaml").write_text(f"feeds: [{{url: {self.servers.feeds.url('feed')}}}]")
        file = self.base / "monitor.yaml"
        file.write_text(file.read_text().replace("127.0.0.1:1", self.servers.feeds.host))

    def play(self, fault: str = "kill", at: int = FAR, *, restart: bool = False) -> Play:
        """Let ``fault`` strike at the ``at``-th moment, then come back until all is quiet."""
        self.plays += 1
        folder = self.folder / f"{self.plays}"
        shutil.copytree(self.base, folder)
        self.servers.mails.taken, self.servers.hooks.taken = map(list, self.before)
        job = self._job(folder, fault, at, restart=restart)
        moments = run(job)
        first = self._arrivals(folder), _records(folder)
        _come_back(job)
        last = self._arrivals(folder), _records(folder)
        shutil.rmtree(folder)
        return Play(
            died=moments is None,
            moments=moments or (),
            arrived_first=first[0],
            recorded_first=first[1],
            arrivals=last[0],
            records=last[1],
        )

    def _job(self, folder: Path, fault: str, at: int, *, restart: bool) -> Job:
        return Job(
            folder=folder,
            hours=tuple(sorted({hour + after for hour in self.scene.hours for after in AFTER})),
            armed=self.scene.hours,
            fault=fault,
            at=at,
            restart=restart,
            telling=self.scene.feed is None,
        )

    def _arrivals(self, folder: Path) -> tuple[Arrival, ...]:
        files = sorted(folder.glob("outbox/*.eml"))
        mails = [
            *(raw for _, raw in self.servers.mails.settled()),
            *(file.read_bytes() for file in files),
        ]
        posts = [_arrival("hook", name, raw) for name, raw in self.servers.hooks.settled()]
        pages = [
            _arrival("pages", file.stem, file.read_bytes())
            for file in sorted(folder.glob("pages/*.html"))
        ]
        entries = [
            _arrival("feeds", entry.id, entry.title.encode())
            for file in sorted(folder.glob("feeds/*.atom"))
            for entry in read(file.read_bytes())
        ]
        return (*map(_mailed, mails), *posts, *pages, *entries)


@contextmanager
def staged(folder: Path, scene: Scene) -> Iterator[Stage]:
    """The scene with its servers."""
    folder.mkdir()
    with post_office() as mails, doorbell() as hooks, feed_server() as feeds:
        yield Stage(folder, scene, Servers(mails=mails, hooks=hooks, feeds=feeds))


def _mailed(raw: bytes) -> Arrival:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    assert body is not None
    return _arrival(str(mail["To"]), str(mail["Message-ID"]), raw, body.get_content())


def _arrival(recipient: str, name: str, raw: bytes, text: str | None = None) -> Arrival:
    stories = _stories(raw.decode() if text is None else text)
    return Arrival(recipient=recipient, id=name, raw=raw, stories=stories)


def _stories(text: str) -> tuple[int, ...]:
    """The numbers of the stories of a text, but for one that an update only quotes."""
    return tuple(sorted({int(number) for number in re.findall(r"(?<!“)Story \[(\d+)\]", text)}))


def _records(folder: Path) -> tuple[Record, ...]:
    database = open_database(f"sqlite:///{folder}/monitor.db")
    try:
        return tuple(_record(database, item) for item in outbox.listing(database))
    finally:
        database.close()


def _record(database: Database, item: OutboxItem) -> Record:
    archived = archive.get(database, item.run)
    assert archived is not None, "a message that is not in the archive"
    told = ledger.told(database, item, cut=False)
    stories = _stories(" ".join(each.story.title for each in told))
    return Record(item=item, stories=stories, archived=archived.sha256)


def _come_back(job: Job) -> None:
    """Walk the hours that are left, and one more."""
    hours = (*hours_left(job), job.hours[-1] + HOUR)
    app = victim.begin(job.folder, hours[0])
    try:
        for now in hours:
            for step in victim.steps(job):
                step(app, now)
    finally:
        app.close()
