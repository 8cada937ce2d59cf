"""The two that are compared, each reduced to: poll every feed, count the stories.

Both have read other feeds before, so that what only a first poll of a process costs (imports,
parser processes, caches of prepared statements) is not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from benchmarks.polling.documents import START

if TYPE_CHECKING:
    from monitor.config import Settings

WORKERS = 10
"""Threads that reader fetches with."""

_CONFIG = """\
database: sqlite:///monitor.db
feeds: feeds.yaml
topics: topics
polling:
  ceiling: 30m
  allow_addresses: [{allowed}]
"""
_TOPIC = "name: harbour\nseeds:\n  - text: The harbour of the island is to be repaired in winter.\n"


class Contender(Protocol):
    """One of the two, at work on a fresh database in a folder of its own."""

    def poll(self) -> None:
        """Ask every feed once and store what is new."""

    def stories(self) -> int:
        """Return how many stories are stored."""

    def close(self) -> None:
        """End everything that was opened."""


class Ours:
    """The poll step of the service on its default settings, an hour later each time."""

    def __init__(self, folder: Path, warm_up: Sequence[str], feeds: Sequence[str]) -> None:
        from monitor.service.app import open_app, sync

        allowed = [urlsplit(each).netloc for each in (*warm_up, *feeds)]
        settings = _configure(folder, warm_up, allowed)
        self._now = START
        self._app = open_app(settings, owner="benchmark", rng=Random(0))
        sync(self._app, self._now)
        self.poll()
        self._app.settings = _configure(folder, feeds, allowed)
        sync(self._app, self._now)

    def poll(self) -> None:
        """Take the step; all feeds are due, since their interval is half an hour."""
        from monitor.service.poll import poll

        poll(self._app, self._now)
        self._now += timedelta(hours=1)

    def stories(self) -> int:
        """Count the rows, backlog included."""
        from monitor.store import stories

        return stories.count_after(self._app.database, 0)

    def close(self) -> None:
        """End the parser processes and close the database."""
        self._app.close()


class Reader:
    """The library reader as its manual shows it, with ``WORKERS`` threads."""

    def __init__(self, folder: Path, warm_up: Sequence[str], feeds: Sequence[str]) -> None:
        from reader import make_reader

        self._reader = make_reader(str(folder / "reader.sqlite"))
        self._subscribe(warm_up)
        self.poll()
        for address in warm_up:
            self._reader.delete_feed(address)
        self._subscribe(feeds)

    def _subscribe(self, addresses: Sequence[str]) -> None:
        for address in addresses:
            self._reader.add_feed(address)

    def poll(self) -> None:
        """Update all feeds, also those that reader itself would let rest for an hour."""
        self._reader.update_feeds(scheduled=False, workers=WORKERS)

    def stories(self) -> int:
        """Count the entries."""
        return self._reader.get_entry_counts().total or 0

    def close(self) -> None:
        """Close the database."""
        self._reader.close()


CONTENDERS: dict[str, type[Ours] | type[Reader]] = {"ours": Ours, "reader": Reader}


def _configure(folder: Path, addresses: Sequence[str], allowed: Sequence[str]) -> Settings:
    from monitor.config import load

    (folder / "topics").mkdir(exist_ok=True)
    (folder / "topics" / "harbour.yaml").write_text(_TOPIC)
    feeds = "".join(f"  - url: {address}\n" for address in addresses)
    (folder / "feeds.yaml").write_text(f"feeds:\n{feeds}")
    path = folder / "monitor.yaml"
    path.write_text(_CONFIG.format(allowed=", ".join(f'"{each}"' for each in allowed)))
    return load(path)
