"""A process that walks hour by hour, and to which something happens at a given moment."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monitor.config import load
from monitor.errors import MonitorError
from monitor.service.app import App, sync
from monitor.service.deliver import deliver
from monitor.service.digest import digest
from monitor.service.schedule import Step, recover
from monitor.service.upkeep import upkeep
from monitor.store.database import open_database
from tests.service.faults import (
    Fault,
    FullDisk,
    Fuse,
    Kill,
    Locked,
    NoWrites,
    lay,
    mount_small_disk,
)
from tests.service.walking import STEPS

PATIENCE = 0.02
"""Seconds to wait for another writer: the lock of a fault outlasts any."""
NOT_ALLOWED = 77
"""The exit code of one that may not have a disk of its own."""
TELLING = (digest, deliver, upkeep)
FAULTS: dict[str, Callable[[Path], Fault]] = {
    "kill": lambda _: Kill(),
    "no writes": lambda _: NoWrites(),
    "full disk": FullDisk,
    "locked": lambda folder: Locked(folder / "monitor.db"),
}


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to walk, and what happens when.

    ``hours``: all at which it walks; ``armed``: those of them whose moments count. ``restart``:
    whether it is started anew after the fault, or carries on. ``telling``: only the steps that
    tell what matched.
    """

    folder: Path
    hours: tuple[datetime, ...]
    armed: tuple[datetime, ...]
    fault: str = "kill"
    at: int
    restart: bool = False
    telling: bool = True


def main(job: Job) -> None:
    """Walk; survivors leave the names of the moments in ``moments``, all leave the ``hour``."""
    if job.fault != "full disk":
        _walk(job, job.folder)
        return
    disk = job.folder / "disk"
    disk.mkdir()
    if not mount_small_disk(disk):
        raise SystemExit(NOT_ALLOWED)
    shutil.copytree(job.folder, disk, ignore=lambda *_: ["disk"], dirs_exist_ok=True)
    _walk(job, disk)
    shutil.copytree(disk, job.folder, dirs_exist_ok=True)


def _walk(job: Job, folder: Path) -> None:
    fuse = Fuse(FAULTS[job.fault](folder), job.at)
    lay(fuse)
    with ExitStack() as life:
        app: App | None = None
        for now in job.hours:
            (job.folder / "hour").write_text(now.isoformat())
            fuse.armed = now in job.armed
            with suppress(MonitorError):
                app = app or life.enter_context(closing(begin(folder, now)))
                _take_steps(job, app, now)
            fuse.armed = False
            fuse.mend()
            if job.restart:
                app = None
                life.close()
    (job.folder / "moments").write_text(json.dumps(fuse.moments))


def begin(folder: Path, now: datetime) -> App:
    """As a service starts."""
    settings = load(folder / "monitor.yaml")
    database = open_database(settings.database_url(), patience=PATIENCE)
    app = App(settings=settings, database=database, owner="service", rng=random.Random(0))
    try:
        recover(app)
        sync(app, now)
    except BaseException:
        app.close()
        raise
    return app


def steps(job: Job) -> tuple[Step, ...]:
    """What is walked at each hour."""
    return TELLING if job.telling else STEPS


def _take_steps(job: Job, app: App, now: datetime) -> None:
    """Each by itself, as the service does: what fails is tried again at the next hour."""
    for step in steps(job):
        with suppress(MonitorError):
            step(app, now)
