"""One walk of the steps under a fixed clock, as the service and the command line take it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from monitor.config import load
from monitor.records import StepReport
from monitor.service.app import App, open_app, sync
from monitor.service.articles import articles
from monitor.service.deliver import deliver
from monitor.service.digest import digest
from monitor.service.learn import learn
from monitor.service.match import match
from monitor.service.poll import poll
from monitor.service.upkeep import upkeep

STEPS = (poll, learn, match, articles, match, digest, deliver, upkeep)


@contextmanager
def opened(config: Path, now: datetime, *, owner: str = "test") -> Iterator[App]:
    """The App of ``config`` as it is at ``now``."""
    with open_app(load(config), owner=owner, rng=random.Random(0)) as app:
        sync(app, now)
        yield app


def walk(config: Path, now: datetime, *, owner: str = "test") -> dict[str, dict[str, int]]:
    """Every step once at ``now``; what each counted."""
    with opened(config, now, owner=owner) as app:
        reports = [step(app, now) for step in STEPS]
    done: dict[str, Counter[str]] = {}
    for report in reports:
        done.setdefault(report.step, Counter()).update(told(report))
    return {step: dict(counts) for step, counts in done.items()}


def told(report: StepReport) -> dict[str, int]:
    """What a step counted, without the zeros."""
    return {name: count for name, count in report.counts.items() if count}
