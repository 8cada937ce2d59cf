"""The step that keeps the house small: stories nobody was told of go after a while."""

from __future__ import annotations

from datetime import datetime

from monitor.records import StepReport
from monitor.service.app import App
from monitor.store import stories


def upkeep(app: App, now: datetime) -> StepReport:
    """Forget the texts of old stories; that they were seen is remembered."""
    pruned = stories.prune(app.database, now - app.settings.keep)
    return StepReport(step="upkeep", counts={"pruned": pruned})
