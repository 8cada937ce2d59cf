"""The step that brings messages out: same bytes, same Message-ID on every attempt."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import DeliveryError
from monitor.notify.retry import is_hopeless, retry_wait
from monitor.records import OutboxItem, StepReport
from monitor.service.app import App
from monitor.store import outbox

if TYPE_CHECKING:
    from monitor.notify.mail import Transport

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=20)
"""After it a message counts as perhaps sent: longer than a step's turn and the slowest attempt."""
TURN = timedelta(minutes=5)
"""A step begins no attempt after this time: its leases are counted from when it began."""


def deliver(app: App, now: datetime) -> StepReport:
    """Send what is ready at ``now``, one message at a time."""
    counts = {"sent": 0, "waiting": 0, "dead": 0}
    transport = app.transport  # what it lacks must show before a message is claimed
    _record_taken(app, now)
    end = time.monotonic() + TURN.total_seconds()
    while not app.stopping.is_set():
        claimed = outbox.claim(app.database, now, owner=app.owner, lease=LEASE, limit=1)
        if not claimed:
            break
        counts[_attempt(app, transport, claimed[0], now)] += 1
        if time.monotonic() >= end:
            break
    return StepReport(step="deliver", counts=counts)


def _attempt(app: App, transport: Transport, item: OutboxItem, now: datetime) -> str:
    try:
        transport.send(item.message)
    except DeliveryError as error:
        return _settle_failure(app, item, error, now)
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
    facts = {"message_id": item.message.message_id, "error": str(error)}
    if error.permanent or is_hopeless(item.attempts, now - item.created_at):
        outbox.give_up(app.database, item, now, str(error))
        log.error("message given up", extra=facts)
        return "dead"
    again = now + retry_wait(item.attempts, app.rng)
    outbox.wait(app.database, item, again, str(error), uncertain=error.ambiguous)
    log.warning("message waits", extra=facts)
    return "waiting"
