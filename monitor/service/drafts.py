"""What a recipient is told: the digest of its hour, more of what was told, and what is urgent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from monitor.notify.compose import compose
from monitor.notify.fold import families, fold, matches_of
from monitor.notify.slots import day_start, rest_until
from monitor.records import (
    Digest,
    DigestKind,
    FirstTold,
    MatchedStory,
    Plan,
    Subscription,
    Urgent,
    WhenEmpty,
)
from monitor.service.app import App
from monitor.service.coverage import Backdrop
from monitor.store import archive, matches
from monitor.store.subscriptions import FIRST_PERIOD

_UPDATE = DigestKind.UPDATE
_LATE = timedelta(minutes=10)
"""What came up so shortly before midnight, or before a rest, may still be told at once."""


def scheduled(
    behind: Backdrop, subscription: Subscription, plan: Plan, slot: datetime
) -> tuple[Digest, ...]:
    """The digest of ``slot`` of all that was found until now; none where it says nothing.

    Where the plan wants updates, a message more for each one that told a story first. What a topic
    matched long before it was added to the digest is no news: it counts as cut.
    """
    app = behind.app
    untold = matches.candidates(app.database, subscription, plan.topics)
    since = _since(subscription) - FIRST_PERIOD
    news = [each for each in untold if each.match.matched_at > since]
    stale = [each for each in untold if each.match.matched_at <= since]
    threads = _threads(app, subscription, plan, news)
    draft = partial(_compose, behind, subscription, plan, slot)
    digest = draft(threads.pop(None, ()), stale=stale)
    updates = (draft(told, kind=_UPDATE, first=first) for first, told in threads.items())
    return tuple(filter(None, (digest, *updates)))


def _threads(
    app: App, subscription: Subscription, plan: Plan, news: Sequence[MatchedStory]
) -> dict[FirstTold | None, list[MatchedStory]]:
    """What is to be told, by the message that it answers; None: none.

    What tells the same goes into one message: else its reader would be told it twice.
    """
    updates = _updates(app, subscription, plan) if plan.updates else ()
    told_in = archive.first_told(app.database, subscription, updates)
    answering = [each for each in updates if each.story.id in told_in]
    threads: dict[FirstTold | None, list[MatchedStory]] = {}
    for family in families([*answering, *news]):
        first = next(filter(None, (told_in.get(each.story.id) for each in family)), None)
        threads.setdefault(first, []).extend(family)
    return threads


def _updates(app: App, subscription: Subscription, plan: Plan) -> Sequence[MatchedStory]:
    """Later versions of told stories.

    Where the message that told one is forgotten, a later version is what it is without the wish: a
    copy. So is one of an hour that was served before: updates were not wanted then.
    """
    since = _since(subscription) - matches.SLOWEST
    every = matches.updates(app.database, subscription, plan.topics)
    return [each for each in every if each.match.matched_at > since]


def urgent(behind: Backdrop, subscription: Subscription, plan: Plan) -> Digest | None:
    """What of the untold is to be told at once, in one message; None: nothing.

    That is what reached the second threshold and came up today: at the end of a rest, where it
    was found within one. What found no room on its day waits for the scheduled digest. With it
    goes whatever tells the same, since that would never be told again.
    """
    if plan.urgent is None:
        return None
    app, now = behind.app, behind.now
    first = _leads(app, subscription, plan, plan.urgent, now)
    if not first:
        return None
    hot = {each.story.id for each in first}
    untold = matches.candidates(app.database, subscription, plan.topics)
    families = map(list, map(matches_of, fold(untold)))
    found = [each for family in families if _has_any(family, hot) for each in family]
    return _compose(behind, subscription, plan, now, found, kind=DigestKind.URGENT)


def _leads(
    app: App, subscription: Subscription, plan: Plan, wish: Urgent, now: datetime
) -> list[MatchedStory]:
    today = day_start(plan.schedule.zone, now) - _LATE
    found = matches.candidates(app.database, subscription, plan.topics, at_least=wish.above)
    return [each for each in found if _came_up(plan, each.match.matched_at) >= today]


def _came_up(plan: Plan, matched_at: datetime) -> datetime:
    """When a match could be told first; one just before a rest may have come too late for it."""
    rests = (rest_until(plan.schedule, at) for at in (matched_at, matched_at + _LATE))
    return next(filter(None, rests), matched_at)


def _has_any(family: Iterable[MatchedStory], story_ids: Collection[int]) -> bool:
    return any(each.story.id in story_ids for each in family)


def _since(subscription: Subscription) -> datetime:
    return subscription.last_at or subscription.started_at


def _compose(
    behind: Backdrop,
    subscription: Subscription,
    plan: Plan,
    slot: datetime,
    found: Sequence[MatchedStory],
    *,
    kind: DigestKind = DigestKind.SCHEDULED,
    first: FirstTold | None = None,
    stale: Sequence[MatchedStory] = (),
) -> Digest | None:
    if not found and plan.when_empty is WhenEmpty.SILENT:
        return None
    since = _since(subscription)
    return compose(
        found,
        name=plan.digest,
        recipient=subscription.recipient,
        slot=slot,
        since=since,
        zone=plan.schedule.zone,
        cap=plan.cap,
        coverage=behind.coverage(plan.topics, since),
        kind=kind,
        topics=plan.topics,
        weeks=behind.trend(plan.topics),
        when_empty=plan.when_empty,
        first=first,
        stale=stale,
    )
