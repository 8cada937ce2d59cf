"""What a backtest found out, as it is shown, written and drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from monitor.records import MatchedStory, MatchState, Threshold, Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day in UTC on which stories came."""

    day: date
    stories: int
    hits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """How many stories score from ``lower`` to below ``upper`` (None: whatever is above)."""

    lower: float
    upper: float | None
    stories: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """What another threshold would have let through; ``per_week`` None: nobody knows the pace."""

    threshold: float
    hits: int
    per_week: float | None
    present: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Another topic, and how many of the hits it hits too."""

    topic: str
    hits: int
    share: float


OVERLAPS_SHOWN = 10
"""Other topics that are shown to people, those that share most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a topic would have matched from ``first`` to ``last``.

    ``unwatched`` stories are in feeds that the topic does not read: ``histogram`` is without them.
    ``counts`` tells of all matches by state, ``best`` shows the best of each. Without any date
    (``undated`` counts the stories that have none) there is no first and last, day and pace.
    ``curve`` has more thresholds than ``volumes``, to be drawn.
    """

    topic: Topic
    threshold: Threshold
    background_version: int
    first: datetime | None
    last: datetime | None
    stories: int
    backlog: int
    unwatched: int
    undated: int
    stories_per_week: float | None
    counts: Mapping[MatchState, int]
    best: Mapping[MatchState, tuple[MatchedStory, ...]]
    days: tuple[Day, ...]
    histogram: tuple[Bin, ...]
    volumes: tuple[Volume, ...]
    curve: tuple[Volume, ...]
    overlaps: tuple[Overlap, ...]


def together(first: date, days: Iterable[Day]) -> Day:
    """What came on several days, as if on the first one."""
    found = tuple(days)
    stories, hits = sum(each.stories for each in found), sum(each.hits for each in found)
    return Day(day=first, stories=stories, hits=hits)
