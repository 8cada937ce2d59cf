"""The step that scores new stories against the topics. Every story is marked, hit or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.records import BackgroundRecord, MatchState, StepReport, Threshold, Topic
from monitor.service.app import App
from monitor.store import matches, stories, topics

if TYPE_CHECKING:
    from monitor.matching.score import Matcher

BATCH = 500
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


def current_matcher(app: App) -> Matcher:
    """The matcher for the newest background and the topics as stored; built anew when they move."""
    record = topics.latest_background(app.database)
    version = record.version if record else 0
    watched = topics.all_topics(app.database)
    thresholds = topics.thresholds(app.database, version)
    state = (version, watched, tuple(sorted(thresholds.items())))
    if app.matcher is None or app.matcher[0] != state:
        app.matcher = (state, matcher_for(record, watched, thresholds))
    return app.matcher[1]


def matcher_for(
    record: BackgroundRecord | None, watched: tuple[Topic, ...], thresholds: Mapping[int, Threshold]
) -> Matcher:
    """A matcher against one background version; None: the shipped prior alone."""
    from monitor.matching.background import Background
    from monitor.matching.score import Matcher

    background = Background.from_record(record) if record else Background.prior()
    return Matcher(background, watched, thresholds)
