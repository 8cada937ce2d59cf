"""What a backtest counts: it grows with the days and the topics, not with the stories. Pure."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from monitor.matching.reasons import UNIT
from monitor.matching.rules import Rules
from monitor.matching.score import REACH, Matcher
from monitor.records import Match, MatchedStory, MatchState, Story, Topic
from monitor.service.outcome import Backtest, Bin, Day, Overlap, Volume

FACTORS = (REACH, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5)
"""Other thresholds to compare with, as parts of the present one; below reach nothing is known."""
CURVE = tuple(round(REACH + 0.05 * step, 2) for step in range(26))
"""The same in steps fine enough to be drawn as a curve."""
BINS = 12
BINS_BELOW = 4
"""Bars of the histogram below the threshold: it always stands between two bars."""
_LEAST_SPAN = timedelta(days=1)


class Chunk(NamedTuple):
    """Stories to score together; those with a number in ``undated`` have no date of their own."""

    stories: Sequence[Story]
    undated: Collection[int] = ()


def came(story: Story) -> datetime:
    """When a story would have been matched: the backlog is told by its own date."""
    return story.published_at if story.backlog else story.seen_at


class Tally:
    """What is kept of the stories seen so far: counts, and the best matches of each state."""

    def __init__(self, matcher: Matcher, topic: Topic, limit: int) -> None:
        self._matcher, self._topic, self._limit = matcher, topic, limit
        self._threshold = matcher.threshold(topic.id)
        self._column = matcher.topics.index(topic)
        self._names = {each.id: each.spec.name for each in matcher.topics}
        self._watches = Rules(topic.spec).watches
        self.stories = self._backlog = self._unwatched = 0
        self._span: tuple[datetime, ...] = ()
        self._scores: Counter[int] = Counter()
        self._allowed: Counter[int] = Counter()
        self._counts: Counter[MatchState] = Counter()
        self._came: Counter[date] = Counter()
        self._hits: Counter[date] = Counter()
        self._shared: Counter[str] = Counter()
        self._best: dict[MatchState, list[MatchedStory]] = {state: [] for state in MatchState}

    def add(self, chunk: Chunk, now: datetime) -> None:
        """Score a chunk, and match what is within reach of the topic."""
        stories, undated = chunk
        scores = self._matcher.scores(stories)[:, self._column].tolist()
        self._count(stories, scores)
        self._date([story for story in stories if story.id not in undated])
        reach = REACH * self._threshold.value
        near = [story for story, score in zip(stories, scores, strict=True) if score >= reach]
        found = self._matcher.match(near, now)
        by_id = {story.id: story for story in near}
        for match in found:
            if match.topic_id == self._topic.id:
                story = by_id[match.story_id]
                self._take(match, story, dated=story.id not in undated)
        self._share(found)

    def _date(self, dated: Sequence[Story]) -> None:
        moments = [*self._span, *map(came, dated)]
        self._span = (min(moments), max(moments)) if moments else ()
        self._came.update(came(story).date() for story in dated)

    def _count(self, stories: Sequence[Story], scores: Sequence[float]) -> None:
        self.stories += len(stories)
        self._backlog += sum(story.backlog for story in stories)
        watched = [self._watches(story) for story in stories]
        self._unwatched += watched.count(False)
        pairs = zip(watched, scores, strict=True)
        self._scores.update(max(0, round(score * UNIT)) for reads, score in pairs if reads)

    def _take(self, match: Match, story: Story, *, dated: bool) -> None:
        self._counts[match.state] += 1
        if match.veto is None:
            self._allowed[round(match.score * UNIT)] += 1
        if match.state is MatchState.HIT and dated:
            self._hits[came(story).date()] += 1
        best = self._best[match.state]
        best.append(MatchedStory(match=match, story=story, topic=self._topic.spec.name))
        best.sort(key=lambda each: (-each.match.score, each.story.id))
        del best[self._limit :]

    def _share(self, found: Sequence[Match]) -> None:
        hits = [match for match in found if match.state is MatchState.HIT]
        ours = {match.story_id for match in hits if match.topic_id == self._topic.id}
        self._shared.update(
            self._names[match.topic_id]
            for match in hits
            if match.story_id in ours and match.topic_id != self._topic.id
        )

    def result(self, per_week: float = 0.0) -> Backtest:
        """What was seen; ``per_week`` 0 (nothing was read lately): the history tells the pace."""
        first, last = self._span or (None, None)
        pace = per_week or self._pace()
        return Backtest(
            topic=self._topic,
            threshold=self._threshold,
            background_version=self._matcher.background_version,
            first=first,
            last=last,
            stories=self.stories,
            backlog=self._backlog,
            unwatched=self._unwatched,
            undated=self.stories - self._came.total(),
            stories_per_week=pace,
            counts=self._counts,
            best={state: tuple(best) for state, best in self._best.items()},
            days=tuple(
                Day(day=day, stories=number, hits=self._hits[day])
                for day, number in sorted(self._came.items())
            ),
            histogram=_bins(self._scores, _units(self._threshold.value)),
            volumes=self._volumes(FACTORS, pace),
            curve=self._volumes(CURVE, pace),
            overlaps=self._overlaps(),
        )

    def _pace(self) -> float | None:
        """The stories of a week, as many as the history has in its time."""
        if not self._span:
            return None
        first, last = self._span
        return self.stories * (timedelta(weeks=1) / max(last - first, _LEAST_SPAN))

    def _volumes(self, factors: Sequence[float], pace: float | None) -> tuple[Volume, ...]:
        """What each threshold lets through; ``pace``: the stories of a week."""
        value = self._threshold.value
        limits = {_units(factor * value): factor == 1 for factor in factors}
        limits[_units(value)] = True
        rows = []
        for limit, present in sorted(limits.items()):
            hits = sum(n for score, n in self._allowed.items() if score >= limit)
            per_week = hits * pace / self.stories if pace else None
            row = Volume(threshold=limit / UNIT, hits=hits, per_week=per_week, present=present)
            rows += [row] if limit <= UNIT else []
        return tuple(rows)

    def _overlaps(self) -> tuple[Overlap, ...]:
        hits = self._counts[MatchState.HIT]
        return tuple(
            Overlap(topic=name, hits=number, share=number / hits)
            for name, number in sorted(self._shared.items(), key=lambda each: (-each[1], each[0]))
        )


def _units(value: float) -> int:
    """The least score, in units of 0.0001, that reaches ``value``."""
    least: int = math.ceil(round(value * UNIT, 6))
    return least


def _bins(scores: Counter[int], threshold: int) -> tuple[Bin, ...]:
    """The scores in bars of equal width, up to the highest one and at least to the threshold."""
    step = max(threshold / BINS_BELOW, 1.0) if threshold else UNIT / 20
    edges = [math.ceil(step * n) for n in range(BINS) if step * n <= UNIT]
    filled = Counter({bisect_right(edges, threshold) - 1: 0})
    for score, number in scores.items():
        filled[bisect_right(edges, score) - 1] += number
    shown = max(filled) + 1
    uppers: list[float | None] = [edge / UNIT for edge in edges[1:shown]]
    ends = [*uppers, edges[shown] / UNIT if shown < len(edges) else None]
    return tuple(
        Bin(lower=edge / UNIT, upper=upper, stories=filled[at])
        for at, (edge, upper) in enumerate(zip(edges[:shown], ends, strict=True))
    )
