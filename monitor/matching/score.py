"""Stories x topics -> matches with their reasons: the one ranking for all who ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from monitor.matching.background import Background
from monitor.matching.calibrate import calibrate
from monitor.matching.changes import TermChange, term_changes
from monitor.matching.features import COLUMNS, document_of, read
from monitor.matching.profile import Profile, build_profile, documents_of
from monitor.matching.reasons import UNIT, Reasons, Words, rounded
from monitor.matching.rules import Rules
from monitor.matching.vectors import Vectorizer
from monitor.records import Match, MatchState, Story, Term, Threshold, Topic

TERMS_KEPT = 10
REACH = 0.75
"""A near miss has at least this part of its topic's threshold: half would be every tenth story."""

BATCH = 200
CELLS = 1_000_000
"""Stories per product, and stories times topics: enough to be quick, few enough to bound memory."""


@dataclass(frozen=True, slots=True, eq=False)
class _Watch:
    """A topic with all that decides about a story."""

    topic: Topic
    profile: Profile
    rules: Rules
    threshold: Threshold


class Matcher:
    """Scores stories against topics by cosine, decides, and gives reasons.

    Made for one background version and one set of topics; a topic without a threshold among
    ``thresholds`` gets the one that it would have without any background. A topic that
    ``build_profile`` refuses is left out: ``topics`` are the others, ``left_out`` says why.
    """

    def __init__(
        self,
        background: Background,
        topics: Sequence[Topic],
        thresholds: Mapping[int, Threshold],
    ) -> None:
        self.background_version = background.version
        self._vectorizer = Vectorizer(background)
        self._watches: list[_Watch] = []
        self.left_out: dict[str, str] = {}
        for topic in topics:
            self._watch(topic, thresholds.get(topic.id) or calibrate((), topic.spec, None))
        self.topics = tuple(watch.topic for watch in self._watches)
        profiles = [watch.profile.row for watch in self._watches]
        for profile in profiles:
            profile.sort_indices()
        together = vstack(profiles) if profiles else csr_matrix((0, COLUMNS))
        self._topics_by_term = together.T.tocsr()
        self._reach = np.array([REACH * watch.threshold.value for watch in self._watches])
        self._batch = min(BATCH, max(1, CELLS // max(1, len(profiles))))

    def _watch(self, topic: Topic, threshold: Threshold) -> None:
        try:
            profile = build_profile(topic.spec, self._vectorizer, topic.verdicts)
        except ValueError as error:
            self.left_out[topic.spec.name] = str(error)
        else:
            self._watches.append(_Watch(topic, profile, Rules(topic.spec), threshold))

    def scores(self, stories: Sequence[Story]) -> NDArray[np.float64]:
        """Return every cosine, shape (n_stories, n_topics), rounded as matches are."""
        parts = [
            self._scores(self._vectorizer.rows(batch)).toarray() for batch in self._batches(stories)
        ]
        return np.vstack([np.zeros((0, len(self._watches))), *parts])

    def samples(self, stories: Sequence[Story]) -> Iterator[tuple[int, list[float]]]:
        """Yield the id of each topic with its scores of those stories whose feed it watches."""
        scores = self.scores(stories)
        for position, watch in enumerate(self._watches):
            watched = [watch.rules.watches(story) for story in stories]
            yield watch.topic.id, scores[watched, position].tolist()

    def match(
        self, stories: Sequence[Story], now: datetime, *, terms: int = TERMS_KEPT
    ) -> tuple[Match, ...]:
        """Return a match for each story within reach of each topic, in the order of stories.

        Within reach is a score of at least three quarters of the threshold, in a feed that the
        topic watches. Each tells its heaviest ``terms``; without any it is quicker to have.
        """
        return tuple(
            match
            for batch in self._batches(stories)
            for match in self._match_batch(batch, now, terms)
        )

    def explain(self, story: Story, topic_id: int, now: datetime) -> Match:
        """Return how a story stands to a topic, within reach or not, with every term."""
        position = self._position(topic_id)
        watch = self._watches[position]
        reading = read([document_of(story)])
        row = self._vectorizer.weigh(reading)
        score = float(self._scores(row)[0, position])
        terms, rest = Reasons(row, Words(reading)).of(score, watch.profile.row)
        return self._judged(watch, story, score, terms, rest, now)

    def heaviest(self, topic_id: int, n: int | None = None) -> tuple[Term, ...]:
        """Return the ``n`` heaviest terms of a profile, or all, in the words it was made of.

        The share is a term's part in the score 1 of a story that equals the profile.
        """
        watch = self._watches[self._position(topic_id)]
        spec, verdicts = watch.topic.spec, watch.topic.verdicts
        words = Words(read(documents_of(spec, verdicts, watch.profile.related)))
        return Reasons(watch.profile.row, words).of(1.0, watch.profile.row, n)[0]

    def related(self, topic_id: int) -> tuple[str, ...]:
        """Return the words of a profile that no seed and no wanted story has."""
        return self._watches[self._position(topic_id)].profile.related

    def changes(self, before_id: int, after_id: int) -> tuple[TermChange, ...]:
        """Return what differs between the profiles of two topics, a topic before and after.

        The shares of each sum to 1, as in :meth:`heaviest`.
        """
        watches = [self._watches[self._position(each)] for each in (before_id, after_id)]
        verdicts = {each.id: each for watch in watches for each in watch.topic.verdicts}
        related = [word for watch in watches for word in watch.profile.related]
        words = Words(read(documents_of(watches[1].topic.spec, [*verdicts.values()], related)))
        rows = [watch.profile.row for watch in watches]
        return term_changes(*(Reasons(row, words).of(1.0, row)[0] for row in rows))

    def threshold(self, topic_id: int) -> Threshold:
        """Return the threshold that decides for a topic."""
        return self._watches[self._position(topic_id)].threshold

    def _position(self, topic_id: int) -> int:
        for position, watch in enumerate(self._watches):
            if watch.topic.id == topic_id:
                return position
        raise KeyError(f"no topic with id {topic_id} was given to this matcher")

    def _batches(self, stories: Sequence[Story]) -> Iterator[Sequence[Story]]:
        for start in range(0, len(stories), self._batch):
            yield stories[start : start + self._batch]

    def _scores(self, rows: csr_matrix) -> csr_matrix:
        scores = rows @ self._topics_by_term
        scores.data = rounded(scores.data)
        return scores

    def _match_batch(self, stories: Sequence[Story], now: datetime, terms: int) -> Iterator[Match]:
        reading = read([document_of(story) for story in stories])
        rows = self._vectorizer.weigh(reading)
        for at, near in self._within_reach(rows @ self._topics_by_term):
            watched = [each for each in near if each[0].rules.watches(stories[at])]
            if watched:
                reasons = Reasons(rows, Words(reading.only(at)), at)
                for watch, score in watched:
                    told = reasons.of(score, watch.profile.row, terms) if terms else ((), score)
                    yield self._judged(watch, stories[at], score, *told, now)

    def _within_reach(self, scores: csr_matrix) -> Iterator[tuple[int, list[tuple[_Watch, float]]]]:
        """Yield the positions of stories with the topics that they may match, and their scores.

        Few scores come near any threshold, so the others are not even rounded.
        """
        near = np.flatnonzero(scores.data >= self._reach.min(initial=1.0) - 1 / UNIT)
        stories = np.searchsorted(scores.indptr, near, side="right") - 1
        topics, values = scores.indices[near], rounded(scores.data[near])
        within = (values >= self._reach[topics]) & (values > 0)
        found = zip(*(each[within].tolist() for each in (stories, topics, values)), strict=True)
        for story, group in groupby(sorted(found), key=itemgetter(0)):
            yield story, [(self._watches[topic], value) for _, topic, value in group]

    def _judged(
        self,
        watch: _Watch,
        story: Story,
        score: float,
        terms: tuple[Term, ...],
        rest: float,
        now: datetime,
    ) -> Match:
        veto = watch.rules.veto(story)
        state = MatchState.NEAR
        if 0 < score >= watch.threshold.value:
            state = MatchState.VETOED if veto else MatchState.HIT
        return Match(
            story_id=story.id,
            topic_id=watch.topic.id,
            score=score,
            threshold=watch.threshold.value,
            state=state,
            veto=veto,
            terms=terms,
            rest=rest,
            background_version=self.background_version,
            topic_version=watch.topic.version,
            matched_at=now,
        )
