"""Why a story stands to a topic as it does: hit, or why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.records import Match, Story, Term, Threshold, ThresholdKind, Topic
from monitor.service.app import App
from monitor.service.matchers import matcher_for, matcher_of
from monitor.service.views import find_story, usable_topic
from monitor.store import matches, topics, traces

if TYPE_CHECKING:
    from monitor.matching.score import Matcher

MISSING = 8
"""Words that would have helped, at most so many, out of the topic's heaviest ``HEAVIEST``."""
HEAVIEST = 40


class Fate(StrEnum):
    """What became of a story when it came.

    ``decided``: a match is stored; ``waiting``: it was not scored yet; ``backlog``: it was there
    before its feed was watched, and is never matched; ``before``: it was scored before the topic
    became what it is now; ``out_of_reach``: it was scored, and too little of it was about the
    topic.
    """

    DECIDED = "decided"
    WAITING = "waiting"
    BACKLOG = "backlog"
    BEFORE = "before"
    OUT_OF_REACH = "out_of_reach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a story scored what it scored.

    ``match``: the decision with every term, made again as it was made then where that can be had,
    else as it would be made now. ``stored``: what was decided when the story came. ``now``: the
    decision of this moment, where it differs from ``match`` in what it was made with; ``changes``
    names what differs from ``stored`` (``topic``, ``threshold``, ``background``, ``story``).
    ``refusals``: every rule of the topic that refuses the story. ``missing``: the heaviest words of
    the topic that the story lacks. ``scored_at``: when it was held against the topics.
    """

    story: Story
    topic: Topic
    match: Match
    stored: Match | None
    now: Match | None
    changes: tuple[str, ...]
    fate: Fate
    scored_at: datetime | None
    refusals: tuple[str, ...]
    missing: tuple[Term, ...]


def explain(app: App, story_text: str, topic_name: str, now: datetime) -> Explanation:
    """Score one story against one topic with every term; as decided, where it was decided."""
    from monitor.matching.rules import Rules

    story, topic = find_story(app, story_text), usable_topic(app, topic_name)
    past = (each for each in matches.of_story(app.database, story.id) if each.topic_id == topic.id)
    stored = next(past, None)
    scored_at = traces.matched_at(app.database, story.id)
    matcher = matcher_of(app, topic)
    current = matcher.explain(story, topic.id, now)
    match = (_matcher_then(app, topic, stored) or matcher).explain(story, topic.id, now)
    return Explanation(
        story=story,
        topic=topic,
        match=match,
        stored=stored,
        now=None if _made_alike(match, current) else current,
        changes=_changes(stored, current, story),
        fate=Fate.DECIDED if stored else _fate(app, story, topic, scored_at),
        scored_at=scored_at,
        refusals=Rules(topic.spec).refusals(story),
        missing=_missing(matcher, topic, story),
    )


def _fate(app: App, story: Story, topic: Topic, scored_at: datetime | None) -> Fate:
    if story.backlog:
        return Fate.BACKLOG
    if scored_at is None:
        return Fate.WAITING
    known = traces.first_thresholds(app.database)
    # before anything was learned no topic had a threshold of its own, so none tells its age
    learning = min(known.values(), default=scored_at) <= scored_at
    since = known.get((topic.id, topic.version))
    return Fate.BEFORE if learning and since and scored_at < since else Fate.OUT_OF_REACH


def _matcher_then(app: App, topic: Topic, stored: Match | None) -> Matcher | None:
    """The matcher that decided ``stored``; None where that cannot be had any more."""
    if stored is None or stored.topic_version != topic.version:
        return None
    record = topics.background(app.database, stored.background_version)
    if record is None and stored.background_version > 0:
        return None
    threshold = Threshold(value=stored.threshold, kind=ThresholdKind.CALIBRATED)
    return matcher_for(record, (topic,), {topic.id: threshold})


def _made_alike(one: Match, other: Match) -> bool:
    return (one.background_version, one.threshold) == (other.background_version, other.threshold)


def _changes(stored: Match | None, now: Match, story: Story) -> tuple[str, ...]:
    if stored is None:
        return ()
    differs = {
        "topic": stored.topic_version != now.topic_version,
        "threshold": stored.threshold != now.threshold,
        "background": stored.background_version != now.background_version,
        "story": story.edited_at is not None and story.edited_at > stored.matched_at,
    }
    return tuple(name for name, is_other in differs.items() if is_other)


def _missing(matcher: Matcher, topic: Topic, story: Story) -> tuple[Term, ...]:
    from monitor.matching.text import analyzer_for, language_of

    stems = analyzer_for(language_of(topic.spec.language)).stems
    there = {*stems(story.title), *stems(story.text)}
    heaviest = matcher.heaviest(topic.id, HEAVIEST)
    return tuple(term for term in heaviest if there.isdisjoint(stems(term.text)))[:MISSING]
