"""The product's own matching, put to a trial: nothing here scores or decides by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.quality.corpora import EPOCH, Labelled, as_stories
from benchmarks.quality.measures import Floats
from benchmarks.quality.trial import Trial
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

    def scores(self, records: Sequence[Labelled]) -> Floats:
        """Return the scores of stories for all topics, shape (n_stories, n_topics)."""
        return self.matcher.scores(as_stories(records))


def prepare(trial: Trial, background_stories: int) -> Program:
    """Return the program after it has read so many unranked stories."""
    stories: list[Story] = as_stories(trial.unranked[:background_stories])
    background = Background.prior()
    if stories:
        background = background.learn(stories, EPOCH)
    topics = [
        Topic(
            id=number,
            version="trial",
            spec=TopicSpec(
                name=f"{run.corpus} {run.topic}",
                seeds=(Seed(title=run.seed.title, text=run.seed.text),),
            ),
        )
        for number, run in enumerate(trial.runs, 1)
    ]
    matcher = Matcher(background, topics, {})
    return Program(matcher, topics, matcher.scores(stories))
