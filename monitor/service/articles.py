"""The step that reads the pages stories wait for.

claim -> fetch -> extract, in a killable process -> judge -> read | kept | wait
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.errors import ConfigError, FetchError, HostResting, ParseError, StoreError
from monitor.ingest.wall import fault_of, is_page
from monitor.records import Article, Fetched, Request, StepReport, Story
from monitor.service.access import access_to
from monitor.service.app import App
from monitor.service.fulltext import PATIENCE, may_want_page
from monitor.store import articles as pages
from monitor.store import stories, topics

log = logging.getLogger(__name__)

BATCH = 50
"""Pages claimed at a time: what a kill in the middle leaves claimed."""
IN_A_ROW = 2
"""Pages of a host that wait for each other in a round."""
LEASE = timedelta(minutes=10)
"""After it a claimed page is asked for again: longer than a round of slow hosts takes."""
TURN = timedelta(minutes=1)
"""A step begins no round after this time."""
WAITS = (timedelta(minutes=5), timedelta(minutes=20))
"""Until the second attempt and the third, which is the last."""
MAX_PAGE = 5 * 1024 * 1024
"""Bytes of a page. No story is as long as that."""

UNWANTED = "full texts are not asked for any more"
UNABLE = "what reads pages is not installed"
REPEATED = "several pages of its feed hold this very text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended: with a ``text``, with a reason to keep the feed's, or not for good.

    ``next_at``: when to try again; ``counted``: whether the attempt was one.
    """

    text: str = ""
    note: str = ""
    next_at: datetime | None = None
    counted: bool = True


def articles(app: App, now: datetime) -> StepReport:
    """Read the pages whose turn it is at ``now``; nobody waits for one longer than an hour."""
    counts = Counter(read=0, kept=0, waiting=0)
    counts["kept"] = pages.keep_overdue(app.database, now, PATIENCE)
    if not app.reads_pages:
        counts["kept"] += pages.keep_waiting(app.database, UNABLE, now)
    for tally in _rounds(app, now):
        counts.update(tally)
        app.progress("pages read", counts["read"] + counts["kept"])
    return StepReport(step="articles", counts=dict(counts))


def _rounds(app: App, now: datetime) -> Iterator[Counter[str]]:
    began, spent = time.monotonic(), timedelta(0)
    per_host = IN_A_ROW * app.settings.polling.per_host
    while spent <= TURN and not app.stopping.is_set():
        moment = now + spent
        claimed = pages.claim(app.database, moment, lease=LEASE, limit=BATCH, per_host=per_host)
        if not claimed:
            return
        yield _round(app, claimed, moment)
        spent = timedelta(seconds=time.monotonic() - began)


def _round(app: App, claimed: tuple[Article, ...], now: datetime) -> Counter[str]:
    """Ask for the claimed pages and settle each; what stays open is given back."""
    left = {each.story_id: each for each in claimed}
    told: Counter[str] = Counter()
    try:
        for article, ending in _texts_last(app, _endings(app, claimed, now)):
            told.update(_settle(app, article, ending, now))
            del left[article.story_id]
    finally:
        with suppress(StoreError):
            for article in left.values():
                pages.wait(app.database, article, now, None, counted=False)
    return told


def _texts_last(
    app: App, endings: Iterator[tuple[Article, Ending]]
) -> Iterator[tuple[Article, Ending]]:
    """Hold the texts of a round back until all are there: what several pages say is no story."""
    read: list[tuple[Article, Ending]] = []
    addresses: dict[tuple[int, str], set[str]] = defaultdict(set)
    for article, ending in endings:
        if not ending.text:
            yield article, ending
            continue
        read.append((article, ending))
        addresses[article.feed_id, ending.text].add(article.url)
    for article, ending in read:
        alike = len(addresses[article.feed_id, ending.text]) > 1
        if alike or pages.is_repeated(app.database, article, ending.text):
            yield article, Ending(note=REPEATED)
        else:
            yield article, ending


def _endings(
    app: App, claimed: tuple[Article, ...], now: datetime
) -> Iterator[tuple[Article, Ending]]:
    """Each page with what became of it, in order of arrival, until we are to stop."""
    own, watched = pages.own_words(app.database), topics.all_topics(app.database)
    asked: dict[int, tuple[Article, Story]] = {}
    requests = []
    for article in claimed:
        story = stories.get(app.database, article.story_id)
        if story is None:
            continue
        request = _request(app, article, story)
        if not may_want_page(story, own.get(story.feed_id), watched):
            yield article, Ending(note=UNWANTED)
        elif isinstance(request, Ending):
            yield article, request
        else:
            asked[article.story_id] = article, story
            requests.append(request)
    for request, answer in app.fetcher.fetch_many(requests):
        article, story = asked[request.feed_id]
        ending = _ending(app, article, story, answer, now)
        if app.stopping.is_set():  # we hung up, not the server: the page stays wanted
            return
        yield article, ending


def _request(app: App, article: Article, story: Story) -> Request | Ending:
    """Ask as its feed is asked; only the server of the feed itself is told headers and login."""
    if not article.url:
        return Ending(note=pages.NO_LINK)
    try:
        access = access_to(app.settings, story.feed_url, article.url)
    except ConfigError as error:
        return Ending(note=str(error))
    return Request(feed_id=article.story_id, url=article.url, access=access)


def _ending(
    app: App, article: Article, story: Story, answer: Fetched | FetchError, now: datetime
) -> Ending:
    if isinstance(answer, FetchError):
        return after_failure(answer, article, now)
    body, content_type = answer.body or b"", answer.headers.get("content-type", "")
    if not is_page(content_type, body):
        return Ending(note=f"what it links to is no web page ({content_type or 'of no type'})")
    if len(body) > MAX_PAGE:
        return Ending(note=f"its page is larger than {MAX_PAGE:,} bytes")
    try:
        text = app.parsers.read_article(body, content_type, answer.url)
    except ParseError as error:
        return Ending(note=str(error))
    fault = fault_of(text, story.text)
    return Ending(note=fault) if fault else Ending(text=text)


def after_failure(error: FetchError, article: Article, now: datetime) -> Ending:
    """Decide whether a page that could not be had is asked for again. Pure.

    Not where its server means it, after three attempts, or past the hour that a story waits. A
    host that rests was not asked, so that is no attempt.
    """
    rests = isinstance(error, HostResting)
    wait = timedelta(0) if rests else WAITS[min(article.attempts, len(WAITS) - 1)]
    next_at = now + max(wait, error.retry_after or timedelta(0))
    last = not rests and article.attempts >= len(WAITS)
    if error.permanent or last or next_at >= article.wanted_at + PATIENCE:
        return Ending(note=str(error))
    return Ending(note=str(error), next_at=next_at, counted=not rests)


def _settle(app: App, article: Article, ending: Ending, now: datetime) -> Mapping[str, int]:
    if ending.text:
        return {"read": pages.read(app.database, article, ending.text, now)}
    log.info("page not read", extra={"story": article.story_id, "error": ending.note})
    if ending.next_at is None:
        return {"kept": pages.keep(app.database, article, ending.note, now)}
    done = pages.wait(app.database, article, ending.next_at, ending.note, counted=ending.counted)
    return {"waiting": done}
