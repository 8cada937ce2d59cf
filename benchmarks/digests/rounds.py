"""The measurement: every case has one turn in each round, on a fresh copy of its day."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from benchmarks.digests.beside import Beside, measure_beside
from benchmarks.digests.cost import Meter, html_bytes
from benchmarks.digests.newsroom import HOUR, Day, build, find_one, opened
from benchmarks.digests.stages import measure_stages
from monitor.service.app import App
from monitor.service.digest import digest
from monitor.store import outbox

ARABIC = "arabic"
"""The name of the case that has to be fitted: titles of 300 characters, a cap of as many."""
CAP = 30
TICKS = 10
"""Quiet ticks in a turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The digest of one recipient: CPU seconds of the step, bytes, stories told and left out."""

    cpu: float
    html: int
    mail: int
    told: int
    cut: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """CPU seconds of the step with so many recipients: all of them due at once; a tick at which
    nobody is due; and one after a match came in that is not urgent."""

    recipients: int
    due: float
    quiet: float
    woken: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Turns of all rounds: by the number of matches or `ARABIC`, and by that of recipients."""

    served: dict[str, list[Served]] = field(default_factory=dict)
    crowds: dict[str, list[Crowd]] = field(default_factory=dict)
    stages: list[dict[str, float]] = field(default_factory=list)
    beside: dict[str, list[Beside]] = field(default_factory=dict)


def days(matches: Sequence[int], arabic: int, feeds: int) -> dict[str, Day]:
    """Return the cases of one recipient by their names."""
    prose = {str(each): Day(stories=each, cap=CAP, feeds=feeds) for each in matches}
    return {**prose, ARABIC: Day(stories=arabic, cap=arabic, feeds=feeds, arabic=True)}


def crowded(recipients: Sequence[int], feeds: int) -> dict[str, Day]:
    """Return the cases of many recipients by their names."""
    return {
        str(each): Day(stories=CAP, recipients=each, cap=CAP, feeds=feeds) for each in recipients
    }


def build_all(folder: Path, wanted: Mapping[str, Day]) -> dict[str, Path]:
    """Build each day in a folder of its own below ``folder``, and return these."""
    return {name: build(folder / name, day) for name, day in wanted.items()}


def measure(
    single: Mapping[str, Path],
    crowds: Mapping[str, Path],
    rounds: int,
    progress: Callable[[str], None],
) -> Results:
    """Measure so many rounds. The first case of ``single`` is taken apart into stages."""
    results = Results()
    first = next(iter(single))
    for number in range(1, rounds + 1):
        progress(f"round {number} of {rounds}")
        for name, built in single.items():
            results.served.setdefault(name, []).append(_serve(built))
        for name, built in crowds.items():
            results.crowds.setdefault(name, []).append(_crowd(built))
        results.stages.append(measure_stages(single[first]))
        for name in (first, ARABIC):
            results.beside.setdefault(name, []).append(measure_beside(single[name]))
    return results


def _serve(built: Path) -> Served:
    meter = Meter()
    with opened(built) as app:
        report = meter.on("due", lambda: digest(app, HOUR))
        mail = outbox.listing(app.database, limit=1)[0].message.raw
    return Served(
        cpu=meter.spent["due"],
        html=html_bytes(mail),
        mail=len(mail),
        told=report.counts["stories"],
        cut=report.counts["cut"],
    )


def _crowd(built: Path) -> Crowd:
    meter = Meter()
    with opened(built) as app:
        report = meter.on("due", lambda: digest(app, HOUR))
        ticks = [HOUR + timedelta(minutes=each) for each in range(1, TICKS + 2)]
        meter.on("quiet", lambda: _tell_nobody(app, ticks[:-1]))
        find_one(app, ticks[-1])
        meter.on("woken", lambda: _tell_nobody(app, ticks[-1:]))
    spent = meter.spent
    return Crowd(
        recipients=report.counts["digests"],
        due=spent["due"],
        quiet=spent["quiet"] / TICKS,
        woken=spent["woken"],
    )


def _tell_nobody(app: App, ticks: Sequence[datetime]) -> int:
    """Return how many ticks there were."""
    if any(sum(digest(app, each).counts.values()) for each in ticks):
        raise RuntimeError("somebody was told something at a tick that is to be quiet")
    return len(ticks)
