"""Two thousand feeds, a tenth of them hostile: the others are polled as if they were alone.

Real servers on as many addresses, the real poll step, a real database, an injected clock that
ticks every five minutes. ``pytest -m slow tests/service/test_crowd.py`` takes some minutes and
needs about 2,100 open files; the plain run asks one feed of each kind once.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from monitor.records import Feed, Story
from monitor.service.app import App
from monitor.service.memory import return_free
from monitor.service.poll import poll
from monitor.store import feeds, stories
from tests.crowd import FAILING, ODD, SLOWEST, TICK, moment, titles
from tests.crowd_app import INTERVAL, memory, subscribed
from tests.crowd_servers import Crowd, Visit, crowd

log = logging.getLogger(__name__)

TICKS = 32
"""Five intervals, and the jitter of each."""
LATEST = int(INTERVAL * 1.1 / TICK) + 1
"""Ticks between two polls of a healthy feed at most: its interval, its jitter, a tick."""
HOSTILE = 10
"""One feed in so many."""
MOST_MEMORY = 400
"""MB for the process and its two parsers: 80, and 2 x (40 + what a body of 10 MB unfolds to)."""


@dataclass
class Play:
    """What was seen: by the servers, by the clock on the wall, in the database."""

    crowd: Crowd
    visits: list[Visit] = field(default_factory=list)
    began: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    feeds: Mapping[int, Feed] = field(default_factory=dict)
    stories: Mapping[int, Sequence[Story]] = field(default_factory=dict)

    def of_kind(self, *kinds: str) -> list[int]:
        """The feeds that behave in one of these ways."""
        return [number for number, kind in enumerate(self.crowd.kinds) if kind in kinds]

    def ticks(self, number: int) -> list[int]:
        """The ticks at which a feed was asked, each once."""
        return sorted({visit.tick for visit in self.visits if visit.number == number})


def kinds_of(count: int) -> list[str]:
    """One way to behave for each feed: every tenth is hostile, each in the next way."""
    ways = [*FAILING, *ODD]
    return [
        ways[number // HOSTILE % len(ways)] if number % HOSTILE == HOSTILE // 2 else ""
        for number in range(count)
    ]


def play(folder: Path, kinds: Sequence[str], *, ticks: int) -> Play:
    """Poll at every tick what is due."""
    with crowd(kinds) as served, subscribed(folder, served) as app:
        seen = Play(crowd=served)
        for tick in range(ticks):
            seen.visits += served.set_tick(tick)
            seen.began.append(time.monotonic())
            poll(app, moment(tick))
            return_free()  # as the service does after each step
            seen.memory.append(memory())
            log.info("tick %d: %.1f s, %.0f MB", tick, seconds_since(seen.began[-1]), memory())
        seen.visits += served.set_tick(ticks)
        by_url = {served.url(number): number for number in range(len(kinds))}
        seen.feeds = {by_url[feed.spec.url]: feed for feed in feeds.all_feeds(app.database)}
        seen.stories = stored(app, by_url)
    return seen


def stored(app: App, by_url: Mapping[str, int]) -> Mapping[int, Sequence[Story]]:
    found: dict[int, list[Story]] = defaultdict(list)
    for story in stories.latest(app.database, 100 * len(by_url)):
        found[by_url[story.feed_url]].append(story)
    return found


def seconds_since(moment: float) -> float:
    return time.monotonic() - moment


def check(seen: Play, *, answered_within: float) -> None:
    """What holds for every crowd. ``answered_within``: see ``check_nobody_starves``."""
    check_healthy_feeds_are_polled_on_time(seen)
    check_nobody_starves(seen, answered_within)
    check_every_item_is_stored_once(seen)
    check_failures_are_told_and_back_off(seen)


def check_healthy_feeds_are_polled_on_time(seen: Play) -> None:
    late = {}
    for number in seen.of_kind("", *ODD):
        asked = seen.ticks(number)
        gaps = [after - before for before, after in zip(asked, [*asked[1:], TICKS], strict=True)]
        if asked[0] != 0 or max(gaps) > LATEST or len(asked) < 5:
            late[seen.crowd.kinds[number] or "healthy", number] = asked
    assert late == {}


def check_nobody_starves(seen: Play, answered_within: float) -> None:
    """Of the healthy asked in a tick 95 % are answered soon, whoever keeps the line busy."""
    healthy = frozenset(seen.of_kind(""))
    for tick, began in enumerate(seen.began):
        waited = sorted(
            visit.at - began
            for visit in seen.visits
            if visit.tick == tick and visit.number in healthy
        )
        if waited:
            assert waited[int(len(waited) * 0.95)] < answered_within, (tick, waited[-10:])


def check_every_item_is_stored_once(seen: Play) -> None:
    for number in seen.of_kind("", *ODD):
        kind = seen.crowd.kinds[number]
        found = Counter(story.title for story in seen.stories.get(number, ()))
        lost = ODD[kind].lost if kind else 0
        expected = Counter(titles(number, seen.ticks(number)[-1], lost))
        assert found == expected, (kind, number, found - expected, expected - found)
        assert seen.feeds[number].last_error is None, (kind, seen.feeds[number].last_error)


def check_failures_are_told_and_back_off(seen: Play) -> None:
    for kind, way in FAILING.items():
        for number in seen.of_kind(kind):
            asked, feed = seen.ticks(number), seen.feeds[number]
            assert re.search(way.words, feed.last_error or ""), (kind, feed.last_error)
            assert number not in seen.stories, kind
            assert feed.failures == len(asked), (kind, asked)
            assert len(asked) <= 3, (kind, asked)
            gaps = [after - before for before, after in pairwise(asked)]
            assert gaps == sorted(gaps), (kind, "each wait is longer than the one before")


def test_two_documents_are_parsed_side_by_side(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that keeps its parser busy holds up nobody as long as the other parser is free."""
    both = Barrier(2, timeout=10)

    with crowd(["", ""]) as served, subscribed(tmp_path, served) as app:
        parse = app.parsers.parse

        def parse_together(*given: Any, **named: Any) -> Any:
            both.wait()
            return parse(*given, **named)

        monkeypatch.setattr(app.parsers, "parse", parse_together)
        assert poll(app, moment(0)).counts["read"] == 2


def test_every_way_to_misbehave_is_told_in_words_and_costs_the_others_nothing(
    tmp_path: Path,
) -> None:
    quickly_told = [way for way in (*FAILING, *ODD) if way != SLOWEST]
    seen = play(tmp_path, [each for way in quickly_told for each in (way, "")], ticks=1)
    check_every_item_is_stored_once(seen)
    check_failures_are_told_and_back_off(seen)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_thousand_feeds_are_polled_on_time_beside_a_hostile_tenth(tmp_path: Path) -> None:
    seen = play(tmp_path, kinds_of(2_000), ticks=TICKS)
    check(seen, answered_within=90)
    assert max(seen.memory) < MOST_MEMORY
