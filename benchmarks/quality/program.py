"""The product's own matching, put to a trial: nothing here scores or decides by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.quality.corpora import EPOCH, Labelled, as_stories
from benchmarks.quality.measures import Floats
from benchmarks.quality.trial import Run, Trial
from monitor.matching.background import Background
from monitor.matching.calibrate import calibrate
from monitor.matching.score import Matcher
from monitor.records import Seed, Story, Threshold, Topic, TopicSpec

STORIES_PER_WEEK = 2000
"""The stream that a promise is about: some forty feeds with seven stories a day."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The topics of a trial against a background learned from unranked stories."""

    matcher: Matcher
    topics: Sequence[Topic]
    sample: Floats
    """Scores of the background stories, shape (n_stories, n_topics)."""

    def thresholds(self, alerts_per_week: float | None = None) -> list[Threshold]:
        """Return the threshold that the program chooses for each topic, seeing no label."""
        return [
            calibrate(
                self.sample[:, column],
                replace(topic.spec, alerts_per_week=alerts_per_week),
                STORIES_PER_WEEK,
            )
            for column, topic in enumerate(self.topics)
        ]

    def values(self) -> Floats:
        """Return the thresholds of the default promise as numbers, shape (n_topics,)."""
        return np.array([threshold.value for threshold in self.thresholds()])

    def scores(self, records: Sequence[Labelled]) -> Floats:
        """Return the scores of stories for all topics, shape (n_stories, n_topics)."""
        return self.matcher.scores(as_stories(records))


def prepare(trial: Trial, background_stories: int) -> Program:
    """Return the program after it has read so many unranked stories."""
    stories = as_stories(trial.unranked[:background_stories])
    topics = [
        Topic(id=number, version="trial", spec=spec_of(run))
        for number, run in enumerate(trial.runs, 1)
    ]
    matcher = Matcher(learned(stories), topics, {})
    return Program(matcher, topics, matcher.scores(stories))


def learned(stories: Sequence[Story]) -> Background:
    """Return what the program knows of words after these stories."""
    return Background.prior().learn(stories, EPOCH) if stories else Background.prior()


def spec_of(*runs: Run) -> TopicSpec:
    """Return the topic that is followed by the seeds of some of its runs."""
    return TopicSpec(
        name=f"{runs[0].corpus} {runs[0].topic}",
        seeds=tuple(Seed(title=run.seed.title, text=run.seed.text) for run in runs),
    )
