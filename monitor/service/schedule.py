"""The embedded clock: it only ticks. What is due lies in the database.

APScheduler drops a late run after one second by default and plans by the wall clock; so every job
here coalesces, has no misfire limit, and is woken when the wall clock jumps.
"""

from __future__ import annotations

import logging
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from monitor.errors import StoreError
from monitor.records import StepReport
from monitor.service.app import App
from monitor.service.articles import articles
from monitor.service.deliver import deliver
from monitor.service.digest import digest
from monitor.service.learn import learn
from monitor.service.match import match
from monitor.service.memory import return_free, share_heap
from monitor.service.poll import poll_a_while
from monitor.service.upkeep import upkeep
from monitor.store import feeds, outbox, vitals
from monitor.telemetry import sd_notify

log = logging.getLogger(__name__)

Step = Callable[[App, datetime], StepReport]
Clock = Callable[[], datetime]

TICKS: tuple[tuple[str, float, tuple[Step, ...]], ...] = (
    ("poll", 1, (poll_a_while,)),
    ("match", 2, (learn, match)),
    ("articles", 2, (articles,)),
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
GRACE = 7.0
"""Seconds a step in flight has to end after SIGTERM ..."""
LAST = 1.0
"""... and after it the database, to take back the leases. A busy machine has two more: those who
stop services kill what is there after ten."""
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
        if time.monotonic() < self.not_before:
            return
        # before the look at stopping: who stops us sets that first, and then waits for idle
        self.idle.clear()
        self.busy_since = time.monotonic()
        try:
            if not self.app.stopping.is_set():
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


class Every(BaseTrigger):  # type: ignore[misc]
    """Runs at an interval; those that were missed are left out.

    The library's own trigger lists every missed run before it drops them: a clock that jumps by a
    year would fill the memory.
    """

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """The next run: never in the past, and never further ahead than one interval."""
        if previous is not None and now < previous + self._interval <= now + self._interval:
            return previous + self._interval
        return now + self._interval


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
    bell = _stop_on_signals()
    log.info("service started", extra={"feeds": len(feeds.all_feeds(app.database))})
    scheduler.start()
    sd_notify("READY=1")
    try:
        _watch(bell, scheduler, tickers)
    finally:
        sd_notify("STOPPING=1")
        log.info("service stopping")
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
        scheduler.add_job(ticker.tick, Every(seconds), id=name, next_run_time=datetime.now(UTC))
    return scheduler


def _stop_on_signals() -> socket.socket:
    """Return a socket that can be read from the first SIGTERM or SIGINT on; a second one ends.

    An Event would not do: a handler that comes while its own thread is inside of the event's lock
    waits for that lock for ever.
    """
    heard, bell = socket.socketpair()

    def stop(_number: int, _frame: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        bell.send(b"!")

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    return heard


def _watch(bell: socket.socket, scheduler: BackgroundScheduler, tickers: list[Ticker]) -> None:
    """Wait for the end; wake the jobs when the wall clock jumped; vouch for steps that move."""
    offset = time.time() - time.monotonic()
    while not select.select([bell], [], [], 1.0)[0]:
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
    return _leases_are_back(app) and all(ended)


def _leases_are_back(app: App) -> bool:
    """Free our leases for the commands; the next start does it too, so nothing waits for that."""
    giving = Thread(target=_recover_if_possible, args=(app,), daemon=True)
    giving.start()
    giving.join(LAST)
    return not giving.is_alive()


def _recover_if_possible(app: App) -> None:
    try:
        recover(app)
    except StoreError as error:
        log.warning("leases not given back", extra={"error": str(error)})
