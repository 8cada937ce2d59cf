"""Message -> the Atom feeds of a folder, one for each topic.

A message holds the entries of one digest, as an Atom document. Each is folded into the feed of its
topic; one with the same id takes the place of the older. So a message that comes again, or after a
later one, changes nothing.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from monitor.errors import DeliveryError
from monitor.notify.atom import FeedEntry, newest_first, read, topic_feed
from monitor.notify.channel import slug
from monitor.notify.files import check_folder, replace_file, sync_folder, unwritable
from monitor.records import Message

log = logging.getLogger(__name__)

MAX_ENTRIES = 100
_MAX_NAME = 60
_FOR_ALL = 0o644
"""A feed is there to be read by others, such as a web server."""


class FeedTransport:
    """Keeps a feed of the newest matches of each topic in one folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Message) -> None:
        """Fold the entries of the message into the feeds of their topics, durably."""
        by_topic: dict[str, list[FeedEntry]] = {}
        for entry in self._entries(message):
            by_topic.setdefault(entry.topic, []).append(entry)
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            with _alone(self._path):
                for topic, entries in by_topic.items():
                    self._fold(message.recipient, topic, entries)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def check(self) -> None:
        """Write an empty file and remove it."""
        check_folder(self._path)

    def _entries(self, message: Message) -> tuple[FeedEntry, ...]:
        try:
            return read(message.raw)
        except ValueError as error:
            raise DeliveryError(
                f"the message {message.message_id} for {self._path} {error}; it was made for"
                " another kind of channel: drop it, or make this one what it was",
                permanent=True,
            ) from error

    def _fold(self, channel: str, topic: str, entries: list[FeedEntry]) -> None:
        file = self._path / file_name(topic)
        newest = newest_first((*_held(file), *entries))[:MAX_ENTRIES]
        replace_file(file, topic_feed(channel, topic, newest), mode=_FOR_ALL)


def file_name(topic: str) -> str:
    """Return the name of a topic's file, its own for each: ``iraq-advisory-mission.atom``.

    Topics differ in more than small and capital letters, so words of ASCII between single spaces
    tell them apart; what cannot be written so gets a hash of the whole name.
    """
    plain = slug(topic, _MAX_NAME)
    if plain and plain == topic.lower().replace(" ", "-") and "-" not in topic:
        return f"{plain}.atom"
    unique = sha256(topic.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain or 'topic'}-{unique}.atom"


def _held(file: Path) -> tuple[FeedEntry, ...]:
    """The entries of a feed; one that is damaged is moved aside, and begins anew."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return ()
    try:
        return read(content)
    except ValueError as error:
        aside = file.with_name(f"{file.name}.damaged-{sha256(content).hexdigest()[:8]}")
        file.replace(aside)
        sync_folder(file.parent)
        log.warning(
            "feed damaged: moved aside and begun anew",
            extra={"file": str(file), "aside": str(aside), "error": str(error)},
        )
        return ()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes out of the folder: what two of them fold at once, one would lose."""
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
