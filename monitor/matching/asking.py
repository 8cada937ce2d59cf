"""Which story to ask a reader about: one verdict on it would teach most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

DOUBT = 1.5
"""Where it pays most to ask, in thresholds: at the threshold itself nearly every answer is a no,
and a yes teaches more (docs/quality.md)."""


def most_telling(candidates: Sequence[tuple[float, datetime]], threshold: float) -> int | None:
    """Return the position of the candidate whose score is nearest to 1.5 times the threshold.

    A candidate is a score with the time its story came; of two that are equally near the later one
    is taken, then the first. None: there is no candidate. It is uncertainty sampling (Lewis and
    Gale, "A sequential algorithm for training text classifiers", 1994), aimed a little higher.
    """
    if not candidates:
        return None

    def distance(position: int) -> tuple[float, float]:
        score, came = candidates[position]
        return round(abs(score - DOUBT * threshold), 6), -came.timestamp()

    return min(range(len(candidates)), key=distance)
