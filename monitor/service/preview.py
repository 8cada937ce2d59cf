"""Digests that would go out now, as messages: nothing is written, nothing is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from monitor.records import Rendered
from monitor.service import drafts
from monitor.service.app import App
from monitor.service.coverage import Backdrop
from monitor.service.hours import plan_of
from monitor.service.links import linked
from monitor.service.recipients import named
from monitor.service.ways import make
from monitor.store import subscriptions


def preview(
    app: App, now: datetime, *, digest: str | None = None, recipient: str | None = None
) -> tuple[Rendered, ...]:
    """Return what the recipients would get now; of one digest, of one recipient, or of all.

    Raises ``NotFound`` where there is no such digest or recipient.
    """
    return tuple(_messages(app, now, digest, recipient))


def _messages(
    app: App, now: datetime, digest: str | None, recipient: str | None
) -> Iterator[Rendered]:
    behind = Backdrop(app, now)
    wanted = {each.id for each in named(app, recipient, digest)}
    for each in subscriptions.due(app.database, None):
        if each.id in wanted:
            plan = plan_of(app, each)
            for told in drafts.scheduled(behind, each, plan, now):
                yield make(app, plan, linked(app, told, each))
