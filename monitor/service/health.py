"""How a feed fares, in words: what is wrong with it, since when, and what its owner can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import log

from monitor.ingest.rhythm import HALF_LIFE
from monitor.records import Feed, Rhythm
from monitor.store import outcomes, stories
from monitor.store.database import Database

SLOW = timedelta(seconds=10)
"""A third of the default deadline: three times slower, and the feed fails."""
TOLD_OF_GAPS = timedelta(days=7)
"""How long it is told that stories were probably missed."""
SILENCE = timedelta(days=3)
"""Nobody is called silent before: a long weekend is no news."""

_GAPS = 10
_PAUSES = 2
_RHYTHMIC = 1.1
_MEMORY = HALF_LIFE / log(2)
_MOST_HALVINGS = 900.0
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class State(StrEnum):
    """What can be said of a feed, the most urgent first."""

    GONE = "gone"
    FAILING = "failing"
    HELD = "held"
    MOVED = "moved"
    MISSED = "missed"
    SILENT = "silent"
    SLOW = "slow"
    PUT_OFF = "put off"
    NEW = "new"
    FINE = "fine"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing to say of a feed. ``at``: since when; of one that is put off, until when."""

    state: State
    told: str = ""
    at: datetime | None = None
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """A feed with all that is to be said of it, the most urgent first; at least one thing."""

    feed: Feed
    conditions: tuple[Condition, ...]

    @property
    def state(self) -> State:
        """The most urgent."""
        return self.conditions[0].state

    def has(self, state: State) -> bool:
        """Whether that is among what is said of it."""
        return any(each.state is state for each in self.conditions)


def diagnose(db: Database, feeds: Iterable[Feed], now: datetime) -> tuple[FeedHealth, ...]:
    """How each of ``feeds`` fares, in their order."""
    feeds = tuple(feeds)
    rests = outcomes.resting(db, now)
    quiet = [feed.id for feed in feeds if _silence(feed) > timedelta(0)]
    pauses = stories.longest_pauses(db, quiet) if quiet else {}
    return tuple(
        FeedHealth(
            feed=feed,
            conditions=conditions(
                feed, now, rest_until=rests.get(feed.id), longest_pause=pauses.get(feed.id)
            ),
        )
        for feed in feeds
    )


def conditions(
    feed: Feed,
    now: datetime,
    *,
    rest_until: datetime | None = None,
    longest_pause: timedelta | None = None,
) -> tuple[Condition, ...]:
    """All that is to be said of ``feed``, the most urgent first. Pure.

    ``rest_until``: when the rest is over that its host asked for. ``longest_pause``: between two
    of its stories, as far as they are remembered.
    """
    if not feed.spec.enabled:
        return (Condition(state=State.DISABLED),)
    found = tuple(_found(feed, now, rest_until, longest_pause))
    return found or (Condition(state=State.NEW if feed.is_new else State.FINE),)


def _found(
    feed: Feed, now: datetime, rest_until: datetime | None, longest_pause: timedelta | None
) -> Iterator[Condition]:
    well = not feed.failures and feed.gone_at is None
    if not well:
        yield _broken(feed)
    if feed.held:
        yield _held(feed)
    if feed.address != feed.spec.url:
        remedy = "write the new address into feeds.yaml"
        yield Condition(state=State.MOVED, told=f"for good, to {feed.address}", remedy=remedy)
    if feed.gap_at is not None and now - feed.gap_at <= TOLD_OF_GAPS:
        yield _missed(feed)
    if well and _silence(feed) > _PAUSES * (longest_pause or timedelta(0)):
        yield _silent(feed)
    if well and feed.seconds is not None and feed.seconds > SLOW.total_seconds():
        yield Condition(state=State.SLOW, told=f"the last answer took {feed.seconds:.0f} s")
    if rest_until is not None and rest_until > now and feed.gone_at is None:
        yield Condition(state=State.PUT_OFF, told="its host asked for a rest", at=rest_until)


def _broken(feed: Feed) -> Condition:
    """A feed that fails, or has ended."""
    if feed.gone_at is None:
        error = feed.last_error or "unknown"
        return Condition(state=State.FAILING, told=error, at=feed.failing_since)
    return Condition(
        state=State.GONE,
        told="its server says for good (410); it is not asked any more",
        at=feed.gone_at,
        remedy=f"take it out of feeds.yaml, or `monitor feeds retry {feed.id}`",
    )


def _held(feed: Feed) -> Condition:
    many = (
        "story that came again waits" if feed.held == 1 else "stories came again at once and wait"
    )
    return Condition(
        state=State.HELD,
        told=f"{feed.held:,} old {many}",
        at=feed.held_at,
        remedy=f"`monitor feeds release {feed.id}`, or with --discard",
    )


def _missed(feed: Feed) -> Condition:
    often = "" if feed.gaps == 1 else f", {feed.gaps:,} times so far"
    limit = feed.rhythm.limit
    pace = "" if limit is None else f"; now asked at least every {span_words(limit)}"
    told = f"two polls in a row shared no story{often}{pace}"
    return Condition(state=State.MISSED, told=told, at=feed.gap_at)


def _silent(feed: Feed) -> Condition:
    pace = rhythm_words(_before_silence(feed))
    told = "longer than its rhythm" + (f" of {pace}" if pace else "")
    return Condition(state=State.SILENT, told=told, at=feed.story_at)


def _silence(feed: Feed) -> timedelta:
    """How long a feed was silent when that is longer than its rhythm explains; else nothing.

    That is more than ten times its usual gap and than :data:`SILENCE`, up to the last poll that
    went well: what was not asked cannot be called silent. Without a story every ten days or so
    there is no rhythm to be silent for longer than.
    """
    if feed.story_at is None or feed.last_success_at is None:
        return timedelta(0)
    silent = feed.last_success_at - feed.story_at
    told = _before_silence(feed).stories
    if told < _RHYTHMIC or silent <= max(SILENCE, _GAPS * _MEMORY / told):
        return timedelta(0)
    return silent


def _before_silence(feed: Feed) -> Rhythm:
    """The rhythm as it was at the last story, since silence has faded it since.

    The time counts as a full memory: a feed that is known for less is given more time.
    """
    if feed.story_at is None or feed.last_success_at is None:
        return feed.rhythm
    halvings = (feed.last_success_at - feed.story_at) / HALF_LIFE
    stories_then = feed.rhythm.stories * 2.0 ** min(max(halvings, 0.0), _MOST_HALVINGS)
    return Rhythm(stories=stories_then, seconds=_MEMORY.total_seconds())


def rhythm_words(rhythm: Rhythm) -> str:
    """``about 12 stories a day``; empty as long as a day has not been seen."""
    if rhythm.seconds < _DAY.total_seconds():
        return ""
    a_day = rhythm.stories / rhythm.seconds * _DAY.total_seconds()
    for number, period in ((a_day, "day"), (7 * a_day, "week")):
        if number >= 1:
            noun = "story" if round(number) == 1 else "stories"
            return f"about {number:,.0f} {noun} a {period}"
    return "less than a story a week"


def span_words(span: timedelta) -> str:
    """A span as people say it, rounded down: ``40 s``, ``15 min``, ``36 h``, ``3 days``."""
    if span < _MINUTE:
        return f"{int(span.total_seconds())} s"
    if span < _HOUR:
        return f"{span // _MINUTE} min"
    return f"{span // _HOUR} h" if span < 2 * _DAY else f"{span.days} days"
