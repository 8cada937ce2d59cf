"""Figures of a whole trial: of its runs, by corpus, and as the mean over the corpora."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.quality.measures import Bools, Floats, Ranking, cost
from benchmarks.quality.trial import Run

MEAN = "mean of corpora"

FALSE_ALARMS: Floats = np.geomspace(1e-4, 0.5, 40)
"""Where detection curves are read off."""

Figures = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """One run: its figures, and P_miss at each of ``FALSE_ALARMS``."""

    corpus: str
    figures: Figures
    misses: Floats


def judge(runs: Sequence[Run], scores: Floats, thresholds: Mapping[str, Floats]) -> list[Judged]:
    """Judge the ranking of each run, and its decisions by each rule for thresholds.

    ``scores`` has the shape (n_pool, n_runs), the thresholds of each rule (n_runs,).
    """
    return [
        judge_run(
            run,
            scores[:, column],
            run.judged,
            {rule: float(values[column]) for rule, values in thresholds.items()},
        )
        for column, run in enumerate(runs)
    ]


def judge_run(run: Run, scores: Floats, judged: Bools, thresholds: Mapping[str, float]) -> Judged:
    """Judge one run on some stories of the pool; ``scores`` has the shape (n_pool,).

    The figures are ``ap``, ``min_cost`` and, for each rule, ``<rule>_cost``, ``<rule>_fa`` and
    ``<rule>_miss``.
    """
    ranking = Ranking(scores[judged], run.relevant[judged])
    figures = {"ap": ranking.average_precision(), "min_cost": ranking.least_cost()}
    for rule, threshold in thresholds.items():
        false, missed = ranking.errors_at(threshold)
        figures |= {
            f"{rule}_cost": cost(false, missed),
            f"{rule}_fa": false,
            f"{rule}_miss": missed,
        }
    return Judged(corpus=run.corpus, figures=figures, misses=ranking.misses_at(FALSE_ALARMS))


def summary(judged: Sequence[Judged]) -> dict[str, object]:
    """Return the figures as means over the corpora; ``by_corpus``: over the runs of each."""
    corpora = {
        name: _mean([each.figures for each in group]) for name, group in _corpora(judged).items()
    }
    return {**_mean(list(corpora.values())), "by_corpus": corpora}


def curves(judged: Sequence[Judged]) -> dict[str, list[float]]:
    """Return the mean P_miss at each of ``FALSE_ALARMS``, by corpus and as their mean.

    A topic's P_miss is the least that it can have with no more than so many false alarms.
    """
    corpora = {
        name: np.mean([each.misses for each in group], axis=0)
        for name, group in _corpora(judged).items()
    }
    corpora[MEAN] = np.mean(list(corpora.values()), axis=0)
    return {name: np.round(misses, 6).tolist() for name, misses in corpora.items()}


def _corpora(judged: Sequence[Judged]) -> Mapping[str, list[Judged]]:
    groups: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        groups[each.corpus].append(each)
    return groups


def _mean(rows: Sequence[Figures]) -> Figures:
    """Return the mean of each figure."""
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in rows[0]}
