"""The step that keeps the house small: what nobody needs any more goes after a while."""

from __future__ import annotations

from datetime import datetime

from monitor.records import StepReport
from monitor.service.app import App
from monitor.store import outbox, stories, topics


def upkeep(app: App, now: datetime) -> StepReport:
    """Forget old stories, settled messages and unnamed backgrounds; known items stay known.

    A jump of the clock wakes every step, so that what it left behind is mended here at once.
    """
    before = now - app.settings.keep
    counts = {
        "clocks mended": outbox.mend_clock(app.database, now),
        "stories forgotten": stories.prune(app.database, before),
        "messages forgotten": outbox.prune(app.database, before),
        "backgrounds forgotten": topics.prune_backgrounds(app.database),
    }
    app.database.checkpoint()
    return StepReport(step="upkeep", counts=counts)
