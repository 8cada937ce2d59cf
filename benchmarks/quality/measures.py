"""How good one ranking is: average precision, detection cost, the two kinds of error."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FALSE_ALARM_WEIGHT = 4.9
"""NIST's TDT cost with C_miss 1, C_fa 0.1 and P_target 0.02, normalised: P_miss + 4.9 P_fa."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def cost(false: float, missed: float) -> float:
    """Return P_miss + 4.9 P_fa, at most 1."""
    return min(1.0, missed + FALSE_ALARM_WEIGHT * false)


class Ranking:
    """Stories by falling score, those of one score in the order given; sorted once.

    ``scores`` and ``relevant`` have the shape (n_stories,); some story has to be relevant.
    """

    def __init__(self, scores: Floats, relevant: Bools) -> None:
        order = np.argsort(-scores, kind="stable")
        self._scores = scores[order]
        self._hits = relevant[order]

    def average_precision(self) -> float:
        """Return the mean precision at the rank of each relevant story."""
        ranks = np.flatnonzero(self._hits) + 1
        return float(np.mean(np.arange(1, ranks.size + 1) / ranks))

    def least_cost(self) -> float:
        """Return the cost at the threshold that is best in hindsight."""
        false, missed = self._errors()
        return float(min(1.0, np.min(missed + FALSE_ALARM_WEIGHT * false)))

    def errors_at(self, threshold: float) -> tuple[float, float]:
        """Return P_fa and P_miss when the stories from a threshold on are told."""
        told = self._scores >= threshold
        return float(np.mean(told[~self._hits])), float(np.mean(~told[self._hits]))

    def misses_at(self, false_alarms: Floats) -> Floats:
        """Return the least P_miss that goes with no more than each (rising) P_fa."""
        false, missed = self._errors()
        found: Floats = missed[np.searchsorted(false, false_alarms, side="right") - 1]
        return found

    def _errors(self) -> tuple[Floats, Floats]:
        """Return P_fa and P_miss at each score as a threshold, from none told to all told.

        Stories of one score are told together.
        """
        ends = np.append(np.diff(self._scores) != 0, True)
        false, true = np.cumsum(~self._hits), np.cumsum(self._hits)
        missed = 1 - true[ends] / true[-1]
        return np.append(0.0, false[ends] / max(1, false[-1])), np.append(1.0, missed)
