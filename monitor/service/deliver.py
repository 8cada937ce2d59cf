"""The step that brings messages out: same bytes, same Message-ID on every attempt."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from datetime import datetime, timedelta

from monitor.errors import ConfigError, DeliveryError
from monitor.notify.retry import is_hopeless, retry_wait
from monitor.records import OutboxItem, StepReport
from monitor.service.app import App
from monitor.service.hours import at_rest
from monitor.service.ways import send
from monitor.store import outbox, subscriptions

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=20)
"""After it a message counts as perhaps sent: longer than a step's turn and the slowest attempt."""
TURN = timedelta(minutes=5)
"""A step begins no attempt after this time: its leases are counted from when it began."""
PAUSE = timedelta(minutes=2)
"""How long a way that is down is left alone: each try may take minutes, in which nobody else is
served. No longer, since for many a message the hour comes when the way is up again."""
LONGEST_ASKED = timedelta(days=1)
"""However long a server asks for: a message that waits longer counts as one with a wrong clock."""


def deliver(app: App, now: datetime, *, at_once: bool = False) -> StepReport:
    """Send what is ready at ``now``, one message at a time; ``at_once``: also to those at rest.

    What lacks its configuration waits, and is told when all others were served; so is an error that
    nobody expected.
    """
    counts = {"sent": 0, "waiting": 0, "dead": 0}
    failed: list[Exception] = []
    _record_taken(app, now)
    resting = () if at_once else at_rest(app, now)
    end = time.monotonic() + TURN.total_seconds()
    while not app.stopping.is_set():
        spared = {*resting, *_behind_closed_ways(app, now)}
        claimed = outbox.claim(
            app.database, now, owner=app.owner, lease=LEASE, limit=1, resting=spared
        )
        if not claimed:
            break
        counts[_attempt(app, claimed[0], now, failed)] += 1
        if time.monotonic() >= end:
            break
    if failed:
        raise failed[0]
    return StepReport(step="deliver", counts=counts)


def _attempt(app: App, item: OutboxItem, now: datetime, failed: list[Exception]) -> str:
    try:
        send(app, item.message)
    except DeliveryError as error:
        return _settle_failure(app, item, error, now)
    except ConfigError as error:
        failed.append(error)
        _close(app, item, now, PAUSE)
        return _wait(app, item, now, str(error))
    except Exception as error:  # its words may hold secrets, and nobody knows how far it came
        failed.append(error)
        told = f"an error that was not expected ({type(error).__name__}); the log tells more"
        return _settle_failure(app, item, DeliveryError(told, ambiguous=True), now)
    app.taken.append(item)
    _record_taken(app, now)
    return "sent"


def _record_taken(app: App, now: datetime) -> None:
    """Write down what was taken. As long as that fails nothing more is claimed, so none repeats."""
    while app.taken:
        outbox.sent(app.database, app.taken[0], now)
        item = app.taken.pop(0)
        log.info("message sent", extra={"message_id": item.message.message_id})


def _settle_failure(app: App, item: OutboxItem, error: DeliveryError, now: datetime) -> str:
    asked = min(error.retry_after or timedelta(0), LONGEST_ASKED)
    if error.unreachable:
        _close(app, item, now, max(PAUSE, asked))
    if error.permanent or is_hopeless(item.attempts, now - item.created_at):
        outbox.give_up(app.database, item, now, str(error))
        log.error("message given up", extra=_facts(item, str(error)))
        return "dead"
    return _wait(app, item, now, str(error), least=asked, uncertain=error.ambiguous)


def _wait(
    app: App,
    item: OutboxItem,
    now: datetime,
    told: str,
    *,
    least: timedelta = timedelta(0),
    uncertain: bool = False,
) -> str:
    again = now + max(least, retry_wait(item.attempts, app.rng))
    outbox.wait(app.database, item, again, told, uncertain=uncertain)
    log.warning("message waits", extra=_facts(item, told))
    return "waiting"


def _facts(item: OutboxItem, told: str) -> dict[str, str]:
    return {"message_id": item.message.message_id, "error": told}


def _way(recipient: str) -> str:
    """What messages share that fail together: one server takes the mail for all addresses."""
    return "" if "@" in recipient else recipient


def _close(app: App, item: OutboxItem, now: datetime, pause: timedelta) -> None:
    """Leave a way alone. The time of closing is kept, lest a clock set back keeps it closed."""
    app.closed[_way(item.message.recipient)] = now, now + pause


def _behind_closed_ways(app: App, now: datetime) -> Collection[int]:
    """The numbers of the subscriptions that cannot be reached now.

    Their messages stay as they are: what was not tried is not counted against them.
    """
    closed = {way for way, (since, until) in app.closed.items() if since <= now < until}
    if not closed:
        return ()
    known = subscriptions.all_ever(app.database)
    return [each.id for each in known if _way(each.recipient) in closed]
