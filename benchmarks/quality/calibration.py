"""Is the promise kept: the promised volume of alerts against the one observed later."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.measures import Floats
from benchmarks.quality.program import STORIES_PER_WEEK, prepare
from benchmarks.quality.tracking import BACKGROUND_STORIES, measure
from benchmarks.quality.trial import Trial

PROMISES = (20, 10, 5)
"""Alerts a week, of 2,000 stories."""

SAMPLES = (300, 1000)


LEAST_LATER = 500
"""Stories to observe a promise on; with fewer, chance would be all that is seen."""


def calibration(trial: Trial) -> dict[str, object] | None:
    """Return ratios of observed to promised volume, and the cost at the chosen thresholds.

    None: there are too few background stories to learn from and to observe.
    """
    if len(trial.unranked) < max(SAMPLES) + LEAST_LATER:
        return None
    figures = measure(trial, BACKGROUND_STORIES)
    return {
        "stories_per_week": STORIES_PER_WEEK,
        "later_stories": len(trial.unranked) - max(SAMPLES),
        "full": _promises(trial),
        "snippet": _promises(trial.snippets()),
        "min_cost": figures["min_cost"],
        "actual_cost": figures["actual_cost"],
    }


def _promises(trial: Trial) -> list[dict[str, float]]:
    """Return one row per background size and promise; all are observed on the same stories."""
    rows = []
    later = trial.unranked[max(SAMPLES) :]
    for sample in SAMPLES:
        program = prepare(trial, sample)
        scores = program.scores(later)
        for promise in PROMISES:
            values = [each.value for each in program.thresholds(alerts_per_week=promise)]
            ratios = _observed(scores, np.array(values)) / promise
            rows.append({"background": sample, "promise": promise, **_summary(ratios)})
    return rows


def _observed(scores: Floats, thresholds: Floats) -> Floats:
    """Return the alerts a week of each topic, had the stories come at the weekly rate."""
    observed: Floats = (scores >= thresholds).mean(axis=0) * STORIES_PER_WEEK
    return observed


def _summary(ratios: Floats) -> dict[str, float]:
    return {
        "median_ratio": round(float(np.median(ratios)), 3),
        "within_2": round(float(np.mean((ratios >= 0.5) & (ratios <= 2.0))), 3),
        "over_2": round(float(np.mean(ratios > 2.0)), 3),
        "under_half": round(float(np.mean(ratios < 0.5)), 3),
    }
