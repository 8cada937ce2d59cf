"""The step that says what there is to say, when its hour has come.

due recipient, not at rest -> drafts -> messages -> put (outbox + ledger + next hour)
what is urgent             -> draft  -> message  -> put at once (no hour moves)
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from monitor import __version__
from monitor.errors import StoreError
from monitor.notify.slots import day_start, latest_slot, next_slot, rest_until
from monitor.records import (
    Digest,
    DigestKind,
    Plan,
    Rendered,
    Schedule,
    StepReport,
    Subscription,
)
from monitor.service import drafts
from monitor.service.app import App
from monitor.service.coverage import Backdrop
from monitor.service.hours import mend_clock, plan_of
from monitor.service.links import linked
from monitor.service.ways import make
from monitor.store import outbox, subscriptions

log = logging.getLogger(__name__)

_COUNTED = {
    DigestKind.SCHEDULED: "digests",
    DigestKind.URGENT: "urgent",
    DigestKind.UPDATE: "updates",
}
COUNTS = (*_COUNTED.values(), "silent", "stories", "cut")


def digest(app: App, now: datetime, *, at_once: bool = False) -> StepReport:
    """Put the digest of every due recipient into the outbox, and then what is urgent.

    Whoever is at rest stays due, and is served once when the rest is over. ``at_once``: everybody
    is served now, also those at rest.
    """
    counts = Counter(dict.fromkeys(COUNTS, 0))
    failed: list[Exception] = []
    for serve in _work(app, now, at_once=at_once):
        try:
            counts.update(serve())
        except StoreError:
            raise
        except Exception as error:  # told when all are served: one costs the others nothing
            failed.append(error)
        if app.stopping.is_set():
            break
    if failed:
        raise failed[0]
    return StepReport(step="digest", counts=counts)


def _work(app: App, now: datetime, *, at_once: bool) -> Iterator[Callable[[], Counter[str]]]:
    mend_clock(app, now)
    behind = Backdrop(app, now)
    for each in subscriptions.due(app.database, None if at_once else now):
        yield partial(_serve, behind, each, at_once=at_once)
    if not at_once:
        yield from _urgent_work(behind)


def _urgent_work(behind: Backdrop) -> Iterator[Callable[[], Counter[str]]]:
    app = behind.app
    if not any(plan.urgent for plan in app.plans.values()):
        return
    app.watch.look(app.database, behind.now)
    for each in subscriptions.due(app.database, None):
        if each.id not in app.watch.settled:
            yield partial(_serve_urgent, behind, each)


def _serve(behind: Backdrop, subscription: Subscription, *, at_once: bool) -> Counter[str]:
    app, now = behind.app, behind.now
    plan = plan_of(app, subscription)
    if not at_once and rest_until(plan.schedule, now) is not None:
        return Counter()
    slot, next_at = _hours(app, plan.schedule, subscription, now, at_once=at_once)
    told = drafts.scheduled(behind, subscription, plan, slot)
    made = [_made(app, plan, subscription, each) for each in told]
    served = replace(subscription, schedule_key=plan.schedule.key)
    written = outbox.put(app.database, served, slot, next_at, made, now, version=__version__)
    return _counted(made if written else ())


def _serve_urgent(behind: Backdrop, subscription: Subscription) -> Counter[str]:
    """Tell what cannot wait. Who is at rest is asked for again when the rest is over."""
    app, now = behind.app, behind.now
    plan = plan_of(app, subscription)
    if plan.urgent is None or rest_until(plan.schedule, now) is not None:
        return Counter()
    told = drafts.urgent(behind, subscription, plan)
    made = None if told is None else _made(app, plan, subscription, told)
    written = made is not None and outbox.put_at_once(
        app.database,
        subscription,
        made,
        now,
        since=day_start(plan.schedule.zone, now),
        at_most=plan.urgent.at_most,
        version=__version__,
    )
    app.watch.settled.add(subscription.id)
    return _counted((made,)) if made is not None and written else Counter()


def _made(app: App, plan: Plan, subscription: Subscription, digest: Digest) -> Rendered:
    made = make(app, plan, linked(app, digest, subscription))
    for fault in made.digest.warnings:
        log.warning("digest goes with a fault", extra={"digest": plan.digest, "fault": fault})
    return made


def _hours(
    app: App, schedule: Schedule, subscription: Subscription, now: datetime, *, at_once: bool
) -> tuple[datetime, datetime]:
    """The slot being served and the next one. Missed slots are made up once, by the latest.

    That is the one promised last where the schedule was changed since: the changed one may have
    come round before, and been served. Where a clock that was days ahead has served it, the next
    instant takes its place.
    """
    next_at = next_slot(schedule, now)
    if at_once:
        return now, max(subscription.next_at, next_at)
    slot = max(subscription.next_at, latest_slot(schedule, now))
    gone_by = latest_slot(schedule, slot - timedelta.resolution)
    since = subscription.last_at or subscription.started_at
    # a clock that was set back by less has told it a moment ago
    again = since <= gone_by and outbox.has_slot(app.database, subscription, slot)
    return slot + timedelta.resolution if again else slot, next_at


def _counted(made: Sequence[Rendered]) -> Counter[str]:
    if not made:
        return Counter(silent=1)
    counts = Counter(_COUNTED[each.digest.kind] for each in made)
    for each in made:
        counts["stories"] += sum(len(section.entries) for section in each.digest.sections)
        counts["cut"] += len(each.digest.cut)
    return counts
