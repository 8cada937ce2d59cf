"""What a feed would bring: the stories of one document, and how the topics take them.

Nothing is written. The stories are made and scored as those of a poll are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from monitor.ingest.admit import AHEAD, EARLIEST, admit
from monitor.ingest.kind import format_of
from monitor.ingest.language import hear
from monitor.matching.rules import watches
from monitor.records import (
    Entry,
    Feed,
    FeedSpec,
    Fetched,
    MatchedStory,
    MatchState,
    NewStory,
    ParsedFeed,
    Story,
    Threshold,
    Topic,
    Validators,
)
from monitor.service.app import App, topic_specs
from monitor.service.matchers import matcher_for
from monitor.service.thresholds import planned_thresholds
from monitor.store import topics

BEST = 3
"""Stories that are shown of each topic, and titles of each feed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """How the items of a document are dated; those not usable are of the moment they are found."""

    newest: datetime | None
    oldest: datetime | None
    undated: int
    future: int
    ancient: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a document holds. ``backlog``: stories that are only learned from at a first poll.

    ``languages``: how many stories are in each, the most first; None: nothing tells it.
    """

    title: str
    format: str
    items: int
    skipped: int
    backlog: int
    dates: Dates
    languages: tuple[tuple[str | None, int], ...]
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Yield:
    """What a topic would make of a sample; ``best`` by score, below the threshold too.

    ``watched``: whether it reads this feed at all.
    """

    topic: str
    threshold: Threshold
    watched: bool
    hits: int = 0
    near: int = 0
    best: tuple[MatchedStory, ...] = ()


def sample(app: App, spec: FeedSpec, answer: Fetched, now: datetime) -> Sample:
    """Read a document that was fetched; raise ``ParseError``."""
    body, content_type = answer.body or b"", answer.headers.get("content-type", "")
    parsed = app.parsers.parse(body, content_type, answer.url)
    stories = _stories(app, spec, parsed, now)
    return Sample(
        title=parsed.title,
        format=format_of(body, content_type),
        items=len(parsed.entries),
        skipped=parsed.skipped,
        backlog=sum(story.backlog for story in stories),
        dates=_dates(parsed.entries, now),
        languages=tuple(Counter(story.language for story in stories).most_common()),
        stories=stories,
    )


def yields(app: App, stories: Sequence[Story], now: datetime) -> tuple[Yield, ...]:
    """Score the stories of one feed against every topic, as its file says it now."""
    record = topics.latest_background(app.database)
    planned = topics.planned(app.database, topic_specs(app))
    matcher = matcher_for(record, planned, planned_thresholds(app, record, planned, now))
    matches = matcher.match(stories, now, terms=0)
    states = Counter((match.topic_id, match.state) for match in matches)
    scores = matcher.scores(stories).T.tolist()
    return tuple(
        Yield(
            topic=topic.spec.name,
            threshold=matcher.threshold(topic.id),
            watched=_watched(topic, stories),
            hits=states[topic.id, MatchState.HIT],
            near=states[topic.id, MatchState.NEAR],
            best=tuple(
                MatchedStory(
                    match=matcher.explain(story, topic.id, now), story=story, topic=topic.spec.name
                )
                for story in _highest(stories, column)
            ),
        )
        for topic, column in zip(matcher.topics, scores, strict=True)
    )


def _watched(topic: Topic, stories: Sequence[Story]) -> bool:
    return any(watches(topic.spec, story) for story in stories)


def _highest(stories: Sequence[Story], scores: Sequence[float]) -> list[Story]:
    ranked = sorted(zip(scores, stories, strict=True), key=lambda each: -each[0])
    return [story for score, story in ranked[:BEST] if score > 0]


def _dates(entries: Sequence[Entry], now: datetime) -> Dates:
    given = [entry.published_at for entry in entries if entry.published_at]
    future = [date for date in given if date > now + AHEAD]
    ancient = [date for date in given if date < EARLIEST]
    usable = [date for date in given if EARLIEST <= date <= now + AHEAD]
    return Dates(
        newest=max(usable, default=None),
        oldest=min(usable, default=None),
        undated=len(entries) - len(given),
        future=len(future),
        ancient=len(ancient),
    )


def _stories(app: App, spec: FeedSpec, parsed: ParsedFeed, now: datetime) -> tuple[Story, ...]:
    """Make the stories that a first poll would store."""
    settings, feed = app.settings, _unpolled(spec, now)
    keep = settings.polling.first_poll_keeps
    new = admit(parsed, feed, now, keep, language=settings.matching.language).stories
    heard = new if spec.language else hear(new, frozenset())
    source = spec.title or parsed.title
    return tuple(_story(n, each, spec, source, now) for n, each in enumerate(heard, start=1))


def _unpolled(spec: FeedSpec, now: datetime) -> Feed:
    return Feed(
        id=0,
        spec=spec,
        title=spec.title,
        validators=Validators(),
        body_hash=None,
        next_check_at=now,
        last_checked_at=None,
        last_success_at=None,
        failing_since=None,
        failures=0,
        last_error=None,
        last_status=None,
        skipped_entries=0,
    )


def _story(number: int, new: NewStory, spec: FeedSpec, source: str, now: datetime) -> Story:
    return Story(
        id=number,
        feed_id=0,
        feed_url=spec.url,
        feed_tags=spec.tags,
        source=source,
        url=new.url,
        title=new.title,
        text=new.text,
        language=new.language,
        published_at=new.published_at,
        seen_at=now,
        link_key=new.link_key,
        content_key=new.content_key,
        backlog=new.backlog,
    )
