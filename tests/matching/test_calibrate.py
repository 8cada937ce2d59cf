from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.calibrate import DEFAULT_RANGE, DEFAULT_THRESHOLD, LEAST, calibrate
from monitor.records import ThresholdKind, TopicSpec
from tests.matching.builders import STEADY, seeds

WEEK = 2000.0
SCORES = st.lists(st.floats(0, 1), min_size=30, max_size=400)


def spec(alerts_per_week: float | None = None, threshold: float | None = None) -> TopicSpec:
    return TopicSpec(
        name="t", seeds=seeds("x"), alerts_per_week=alerts_per_week, threshold=threshold
    )


def exponential(size: int, *, mean: float, seed: int = 1) -> np.ndarray:
    drawn: np.ndarray = np.random.default_rng(seed).exponential(mean, size)
    return drawn


def test_an_absolute_threshold_stands_as_written() -> None:
    threshold = calibrate(exponential(300, mean=0.05), spec(threshold=0.33), WEEK)
    assert (threshold.value, threshold.kind) == (0.33, ThresholdKind.ABSOLUTE)


@pytest.mark.parametrize("size", [0, 29])
@pytest.mark.parametrize("alerts", [None, 5.0])
def test_without_a_background_the_default_stands_and_nothing_is_expected(
    size: int, alerts: float | None
) -> None:
    threshold = calibrate([0.1] * size, spec(alerts), WEEK)
    assert (threshold.value, threshold.kind) == (DEFAULT_THRESHOLD, ThresholdKind.DEFAULT)
    assert (threshold.sample, threshold.expected_per_week) == (size, None)


def test_a_calibrated_threshold_tells_its_sample() -> None:
    threshold = calibrate(exponential(300, mean=0.05), spec(5), WEEK)
    assert (threshold.sample, threshold.kind) == (300, ThresholdKind.CALIBRATED)


@pytest.mark.parametrize("promise", [2, 5, 20, 60])
def test_a_promise_is_what_is_expected(promise: int) -> None:
    expected = calibrate(exponential(1000, mean=0.05), spec(promise), WEEK).expected_per_week
    assert expected == pytest.approx(promise, rel=0.1)


@pytest.mark.parametrize("promise", [5, 20, 60])
@pytest.mark.parametrize("size", [300, 1000])
def test_the_range_of_what_is_expected_holds_nine_times_in_ten(promise: int, size: int) -> None:
    """For a threshold that was given; the true share of such scores is known: exp(-value/mean)."""
    value = -0.05 * np.log(promise / WEEK)
    held = []
    for seed in range(200):
        scores = exponential(size, mean=0.05, seed=seed)
        threshold = calibrate(scores, spec(threshold=value), WEEK)
        assert threshold.expected_low is not None
        assert threshold.expected_high is not None
        held.append(threshold.expected_low <= promise <= threshold.expected_high)
    assert np.mean(held) >= 0.85


def test_a_larger_background_makes_the_range_narrower() -> None:
    ranges = []
    for size in (100, 1000, 10_000):
        threshold = calibrate(exponential(size, mean=0.05), spec(threshold=0.2), WEEK)
        assert threshold.expected_low is not None
        assert threshold.expected_high is not None
        ranges.append(threshold.expected_high - threshold.expected_low)
    assert ranges == sorted(ranges, reverse=True)


@STEADY
@given(SCORES, st.floats(0, 1))
def test_what_is_expected_lies_in_its_range(scores: list[float], value: float) -> None:
    threshold = calibrate(scores, spec(threshold=value), WEEK)
    assert threshold.expected_per_week is not None
    assert threshold.expected_low is not None
    assert threshold.expected_high is not None
    low, high = threshold.expected_low, threshold.expected_high
    assert 0 <= low <= threshold.expected_per_week <= high <= WEEK * 1.0001


@pytest.mark.parametrize("promise", [5, 10, 20])
def test_a_promise_is_kept_within_two_on_later_stories(promise: int) -> None:
    """Stories whose scores fall off exponentially, as unrelated ones nearly do."""
    later = exponential(100_000, mean=0.05, seed=2)
    ratios = []
    for seed in range(20):
        value = calibrate(exponential(1000, mean=0.05, seed=seed + 9), spec(promise), WEEK).value
        ratios.append(np.mean(later >= value) * WEEK / promise)
    assert np.mean([0.5 <= ratio <= 2 for ratio in ratios]) >= 0.9


@STEADY
@given(SCORES, st.floats(1, 50), st.floats(1.1, 10))
def test_asking_for_fewer_alerts_never_lowers_the_threshold(
    scores: list[float], promise: float, less: float
) -> None:
    many, few = (calibrate(scores, spec(each), WEEK).value for each in (promise, promise / less))
    assert few >= many - 1e-4


