"""How recipients are served by now: their plans, their rest, and hours that cannot be meant."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from monitor.errors import ConfigError
from monitor.notify.slots import next_slot, rest_until
from monitor.records import Plan, Subscription
from monitor.service.app import App
from monitor.store import subscriptions


def plan_of(app: App, subscription: Subscription) -> Plan:
    """How this recipient is served; a command beside us may have brought in newer names.

    Raises ``ConfigError`` for those.
    """
    try:
        return app.plans[subscription.digest, subscription.recipient]
    except KeyError as error:
        raise ConfigError(
            (
                f"the digest {subscription.digest!r} for {subscription.recipient} came into the"
                " configuration after this service was started; restart the service to have it"
                " sent",
            )
        ) from error


def at_rest(app: App, now: datetime) -> Collection[int]:
    """The numbers of the subscriptions that are left alone at ``now``."""
    resting = {
        served for served, plan in app.plans.items() if rest_until(plan.schedule, now) is not None
    }
    if not resting:
        return ()
    known = subscriptions.everyone(app.database)
    return tuple(each.id for each in known if (each.digest, each.recipient) in resting)


def mend_clock(app: App, now: datetime) -> int:
    """Take back the times that a clock ahead of ours has written; return of how many recipients.

    It is read first whether there are any: this is asked at every tick, and a write waits for
    others.
    """
    known = subscriptions.everyone(app.database)
    latest = {
        each.id: next_slot(plan.schedule, now)
        for each in known
        if (plan := app.plans.get((each.digest, each.recipient))) is not None
        and plan.schedule.key == each.schedule_key  # else a command beside us knows newer hours
    }
    if not any(_is_ahead(each, now, latest.get(each.id, each.next_at)) for each in known):
        return 0
    return subscriptions.mend_clock(app.database, now, latest)


def _is_ahead(each: Subscription, now: datetime, latest: datetime) -> bool:
    return each.next_at > latest or max(each.started_at, each.last_at or each.started_at) > now
