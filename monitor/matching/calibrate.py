"""The threshold of a topic, from its scores on the user's own background stories. No labels.

A promise of so many alerts a week is a share of the stream; the threshold is the score that so
large a share of the background exceeds. Where the sample is too small to count, its upper tail is
taken as exponential, as the scores of unrelated stories nearly are (docs/quality.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from monitor.records import Threshold, ThresholdKind, TopicSpec

DEFAULT_THRESHOLD = 0.15
"""Used until the background can tell: rather too high, so that a first day is no flood."""

LEAST_SAMPLE = 30
"""Background stories below which nothing is concluded from them."""

DEFAULT_ALERTS = 40.0
DEFAULT_SHARE = 0.02
"""The promise to a topic that asks for none: 40 background stories a week, never over 1 in 50."""

DEFAULT_RANGE = (0.09, 0.3)
"""Bounds of a threshold that nobody asked for. Below, stories share little but common words; above,
it is the topic's own stories, already in the background, that would shut the topic."""

LEAST = 0.03
"""No promise is filled up with stories that share next to nothing with the topic."""

_TAIL = 0.05
_COUNTABLE = 10


def calibrate(
    scores: Sequence[float] | NDArray[np.float64],
    spec: TopicSpec,
    stories_per_week: float | None,
) -> Threshold:
    """Return the threshold of a topic from its scores on background stories.

    An absolute threshold stands as written. With fewer than 30 scores it is the default. Otherwise
    the topic's ``alerts_per_week``, or the default promise, becomes a share of
    ``stories_per_week`` (None: unknown, then the default share stands), and the threshold is the
    score that this share exceeds.
    """
    sample = np.asarray(scores, dtype=np.float64)
    tail = _Tail(sample) if sample.size >= LEAST_SAMPLE else None
    if spec.threshold is not None:
        value, kind = spec.threshold, ThresholdKind.ABSOLUTE
    elif tail is None:
        value, kind = DEFAULT_THRESHOLD, ThresholdKind.DEFAULT
    else:
        value, kind = _promised(tail, spec, stories_per_week), ThresholdKind.CALIBRATED
    if tail is None or stories_per_week is None:
        return Threshold(value=value, kind=kind, sample=sample.size)
    share = tail.share_from(value)
    low, high = (each * stories_per_week for each in _likely(share, sample.size))
    return Threshold(
        value=value,
        kind=kind,
        sample=sample.size,
        expected_per_week=share * stories_per_week,
        expected_low=low,
        expected_high=high,
    )


def _promised(tail: _Tail, spec: TopicSpec, stories_per_week: float | None) -> float:
    if spec.alerts_per_week is not None and stories_per_week:
        value = max(tail.value_for(spec.alerts_per_week / stories_per_week), LEAST)
    else:
        share = min(DEFAULT_SHARE, DEFAULT_ALERTS / (stories_per_week or 1.0))
        value = float(np.clip(tail.value_for(share), *DEFAULT_RANGE))
    return min(math.ceil(value * 10_000) / 10_000, 1.0)


def _likely(share: float, sample: int) -> tuple[float, float]:
    """Return between which two shares the true one lies nine times in ten.

    The interval of Jeffreys (1946) for a share of so many independent stories.
    """
    reached = share * sample
    low, high = betaincinv(reached + 0.5, sample - reached + 0.5, (0.05, 0.95)).tolist()
    return min(low, share), max(high, share)


class _Tail:
    """The upper end of a sample of scores: counted where it can be, exponential beyond.

    Above its 0.95 quantile u the sample is taken to fall off as exp(-(score - u) / m), m being the
    mean excess over u: the peaks-over-threshold method (Davison and Smith 1990) with shape 0.
    """

    def __init__(self, scores: NDArray[np.float64]) -> None:
        self._scores = np.sort(scores)
        self._start = float(np.quantile(self._scores, 1 - _TAIL))
        excess = self._scores[self._scores > self._start] - self._start
        self._share = excess.size / scores.size
        self._counted = min(self._share, _COUNTABLE / scores.size)
        self._mean = float(excess.mean()) if excess.size else 0.0

    def value_for(self, share: float) -> float:
        """Return the score that a share (over 0) of stories is expected to reach.

        A smaller share never has a lower score, however the two ways to tell it differ.
        """
        counted = float(np.quantile(self._scores, 1 - min(max(share, self._counted), 1.0)))
        if share >= self._counted:
            return counted
        return max(counted, self._start + self._mean * math.log(self._share / share))

    def share_from(self, value: float) -> float:
        """Return the share of stories expected at or above a score; a higher one has no more."""
        reached = self._scores.size - int(np.searchsorted(self._scores, value))
        if reached >= _COUNTABLE or value <= self._start or not self._mean:
            return reached / self._scores.size
        fallen = self._share * math.exp((self._start - value) / self._mean)
        return min(fallen, _COUNTABLE / self._scores.size)
