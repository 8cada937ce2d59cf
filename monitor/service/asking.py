"""Which story to ask a reader about. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.records import Match, MatchedStory, Story, Threshold, Topic
from monitor.service.app import App
from monitor.service.difference import recent, stored_state
from monitor.service.matchers import matcher_for
from monitor.service.views import NotFound, find_topic
from monitor.store import topics

if TYPE_CHECKING:
    from monitor.matching.score import Matcher


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The story of which a verdict would teach most; None: there is none to ask about.

    ``open``: how many stories were to choose from, out of ``stories`` that were looked at.
    """

    topic: Topic
    threshold: Threshold
    asked: MatchedStory | None
    open: int
    stories: int


def ask(app: App, topic_name: str, now: datetime) -> Question:
    """The one story of which a verdict would teach a topic most.

    Of the newest stories that match or nearly do, are not refused, and were not judged, nor a copy
    of them. :class:`NotFound` where the topic cannot be had.
    """
    from monitor.matching.asking import most_telling

    record = topics.latest_background(app.database)
    state = stored_state(app, record, find_topic(app, topic_name))
    topic, threshold = state.topic, state.threshold
    matcher = matcher_for(record, (topic,), {topic.id: threshold})
    if not matcher.topics:
        raise NotFound(f"topic {topic.spec.name!r} cannot match anything; `monitor check` says why")
    looked_at = [story for chunk in recent(app, now) for story in chunk]
    found = tuple(_open(matcher, topic, looked_at, now))
    position = most_telling([(it.score, story.seen_at) for it, story in found], threshold.value)
    return Question(
        topic=topic,
        threshold=threshold,
        asked=None if position is None else _explained(matcher, topic, found[position][1], now),
        open=len(found),
        stories=len(looked_at),
    )


def _open(
    matcher: Matcher, topic: Topic, looked_at: list[Story], now: datetime
) -> Iterator[tuple[Match, Story]]:
    """What is within reach and was not judged, copies once."""
    by_id = {story.id: story for story in looked_at}
    answered = {each.story_id for each in topic.verdicts}
    known = {(each.title, each.text) for each in topic.verdicts}
    for match in matcher.match(looked_at, now, terms=0):
        story = by_id[match.story_id]
        words = (story.title, story.text)
        if match.veto is None and story.id not in answered and words not in known:
            known.add(words)
            yield match, story


def _explained(matcher: Matcher, topic: Topic, story: Story, now: datetime) -> MatchedStory:
    """The story with every term of its score."""
    match = matcher.explain(story, topic.id, now)
    return MatchedStory(match=match, story=story, topic=topic.spec.name)
