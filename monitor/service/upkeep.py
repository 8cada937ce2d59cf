"""The step that keeps the house small: what nobody needs any more goes after a while."""

from __future__ import annotations

from datetime import datetime

from monitor.records import StepReport
from monitor.service.app import App
from monitor.store import outbox, stories, topics


def upkeep(app: App, now: datetime) -> StepReport:
    """Forget old stories, settled messages and unnamed backgrounds; known items stay known."""
    before = now - app.settings.keep
    counts = {
        "stories forgotten": stories.prune(app.database, before),
        "messages forgotten": outbox.prune(app.database, before),
        "backgrounds forgotten": topics.prune_backgrounds(app.database),
    }
    app.database.checkpoint()
    return StepReport(step="upkeep", counts=counts)
