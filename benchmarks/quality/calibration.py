"""Is the promise kept: the promised volume of alerts against the one observed later."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.coldstart import measure
from benchmarks.quality.corpora import NothingToMeasure
from benchmarks.quality.measures import Floats
from benchmarks.quality.program import STORIES_PER_WEEK, Program, prepare
from benchmarks.quality.tracking import BACKGROUND_STORIES
from benchmarks.quality.trial import LEARNED, Trial

PROMISES = (20, 10, 5)
"""Alerts a week, of 2,000 stories."""

SHARES = (0.0025, 0.005, 0.01, 0.02, 0.05, 0.1)
"""Promised shares of the stream to draw the curve of."""

QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""The spread over topics that is drawn."""

SAMPLES = (300, 1000)

LEAST_LATER = 500
"""Stories to observe a promise on; with fewer, chance would be all that is seen."""


def calibration(trial: Trial) -> dict[str, object]:
    """Return ratios of observed to promised volume, and the cost at the chosen thresholds.

    ``NothingToMeasure``: there are too few background stories to learn from and to observe.
    """
    least = max(SAMPLES) + LEAST_LATER
    if len(trial.unranked) < least:
        raise NothingToMeasure(
            f"{len(trial.unranked)} stories of {' and '.join(LEARNED)} are left when the pool is "
            f"drawn; a promise takes {least} to be learned and observed"
        )
    return {
        "stories_per_week": STORIES_PER_WEEK,
        "later_stories": len(trial.unranked) - max(SAMPLES),
        "quantiles": QUANTILES,
        "full": _form(trial),
        "snippet": _form(trial.snippets()),
        "default": measure(trial, BACKGROUND_STORIES),
    }


def _form(trial: Trial) -> dict[str, object]:
    """Return rows by background size and promise; all are observed on the same stories."""
    later = trial.unranked[max(SAMPLES) :]
    promises, curve = [], []
    for sample in SAMPLES:
        program = prepare(trial, sample)
        scores = program.scores(later)
        for promise in PROMISES:
            ratios = _observed(program, scores, promise) / (promise / STORIES_PER_WEEK)
            promises.append({"background": sample, "promise": promise, **_summary(ratios)})
        for share in SHARES:
            observed = _observed(program, scores, share * STORIES_PER_WEEK)
            spread = np.round(np.quantile(observed, QUANTILES), 6).tolist()
            curve.append({"background": sample, "promised": share, "observed": spread})
    return {"promises": promises, "curve": curve}


def _observed(program: Program, scores: Floats, promise: float) -> Floats:
    """Return the share of stories that each topic lets through at a promise of alerts a week."""
    values = np.array([each.value for each in program.thresholds(alerts_per_week=promise)])
    observed: Floats = (scores >= values).mean(axis=0)
    return observed


def _summary(ratios: Floats) -> dict[str, float]:
    return {
        "median_ratio": round(float(np.median(ratios)), 3),
        "within_2": round(float(np.mean((ratios >= 0.5) & (ratios <= 2.0))), 3),
        "over_2": round(float(np.mean(ratios > 2.0)), 3),
        "under_half": round(float(np.mean(ratios < 0.5)), 3),
    }
