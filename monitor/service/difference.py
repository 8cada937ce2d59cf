"""What differs between two states of a topic, over the stories at hand. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.records import BackgroundRecord, MatchState, Story, Threshold, Topic
from monitor.service.app import App
from monitor.service.matchers import matcher_for
from monitor.service.thresholds import choose_thresholds, newest
from monitor.store import topics

if TYPE_CHECKING:
    from monitor.matching.changes import TermChange
    from monitor.matching.score import Matcher

LOOK_BACK = timedelta(days=30)
LOOKED_AT = 2000
"""Stories that are held against both states: the newest, if they came in the last 30 days."""
BEFORE, AFTER = -1, -2
"""Numbers of two states of one topic in a matcher; those of stored topics begin with 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A topic with verdicts, and the threshold that goes with them."""

    topic: Topic
    threshold: Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What differs between two states of a topic.

    ``stories`` were held against both: those of ``gained`` match only after, those of ``lost`` only
    before; newest first. ``scores``: before and after, of the story that was asked for. Where a
    state has no profile, ``terms`` is empty and there are no ``scores``.
    """

    before: State
    after: State
    terms: tuple[TermChange, ...]
    stories: int
    gained: tuple[Story, ...]
    lost: tuple[Story, ...]
    scores: tuple[float, float] | None = None


def stored_state(app: App, record: BackgroundRecord | None, topic: Topic) -> State:
    """The topic with the threshold that decides now; ``record`` is the newest background."""
    from monitor.matching.calibrate import calibrate

    stored = topics.thresholds(app.database, record.version) if record else {}
    return State(topic=topic, threshold=stored.get(topic.id) or calibrate((), topic.spec, None))


def chosen_state(app: App, record: BackgroundRecord | None, topic: Topic, now: datetime) -> State:
    """The topic with the threshold that learning would choose for it now."""
    if record is None:
        return stored_state(app, record, topic)
    chosen = choose_thresholds(app, record, (topic,), now)
    return State(topic=topic, threshold=chosen[topic.id])


def difference(
    app: App,
    record: BackgroundRecord | None,
    before: State,
    after: State,
    now: datetime,
    story: Story | None = None,
) -> Difference:
    """Hold the newest stories against both states, and one that is asked for."""
    matcher = _both(record, before, after)
    comparable = len(matcher.topics) == len((BEFORE, AFTER))
    scores = matcher.scores([story])[0].tolist() if story is not None and comparable else None
    seen, hits = _hits(app, matcher, now)
    return Difference(
        before=before,
        after=after,
        terms=matcher.changes(BEFORE, AFTER) if comparable else (),
        stories=seen,
        gained=_only_first(hits[AFTER], hits[BEFORE]),
        lost=_only_first(hits[BEFORE], hits[AFTER]),
        scores=None if scores is None else (scores[0], scores[1]),
    )


def _both(record: BackgroundRecord | None, before: State, after: State) -> Matcher:
    """A matcher for two states; one of which nothing can be made is left out."""
    states = {BEFORE: before, AFTER: after}
    return matcher_for(
        record,
        [replace(state.topic, id=number) for number, state in states.items()],
        {number: state.threshold for number, state in states.items()},
    )


def _hits(app: App, matcher: Matcher, now: datetime) -> tuple[int, dict[int, dict[int, Story]]]:
    """How many stories were looked at, and the hits of each state by number."""
    hits: dict[int, dict[int, Story]] = {BEFORE: {}, AFTER: {}}
    seen = 0
    for chunk in recent(app, now):
        by_id = {story.id: story for story in chunk}
        for match in matcher.match(chunk, now, terms=0):
            if match.state is MatchState.HIT:
                hits[match.topic_id][match.story_id] = by_id[match.story_id]
        seen += len(chunk)
        app.progress("stories compared", seen)
    return seen, hits


def recent(app: App, now: datetime) -> Iterator[list[Story]]:
    """The newest stories of the last 30 days in chunks, newest first."""
    for chunk in newest(app, LOOKED_AT):
        came = [story for story in chunk if story.seen_at >= now - LOOK_BACK]
        if not came:
            return
        yield came


def _only_first(some: dict[int, Story], others: dict[int, Story]) -> tuple[Story, ...]:
    return tuple(some[number] for number in sorted(some.keys() - others.keys(), reverse=True))
