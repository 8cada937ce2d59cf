"""More seeds, and a reader who answers one question at a time: what each answer is worth.

A run's stories are dealt into an earlier and a later half. The reader is asked about the earlier
one; profile and threshold move after each answer, by the product's own code. What that is worth is
judged on the later half: the same stories after any number of answers, and none that anybody was
asked about. Beside it stand the figures on all stories but the seed, those asked about included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack

from benchmarks.quality.corpora import Labelled, Say, as_stories
from benchmarks.quality.judging import Judged, judge_run, summary
from benchmarks.quality.measures import Bools, Floats
from benchmarks.quality.program import STORIES_PER_WEEK, learned, spec_of
from benchmarks.quality.reader import Choice, Reader, best_match, reader_of, telling
from benchmarks.quality.tracking import BACKGROUND_STORIES
from benchmarks.quality.trial import Run, Trial
from monitor.matching.background import Background
from monitor.matching.calibrate import calibrate
from monitor.matching.profile import build_profile
from monitor.matching.reasons import rounded
from monitor.matching.vectors import Vectorizer
from monitor.records import Seed, Story, TopicSpec, Verdict

ANSWERS = (0, 1, 3, 10, 30)
"""Numbers of verdicts after which the program is judged."""

MORE_SEEDS = 4

FEW_TOPICS = 10
"""A corpus with fewer topics is followed from all seeds, others from one seed of each topic."""

ASKED: Mapping[str, Choice] = {"best match": best_match, "most telling": telling}
"""Who decides what the reader is asked next."""


def verdicts(trial: Trial, progress: Say) -> dict[str, object]:
    """Return the figures of both forms with more seeds, and after each number of answers."""
    return {
        "runs": len(followed(trial.runs)),
        "full": _form(trial, progress),
        "snippet": _form(trial.snippets(), progress),
    }


def followed(runs: Sequence[Run]) -> list[Run]:
    """Return the runs to follow: the first of each topic, or all where topics are few."""
    topics = _by_topic(runs)
    few = {
        corpus
        for corpus in {run.corpus for run in runs}
        if sum(name == corpus for name, _ in topics) < FEW_TOPICS
    }
    return [
        run
        for (corpus, _), group in topics.items()
        for run in (group if corpus in few else group[:1])
    ]


def _by_topic(runs: Sequence[Run]) -> dict[tuple[str, str], list[Run]]:
    topics: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        topics.setdefault((run.corpus, run.topic), []).append(run)
    return topics


def _form(trial: Trial, progress: Say) -> dict[str, object]:
    scorer, runs = Scorer(trial), followed(trial.runs)
    return {
        "seeds": list(_seeds(scorer, runs, _by_topic(trial.runs))),
        "asked": {
            name: list(_answers(scorer, trial.pool, runs, choose, progress))
            for name, choose in ASKED.items()
        },
    }


def _seeds(
    scorer: Scorer, runs: Sequence[Run], topics: Mapping[tuple[str, str], Sequence[Run]]
) -> Iterator[dict[str, object]]:
    """Yield the figures of one seed and of more; all are judged without the seeds of the most."""
    together = [_with_others(run, topics[run.corpus, run.topic]) for run in runs]
    judged = [_without(group) for group in together]
    for seeds in (1, MORE_SEEDS):
        scores, thresholds = scorer.scores(
            [spec_of(*group[:seeds]) for group in together], [()] * len(runs)
        )
        rows = [
            judge_run(run, scores[:, at], judged[at], {"actual": thresholds[at]})
            for at, run in enumerate(runs)
        ]
        yield {"seeds": seeds, **summary(rows)}


def _with_others(run: Run, topic: Sequence[Run]) -> list[Run]:
    return [run, *(other for other in topic if other.at != run.at)][:MORE_SEEDS]


def _without(seeds: Sequence[Run]) -> Bools:
    judged = seeds[0].judged.copy()
    judged[[seed.at for seed in seeds]] = False
    return judged


def _answers(
    scorer: Scorer, pool: Sequence[Labelled], runs: Sequence[Run], choose: Choice, progress: Say
) -> Iterator[dict[str, object]]:
    """Yield the figures after each number of ``ANSWERS``; only topics that moved are rebuilt."""
    readers, specs = [reader_of(run) for run in runs], [spec_of(run) for run in runs]
    scores, thresholds = scorer.scores(specs, [()] * len(runs))
    for asked in range(max(ANSWERS) + 1):
        progress(f"verdicts: {asked} questions asked")
        if asked in ANSWERS:
            yield {"asked": asked, **_judged(readers, scores, thresholds)}
        moved = [
            at
            for at, reader in enumerate(readers)
            if reader.answer(pool, scores[:, at], thresholds[at], choose)
        ]
        if moved:
            scores[:, moved], thresholds[moved] = scorer.scores(
                [specs[at] for at in moved], [readers[at].verdicts for at in moved]
            )


def _judged(readers: Sequence[Reader], scores: Floats, thresholds: Floats) -> dict[str, object]:
    """Return the figures on the later stories, on all but the seeds, and what was answered."""
    kinds: dict[str, list[Judged]] = {"later": [], "all": []}
    for at, reader in enumerate(readers):
        chosen = {"actual": float(thresholds[at])}
        for kind, judged in (("later", reader.later), ("all", reader.run.judged)):
            kinds[kind].append(judge_run(reader.run, scores[:, at], judged, chosen))
    answers = [len(reader.verdicts) for reader in readers]
    wanted = [sum(each.wanted for each in reader.verdicts) for reader in readers]
    return {
        "answers": round(float(np.mean(answers)), 2),
        "wanted": round(float(np.mean(wanted)), 2),
        **{kind: summary(judged) for kind, judged in kinds.items()},
    }


class Scorer:
    """Scores pool and background by profiles, the stories' rows being made only once."""

    def __init__(self, trial: Trial) -> None:
        stories = as_stories(trial.pool)
        sample = as_stories(trial.unranked[:BACKGROUND_STORIES])
        self._vectorizer = Remembering(learned(sample), stories)
        self._pool, self._sample = self._vectorizer.pool, self._vectorizer.rows(sample)

    def scores(
        self, specs: Sequence[TopicSpec], verdicts: Sequence[Sequence[Verdict]]
    ) -> tuple[Floats, Floats]:
        """Return the scores of the pool, shape (n_pool, n_specs), and the thresholds."""
        rows = [
            build_profile(spec, self._vectorizer, given).row
            for spec, given in zip(specs, verdicts, strict=True)
        ]
        profiles = vstack(rows).T.tocsr()
        sample = _product(self._sample, profiles)
        thresholds = [
            calibrate(sample[:, column], spec, STORIES_PER_WEEK).value
            for column, spec in enumerate(specs)
        ]
        return _product(self._pool, profiles), np.array(thresholds)


class Remembering(Vectorizer):
    """A vectorizer that need not read again a story whose verdict it is given, nor a seed."""

    def __init__(self, background: Background, stories: Sequence[Story]) -> None:
        super().__init__(background)
        self.pool = self.rows(stories)
        self._seeds: dict[tuple[Seed, ...], csr_matrix] = {}

    def verdict_rows(self, verdicts: Sequence[Verdict]) -> csr_matrix:
        """Return the rows of the stories that the verdicts are about."""
        return self.pool[[verdict.story_id - 1 for verdict in verdicts]]

    def seed_rows(self, seeds: Sequence[Seed], language: str) -> csr_matrix:
        """Return the rows of the seeds; all topics are of one language."""
        known = self._seeds.get(tuple(seeds))
        if known is None:
            known = self._seeds[tuple(seeds)] = super().seed_rows(seeds, language)
        return known


def _product(rows: csr_matrix, profiles: csr_matrix) -> Floats:
    scores: Floats = rounded((rows @ profiles).toarray())
    return scores
