"""How polls ended, written down for several of them together.

endings -> add_all, record -> what is told and counted
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.errors import StoreError
from monitor.records import Added, Feed, PollOutcome, PollStatus
from monitor.service import setbacks
from monitor.service.app import App, bounds_of
from monitor.store import outcomes, stories
from monitor.store.stories import Document

log = logging.getLogger(__name__)

_COUNTED_AS = {
    PollStatus.FAILED: "failed",
    PollStatus.GONE: "failed",
    PollStatus.PUT_OFF: "put_off",
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be written of one poll; ``document`` None: nothing was read."""

    feed: Feed
    outcome: PollOutcome
    document: Document | None = None


def write(app: App, endings: Sequence[Ending]) -> Iterator[Counter[str]]:
    """Write the endings of several polls together; yield what was found by each.

    Where the database refuses one of them, the others are written all the same.
    """
    documents = [each.document for each in endings if each.document is not None]
    try:
        added = iter(stories.add_all(app.database, documents)) if documents else iter(())
    except StoreError as error:
        yield from _written_apart(app, endings, error)
        return
    outcomes.record(app.database, *(each.outcome for each in endings if each.document is None))
    for ending in endings:
        _tell(ending)
        yield _tally(ending, next(added) if ending.document else None)


def _written_apart(
    app: App, endings: Sequence[Ending], error: StoreError
) -> Iterator[Counter[str]]:
    if len(endings) > 1:
        for ending in endings:
            yield from write(app, (ending,))
        return
    (ending,) = endings
    refused = setbacks.failed(
        ending.feed, error, ending.outcome.checked_at, app.rng, bounds_of(app)
    )
    yield from write(app, (Ending(ending.feed, refused),))


def _tally(ending: Ending, added: Added | None) -> Counter[str]:
    if added is None:
        return Counter({_COUNTED_AS[ending.outcome.status]: 1})
    if added.outdated:
        return Counter(abandoned=1)
    return Counter(
        read=1,
        new=len(added.new),
        backlog=added.backlog,
        held=added.held,
        edited=added.edited,
        skipped=ending.outcome.skipped,
    )


def _tell(ending: Ending) -> None:
    """Say once that a feed fails, and once that it is back.

    Only those who want to know more hear that it still does.
    """
    feed, outcome = ending.feed, ending.outcome
    told = {"feed": feed.id, "title": feed.title}
    if outcome.status is PollStatus.READ:
        tell_if_back(feed)
    elif outcome.status is PollStatus.GONE:
        log.warning("feed is gone for good", extra={**told, "error": outcome.error})
    elif outcome.status is PollStatus.FAILED:
        level = logging.DEBUG if feed.failures else logging.WARNING
        log.log(level, "feed failed", extra={**told, "error": outcome.error})


def tell_if_back(feed: Feed) -> None:
    """Say once that a feed is back which had failed until this poll."""
    if feed.failures:
        since = feed.failing_since and feed.failing_since.isoformat()
        told = {"feed": feed.id, "title": feed.title, "failing_since": since}
        log.info("feed is back", extra=told)
