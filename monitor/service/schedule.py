"""The embedded clock: it only ticks. What is due lies in the database.

APScheduler drops a late run after one second by default and plans by the wall clock; so every job
here coalesces, has no misfire limit, and is woken when the wall clock jumps.
"""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from apscheduler.schedulers.background import BackgroundScheduler

from monitor.records import StepReport
from monitor.service.app import App
from monitor.service.deliver import deliver
from monitor.service.digest import digest
from monitor.service.learn import learn
from monitor.service.match import match
from monitor.service.memory import return_free, share_heap
from monitor.service.poll import poll
from monitor.service.upkeep import upkeep
from monitor.store import feeds, outbox, vitals
from monitor.telemetry import sd_notify

log = logging.getLogger(__name__)

Step = Callable[[App, datetime], StepReport]
Clock = Callable[[], datetime]

TICKS: tuple[tuple[str, float, tuple[Step, ...]], ...] = (
    ("poll", 1, (poll,)),
    ("match", 2, (learn, match)),
    ("digest", 5, (digest,)),
    ("deliver", 2, (deliver,)),
    ("upkeep", 3600, (upkeep,)),
)
"""Name, seconds between ticks, and the steps of one tick in order."""

BEAT_EVERY = 15.0
"""Seconds between two signs of life in the database."""
LONGEST_WAIT = 60.0
"""A step that fails is left alone for longer each time, up to this many seconds."""
STUCK = 1800.0
"""Seconds after which a tick in flight counts as hung, and the watchdog is no longer fed."""
GRACE = 8.0
"""Seconds a step in flight has to end after SIGTERM."""
JUMP = 5.0
"""Seconds by which wall clock and monotonic clock may drift apart between two looks."""


@dataclass
class Ticker:
    """One job: runs its steps, survives their failures, shows that it lives."""

    app: App
    name: str
    steps: tuple[Step, ...]
    clock: Clock
    failures: int = 0
    not_before: float = 0.0
    last_beat: float = -BEAT_EVERY
    busy_since: float | None = None
    idle: Event = field(default_factory=Event)

    def tick(self) -> None:
        """Run the steps once; an error is logged and waited out, never raised."""
        if self.app.stopping.is_set() or time.monotonic() < self.not_before:
            return
        self.idle.clear()
        self.busy_since = time.monotonic()
        try:
            self._run()
        except Exception:
            self._step_back()
        finally:
            self.busy_since = None
            self.idle.set()

    def is_stuck(self) -> bool:
        """Whether the present tick takes longer than any honest one."""
        since = self.busy_since
        return since is not None and time.monotonic() - since > STUCK

    def _run(self) -> None:
        for step in self.steps:
            report = step(self.app, self.clock())
            if any(report.counts.values()):
                log.info(report.step, extra=dict(report.counts))
                return_free()
        self.failures = 0
        if time.monotonic() - self.last_beat >= BEAT_EVERY:
            vitals.beat(self.app.database, self.name, self.clock())
            self.last_beat = time.monotonic()

    def _step_back(self) -> None:
        if self.app.stopping.is_set():
            return
        self.failures += 1
        wait = min(LONGEST_WAIT, 2.0 ** min(self.failures, 10))
        self.not_before = time.monotonic() + wait
        log.exception("step failed", extra={"step": self.name, "again_in_s": wait})


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def serve(app: App, *, clock: Clock = utc_now) -> bool:
    """Run every step on its ticks until SIGTERM or SIGINT; return whether all of them ended.

    The caller holds the instance lock: leases that a dead service left are free again at once.
    A step that did not end in time is abandoned with its leases given back; the caller then has
    to leave the process without waiting for the thread.
    """
    share_heap()
    recover(app)
    tickers = [Ticker(app, name, steps, clock) for name, _, steps in TICKS]
    scheduler = _scheduler(tickers)
    _stop_on_signals(app)
    scheduler.start()
    sd_notify("READY=1")
    log.info("service started", extra={"feeds": len(feeds.all_feeds(app.database))})
    try:
        _watch(app, scheduler, tickers)
    finally:
        sd_notify("STOPPING=1")
        app.stopping.set()
        scheduler.shutdown(wait=False)
        ended = _wind_down(app, tickers)
        log.info("service stopped", extra={"abandoned": not ended})
    return ended


def recover(app: App) -> None:
    """Give back what this owner holds: feeds stay due, a message in flight is perhaps sent."""
    feeds.release(app.database, app.owner)
    outbox.release(app.database, app.owner)


def _scheduler(tickers: list[Ticker]) -> BackgroundScheduler:
    scheduler = BackgroundScheduler(
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for ticker, (name, seconds, _) in zip(tickers, TICKS, strict=True):
        ticker.idle.set()
        scheduler.add_job(
            ticker.tick, "interval", seconds=seconds, id=name, next_run_time=datetime.now(UTC)
        )
    return scheduler


def _stop_on_signals(app: App) -> None:
    """The first SIGTERM or SIGINT asks to stop, the second one ends at once."""

    def stop(number: int, _frame: object) -> None:
        app.stopping.set()
        signal.signal(number, signal.SIG_DFL)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _watch(app: App, scheduler: BackgroundScheduler, tickers: list[Ticker]) -> None:
    """Wait for the end; wake the jobs when the wall clock jumped; vouch for steps that move."""
    offset = time.time() - time.monotonic()
    while not app.stopping.wait(1.0):
        if not any(ticker.is_stuck() for ticker in tickers):
            sd_notify("WATCHDOG=1")
        now = time.time() - time.monotonic()
        if abs(now - offset) > JUMP:
            log.warning("the clock jumped", extra={"seconds": round(now - offset)})
            for job in scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC) + timedelta(seconds=1))
        offset = now


def _wind_down(app: App, tickers: list[Ticker]) -> bool:
    """Let steps in flight end, then abandon them; return whether all ended."""
    closing = Thread(target=app.interrupt, daemon=True)
    closing.start()
    deadline = time.monotonic() + GRACE
    ended = [ticker.idle.wait(max(0.0, deadline - time.monotonic())) for ticker in tickers]
    closing.join(max(0.0, deadline - time.monotonic()))
    recover(app)
    return all(ended)
