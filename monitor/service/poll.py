"""The step that asks feeds for news.

claim -> fetch -> (unchanged | parse -> admit -> add_new) -> release
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from hashlib import blake2b

from monitor.errors import FetchError, MonitorError, ParseError
from monitor.ingest.admit import admit
from monitor.ingest.cadence import next_check
from monitor.records import Feed, Fetched, ParsedFeed, PollOutcome, PollStatus, Request, StepReport
from monitor.service.app import PARSERS, App, sync_topics
from monitor.store import feeds, stories, topics

log = logging.getLogger(__name__)

BATCH = 200
"""Feeds claimed at a time: what a kill in the middle leaves leased."""
LEASE = timedelta(minutes=10)
"""Longer than a batch in which every server is slow to the deadline."""
PAGE_RETRY = timedelta(minutes=15)

Answer = Fetched | FetchError


def poll(app: App, now: datetime) -> StepReport:
    """Poll every feed that is due at ``now``."""
    counts: Counter[str] = Counter()
    read_seed_pages(app, now)
    while not app.stopping.is_set():
        due = feeds.claim_due(app.database, now, owner=app.owner, lease=LEASE, limit=BATCH)
        if not due:
            break
        for tally in _settled(app, due, now):
            counts.update(tally)
            app.progress("feeds read", counts["read"] + counts["unchanged"] + counts["failed"])
    app.parsers.shrink()
    return StepReport(step="poll", counts=dict(counts))


def _settled(app: App, due: tuple[Feed, ...], now: datetime) -> Iterator[Counter[str]]:
    """Fetch ``due`` and settle each answer as it comes, a few at a time.

    One worker thread per parser process: a document that keeps its parser busy must not keep the
    healthy feeds behind it waiting.
    """
    by_id = {feed.id: feed for feed in due}
    requests = tuple(
        Request(feed_id=feed.id, url=feed.spec.url, validators=feed.validators) for feed in due
    )
    with ThreadPoolExecutor(max_workers=PARSERS, thread_name_prefix="settle") as threads:
        pending: set[Future[Counter[str]]] = set()
        for request, answer in app.fetcher.fetch_many(requests):
            if app.stopping.is_set():
                break
            pending.add(threads.submit(settle, app, by_id[request.feed_id], answer, now))
            while len(pending) > 2 * PARSERS:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        yield from (future.result() for future in pending)


def settle(app: App, feed: Feed, answer: Answer, now: datetime) -> Counter[str]:
    """Write down what one answer means for its feed; never raises for the feed's sake."""
    try:
        return _settle(app, feed, answer, now)
    except (FetchError, ParseError) as error:
        return _fail(app, feed, error, now)
    except MonitorError:
        raise
    except Exception as error:
        log.exception("bug while reading a feed", extra={"feed": feed.id})
        return _fail(app, feed, error, now)


def _settle(app: App, feed: Feed, answer: Answer, now: datetime) -> Counter[str]:
    if isinstance(answer, FetchError):
        raise answer
    digest = feed.body_hash if answer.body is None else _hash(answer.body)
    if answer.body is None or digest == feed.body_hash:
        feeds.record(app.database, _outcome(app, feed, PollStatus.UNCHANGED, now, answer))
        return Counter(unchanged=1)
    content_type = answer.headers.get("content-type", "")
    parsed = app.parsers.parse(answer.body, content_type, answer.url)
    return _add(app, feed, parsed, answer, digest, now)


def _add(
    app: App, feed: Feed, parsed: ParsedFeed, answer: Fetched, digest: bytes | None, now: datetime
) -> Counter[str]:
    new = admit(
        parsed,
        feed,
        now,
        app.settings.polling.first_poll_keeps,
        language=app.settings.matching.language,
    )
    outcome = _outcome(
        app,
        feed,
        PollStatus.READ,
        now,
        answer,
        body_hash=digest,
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


def _fail(app: App, feed: Feed, error: Exception, now: datetime) -> Counter[str]:
    if app.stopping.is_set():  # we hung up, not the server: the feed stays due
        return Counter(abandoned=1)
    retry_after = error.retry_after if isinstance(error, FetchError) else None
    status = error.status if isinstance(error, FetchError) else None
    outcome = PollOutcome(
        feed_id=feed.id,
        status=PollStatus.FAILED,
        checked_at=now,
        next_check_at=next_check(feed, now, app.rng, failed=True, retry_after=retry_after),
        http_status=status,
        error=str(error) or type(error).__name__,
    )
    feeds.record(app.database, outcome)
    log.warning("feed failed", extra={"feed": feed.id, "url": feed.spec.url, "error": str(error)})
    return Counter(failed=1)


def _outcome(
    app: App,
    feed: Feed,
    status: PollStatus,
    now: datetime,
    answer: Fetched,
    *,
    body_hash: bytes | None = None,
    title: str = "",
    skipped: int = 0,
) -> PollOutcome:
    return PollOutcome(
        feed_id=feed.id,
        status=status,
        checked_at=now,
        next_check_at=next_check(feed, now, app.rng, failed=False, retry_after=None),
        http_status=answer.status,
        validators=answer.validators,
        body_hash=body_hash,
        title=title,
        skipped=skipped,
    )


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
