"""The one place where real things meet: settings, database, network, parser, mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Self

from monitor import __version__
from monitor.config import Settings
from monitor.ingest.cadence import Bounds
from monitor.notify.slots import next_slot
from monitor.records import OutboxItem, Plan, Seed, Subscription, TopicSpec
from monitor.service.extras import FULL_TEXTS
from monitor.service.watch import Watch
from monitor.store import feeds, subscriptions, topics
from monitor.store.database import Database, open_database

if TYPE_CHECKING:  # heavy rooms are opened when first needed
    from monitor.ingest.fetch import Fetcher
    from monitor.ingest.pool import ParserPool
    from monitor.matching.score import Matcher
    from monitor.notify.mail import Transport
    from monitor.notify.templating import Templating

PARSERS = 2
"""Processes that parse feeds side by side; each keeps about 40 MB while it lives."""


def silent(_what: str, _done: int) -> None:
    """The progress display of a process without a terminal."""


@dataclass
class App:
    """What a step works with. Rooms that cost memory are built at their first use.

    ``owner`` marks the leases this process takes. ``stopping`` asks every step to end soon.
    ``progress`` is told what long work has done so far. ``matcher`` is kept while its inputs stand.
    ``taken``: messages that a server took, as long as the database could not be told. ``ways``:
    those out that were opened, mail under no name; ``closed``: those left alone since one
    time until another. ``watch``: who may have urgent news to come.
    """

    settings: Settings
    database: Database
    owner: str
    rng: Random
    stopping: Event = field(default_factory=Event)
    page_retry: dict[str, datetime] = field(default_factory=dict)
    matcher: tuple[object, Matcher] | None = None
    taken: list[OutboxItem] = field(default_factory=list)
    ways: dict[str, Transport] = field(default_factory=dict)
    closed: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    watch: Watch = field(default_factory=Watch)
    progress: Callable[[str, int], None] = silent

    @cached_property
    def plans(self) -> Mapping[tuple[str, str], Plan]:
        """How each recipient is served, by the names of digest and recipient."""
        return {(plan.digest, plan.recipient): plan for plan in self.settings.plans()}

    @cached_property
    def fetcher(self) -> Fetcher:
        """The network, behind the guard."""
        from monitor.ingest.fetch import Fetcher, FetchSettings
        from monitor.ingest.guard import Guard

        polling = self.settings.polling
        return Fetcher(
            Guard(self.settings.allowed_addresses()),
            FetchSettings(
                user_agent=self.settings.user_agent(__version__),
                timeout=polling.timeout,
                max_bytes=polling.max_body,
                concurrency=polling.concurrency,
                per_host=polling.per_host,
            ),
        )

    @cached_property
    def parsers(self) -> ParserPool:
        """The killable processes in which feeds are parsed."""
        from monitor.ingest.pool import ParserPool

        return ParserPool(workers=PARSERS)

    @cached_property
    def reads_pages(self) -> bool:
        """Whether the pages of stories can be read here; told before the extractor is loaded."""
        return FULL_TEXTS.is_installed()

    def templating(self) -> Templating:
        """The templates of one message: the owner's, where there are any, and the shipped ones."""
        from monitor.notify.templating import Templating

        folder = self.settings.mail.templates
        return Templating.shipped() if folder is None else Templating.from_folder(folder)

    def interrupt(self) -> None:
        """Ask every step to end, and abandon what is in flight on the network."""
        self.stopping.set()
        for part in ("fetcher", "parsers"):
            if part in self.__dict__:
                self.__dict__[part].close()

    def close(self) -> None:
        """End everything that was opened."""
        self.interrupt()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_app(settings: Settings, *, owner: str, rng: Random) -> App:
    """Open the database of ``settings``, migrated, and return the App."""
    database = open_database(settings.database_url())
    return App(settings=settings, database=database, owner=owner, rng=rng)


@contextmanager
def open_for_trial(settings: Settings, *, owner: str, rng: Random) -> Iterator[App]:
    """Open the App to try something with: where no database is yet, none is left behind."""
    address = settings.database_url()
    with TemporaryDirectory() as folder:
        if _is_missing(address):
            address = f"sqlite:///{folder}/empty.db"
        with App(settings=settings, database=open_database(address), owner=owner, rng=rng) as app:
            yield app


def _is_missing(address: str) -> bool:
    path = address.removeprefix("sqlite:///")
    return path != address and not Path(path).exists()


def bounds_of(app: App) -> Bounds:
    """The shortest and the longest time between two polls of a feed."""
    return Bounds(floor=app.settings.polling.floor, ceiling=app.settings.polling.ceiling)


def sync(app: App, now: datetime) -> None:
    """Write the intent of the owner's files into the database; what is gone is disabled."""
    feeds.sync(app.database, app.settings.feed_specs(), now)
    sync_topics(app, now)
    subscriptions.sync(app.database, recipients(app.settings, now), now)


def sync_topics(app: App, now: datetime) -> None:
    """Write the topics into the database."""
    topics.sync(app.database, topic_specs(app))


def topic_specs(app: App) -> tuple[TopicSpec, ...]:
    """The topics of the files, with those seeds that are pages and have been fetched."""
    return app.settings.topic_specs(seed_pages(app))


def seed_pages(app: App) -> Mapping[str, Seed]:
    """The seeds that are pages and have been fetched, by their address."""
    return {
        url: page
        for url in app.settings.seed_urls()
        if (page := topics.seed_page(app.database, url)) is not None
    }


def recipients(settings: Settings, now: datetime) -> tuple[Subscription, ...]:
    """Every recipient of every digest, as if first seen now."""
    return tuple(
        Subscription(
            digest=plan.digest,
            recipient=plan.recipient,
            started_at=now - subscriptions.FIRST_PERIOD,
            next_at=next_slot(plan.schedule, now),
            schedule_key=plan.schedule.key,
        )
        for plan in settings.plans()
    )
