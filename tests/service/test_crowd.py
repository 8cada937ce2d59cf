"""Two thousand feeds, a tenth of them hostile: the others are polled as if they were alone.

Real servers on as many addresses, the real poll step, a real database, an injected clock that
ticks every five minutes. ``pytest -m slow tests/service/test_crowd.py`` takes some minutes and
needs about 2,100 open files; the plain run plays the same with a hundred feeds.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from typing import Any

import psutil
import pytest

from monitor.config import load
from monitor.records import Feed, Story
from monitor.service.app import App, open_app, sync
from monitor.service.poll import poll
from monitor.store import feeds, stories
from tests.builders import write_config
from tests.crowd import FAILING, ODD, TICK, moment, titles
from tests.crowd_servers import Crowd, Visit, crowd

log = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=30)
TIMEOUT = timedelta(seconds=3)
TICKS = 32
"""Five intervals, and the jitter of each."""
LATEST = int(INTERVAL * 1.1 / TICK) + 1
"""Ticks between two polls of a healthy feed at most: its interval, its jitter, a tick."""
HOSTILE = 10
"""One feed in so many."""
MOST_MEMORY = 400
"""MB for the process and its two parsers: 80, and 2 x (40 + what a body of 10 MB unfolds to)."""
MIB = 1024 * 1024


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


@contextmanager
def subscribed(folder: Path, served: Crowd) -> Iterator[App]:
    """The App of a configuration that lists the crowd; every interval is the owner's choice."""
    config = write_config(folder, feeds=(), host="', '".join(served.hosts))
    text = config.read_text().replace(
        "polling:\n", f"polling:\n  timeout: {TIMEOUT.total_seconds():g}s\n"
    )
    config.write_text(text)
    listed = "".join(
        f"  - url: {served.url(number)}\n    interval: {INTERVAL.seconds // 60}m\n"
        for number in range(len(served.kinds))
    )
    (folder / "feeds.yaml").write_text(f"feeds:\n{listed}")
    with open_app(load(config), owner="test", rng=random.Random(0)) as app:
        sync(app, moment(0))
        yield app


def play(folder: Path, count: int) -> Play:
    """Poll at every tick what is due."""
    with crowd(kinds_of(count)) as served, subscribed(folder, served) as app:
        seen = Play(crowd=served)
        for tick in range(TICKS):
            seen.visits += served.set_tick(tick)
            seen.began.append(time.monotonic())
            poll(app, moment(tick))
            seen.memory.append(memory())
            log.info("tick %d: %.1f s, %.0f MB", tick, seconds_since(seen.began[-1]), memory())
        seen.visits += served.set_tick(TICKS)
        by_url = {served.url(number): number for number in range(count)}
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


def memory() -> float:
    """MB in use by this process and the parsers, but not by the servers."""
    me = psutil.Process()
    parsers = [each for each in me.children() if "monitor.ingest.worker" in each.cmdline()]
    return sum(each.memory_info().rss for each in (me, *parsers)) / MIB


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


def test_a_small_crowd_is_polled_as_if_the_hostile_tenth_were_not_there(tmp_path: Path) -> None:
    seen = play(tmp_path, 10 * (len(FAILING) + len(ODD)))
    check(seen, answered_within=20)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_thousand_feeds_are_polled_on_time_beside_a_hostile_tenth(tmp_path: Path) -> None:
    seen = play(tmp_path, 2_000)
    check(seen, answered_within=120)
    assert max(seen.memory) < MOST_MEMORY
