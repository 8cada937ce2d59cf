"""The step that brings messages out: same bytes, same Message-ID on every attempt."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta

from monitor.errors import DeliveryError
from monitor.notify.mail import GIVE_UP_AFTER, retry_wait
from monitor.records import OutboxItem, StepReport
from monitor.service.app import App
from monitor.store import outbox

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)
"""Longer than the slowest attempt; after it the message counts as perhaps sent."""


def deliver(app: App, now: datetime) -> StepReport:
    """Send what is ready at ``now``, one message at a time."""
    counts: Counter[str] = Counter()
    while not app.stopping.is_set():
        claimed = outbox.claim(app.database, now, owner=app.owner, lease=LEASE, limit=1)
        if not claimed:
            break
        counts[_attempt(app, claimed[0], now)] += 1
    return StepReport(step="deliver", counts=dict(counts))


def _attempt(app: App, item: OutboxItem, now: datetime) -> str:
    try:
        app.transport.send(item.message)
    except DeliveryError as error:
        return _settle_failure(app, item, error, now)
    outbox.sent(app.database, item, now)
    log.info("message sent", extra={"message_id": item.message.message_id})
    return "sent"


def _settle_failure(app: App, item: OutboxItem, error: DeliveryError, now: datetime) -> str:
    facts = {"message_id": item.message.message_id, "error": str(error)}
    if error.permanent or now - item.created_at >= GIVE_UP_AFTER:
        outbox.give_up(app.database, item, now, str(error))
        log.error("message given up", extra=facts)
        return "dead"
    again = now + retry_wait(item.attempts, app.rng)
    outbox.wait(app.database, item, again, str(error), uncertain=error.ambiguous)
    log.warning("message waits", extra=facts)
    return "waiting"
