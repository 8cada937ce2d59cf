"""The step that scores new stories against the topics. Every story is marked, hit or not."""

from __future__ import annotations

from datetime import datetime

from monitor.records import MatchState, StepReport
from monitor.service.app import App
from monitor.service.matchers import current_matcher
from monitor.store import matches, stories

BATCH = 200
"""Stories scored at once: a batch is one sparse product, and one transaction."""


def match(app: App, now: datetime) -> StepReport:
    """Score every story that waits, in batches."""
    counts = {"stories": 0, "hits": 0, "near": 0, "vetoed": 0}
    while batch := stories.unmatched(app.database, BATCH):
        found = current_matcher(app).match(batch, now)
        matches.save(app.database, tuple(story.id for story in batch), found, now)
        counts["stories"] += len(batch)
        counts["hits"] += sum(each.state is MatchState.HIT for each in found)
        counts["near"] += sum(each.state is MatchState.NEAR for each in found)
        counts["vetoed"] += sum(each.state is MatchState.VETOED for each in found)
        app.progress("stories scored", counts["stories"])
        if app.stopping.is_set():
            break
    return StepReport(step="match", counts=counts)