@STEADY
@given(SCORES, st.none() | st.floats(0.1, 10_000), st.none() | st.floats(0, 100_000))
def test_a_threshold_is_a_cosine_whatever_the_background(
    scores: list[float], alerts: float | None, per_week: float | None
) -> None:
    threshold = calibrate(scores, spec(alerts), per_week)
    assert LEAST <= threshold.value <= 1
    assert round(threshold.value, 4) == threshold.value
    assert (threshold.expected_per_week is None) == (per_week is None)


@STEADY
@given(SCORES, st.none() | st.floats(0, 100_000))
def test_a_threshold_nobody_asked_for_stays_within_its_bounds(
    scores: list[float], per_week: float | None
) -> None:
    low, high = DEFAULT_RANGE
    assert low <= calibrate(scores, spec(), per_week).value <= high


def test_a_narrow_topic_is_not_filled_up_with_strangers() -> None:
    assert calibrate([0.0] * 300, spec(50), WEEK).value == LEAST
    assert calibrate([0.01] * 300, spec(), WEEK).value == DEFAULT_RANGE[0]


def test_a_broad_topic_gets_a_higher_threshold_than_a_narrow_one() -> None:
    narrow = calibrate(exponential(300, mean=0.01), spec(), WEEK).value
    broad = calibrate(exponential(300, mean=0.04), spec(), WEEK).value
    assert broad > narrow


def test_a_topics_own_stories_in_the_background_do_not_shut_it() -> None:
    scores = np.concatenate((exponential(300, mean=0.02), np.full(60, 0.8)))
    assert calibrate(scores, spec(), WEEK).value <= DEFAULT_RANGE[1]


def test_a_bigger_stream_asks_for_a_higher_threshold() -> None:
    scores = exponential(1000, mean=0.03)
    values = [calibrate(scores, spec(5), week).value for week in (500, 5_000, 50_000)]
    assert values == sorted(set(values))


def test_with_an_unknown_stream_the_default_promise_stands() -> None:
    scores = exponential(1000, mean=0.03)
    unknown = calibrate(scores, spec(5), None)
    assert unknown.value == calibrate(scores, spec(), None).value
    assert unknown.expected_per_week is None


# ---------------------------------------------------------------- worked by hand


def test_the_numbers_that_are_promised_are_those() -> None:
    """As docs/matching.md tells them."""
    assert calibrate((), spec(), WEEK).value == 0.15
    assert calibrate([0.0] * 300, spec(50), WEEK).value == 0.03
    assert calibrate([0.01] * 300, spec(), WEEK).value == 0.09
    assert calibrate([0.9] * 300, spec(), WEEK).value == 0.3


@pytest.mark.parametrize(("week", "share"), [(1000, 0.02), (2000, 0.02), (8000, 0.005)])
def test_a_default_promise_is_one_in_fifty_and_at_most_forty_a_week(
    week: float, share: float
) -> None:
    scores = np.linspace(0.1, 0.2, 10_001)
    assert calibrate(scores, spec(), week).value == pytest.approx(0.2 - 0.1 * share, abs=1e-4)


def test_a_share_of_ten_stories_is_counted() -> None:
    scores = np.arange(1, 301) / 1000
    assert calibrate(scores, spec(WEEK * 10.5 / 300), WEEK).value == 0.2896


@pytest.mark.parametrize(("promise", "value"), [(20, 0.0998), (5, 0.1039)])
def test_a_share_of_fewer_lies_on_the_exponential_tail(promise: float, value: float) -> None:
    """Of 0.001, 0.002 .. 0.1: above 0.09505 lie 5 in 100, on average by 0.00295."""
    assert calibrate(np.arange(1, 101) / 1000, spec(promise), WEEK).value == value


def test_nine_of_two_hundred_are_fewer() -> None:
    """Above 0.19005 lie ten, on average by 0.00545; 9 in 200 are a share of 0.045."""
    assert calibrate(np.arange(1, 201) / 1000, spec(90), WEEK).value == 0.1907


def test_the_range_of_fifty_in_a_thousand_is_that_of_jeffreys() -> None:
    """The 0.05 and 0.95 quantiles of a beta distribution with 50.5 and 950.5."""
    threshold = calibrate(np.arange(1, 1001) / 1000, spec(threshold=0.951), 1000)
    assert threshold.expected_per_week == 50
    assert threshold.expected_low == pytest.approx(39.609, abs=0.001)
    assert threshold.expected_high == pytest.approx(62.311, abs=0.001)


def test_the_tail_is_what_lies_above_its_start_even_of_thirty() -> None:
    """Of 0.01 .. 0.3: above 0.2855 lie 2 in 30, on average by 0.0095."""
    assert calibrate(np.arange(1, 31) / 100, spec(40), WEEK).value == 0.297


def test_below_the_tail_stories_are_counted_however_few() -> None:
    threshold = calibrate(np.arange(1, 101) / 1000, spec(threshold=0.094), 1000)
    assert threshold.expected_per_week == pytest.approx(70)


def test_a_stream_of_nothing_gets_the_default_promise() -> None:
    scores = np.linspace(0.1, 0.2, 1001)
    assert calibrate(scores, spec(5), 0.0).value == calibrate(scores, spec(), None).value
