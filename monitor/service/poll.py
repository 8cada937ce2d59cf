"""The step that asks feeds for news.

claim -> fetch -> (unchanged | parse -> admit -> hear -> add_new), round after round
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.errors import FetchError, MonitorError, ParseError, StoreError
from monitor.ingest.admit import admit
from monitor.ingest.cadence import Bounds, fresh_for, next_check, next_try
from monitor.ingest.ending import is_whole
from monitor.ingest.language import hear
from monitor.records import (
    Feed,
    Fetched,
    PollOutcome,
    PollStatus,
    Request,
    StepReport,
    Validators,
)
from monitor.service.app import PARSERS, App, sync_topics
from monitor.store import feeds, outcomes, stories, topics

log = logging.getLogger(__name__)

BATCH = 200
"""Feeds claimed at a time: what a kill in the middle leaves leased."""
IN_A_ROW = 2
"""Feeds of a host that wait for each other in a round: all others wait for the slowest host."""
TICK = timedelta(seconds=10)
"""A tick of the service begins no round after this long, but looks anew at what is due."""
PARSING = timedelta(minutes=5)
"""What a lease allows for parsing, beside the time of servers that are slow to the deadline."""
PAGE_RETRY = timedelta(minutes=15)
COUNTED = ("read", "unchanged", "failed", "abandoned", "new", "backlog", "edited", "skipped")

Answer = Fetched | FetchError


def poll(app: App, now: datetime, *, at_most: timedelta = timedelta.max) -> StepReport:
    """Poll every feed that is due at ``now``; begin no round later than ``at_most`` from now."""
    counts = Counter(dict.fromkeys(COUNTED, 0))
    read_seed_pages(app, now)
    try:
        for tally in _rounds(app, now, at_most):
            counts.update(tally)
            app.progress("feeds read", counts["read"] + counts["unchanged"] + counts["failed"])
    except BaseException:  # Ctrl-C too: what was claimed would look as if nothing were due
        with suppress(StoreError):
            feeds.release(app.database, app.owner)
        raise
    app.parsers.shrink()
    return StepReport(step="poll", counts=dict(counts))


def poll_a_while(app: App, now: datetime) -> StepReport:
    """The same for a tick of the service: what comes due meanwhile need not wait for the slow."""
    return poll(app, now, at_most=TICK)


def _rounds(app: App, now: datetime, at_most: timedelta) -> Iterator[Counter[str]]:
    began, spent = time.monotonic(), timedelta(0)
    while spent <= at_most and (due := _claim(app, now, spent)):
        yield from _settled(app, due, now)
        spent = timedelta(seconds=time.monotonic() - began)


def _claim(app: App, now: datetime, spent: timedelta) -> tuple[Feed, ...]:
    """Claim the feeds of one round, those that failed last: what is wrong may take its time.

    The lease outlasts a round in which every server is slow to the deadline; it counts from
    ``now``, which is ``spent`` ago.
    """
    if app.stopping.is_set():
        return ()
    polling = app.settings.polling
    slowest = polling.timeout * (BATCH / min(polling.concurrency, BATCH))
    due = feeds.claim_due(
        app.database,
        now,
        owner=app.owner,
        lease=spent + slowest + PARSING,
        limit=BATCH,
        per_host=IN_A_ROW * polling.per_host,
    )
    return tuple(sorted(due, key=lambda feed: feed.failures > 0))


def _settled(app: App, due: tuple[Feed, ...], now: datetime) -> Iterator[Counter[str]]:
    """Fetch ``due`` and settle each answer as it comes.

    Unchanged feeds are written down together at the end: what a kill makes of them is only asked
    again. The others are settled side by side, one thread per parser process: a document that
    keeps its parser busy must not keep the healthy feeds behind it waiting.
    """
    unchanged: list[PollOutcome] = []
    try:
        with ThreadPoolExecutor(max_workers=PARSERS, thread_name_prefix="settle") as threads:
            pending: set[Future[Counter[str]]] = set()
            for feed, answer in _answers(app, due):
                if isinstance(answer, Fetched) and _is_unchanged(feed, answer):
                    unchanged.append(_outcome(app, feed, PollStatus.UNCHANGED, now, answer))
                    yield Counter(unchanged=1)
                    continue
                pending.add(threads.submit(settle, app, feed, answer, now))
                while len(pending) > 2 * PARSERS:
                    done, pending = wait(pending, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
            yield from (future.result() for future in pending)
    finally:
        outcomes.record(app.database, *unchanged)


def _answers(app: App, due: tuple[Feed, ...]) -> Iterator[tuple[Feed, Answer]]:
    """Each feed with its answer in order of arrival, until all are there or we are to stop."""
    by_id = {feed.id: feed for feed in due}
    requests = tuple(
        Request(feed_id=feed.id, url=feed.spec.url, validators=feed.validators) for feed in due
    )
    for request, answer in app.fetcher.fetch_many(requests):
        if app.stopping.is_set():
            return
        yield by_id[request.feed_id], answer


def _is_unchanged(feed: Feed, answer: Fetched) -> bool:
    """Whether the server says so, or the body is the one that was read last."""
    return answer.body is None or _hash(answer.body) == feed.body_hash


def settle(app: App, feed: Feed, answer: Answer, now: datetime) -> Counter[str]:
    """Write down what a new body or a failure means for its feed; never raises for its sake."""
    if isinstance(answer, FetchError):
        return _fail(app, feed, answer, now)
    try:
        return _read(app, feed, answer, now)
    except ParseError as error:
        return _fail(app, feed, error, now)
    except MonitorError:
        raise
    except Exception as error:
        log.exception("bug while reading a feed", extra={"feed": feed.id})
        return _fail(app, feed, error, now)


def _read(app: App, feed: Feed, answer: Fetched, now: datetime) -> Counter[str]:
    body, polling = answer.body or b"", app.settings.polling
    parsed = app.parsers.parse(body, answer.headers.get("content-type", ""), answer.url)
    language = app.settings.matching.language
    new = admit(parsed, feed, now, polling.first_poll_keeps, language=language).stories
    if feed.spec.language is None:
        new = hear(new, stories.known_keys(app.database, feed.id, new))
    outcome = replace(
        _outcome(app, feed, PollStatus.READ, now, answer),
        body_hash=_hash(body),
        title=parsed.title,
        skipped=parsed.skipped,
    )
    added = stories.add_new(app.database, outcome, new)
    return Counter(
        read=1,
        new=len(added.new),
        backlog=added.backlog,
        edited=added.edited,
        skipped=parsed.skipped,
    )


def _outcome(
    app: App, feed: Feed, status: PollStatus, now: datetime, answer: Fetched
) -> PollOutcome:
    return PollOutcome(
        feed_id=feed.id,
        status=status,
        checked_at=now,
        next_check_at=next_check(
            feed,
            now,
            app.rng,
            _bounds(app),
            rhythm=feed.rhythm,
            wishes=feed.wishes,
            fresh=fresh_for(answer.headers, now),
        ),
        http_status=answer.status,
        validators=_worth_keeping(answer),
    )


def _bounds(app: App) -> Bounds:
    return Bounds(floor=app.settings.polling.floor, ceiling=app.settings.polling.ceiling)


def _worth_keeping(answer: Fetched) -> Validators:
    """Return the validators; none for a body that was cut off: a 304 would hide its rest."""
    whole = answer.body is None or is_whole(answer.body)
    return answer.validators if whole else Validators()


def _fail(app: App, feed: Feed, error: Exception, now: datetime) -> Counter[str]:
    if app.stopping.is_set():  # we hung up, not the server: the feed stays due
        return Counter(abandoned=1)
    retry_after = error.retry_after if isinstance(error, FetchError) else None
    outcome = PollOutcome(
        feed_id=feed.id,
        status=PollStatus.FAILED,
        checked_at=now,
        next_check_at=next_try(feed, now, app.rng, _bounds(app), retry_after=retry_after),
        http_status=error.status if isinstance(error, FetchError) else None,
        error=str(error) or type(error).__name__,
    )
    outcomes.record(app.database, outcome)
    log.warning("feed failed", extra={"feed": feed.id, "title": feed.title, "error": outcome.error})
    return Counter(failed=1)


def _hash(body: bytes) -> bytes:
    return blake2b(body, digest_size=16).digest()


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
