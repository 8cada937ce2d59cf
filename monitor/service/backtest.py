"""What a topic would have matched: stories, scored as live matching scores them.

the topic as its file says it now -> the threshold it would have -> stories in chunks, stored ones
or those of a file -> their matches -> a tally. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from monitor.config.values import format_duration
from monitor.matching.background import Background
from monitor.records import BackgroundRecord, Threshold, Topic, TopicSpec
from monitor.service.app import App, topic_specs
from monitor.service.matchers import fault_of, matcher_for
from monitor.service.outcome import Backtest
from monitor.service.storyfile import StoryFile
from monitor.service.tally import Chunk, Tally
from monitor.service.thresholds import planned_thresholds
from monitor.service.views import NotFound, slug, told_names
from monitor.store import stories, topics

CHUNK = 200
"""Stories in memory at a time."""


def backtest(app: App, name: str, now: datetime, *, since: timedelta, limit: int) -> Backtest:
    """Score the stories that came within ``since`` against the topic of that name.

    ``limit``: matches shown of each state. :class:`NotFound` where the topic cannot be had or
    there is no story.
    """
    spec = _spec(app, name)
    watched, thresholds = _watched(app, spec, now)
    _check_history(app, now - since, since)
    tally = _tally(app, spec, watched, thresholds, limit)
    _add(app, tally, _history(app, now - since), now)
    return tally.result(stories.per_week(app.database, now))


def backtest_file(app: App, name: str, now: datetime, *, path: Path, limit: int) -> Backtest:
    """Score the stories of a file against the topic of that name.

    They come from no feed, so that no topic leaves them out for its ``feeds`` or ``tags``.
    :class:`MonitorError` where the topic cannot be had or the file holds no story.
    """
    spec = _spec(app, name)
    watched, thresholds = _watched(app, spec, now)
    anywhere = [replace(it, spec=replace(it.spec, feeds=(), tags=())) for it in watched]
    tally = _tally(app, spec, anywhere, thresholds, limit)
    _add(app, tally, StoryFile(path, now).chunks(), now)
    return tally.result()


def _watched(
    app: App, spec: TopicSpec, now: datetime
) -> tuple[tuple[Topic, ...], Mapping[int, Threshold]]:
    """Every topic of the configuration, with the verdicts it has, and its threshold."""
    record = topics.latest_background(app.database)
    watched = topics.planned(app.database, topic_specs(app))
    _check_usable(next(each for each in watched if each.spec.name == spec.name), record)
    return watched, planned_thresholds(app, record, watched, now)


def _tally(
    app: App,
    spec: TopicSpec,
    watched: Sequence[Topic],
    thresholds: Mapping[int, Threshold],
    limit: int,
) -> Tally:
    matcher = matcher_for(topics.latest_background(app.database), watched, thresholds)
    topic = next(each for each in matcher.topics if each.spec.name == spec.name)
    return Tally(matcher, topic, limit)


def _add(app: App, tally: Tally, chunks: Iterable[Chunk], now: datetime) -> None:
    for chunk in chunks:
        tally.add(chunk, now)
        app.progress("stories scored", tally.stories)


# ---------------------------------------------------------------- the topic


def _check_usable(topic: Topic, record: BackgroundRecord | None) -> None:
    background = Background.from_record(record) if record else None
    fault = fault_of(topic.spec, background, topic.verdicts)
    if fault is not None:
        raise NotFound(fault)


def _spec(app: App, name: str) -> TopicSpec:
    """The topic of that name, in any case and with hyphens for blanks."""
    known = {slug(spec.name): spec for spec in topic_specs(app)}
    if slug(name) in known:
        return known[slug(name)]
    names = sorted(app.settings.topic_names())
    if slug(name) in map(slug, names):
        raise NotFound(
            f"topic {name!r} has no seed: no page it names was read yet; `monitor poll` reads "
            "them, `monitor check --feeds` says what is wrong with them"
        )
    raise NotFound(f"no topic named {name!r}; {told_names(names)}")


# ---------------------------------------------------------------- the stories


def _check_history(app: App, start: datetime, since: timedelta) -> None:
    if stories.came_since(app.database, start, 1):
        return
    stored = stories.count_after(app.database, 0)
    if not stored:
        raise NotFound("no story is stored yet; `monitor poll` reads the feeds")
    raise NotFound(
        f"none of the {stored:,} stored stories came in the last {format_duration(since)}; "
        "look further back with --since"
    )


def _history(app: App, start: datetime) -> Iterator[Chunk]:
    """The stories since ``start`` in chunks, with the tags that their feeds' file gives now."""
    tags = {feed.url: feed.tags for feed in app.settings.feed_specs()}
    last = 0
    while chunk := stories.came_since(app.database, start, CHUNK, after_id=last):
        yield Chunk([replace(it, feed_tags=tags.get(it.feed_url, it.feed_tags)) for it in chunk])
        last = chunk[-1].id
