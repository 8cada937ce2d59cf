"""Tracking from one seed: average precision and detection cost, full text and snippets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from benchmarks.quality.measures import average_precision, cost, least_cost
from benchmarks.quality.program import prepare
from benchmarks.quality.trial import Trial

BACKGROUND_STORIES = 300

Figures = dict[str, float]


def tracking(trial: Trial, background_stories: int = BACKGROUND_STORIES) -> dict[str, object]:
    """Return the figures of both forms of a trial."""
    return {
        "full": measure(trial, background_stories),
        "snippet": measure(trial.snippets(), background_stories),
    }


def measure(trial: Trial, background_stories: int) -> dict[str, object]:
    """Return AP, least cost and the cost at the program's own thresholds.

    Each is a mean over the corpora; ``by_corpus`` has the means over the runs of each.
    """
    program = prepare(trial, background_stories)
    scores = program.scores(trial.pool)
    thresholds = program.thresholds()
    by_corpus: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for column, run in enumerate(trial.runs):
        ranked, relevant = scores[run.judged, column], run.relevant[run.judged]
        by_corpus[run.corpus].append(
            (
                average_precision(ranked, relevant),
                least_cost(ranked, relevant),
                cost(ranked, relevant, thresholds[column].value),
            )
        )
    corpora = {name: _figures(np.mean(rows, axis=0).tolist()) for name, rows in by_corpus.items()}
    return {**_mean(corpora), "by_corpus": corpora}


def _figures(means: list[float]) -> Figures:
    return {name: round(value, 4) for name, value in zip(NAMES, means, strict=True)}


NAMES = ("ap", "min_cost", "actual_cost")


def _mean(corpora: Mapping[str, Figures]) -> Figures:
    rows = [[figures[name] for name in NAMES] for figures in corpora.values()]
    return _figures(np.mean(rows, axis=0).tolist() if rows else [0.0, 1.0, 1.0])
