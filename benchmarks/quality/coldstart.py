"""Tracking with more or fewer stories of one's own behind it, from none on."""

from __future__ import annotations

from benchmarks.quality.judging import judge, summary
from benchmarks.quality.program import prepare
from benchmarks.quality.trial import Trial

BACKGROUNDS = (0, 30, 300, 1000)
"""Stories that the program has read before it ranks."""


def coldstart(trial: Trial) -> dict[str, object]:
    """Return one row per form and size of the background; sizes that the corpora lack are none."""
    return {"full": _rows(trial), "snippet": _rows(trial.snippets())}


def measure(trial: Trial, background_stories: int) -> dict[str, object]:
    """Return AP, least cost and the cost at the thresholds that the program chose."""
    program = prepare(trial, background_stories)
    return summary(judge(trial.runs, program.scores(trial.pool), {"actual": program.values()}))


def _rows(trial: Trial) -> list[dict[str, object]]:
    return [
        {"background": size, **measure(trial, size)}
        for size in BACKGROUNDS
        if size <= len(trial.unranked)
    ]
