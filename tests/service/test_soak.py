"""Ten thousand polls in one process: what it holds after a third of them, it holds at the end.

``pytest -m slow tests/service/test_soak.py`` takes some minutes.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median

import psutil
import pytest

from monitor.service.app import App
from monitor.service.poll import poll
from monitor.service.upkeep import upkeep
from tests.builders import MORNING
from tests.crowd import IN_TURN
from tests.crowd_app import memory, subscribed
from tests.crowd_servers import crowd

log = logging.getLogger(__name__)

FEEDS = 20
POLLS = 10_000
STEP = timedelta(minutes=40)
"""Longer than an interval with its jitter, also after one failure: each time all feeds are due."""
A_DAY = int(timedelta(days=1) / STEP)
MIB = 1024 * 1024

MOST_GROWTH = 1.5
"""MB between two thirds. A leak of half a kB a poll would be 1.6 MB; 0.4 MB are the heap's own."""
MOST_LOG = 8.0
"""MB of the write-ahead log. SQLite begins it anew after 1,000 pages, 4 MB."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process holds after a round: MB, also with its parsers, counts, MB of the log."""

    own: float
    all: float
    descriptors: int
    threads: int
    log: float


def sample(app: App) -> Sample:
    gc.collect()  # what is garbage is no leak
    me, file = psutil.Process(), app.database.file
    assert file is not None
    log_file = file.with_name(file.name + "-wal")  # gone while nobody has the database open
    return Sample(
        own=me.memory_info().rss / MIB,
        all=memory(),
        descriptors=me.num_fds(),
        threads=me.num_threads(),
        log=log_file.stat().st_size / MIB if log_file.exists() else 0.0,
    )


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_thousand_polls_leave_nothing_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "monitor")  # whoever keeps what is logged would seem to leak
    samples = []
    with crowd([IN_TURN] * FEEDS) as served, subscribed(tmp_path, served) as app:
        for turn in range(POLLS // FEEDS):
            served.set_tick(turn)
            counts = poll(app, MORNING + turn * STEP).counts
            assert sum(counts[name] for name in ("read", "unchanged", "failed")) == FEEDS, turn
            if turn % A_DAY == 0:
                upkeep(app, MORNING + turn * STEP)
            samples.append(sample(app))
    warm, middle, last = thirds(samples)
    for name, each in (("warm-up", warm), ("middle", middle), ("last", last)):
        log.info("%s: %s ... %s", name, each[0], each[-1])
    assert typical(last, own) - typical(middle, own) < MOST_GROWTH
    assert most(last, everything) - most(middle, everything) < 2 * MOST_GROWTH
    assert most(last, descriptors) <= most(middle, descriptors)
    assert most(last, threads) <= most(middle, threads)
    assert most(samples, write_ahead_log) < MOST_LOG


Measure = Callable[[Sample], float]


def thirds(samples: Sequence[Sample]) -> tuple[Sequence[Sample], ...]:
    size = len(samples) // 3
    return samples[:size], samples[size : 2 * size], samples[2 * size :]


def typical(samples: Sequence[Sample], measure: Measure) -> float:
    return median(map(measure, samples))


def most(samples: Sequence[Sample], measure: Measure) -> float:
    return max(map(measure, samples))


def own(each: Sample) -> float:
    return each.own


def everything(each: Sample) -> float:
    return each.all


def descriptors(each: Sample) -> float:
    return each.descriptors


def threads(each: Sample) -> float:
    return each.threads


def write_ahead_log(each: Sample) -> float:
    return each.log
