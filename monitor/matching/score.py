"""Stories x topics -> matches with their reasons: the one ranking for all who ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from monitor.matching.background import Background
from monitor.matching.calibrate import calibrate
from monitor.matching.features import COLUMNS, document_of, seed_document
from monitor.matching.profile import build_profile
from monitor.matching.reasons import Words, rounded, shorten, terms_of_score
from monitor.matching.rules import Rules
from monitor.matching.vectors import Vectorizer
from monitor.records import Match, MatchState, Story, Term, Threshold, Topic

TERMS_KEPT = 10
REACH = 0.75
"""A near miss has at least this part of its topic's threshold: half would be every tenth story."""

BATCH = 500
"""Stories per product: enough to be quick, few enough to bound memory."""


class Matcher:
    """Scores stories against topics by cosine, decides, and gives reasons.

    Made for one background version and one set of topics; a topic without a threshold among
    ``thresholds`` gets the one that it would have without any background. A seed without a usable
    word is a ``ValueError`` that names its topic.
    """

    def __init__(
        self,
        background: Background,
        topics: Sequence[Topic],
        thresholds: Mapping[int, Threshold],
    ) -> None:
        self._topics = tuple(topics)
        self._vectorizer = Vectorizer(background)
        self.background_version = background.version
        rows = [build_profile(topic.spec, self._vectorizer).row for topic in topics]
        self._profiles = vstack(rows, format="csr") if rows else csr_matrix((0, COLUMNS))
        self._rules = [Rules(topic.spec) for topic in topics]
        self._thresholds = [
            thresholds.get(topic.id) or calibrate((), topic.spec, None) for topic in topics
        ]

    def scores(self, stories: Sequence[Story]) -> NDArray[np.float64]:
        """Return every cosine, shape (n_stories, n_topics), rounded as matches are."""
        parts = [self._products(batch).toarray() for batch in _batches(stories)]
        return rounded(np.vstack([np.zeros((0, len(self._topics))), *parts]))

    def match(self, stories: Sequence[Story], now: datetime) -> tuple[Match, ...]:
        """Return a match for each story within reach of each topic, in the order of stories.

        Within reach is a score of at least three quarters of the threshold, in a feed that the
        topic watches.
        """
        return tuple(
            match for batch in _batches(stories) for match in self._match_batch(batch, now)
        )

    def explain(self, story: Story, topic_id: int, now: datetime) -> Match:
        """Return how a story stands to a topic, within reach or not, with every term."""
        position = self._position(topic_id)
        row = self._vectorizer.rows([story])
        score = float(self.scores([story])[0, position])
        return self._judge(story, row, position, score, Words([document_of(story)]), None, now)

    def heaviest(self, topic_id: int, n: int) -> tuple[Term, ...]:
        """Return the ``n`` heaviest terms of a profile, in the words of the seeds.

        The share is a term's part in the score 1 of a story that equals the profile.
        """
        position = self._position(topic_id)
        spec = self._topics[position].spec
        words = Words([seed_document(seed, spec.language) for seed in spec.seeds])
        profile = self._profiles[position]
        shares = words.share_out(
            dict(zip(profile.indices.tolist(), (profile.data**2).tolist(), strict=True))
        )
        return terms_of_score(shares, 1.0)[:n]

    def threshold(self, topic_id: int) -> Threshold:
        """Return the threshold at which a topic's matches are decided."""
        return self._thresholds[self._position(topic_id)]

    def _position(self, topic_id: int) -> int:
        for position, topic in enumerate(self._topics):
            if topic.id == topic_id:
                return position
        raise KeyError(f"no topic with id {topic_id} was given to this matcher")

    def _products(self, stories: Sequence[Story]) -> csr_matrix:
        return self._vectorizer.rows(stories) @ self._profiles.T

    def _match_batch(self, stories: Sequence[Story], now: datetime) -> Iterator[Match]:
        rows = self._vectorizer.rows(stories)
        scores = rounded((rows @ self._profiles.T).toarray())
        reach = np.array([REACH * threshold.value for threshold in self._thresholds])
        for at, story in enumerate(stories):
            words: Words | None = None
            for position in np.flatnonzero((scores[at] >= reach) & (scores[at] > 0)).tolist():
                if not self._rules[position].watches(story):
                    continue
                words = words or Words([document_of(story)])
                score = float(scores[at, position])
                yield self._judge(story, rows[at], position, score, words, TERMS_KEPT, now)

    def _judge(
        self,
        story: Story,
        row: csr_matrix,
        position: int,
        score: float,
        words: Words,
        keep: int | None,
        now: datetime,
    ) -> Match:
        topic, threshold = self._topics[position], self._thresholds[position]
        rules = self._rules[position]
        veto = rules.veto(story)
        state = MatchState.NEAR
        if score >= threshold.value:
            state = MatchState.VETOED if veto else MatchState.HIT
        products = row.multiply(self._profiles[position]).tocsr()
        shares = words.share_out(
            dict(zip(products.indices.tolist(), products.data.tolist(), strict=True))
        )
        terms = terms_of_score(shares, score)
        kept, rest = shorten(terms, score, len(terms) if keep is None else keep)
        return Match(
            story_id=story.id,
            topic_id=topic.id,
            score=score,
            threshold=threshold.value,
            state=state,
            veto=veto,
            terms=kept,
            rest=rest,
            background_version=self.background_version,
            topic_version=topic.version,
            matched_at=now,
        )


def _batches(stories: Sequence[Story]) -> Iterator[Sequence[Story]]:
    for start in range(0, len(stories), BATCH):
        yield stories[start : start + BATCH]
