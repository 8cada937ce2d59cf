"""The step that learns how rare words are, and picks each topic's threshold from it.

stories since the last version -> background -> scores of recent stories -> thresholds
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitor.records import BackgroundRecord, StepReport, Story
from monitor.service.app import App
from monitor.service.thresholds import choose_thresholds
from monitor.store import stories, topics

FIRST = 30
"""Stories from which the first background is made."""
GROWTH = 1.0
"""A new version is due when the stream has grown by this share since the last one ..."""
REFRESH = timedelta(days=1)
"""... or after this time, if it has grown by at least ``FIRST`` stories."""
CHUNK = 200
"""Stories in memory at a time."""


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
    background = before.learn(_after(app, before.last_story_id), now)
    topics.save_background(app.database, background.to_record())
    return background.stories - before.stories


def _after(app: App, story_id: int) -> Iterator[Story]:
    """Every story after ``story_id``."""
    while chunk := stories.after(app.database, story_id, CHUNK):
        yield from chunk
        story_id = chunk[-1].id


def _calibrate(app: App, now: datetime) -> int:
    """Pick the thresholds that the newest version lacks; without a background there are none."""
    record = topics.latest_background(app.database)
    if record is None:
        return 0
    known = topics.thresholds(app.database, record.version)
    missing = [topic for topic in topics.all_topics(app.database) if topic.id not in known]
    if missing:
        chosen = choose_thresholds(app, record, missing, now)
        topics.save_thresholds(app.database, record.version, missing, chosen, now)
    return len(missing)
