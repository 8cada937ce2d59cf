"""What a topic would have matched: stored stories, scored again as live matching scores them.

the topic as its file says it now -> the threshold it would have -> stored stories in chunks
-> their matches -> a tally. Nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.config.values import format_duration
from monitor.matching.background import Background
from monitor.records import BackgroundRecord, Story, Threshold, Topic, TopicSpec
from monitor.service.app import App, topic_specs
from monitor.service.matchers import fault_of, matcher_for
from monitor.service.tally import Backtest, Tally
from monitor.service.thresholds import choose_thresholds
from monitor.service.views import NotFound, slug
from monitor.store import stories, topics

CHUNK = 200
"""Stories in memory at a time."""


def backtest(app: App, name: str, now: datetime, *, since: timedelta, limit: int) -> Backtest:
    """Score the stories that came within ``since`` against the topic of that name.

    ``limit``: matches shown of each state. :class:`NotFound` where the topic cannot be had or
    there is no story.
    """
    spec, record = _spec(app, name), topics.latest_background(app.database)
    _check_usable(spec, record)
    _check_history(app, now - since, since)
    watched = _configured(app)
    matcher = matcher_for(record, watched, _thresholds(app, record, watched, now))
    topic = next(each for each in matcher.topics if each.spec.name == spec.name)
    tally = Tally(matcher, topic, limit)
    for chunk in _history(app, now - since):
        tally.add(chunk, now)
        app.progress("stories scored", tally.stories)
    return tally.result(stories.per_week(app.database, now))


# ---------------------------------------------------------------- the topic


def _check_usable(spec: TopicSpec, record: BackgroundRecord | None) -> None:
    fault = fault_of(spec, Background.from_record(record) if record else None)
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
    told = ", ".join(names) or "none"
    raise NotFound(f"no topic named {name!r}; the topics of the configuration are: {told}")


def _configured(app: App) -> tuple[Topic, ...]:
    """Every topic of the configuration, with the verdicts that it has or would keep."""
    return topics.planned(app.database, topic_specs(app))


def _thresholds(
    app: App, record: BackgroundRecord | None, watched: Sequence[Topic], now: datetime
) -> Mapping[int, Threshold]:
    """The stored thresholds, and for topics without one that which learning would choose."""
    if record is None:
        return {}
    known = topics.thresholds(app.database, record.version)
    missing = [topic for topic in watched if topic.id not in known]
    return {**known, **choose_thresholds(app, record, missing, now)} if missing else known


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


def _history(app: App, start: datetime) -> Iterator[list[Story]]:
    """The stories since ``start`` in chunks, with the tags that their feeds' file gives now."""
    tags = {feed.url: feed.tags for feed in app.settings.feed_specs()}
    last = 0
    while chunk := stories.came_since(app.database, start, CHUNK, after_id=last):
        yield [replace(each, feed_tags=tags.get(each.feed_url, each.feed_tags)) for each in chunk]
        last = chunk[-1].id
