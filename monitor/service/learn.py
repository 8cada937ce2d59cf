"""The step that learns how rare words are, and picks each topic's threshold from it.

stories since the last version -> background -> scores of recent stories -> thresholds
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitor.records import BackgroundRecord, StepReport, Story, Topic
from monitor.service.app import App
from monitor.service.matchers import matcher_for
from monitor.store import stories, topics

FIRST = 30
"""Stories from which the first background is made."""
GROWTH = 1.0
"""A new version is due when the stream has grown by this share since the last one ..."""
REFRESH = timedelta(days=1)
"""... or after this time, if it has grown by at least ``FIRST`` stories."""
SAMPLE = 2000
"""Recent stories whose scores calibrate the thresholds."""
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
        _save_thresholds(app, record, missing, now)
    return len(missing)


def _save_thresholds(
    app: App, record: BackgroundRecord, missing: list[Topic], now: datetime
) -> None:
    from monitor.matching.calibrate import calibrate

    matcher = matcher_for(record, missing, {})
    # one that was left out gets a threshold too, or it would be missing again at every tick
    samples: dict[int, list[float]] = {topic.id: [] for topic in missing}
    for chunk in _newest(app, SAMPLE):
        scores = matcher.scores(chunk)
        for column, topic in enumerate(matcher.topics):
            samples[topic.id] += scores[:, column].tolist()
    per_week = stories.per_week(app.database, now)
    chosen = {topic.id: calibrate(samples[topic.id], topic.spec, per_week) for topic in missing}
    topics.save_thresholds(app.database, record.version, chosen, now)


def _newest(app: App, limit: int) -> Iterator[tuple[Story, ...]]:
    """The newest ``limit`` stories in chunks."""
    before: int | None = None
    while limit and (chunk := stories.latest(app.database, min(limit, CHUNK), before=before)):
        yield chunk
        before, limit = chunk[-1].id, limit - len(chunk)
