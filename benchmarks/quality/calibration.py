"""Is the promise kept: the promised volume of alerts against the one observed later."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor

import numpy as np

from benchmarks.quality.coldstart import measure
from benchmarks.quality.corpora import NothingToMeasure
from benchmarks.quality.measures import Floats
from benchmarks.quality.program import STORIES_PER_WEEK, prepare
from benchmarks.quality.tracking import BACKGROUND_STORIES
from benchmarks.quality.trial import LEARNED, Trial
from monitor.records import Threshold

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
            thresholds = program.thresholds(alerts_per_week=promise)
            row = _summary(thresholds, _observed(thresholds, scores), promise)
            promises.append({"background": sample, "promise": promise, **row})
        for share in SHARES:
            thresholds = program.thresholds(alerts_per_week=share * STORIES_PER_WEEK)
            observed = _observed(thresholds, scores)
            spread = np.round(np.quantile(observed, QUANTILES), 6).tolist()
            curve.append({"background": sample, "promised": share, "observed": spread})
    return {"promises": promises, "curve": curve}


def _observed(thresholds: Sequence[Threshold], scores: Floats) -> Floats:
    """Return the share of the stories that each topic lets through."""
    observed: Floats = (scores >= [each.value for each in thresholds]).mean(axis=0)
    return observed


def _summary(thresholds: Sequence[Threshold], observed: Floats, promise: float) -> dict[str, float]:
    """Return how the ratios lie, and ``in_range``: how often observed was what was expected.

    What is observed has its own chance beside that of the sample, so somewhat less than nine in
    ten are in the range, which is taken in whole alerts.
    """
    volume = observed * STORIES_PER_WEEK
    ratios = volume / promise
    expected = zip(thresholds, volume, strict=True)
    return {
        "median_ratio": round(float(np.median(ratios)), 3),
        "within_2": round(float(np.mean((ratios >= 0.5) & (ratios <= 2.0))), 3),
        "over_2": round(float(np.mean(ratios > 2.0)), 3),
        "under_half": round(float(np.mean(ratios < 0.5)), 3),
        "in_range": round(float(np.mean([_in_range(each, value) for each, value in expected])), 3),
    }


def _in_range(threshold: Threshold, volume: float) -> bool:
    low, high = threshold.expected_low, threshold.expected_high
    return low is not None and high is not None and floor(low) <= volume <= ceil(high)
