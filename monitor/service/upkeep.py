"""The step that keeps the house small: what nobody needs any more goes after a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.records import StepReport
from monitor.service.app import App
from monitor.service.hours import mend_clock
from monitor.store import archive, outbox, outcomes, stories, topics

FETCHES_KEPT = timedelta(days=14)
"""How long a fetch stays in the log."""
FETCHES_PER_FEED = 300
"""Fetches of one feed in the log: a week at half-hourly polls, and 45 kB whatever the pace."""


def upkeep(app: App, now: datetime) -> StepReport:
    """Forget old stories, messages, digests, backgrounds and fetches; known items stay known.

    A jump of the clock wakes every step, so that what it left behind is mended here at once.
    """
    before = now - app.settings.keep
    digests_before = now - max(app.settings.keep, app.settings.main.keep_digests)
    counts = {
        "clocks mended": mend_clock(app, now),
        "stories forgotten": stories.prune(app.database, before),
        "messages forgotten": outbox.prune(app.database, before),
        "digests forgotten": archive.prune(app.database, digests_before),
        "backgrounds forgotten": topics.prune_backgrounds(app.database),
        "fetches forgotten": outcomes.prune(
            app.database, now - FETCHES_KEPT, per_feed=FETCHES_PER_FEED
        ),
    }
    app.database.checkpoint()
    return StepReport(step="upkeep", counts=counts)
