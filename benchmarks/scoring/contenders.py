"""The two that are compared: our matcher, and what scikit-learn's manual leads to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import linear_kernel

from benchmarks.scoring.corpus import Corpus, Text
from monitor.matching.background import Background
from monitor.matching.calibrate import calibrate
from monitor.matching.score import Matcher
from monitor.matching.vectors import Vectorizer
from monitor.records import Seed, Story, Threshold, Topic, TopicSpec

NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
STORIES_PER_WEEK = 10_000.0
OBVIOUS_THRESHOLD = 0.1


class Ours:
    """The matcher as the service makes it: a learned background, calibrated thresholds, reasons.

    The background and the thresholds of all topics are made once, for every number of topics.
    """

    def __init__(self, corpus: Corpus) -> None:
        learned = stories_of(corpus.background)
        self._background = Background.prior().learn(learned, NOW)
        self.vectorizer = Vectorizer(self._background)
        seeds = [Seed(title=each.title, text=each.text) for each in corpus.seeds]
        self._topics = [_topic(number, seed) for number, seed in enumerate(seeds)]
        rows, profiles = self.vectorizer.rows(learned), self.vectorizer.seed_rows(seeds, "en")
        self._thresholds: dict[int, Threshold] = {}
        for start in range(0, len(seeds), 1000):
            scores = (profiles[start : start + 1000] @ rows.T).toarray()
            for topic, sample in zip(self._topics[start : start + 1000], scores, strict=True):
                self._thresholds[topic.id] = calibrate(sample, topic.spec, STORIES_PER_WEEK)

    def matcher(self, topics: int) -> Matcher:
        """Return the matcher of the first so many topics."""
        return Matcher(self._background, self._topics[:topics], self._thresholds)


class Obvious:
    """``TfidfVectorizer`` with pairs of words, fitted; then the cosines, then a threshold."""

    def __init__(self, corpus: Corpus) -> None:
        self._vectorizer = TfidfVectorizer(ngram_range=(1, 2), stop_words="english")
        self._vectorizer.fit([_joined(each) for each in corpus.background])
        self._topics = self._vectorizer.transform([_joined(each) for each in corpus.seeds])

    def match(self, texts: Sequence[str], topics: int) -> int:
        """Return how many pairs of a story and one of the first so many topics are alike."""
        rows = self._vectorizer.transform(texts)
        alike = linear_kernel(rows, self._topics[:topics]) >= OBVIOUS_THRESHOLD
        return len(np.argwhere(alike))


def stories_of(texts: Sequence[Text]) -> list[Story]:
    """Return the texts as stored stories."""
    return [_story(number, each) for number, each in enumerate(texts, 1)]


def strings_of(texts: Sequence[Text]) -> list[str]:
    """Return the texts as strings, title and text."""
    return [_joined(each) for each in texts]


def _joined(each: Text) -> str:
    return f"{each.title}\n{each.text}"


def _topic(number: int, seed: Seed) -> Topic:
    return Topic(id=number, version="1", spec=TopicSpec(name=f"topic-{number}", seeds=(seed,)))


def _story(number: int, each: Text) -> Story:
    return Story(
        id=number,
        feed_id=1,
        feed_url="https://feed.example/rss",
        feed_tags=(),
        source="Example",
        url=None,
        title=each.title,
        text=each.text,
        language="en",
        published_at=NOW,
        seen_at=NOW,
        link_key=None,
        content_key=bytes(16),
    )
