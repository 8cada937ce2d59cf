"""Which threshold a topic has by the stories at hand: for learning, and for trying a topic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from monitor.records import BackgroundRecord, Story, Threshold, Topic
from monitor.service.app import App
from monitor.service.matchers import matcher_for
from monitor.store import stories, topics

SAMPLE = 2000
"""Recent stories whose scores calibrate a threshold."""
CHUNK = 200
"""Stories in memory at a time."""


def choose_thresholds(
    app: App, record: BackgroundRecord, chosen_for: Sequence[Topic], now: datetime
) -> Mapping[int, Threshold]:
    """The threshold of each topic by its scores on the newest stories; nothing is stored.

    A topic that watches some feeds is judged by their stories and their share of the stream.
    """
    from monitor.matching.calibrate import calibrate

    matcher = matcher_for(record, chosen_for, {})
    # one that was left out gets a threshold too, or it would be missing again at every tick
    samples: dict[int, list[float]] = {topic.id: [] for topic in chosen_for}
    seen = 0
    for chunk in newest(app, SAMPLE):
        for topic_id, scores in matcher.samples(chunk):
            samples[topic_id] += scores
        seen += len(chunk)
        app.progress("stories to choose a threshold from", seen)
    per_story = stories.per_week(app.database, now) / max(seen, 1)
    return {
        topic.id: calibrate(
            samples[topic.id], topic.spec, per_story * len(samples[topic.id]) or None
        )
        for topic in chosen_for
    }


def planned_thresholds(
    app: App, record: BackgroundRecord | None, watched: Sequence[Topic], now: datetime
) -> Mapping[int, Threshold]:
    """The stored thresholds, and for topics without one that which learning would choose."""
    if record is None:
        return {}
    stored = {topic.id: topic.version for topic in topics.all_topics(app.database)}
    chosen = topics.thresholds(app.database, record.version)
    known = {
        it.id: chosen[it.id]
        for it in watched
        if it.id in chosen and stored.get(it.id) == it.version
    }
    missing = [topic for topic in watched if topic.id not in known]
    return {**known, **choose_thresholds(app, record, missing, now)} if missing else known


def newest(app: App, limit: int) -> Iterator[tuple[Story, ...]]:
    """The newest ``limit`` stories in chunks."""
    before: int | None = None
    while limit and (chunk := stories.latest(app.database, min(limit, CHUNK), before=before)):
        yield chunk
        before, limit = chunk[-1].id, limit - len(chunk)
