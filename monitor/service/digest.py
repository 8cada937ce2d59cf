"""The step that says what there is to say, when its hour has come.

due recipient -> candidates -> compose -> render -> put (outbox + ledger + next hour)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from monitor import __version__
from monitor.errors import ConfigError, StoreError
from monitor.notify.compose import compose
from monitor.notify.slots import latest_slot, next_slot
from monitor.notify.wording import without_addresses
from monitor.records import (
    Coverage,
    Digest,
    Feed,
    FeedNote,
    Plan,
    Schedule,
    StepReport,
    Subscription,
)
from monitor.service.app import App
from monitor.service.health import FeedHealth, State, diagnose
from monitor.store import feeds, matches, outbox, stories, subscriptions


def digest(app: App, now: datetime, *, at_once: bool = False) -> StepReport:
    """Put the digest of every due recipient into the outbox; ``at_once``: of every recipient."""
    counts = {"digests": 0, "silent": 0, "stories": 0, "cut": 0}
    failed: list[Exception] = []
    for subscription in subscriptions.due(app.database, None if at_once else now):
        try:
            _count(counts, _serve(app, subscription, now, at_once=at_once))
        except StoreError:
            raise
        except Exception as error:  # told when all are served: one costs the others nothing
            failed.append(error)
        if app.stopping.is_set():
            break
    if failed:
        raise failed[0]
    return StepReport(step="digest", counts=counts)


def _count(counts: dict[str, int], made: Digest | None) -> None:
    if made is None:
        counts["silent"] += 1
        return
    counts["digests"] += 1
    counts["stories"] += sum(len(section.entries) for section in made.sections)
    counts["cut"] += len(made.cut)


def preview(app: App, now: datetime) -> tuple[Digest, ...]:
    """The digests that would go out now, without writing anything."""
    drafts = (draft(app, each, now, now) for each in subscriptions.due(app.database, None))
    return tuple(made for made in drafts if made is not None)


def draft(app: App, subscription: Subscription, slot: datetime, now: datetime) -> Digest | None:
    """What this recipient would be told at ``slot`` of all that was found until ``now``."""
    plan = _plan_of(app, subscription)
    since = subscription.last_at or subscription.started_at
    return compose(
        matches.candidates(app.database, subscription, plan.topics),
        name=plan.digest,
        recipient=subscription.recipient,
        slot=slot,
        since=since,
        zone=plan.schedule.zone,
        cap=plan.cap,
        coverage=_coverage(app, since, now),
    )


def _serve(app: App, subscription: Subscription, now: datetime, *, at_once: bool) -> Digest | None:
    from monitor.notify.render import render

    plan = _plan_of(app, subscription)
    slot, next_at = _hours(plan.schedule, subscription, now, at_once=at_once)
    found = draft(app, subscription, slot, now)
    made = () if found is None else (render(found, sender=app.settings.mail.sender),)
    written = outbox.put(
        app.database, subscription, slot, next_at, made, now, version=__version__
    )
    return made[0].digest if made and written else None


def _plan_of(app: App, subscription: Subscription) -> Plan:
    """How this recipient is served; a command beside us may have brought in newer names."""
    try:
        return app.settings.plan(subscription.digest, subscription.recipient)
    except KeyError as error:
        raise ConfigError(
            (
                f"the digest {subscription.digest!r} came into the configuration after this"
                " service was started; restart the service to have it sent",
            )
        ) from error


def _hours(
    schedule: Schedule, subscription: Subscription, now: datetime, *, at_once: bool
) -> tuple[datetime, datetime]:
    """The slot being served and the next one. Missed slots are made up once, by the latest."""
    if at_once:
        return now, max(subscription.next_at, next_slot(schedule, now))
    return latest_slot(schedule, now), next_slot(schedule, now)


def _coverage(app: App, since: datetime, until: datetime) -> Coverage:
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
    )


def _those(found: Iterable[FeedHealth], state: State) -> tuple[FeedNote, ...]:
    return tuple(_note(each.feed) for each in found if each.has(state))


def _note(feed: Feed) -> FeedNote:
    """A feed as the footer tells it: without its address, which may hold a secret."""
    error = without_addresses(feed.last_error or "")
    return FeedNote(name=feed.title, since=feed.failing_since, error=error, count=feed.held)


def _missed_some(feed: Feed, since: datetime, until: datetime) -> bool:
    return feed.gap_at is not None and since < feed.gap_at <= until
