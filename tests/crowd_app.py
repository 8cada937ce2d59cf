"""The App that reads a crowd, and what it holds in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil

from monitor.config import load
from monitor.service.app import App, open_app, sync
from tests.builders import write_config
from tests.crowd import moment
from tests.crowd_servers import Crowd

INTERVAL = timedelta(minutes=30)
TIMEOUT = timedelta(seconds=3)
_MIB = 1024 * 1024


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


def memory() -> float:
    """MB in use by this process and the parsers, but not by the servers."""
    me = psutil.Process()
    parsers = [each for each in me.children() if "monitor.ingest.worker" in each.cmdline()]
    return sum(each.memory_info().rss for each in (me, *parsers)) / _MIB
