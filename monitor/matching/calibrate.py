"""The threshold of a topic, from its scores on the user's own background stories."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.records import Threshold, ThresholdKind, TopicSpec

DEFAULT_THRESHOLD = 0.12
LEAST_SAMPLE = 30


def calibrate(
    scores: Sequence[float] | NDArray[np.float64],
    spec: TopicSpec,
    stories_per_week: float | None,
) -> Threshold:
    """Return the threshold of a topic (first form)."""
    if spec.threshold is not None:
        return Threshold(value=spec.threshold, kind=ThresholdKind.ABSOLUTE, sample=len(scores))
    return Threshold(value=DEFAULT_THRESHOLD, kind=ThresholdKind.DEFAULT, sample=len(scores))
