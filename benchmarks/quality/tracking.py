"""Tracking from one seed: average precision and detection cost, full text and snippets."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.judging import FALSE_ALARMS, curves, judge, summary
from benchmarks.quality.program import prepare
from benchmarks.quality.simple import simple
from benchmarks.quality.trial import Trial

BACKGROUND_STORIES = 300


def tracking(trial: Trial) -> dict[str, object]:
    """Return the figures of both forms of a trial."""
    return {"full": _form(trial), "snippet": _form(trial.snippets())}


def _form(trial: Trial) -> dict[str, object]:
    """Return the program's figures, its detection curves, and what simple methods reach."""
    program = prepare(trial, BACKGROUND_STORIES)
    judged = judge(trial.runs, program.scores(trial.pool), {"actual": program.values()})
    return {
        **summary(judged),
        "p_fa": np.round(FALSE_ALARMS, 6).tolist(),
        "p_miss": curves(judged),
        "simple": simple(trial, BACKGROUND_STORIES),
    }
