"""Messages that their owner decides about: those that were given up, and those that wait."""

from __future__ import annotations

from datetime import datetime

from monitor.errors import MonitorError
from monitor.records import OutboxItem, OutboxState
from monitor.service.app import App
from monitor.service.views import NotFound
from monitor.store import outbox

_UNSENT = (OutboxState.DEAD, OutboxState.WAITING, OutboxState.SENDING, OutboxState.READY)
_WHY_NOT = {
    OutboxState.READY: "has not been tried yet: `monitor deliver` sends it",
    OutboxState.WAITING: "is not given up: it is tried again by itself",
    OutboxState.SENDING: "is being sent just now",
    OutboxState.SENT: "was sent",
    OutboxState.DEAD: "was given up already",
}


def listing(app: App, *, sent: bool, limit: int) -> tuple[OutboxItem, ...]:
    """Return messages, newest first: those on their way or given up; ``sent``: all."""
    states = tuple(OutboxState) if sent else _UNSENT
    return outbox.listing(app.database, states=states, limit=limit)


def retry(app: App, number: int, now: datetime) -> OutboxItem:
    """Let a message that was given up go again; raises ``MonitorError`` where it was not."""
    item = _message(app, number)
    if not outbox.retry(app.database, number, now):
        raise MonitorError(f"message {number} cannot be sent again: it {_WHY_NOT[item.state]}")
    return item


def drop(app: App, number: int, now: datetime) -> OutboxItem:
    """Give up a message that waits; raises ``MonitorError`` where it does not."""
    item = _message(app, number)
    if not outbox.drop(app.database, number, now):
        raise MonitorError(f"message {number} cannot be dropped: it {_WHY_NOT[item.state]}")
    return item


def _message(app: App, number: int) -> OutboxItem:
    item = outbox.get(app.database, number)
    if item is None:
        raise NotFound(f"there is no message {number}; `monitor outbox list --all` shows them")
    return item
