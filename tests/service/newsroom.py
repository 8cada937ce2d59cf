"""An App under a clock that goes as its test wants, with stories that match put in by hand."""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.config import load
from monitor.errors import ConfigError
from monitor.records import OutboxItem
from monitor.service.app import App, open_app, sync
from monitor.service.deliver import deliver
from monitor.service.digest import digest
from monitor.store import archive, matches, outbox, topics
from tests.builders import write_config
from tests.store.builders import add_stories, key, match, new_story

DAILY = """
  - name: daily
    recipients: [reader@example.org]
    schedule: {daily: "07:00"}
    timezone: UTC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message that was made: what it is, for whom, of which hour, when, and its stories."""

    kind: str
    recipient: str
    slot: datetime
    made_at: datetime
    stories: tuple[int, ...]


class Newsroom:
    """Stories are numbered from 0 and bear their number in the title: ``[7]``."""

    def __init__(self, folder: Path, digests: str = DAILY, *, more: str = "") -> None:
        self.folder, self.more, self.count = folder, more, 0
        self.app: App | None = None
        self.configure(digests)

    def configure(self, digests: str, *, mail: str = "folder: outbox") -> None:
        """Write the configuration; it counts from the next :meth:`start` on."""
        path = write_config(
            self.folder, feeds=["https://wire.example/feed"], host="127.0.0.1:1", mail=mail
        )
        head, _, rest = path.read_text().partition("digests:\n")
        _, _, tail = rest.partition("mail:\n")
        path.write_text(f"{head}digests:{digests}mail:\n{tail}{self.more}")

    def start(self, now: datetime) -> App:
        """End the process that was, if any, and begin one."""
        self.stop()
        settings = load(self.folder / "monitor.yaml")
        self.app = open_app(settings, owner="service", rng=random.Random(0))
        sync(self.app, now)
        return self.app

    def stop(self) -> None:
        if self.app is not None:
            self.app.close()

    def story(self, at: datetime, *, score: float = 0.5, feed: int = 1, **changes: Any) -> int:
        """A story that is found and matches at ``at``; returns its number."""
        assert self.app is not None
        number, self.count = self.count, self.count + 1
        made = new_story(
            f"{number}",
            **{"title": f"Story [{number}]", "text": f"Its text, {number}.", **changes},
            published_at=at,
        )
        (story,) = add_stories(self.app.database, made, now=at, feed_id=feed)
        (topic,) = topics.all_topics(self.app.database)
        found = match(story, topic, score=score, matched_at=at)
        matches.save(self.app.database, [story], [found], at)
        return number

    def tick(self, now: datetime) -> None:
        """Make and deliver what is due."""
        assert self.app is not None
        digest(self.app, now)
        with suppress(ConfigError):
            deliver(self.app, now)

    @property
    def items(self) -> tuple[OutboxItem, ...]:
        """All messages, the oldest first."""
        assert self.app is not None
        return outbox.listing(self.app.database, limit=10_000)[::-1]

    def told(self) -> list[Told]:
        """All messages with what they tell, the oldest first."""
        assert self.app is not None
        lines = {each.run: each for each in archive.listing(self.app.database, limit=10_000)}
        return [
            Told(
                kind=str(lines[item.run].kind),
                recipient=item.message.recipient,
                slot=lines[item.run].slot,
                made_at=item.created_at,
                stories=self._stories(item.run),
            )
            for item in self.items
        ]

    def _stories(self, run: int) -> tuple[int, ...]:
        """The numbers of the stories that a digest places, with their copies."""
        assert self.app is not None
        found = archive.get(self.app.database, run)
        assert found is not None
        entries = (entry for section in found.digest.sections for entry in section.entries)
        told = (it for entry in entries for it in (entry.lead, *entry.echoes, *entry.updates))
        return tuple(sorted({int(it.story.title.strip("Story []")) for it in told}))

    def stories(self, recipient: str = "reader@example.org") -> list[tuple[int, ...]]:
        """The stories of each message to ``recipient``."""
        return [each.stories for each in self.told() if each.recipient == recipient]


def link(name: str) -> bytes:
    """The key of an address."""
    return key(f"link {name}")
