"""The end of a digest: what stood behind it, and which feeds are ill, said calmly. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitor.notify.lines import shorten
from monitor.notify.wording import count, local_time, without_addresses
from monitor.records import Coverage, Digest, FeedNote

_MAX_NAME = 80
_MAX_NAMED = 5
_MAX_FAILING = 10
_MAX_ERROR = 140


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence of the footer, with the command that shows more."""

    text: str
    command: str = ""


def notes(digest: Digest, total: int) -> tuple[Note, ...]:
    """What was read, what of it was left out of ``total`` stories, and which feeds are ill."""
    return (_read(digest.coverage), *_left_out(digest, total), *_ill(digest.coverage))


def failing_heading(coverage: Coverage) -> str:
    """``2 feeds are failing``; empty where none is."""
    number = len(coverage.failing)
    verb = "is" if number == 1 else "are"
    return f"{count(number, 'feed')} {verb} failing" if number else ""


def failing(coverage: Coverage, zone: ZoneInfo, today: datetime) -> tuple[Note, ...]:
    """The first failing feeds, each with its error."""
    named = coverage.failing[:_MAX_FAILING]
    lines = [Note(text=_failure(feed, zone, today)) for feed in named]
    unnamed = len(coverage.failing) - len(named)
    if unnamed:
        lines.append(Note(text=f"{count(unnamed, 'more feed')}: see", command="monitor status"))
    return tuple(lines)


def _read(coverage: Coverage) -> Note:
    stories = count(coverage.stories_read, "story", "stories")
    return Note(text=f"Read: {stories} from {count(coverage.feeds_read, 'feed')}.")


def _left_out(digest: Digest, total: int) -> Iterator[Note]:
    left_out = len({match.story.id for match in digest.cut})
    if left_out:
        matched = f"{count(left_out, 'more story', 'more stories')} matched"
        verb = "was" if left_out == 1 else "were"
        limit = f"but {verb} left out: this digest tells {total:,} at most."
        yield Note(text=f"{matched} {limit} To see them:", command="monitor matches --cut")


def _ill(coverage: Coverage) -> Iterator[Note]:
    if coverage.missed:
        reason = "since more came between two polls than the feed lists"
        yield Note(text=f"Stories were probably missed, {reason}: {_names(coverage.missed)}.")
    if coverage.held:
        waiting = count(sum(feed.count for feed in coverage.held), "old story", "old stories")
        text = f"Held back, as if published anew: {waiting} of {_names(coverage.held)}. To decide:"
        yield Note(text=text, command="monitor feeds list --ill")
    if coverage.gone:
        yield Note(text=f"Ended for good, by their servers' word: {_names(coverage.gone)}.")
    if coverage.silent:
        yield Note(text=f"Silent for longer than usual: {_names(coverage.silent)}.")


def _names(feeds: Sequence[FeedNote]) -> str:
    """``A``, ``A and B``, ``A, B, C, D, E and 12 more``."""
    named = [_name(feed) for feed in feeds[:_MAX_NAMED]]
    if len(feeds) > _MAX_NAMED:
        named.append(f"{len(feeds) - _MAX_NAMED:,} more")
    return " and ".join(filter(None, [", ".join(named[:-1]), named[-1]]))


def _name(feed: FeedNote) -> str:
    return shorten(without_addresses(feed.name), _MAX_NAME)


def _failure(feed: FeedNote, zone: ZoneInfo, today: datetime) -> str:
    begun = f", since {local_time(feed.since, zone, today=today)}" if feed.since else ""
    error = shorten(without_addresses(feed.error or "no reason recorded"), _MAX_ERROR)
    return f"{_name(feed)}{begun}: {error}"
