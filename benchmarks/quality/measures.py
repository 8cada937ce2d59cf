"""Average precision and the detection cost of topic tracking."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FALSE_ALARM_WEIGHT = 4.9
"""NIST's TDT cost with C_miss 1, C_fa 0.1 and P_target 0.02, normalised: P_miss + 4.9 P_fa."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def average_precision(scores: Floats, relevant: Bools) -> float:
    """Return the mean precision at the rank of each relevant story; ties keep pool order."""
    hits = relevant[np.argsort(-scores, kind="stable")]
    ranks = np.flatnonzero(hits) + 1
    return float(np.mean(np.arange(1, ranks.size + 1) / ranks))


def cost(scores: Floats, relevant: Bools, threshold: float) -> float:
    """Return P_miss + 4.9 P_fa at a threshold, at most 1."""
    told = scores >= threshold
    missed = float(np.mean(~told[relevant]))
    false = float(np.mean(told[~relevant]))
    return min(1.0, missed + FALSE_ALARM_WEIGHT * false)


def least_cost(scores: Floats, relevant: Bools) -> float:
    """Return the cost at the threshold that is best in hindsight."""
    order = np.argsort(-scores, kind="stable")
    hits = relevant[order]
    missed = 1 - np.cumsum(hits) / hits.sum()
    false = np.cumsum(~hits) / (~hits).sum()
    ends = np.append(np.diff(scores[order]) != 0, True)
    return float(min(1.0, np.min((missed + FALSE_ALARM_WEIGHT * false)[ends])))
