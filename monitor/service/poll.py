"""The step that asks feeds for news.

claim -> ask -> settle, while answers come and feeds come due
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from monitor.errors import ConfigError, FetchError, ParseError, StoreError
from monitor.ingest.cadence import first_open
from monitor.ingest.round import Round
from monitor.records import Feed, Fetched, PollOutcome, PollStatus, Request, StepReport
from monitor.service.access import access_to
from monitor.service.app import PARSERS, App, sync_topics
from monitor.service.endings import Ending, write
from monitor.service.reading import (
    Answer,
    is_unchanged,
    settle,
    settle_unchanged,
)
from monitor.store import feeds, outcomes, topics

log = logging.getLogger(__name__)

BATCH = 200
"""Feeds claimed at most: what a kill in the middle leaves leased."""
TOGETHER = 20
"""Polls whose endings are written in one transaction: a disk takes its time to make one sure."""
IN_A_ROW = 2
"""Feeds of a host that are claimed for each request it may have at once."""
SPELL = timedelta(minutes=10)
"""A tick of the service claims nothing after this long, so that it ends and says what it did."""
LOOK_AGAIN = timedelta(seconds=1)
"""Between two looks for feeds that came due, while answers are awaited."""
PARSING = timedelta(minutes=5)
"""What a lease allows for parsing, beside the time of servers that are slow to the deadline."""
PAGE_RETRY = timedelta(minutes=15)
_ENDINGS = ("read", "unchanged", "failed", "put_off", "abandoned")
_FOUND = ("new", "backlog", "held", "edited", "skipped")
COUNTED = _ENDINGS + _FOUND


def poll(app: App, now: datetime, *, at_most: timedelta = timedelta.max) -> StepReport:
    """Poll every feed that is due at ``now``; claim none later than ``at_most`` from now."""
    return _poll(app, now, at_most, lambda _spent: now)


def poll_a_while(app: App, now: datetime) -> StepReport:
    """The same for a tick of the service: what comes due meanwhile need not wait for the slow."""
    return _poll(app, now, SPELL, lambda spent: now + spent)


def _poll(
    app: App, now: datetime, at_most: timedelta, moment: Callable[[timedelta], datetime]
) -> StepReport:
    counts = Counter(dict.fromkeys(COUNTED, 0))
    read_seed_pages(app, now)
    try:
        with app.fetcher.round() as asked, ThreadPoolExecutor(PARSERS, "settle") as threads:
            for tally in _Sweep(app, asked, threads, at_most, moment).tallies():
                counts.update(tally)
                done = counts["read"] + counts["unchanged"] + counts["failed"]
                app.progress("feeds read", done)
    except BaseException:  # Ctrl-C too: what was claimed would look as if nothing were due
        with suppress(StoreError):
            feeds.release(app.database, app.owner)
        raise
    app.parsers.shrink()
    return StepReport(step="poll", counts=dict(counts))


@dataclass
class _Sweep:
    """Feeds on their way: claimed, asked, answered, settled.

    A slow server holds nobody up: while its answer is awaited, others are claimed. What changed is
    settled side by side, one thread per parser process: a document that keeps its parser busy must
    not keep the healthy feeds behind it waiting. How it ended is written down for several feeds
    together: what a kill makes of them is only asked again.
    """

    app: App
    asked: Round
    threads: ThreadPoolExecutor
    at_most: timedelta
    moment: Callable[[timedelta], datetime]
    began: float = field(default_factory=time.monotonic)
    awaited: dict[int, Feed] = field(default_factory=dict)
    marks: dict[int, bytes] = field(default_factory=dict)
    unchanged: list[PollOutcome] = field(default_factory=list)
    settling: set[Future[Ending | None]] = field(default_factory=set)
    endings: list[Ending] = field(default_factory=list)
    rest_until: timedelta | None = None

    def tallies(self) -> Iterator[Counter[str]]:
        """Go on until nothing is due and nothing under way; yield what becomes of each feed."""
        try:
            while (yield from self._look()) or self._is_busy():
                yield from self._take()
                yield from self._settled()
                if len(self.endings) >= TOGETHER or not self._is_busy():
                    yield from self._written()
        finally:
            self._write_unchanged()

    def _is_busy(self) -> bool:
        return bool(self.awaited or self.settling)

    def _look(self) -> Generator[Counter[str], None, bool]:
        """Claim and ask what is due, if it is time to look; return whether anything was."""
        if not self._may_look(timedelta(seconds=time.monotonic() - self.began)):
            return False
        yield from self._written()  # a host is claimed only when none of its feeds is under way
        spent = timedelta(seconds=time.monotonic() - self.began)
        claimed = _claim(self.app, self.moment(spent), spent, BATCH - len(self.awaited))
        # one that waits for its host longer than its lease is claimed anew, but asked already
        due = [feed for feed in claimed if feed.id not in self.awaited]
        self.rest_until = spent if due else spent + LOOK_AGAIN
        self._ask([feed for feed in due if not self._puts_off(feed)])
        return bool(due)

    def _ask(self, awake: Sequence[Feed]) -> None:
        if not awake:
            return
        self.awaited.update((feed.id, feed) for feed in awake)
        self.marks.update(feeds.marks(self.app.database, [feed.id for feed in awake]))
        self.asked.ask(self._requests(awake))

    def _puts_off(self, feed: Feed) -> bool:
        """Whether ``feed`` came to its turn so late that its server now wants to be left alone."""
        now = self._now()
        until = first_open(feed.wishes, now)
        if until > now:
            self.unchanged.append(
                PollOutcome(
                    feed_id=feed.id,
                    status=PollStatus.PUT_OFF,
                    checked_at=now,
                    next_check_at=until,
                )
            )
        return until > now

    def _may_look(self, spent: timedelta) -> bool:
        if self.app.stopping.is_set() or len(self.awaited) > BATCH // 2:
            return False
        if self.rest_until is None:
            return True
        return spent <= self.at_most and not (self._is_busy() and spent < self.rest_until)

    def _requests(self, due: Iterable[Feed]) -> Iterator[Request]:
        for feed in due:
            try:
                access = access_to(self.app.settings, feed.spec.url, feed.address)
            except ConfigError as error:
                self._settle(self.awaited.pop(feed.id), FetchError(str(error)))
            else:
                yield Request(
                    feed_id=feed.id, url=feed.address, validators=feed.validators, access=access
                )

    def _take(self) -> Iterator[Counter[str]]:
        """Take one answer, if one comes while there is nothing else to do."""
        taken = self.asked.take(LOOK_AGAIN.total_seconds()) if self.awaited else None
        if self.app.stopping.is_set() or (not self.asked.pending and taken is None):
            self.awaited.clear()  # nothing more will come: they stay due
        elif taken is None:
            yield from self._written()
        else:
            request, answer = taken
            feed = self.awaited.pop(request.feed_id)
            marks = self.marks.pop(feed.id, None)
            if isinstance(answer, Fetched) and is_unchanged(feed, answer):
                self.unchanged.append(settle_unchanged(self.app, feed, answer, self._now()))
                yield Counter(unchanged=1)
            else:
                self._settle(feed, answer, marks)

    def _settle(self, feed: Feed, answer: Answer, marks: bytes | None = None) -> None:
        work = self.threads.submit(settle, self.app, feed, answer, self._now(), marks)
        self.settling.add(work)

    def _settled(self) -> Iterator[Counter[str]]:
        """Yield what was settled; wait for it where too much is waiting, or nothing else is."""
        while self.settling:
            full = len(self.settling) > 2 * PARSERS or not self.awaited
            done, self.settling = wait(
                self.settling, None if full else 0, return_when=FIRST_COMPLETED
            )
            settled = [future.result() for future in done]
            self.endings += (ending for ending in settled if ending is not None)
            yield Counter(abandoned=settled.count(None))
            if not done:
                return

    def _written(self) -> Iterator[Counter[str]]:
        """Write down what was settled, and yield what became of each feed."""
        self._write_unchanged()
        endings, self.endings = self.endings, []
        yield from write(self.app, endings)

    def _now(self) -> datetime:
        return self.moment(timedelta(seconds=time.monotonic() - self.began))

    def _write_unchanged(self) -> None:
        written, self.unchanged = self.unchanged, []
        outcomes.record(self.app.database, *written)


def _claim(app: App, now: datetime, spent: timedelta, limit: int) -> tuple[Feed, ...]:
    """Claim due feeds, those that failed last: what is wrong may take its time.

    The lease outlasts a time in which every server is slow to the deadline; it counts from
    ``now``, which may be ``spent`` ago.
    """
    polling = app.settings.polling
    slowest = polling.timeout * (BATCH / min(polling.concurrency, BATCH))
    due = feeds.claim_due(
        app.database,
        now,
        owner=app.owner,
        lease=spent + slowest + PARSING,
        limit=limit,
        per_host=IN_A_ROW * polling.per_host,
    )
    return tuple(sorted(due, key=lambda feed: feed.failures > 0))


def read_seed_pages(app: App, now: datetime) -> None:
    """Fetch the seeds that are given by address and were never read; a failure waits a while."""
    missing = [
        url
        for url in app.settings.seed_urls()
        if app.page_retry.get(url, now) <= now and topics.seed_page(app.database, url) is None
    ]
    for url in missing:
        _read_seed_page(app, url, now)
    if missing:
        sync_topics(app, now)


def _read_seed_page(app: App, url: str, now: datetime) -> None:
    try:
        page = app.fetcher.fetch(Request(feed_id=0, url=url))
        seed = app.parsers.read_page(page.body or b"", page.headers.get("content-type", ""), url)
    except (FetchError, ParseError) as error:
        app.page_retry[url] = now + PAGE_RETRY
        log.warning("seed page not read", extra={"url": url, "error": str(error)})
    else:
        topics.save_seed_page(app.database, url, seed, now)
