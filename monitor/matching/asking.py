"""Which story to ask a reader about: one verdict on it would teach most."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


def most_telling(candidates: Sequence[tuple[float, datetime]], threshold: float) -> int | None:
    """Return the position of the candidate whose score is nearest to the threshold.

    A candidate is a score with the time its story came; of two that are equally near the later one
    is taken, then the first. None: there is no candidate. There the topic itself is least sure:
    uncertainty sampling (Lewis and Gale, "A sequential algorithm for training text classifiers",
    1994).
    """
    if not candidates:
        return None

    def doubt(position: int) -> tuple[float, float]:
        score, came = candidates[position]
        return round(abs(score - threshold), 6), -came.timestamp()

    return min(range(len(candidates)), key=doubt)
