"""Stories out of a file, for a backtest: JSON Lines, plain or gzipped, read a chunk at a time."""

from __future__ import annotations

import gzip
import json
import logging
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from monitor.errors import MonitorError
from monitor.ingest.clean import clean_line, clean_text
from monitor.ingest.fields import language_tag, title_line
from monitor.ingest.language import detect
from monitor.records import Story
from monitor.service.tally import Chunk

CHUNK = 200
"""Stories in memory at a time."""
MAX_LINE = 8 * 2**20
"""Bytes of a line: a longer one is no story."""
TOLD = 10
"""Unreadable lines that are named; the others are only counted."""
DATES = ("published", "published_at", "date")
"""Keys that may hold the date, the first one that does counts."""

_GZIP = b"\x1f\x8b"

log = logging.getLogger(__name__)


class StoryFile:
    """A file with one JSON object a line: ``title`` and/or ``text``, and what else there is.

    Read too are ``url``, ``source``, ``language`` (without it, what the words are surely in, as
    live) and a date (:data:`DATES`, ISO 8601, UTC unless it says otherwise). A story has the number
    of its line. ``now`` is the date of a story that has none. What cannot be read is logged and
    counted in ``unreadable``.
    """

    def __init__(self, path: Path, now: datetime) -> None:
        self.path, self._now = path, now
        self.unreadable = 0
        self._first_reason = ""

    def chunks(self) -> Iterator[Chunk]:
        """Yield the stories in the order of the file. :class:`MonitorError` where there is none."""
        read = 0
        for chunk in _chunks(self._stories()):
            read += len(chunk.stories)
            yield chunk
        if self.unreadable > TOLD:
            log.warning("lines left out", extra={"lines": self.unreadable})
        if not read:
            raise MonitorError(f"{self.path} holds no story{self._why()}")

    def _why(self) -> str:
        expected = "one JSON object a line is expected, with a title or a text"
        told = f": none of its {self.unreadable:,} lines can be read ({self._first_reason})"
        return f"{told if self.unreadable else ''}; {expected}"

    def _stories(self) -> Iterator[tuple[Story, bool]]:
        """Yield each story and whether it has a date."""
        for number, line in enumerate(self._lines(), start=1):
            if line.strip():
                try:
                    yield self._story(_record(line), number)
                except ValueError as error:
                    self._leave_out(number, str(error))

    def _leave_out(self, number: int, reason: str) -> None:
        self.unreadable += 1
        self._first_reason = self._first_reason or f"line {number}: {reason}"
        if self.unreadable <= TOLD:
            log.warning("line left out", extra={"line": number, "error": reason})

    def _lines(self) -> Iterator[bytes]:
        """Yield the lines; of one that is too long, as much as shows that it is."""
        number = 0
        try:
            with _opened(self.path) as file:
                while line := file.readline(MAX_LINE + 1):
                    number += 1
                    yield line
                    while len(line) > MAX_LINE and not line.endswith(b"\n"):
                        line = file.readline(MAX_LINE + 1)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            self._leave_out(number + 1, f"the gzip data end or break here ({error})")
        except OSError as error:
            told = f"{self.path}: {error.strerror or error}; check the path and your rights"
            raise MonitorError(told) from error

    def _story(self, record: Mapping[str, Any], number: int) -> tuple[Story, bool]:
        title, text = title_line(_text(record, "title")), clean_text(_text(record, "text"))
        if not title and not text:
            raise ValueError("has neither a title nor a text")
        date = _date(record)
        story = Story(
            id=number,
            feed_id=0,
            feed_url="",
            feed_tags=(),
            source=clean_line(_text(record, "source")),
            url=clean_line(_text(record, "url")) or None,
            title=title,
            text=text,
            language=language_tag(record.get("language")) or detect(f"{title}\n{text}"),
            published_at=date or self._now,
            seen_at=date or self._now,
            link_key=None,
            content_key=bytes(16),
        )
        return story, date is not None


def _chunks(found: Iterator[tuple[Story, bool]]) -> Iterator[Chunk]:
    stories: list[Story] = []
    undated: set[int] = set()
    for story, is_dated in found:
        stories.append(story)
        undated.update(() if is_dated else (story.id,))
        if len(stories) == CHUNK:
            yield Chunk(stories, undated)
            stories, undated = [], set()
    if stories:
        yield Chunk(stories, undated)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, unpacked; it is opened once, for it may be a pipe."""
    with path.open("rb") as raw:
        packed = raw.peek(len(_GZIP)).startswith(_GZIP)
        yield cast(BinaryIO, gzip.GzipFile(fileobj=raw) if packed else raw)


def _record(line: bytes) -> Mapping[str, Any]:
    if len(line) > MAX_LINE:
        raise ValueError(f"is longer than {MAX_LINE:,} bytes")
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ValueError(f"is not UTF-8 (byte 0x{line[error.start]:02x})") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON ({error.msg} at character {error.pos + 1})") from error
    except RecursionError as error:
        raise ValueError("is no story: its JSON is nested too deep") from error
    if not isinstance(record, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004  # a matter of the file
    return record


def _text(record: Mapping[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"has a {key} that is no text")  # noqa: TRY004  # a matter of the file
    return value


def _date(record: Mapping[str, Any]) -> datetime | None:
    written = next((record[key] for key in DATES if record.get(key)), None)
    if not isinstance(written, str):
        return None
    try:
        date = datetime.fromisoformat(written.strip())
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
