"""The step that learns how rare words are, and picks each topic's threshold from it.

stories since the last version -> background -> scores of recent stories -> thresholds
"""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.records import BackgroundRecord, StepReport, Topic
from monitor.service.app import App
from monitor.store import stories, topics

FIRST = 30
"""Stories from which the first background is made."""
GROWTH = 1.0
"""A new version is due when the stream has grown by this share since the last one ..."""
REFRESH = timedelta(days=1)
"""... or after this time, if it has grown by at least ``FIRST`` stories."""
SAMPLE = 2000
"""Recent stories whose scores calibrate the thresholds."""
MOST = 5000
"""Stories that one version learns from, so that memory is bounded; the next version takes more."""


def learn(app: App, now: datetime) -> StepReport:
    """Make a new background version if one is due, and thresholds where they are missing."""
    record = topics.latest_background(app.database)
    learned = _learn(app, record, now) if _is_due(app, record, now) else 0
    calibrated = _calibrate(app, now)
    return StepReport(step="learn", counts={"stories": learned, "thresholds": calibrated})


def _is_due(app: App, record: BackgroundRecord | None, now: datetime) -> bool:
    if record is None:
        return stories.count_after(app.database, 0) >= FIRST
    waiting = stories.count_after(app.database, record.last_story_id)
    grown = waiting >= max(FIRST, GROWTH * record.stories)
    return grown or (waiting >= FIRST and now - record.created_at >= REFRESH)


def _learn(app: App, record: BackgroundRecord | None, now: datetime) -> int:
    from monitor.matching.background import Background

    before = Background.from_record(record) if record else Background.prior()
    batch = stories.after(app.database, record.last_story_id if record else 0, MOST)
    background = before.learn(batch, now, last_story_id=batch[-1].id)
    topics.save_background(app.database, background.to_record())
    return len(batch)


def _calibrate(app: App, now: datetime) -> int:
    """Pick the thresholds that the newest version lacks; without a background there are none."""
    record = topics.latest_background(app.database)
    if record is None:
        return 0
    known = topics.thresholds(app.database, record.version)
    missing = [topic for topic in topics.all_topics(app.database) if topic.id not in known]
    if missing:
        _save_thresholds(app, record, missing, now)
    return len(missing)


def _save_thresholds(
    app: App, record: BackgroundRecord, missing: list[Topic], now: datetime
) -> None:
    from monitor.matching.background import Background
    from monitor.matching.calibrate import calibrate
    from monitor.matching.score import Matcher

    matcher = Matcher(Background.from_record(record), missing, {})
    scores = matcher.scores(stories.latest(app.database, SAMPLE))
    per_week = stories.per_week(app.database, now)
    chosen = {
        topic.id: calibrate(scores[:, column], topic.spec, per_week)
        for column, topic in enumerate(missing)
    }
    topics.save_thresholds(app.database, record.version, chosen, now)
