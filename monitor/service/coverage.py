"""What stood behind a digest: the facts of its footer, and what its topics usually bring."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.notify.wording import without_addresses
from monitor.records import Coverage, Feed, FeedNote
from monitor.service.app import App
from monitor.service.health import FeedHealth, State, diagnose
from monitor.store import feeds, matches, stories

WEEKS = 12
"""Weeks of matches that are shown of a topic at most ..."""
TREND = 3
"""... and at least: fewer are no trend."""


class Backdrop:
    """What stands behind all that is told at one moment; read once for whoever shares it."""

    def __init__(self, app: App, now: datetime) -> None:
        self.app = app
        self.now = now
        self._coverage: dict[tuple[tuple[str, ...], datetime], Coverage] = {}
        self._trends: dict[tuple[str, ...], Mapping[str, tuple[int, ...]]] = {}

    def coverage(self, topic_names: tuple[str, ...], since: datetime) -> Coverage:
        """Return the facts of a footer, as `coverage` does."""
        key = topic_names, since
        if key not in self._coverage:
            self._coverage[key] = coverage(self.app, topic_names, since, self.now)
        return self._coverage[key]

    def trend(self, topic_names: tuple[str, ...]) -> Mapping[str, tuple[int, ...]]:
        """Return the weeks of each topic, as `trend` does."""
        if topic_names not in self._trends:
            self._trends[topic_names] = trend(self.app, topic_names, self.now)
        return self._trends[topic_names]


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


def trend(app: App, topic_names: Sequence[str], now: datetime) -> Mapping[str, tuple[int, ...]]:
    """Return the matches of each whole week since the first story; of too few weeks none."""
    watched = now - (stories.first_seen(app.database) or now)
    weeks = min(WEEKS, watched // timedelta(weeks=1))
    return matches.weekly(app.database, topic_names, now, weeks) if weeks >= TREND else {}


def _those(found: Iterable[FeedHealth], state: State) -> tuple[FeedNote, ...]:
    return tuple(_note(each.feed) for each in found if each.has(state))


def _note(feed: Feed) -> FeedNote:
    """A feed as the footer tells it: without its address, which may hold a secret."""
    error = without_addresses(feed.last_error or "")
    return FeedNote(name=feed.title, since=feed.failing_since, error=error, count=feed.held)


def _missed_some(feed: Feed, since: datetime, until: datetime) -> bool:
    return feed.gap_at is not None and since < feed.gap_at <= until
