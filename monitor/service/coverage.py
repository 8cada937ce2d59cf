"""What stood behind a digest: the facts of its footer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from monitor.notify.wording import without_addresses
from monitor.records import Coverage, Feed, FeedNote
from monitor.service.app import App
from monitor.service.health import FeedHealth, State, diagnose
from monitor.store import feeds, matches, stories


def coverage(app: App, topic_names: Sequence[str], since: datetime, until: datetime) -> Coverage:
    """Return what was read from ``since`` to ``until``, which feeds are ill, and what these topics
    nearly matched.
    """
    watched = [feed for feed in feeds.all_feeds(app.database) if feed.spec.enabled]
    found = diagnose(app.database, watched, until)
    return Coverage(
        stories_read=stories.seen_between(app.database, since, until),
        feeds_read=sum(feed.failures == 0 and not feed.is_new for feed in watched),
        failing=_those(found, State.FAILING),
        missed=tuple(_note(feed) for feed in watched if _missed_some(feed, since, until)),
        held=_those(found, State.HELD),
        gone=_those(found, State.GONE),
        silent=_those(found, State.SILENT),
        nearest=matches.nearest(app.database, topic_names, since, until),
    )


def _those(found: Iterable[FeedHealth], state: State) -> tuple[FeedNote, ...]:
    return tuple(_note(each.feed) for each in found if each.has(state))


def _note(feed: Feed) -> FeedNote:
    """A feed as the footer tells it: without its address, which may hold a secret."""
    error = without_addresses(feed.last_error or "")
    return FeedNote(name=feed.title, since=feed.failing_since, error=error, count=feed.held)


def _missed_some(feed: Feed, since: datetime, until: datetime) -> bool:
    return feed.gap_at is not None and since < feed.gap_at <= until
