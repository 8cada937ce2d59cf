"""Waits between attempts grow from minutes to hours, and do not march in step."""

from __future__ import annotations

import random
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from monitor.notify.retry import GIVE_UP_AFTER, GIVE_UP_ATTEMPTS, is_hopeless, retry_wait


@given(seed=st.integers(), attempts=st.integers(-1, 100_000))
def test_a_wait_is_never_shorter_than_a_minute_nor_longer_than_five_hours(
    seed: int, attempts: int
) -> None:
    wait = retry_wait(attempts, random.Random(seed))

    assert timedelta(minutes=1) <= wait <= timedelta(hours=5)


@given(seed=st.integers(), attempts=st.integers(1, 6))
def test_each_wait_is_longer_than_the_one_before_until_the_ceiling(
    seed: int, attempts: int
) -> None:
    rng = random.Random(seed)

    assert retry_wait(attempts, rng) < retry_wait(attempts + 1, rng)


def test_messages_that_failed_together_come_back_apart() -> None:
    rng = random.Random(1)

    assert len({retry_wait(3, rng) for _ in range(20)}) == 20


def test_a_message_is_tried_for_days_before_it_is_given_up() -> None:
    rng, tried, attempts = random.Random(1), timedelta(0), 0
    while tried < GIVE_UP_AFTER:
        attempts += 1
        tried += retry_wait(attempts, rng)

    assert 30 <= attempts <= 50


def test_days_asleep_are_no_days_of_trying() -> None:
    week = timedelta(days=7)

    assert not is_hopeless(attempts=2, age=week)
    assert is_hopeless(attempts=30, age=week)
    assert not is_hopeless(attempts=30, age=timedelta(days=4))


def test_the_last_attempt_is_the_twelfth_of_a_message_that_is_five_days_old() -> None:
    assert is_hopeless(GIVE_UP_ATTEMPTS, GIVE_UP_AFTER)
    assert not is_hopeless(GIVE_UP_ATTEMPTS - 1, GIVE_UP_AFTER)
    assert not is_hopeless(GIVE_UP_ATTEMPTS, GIVE_UP_AFTER - timedelta(seconds=1))


def test_a_wait_is_spread_by_a_quarter_either_way() -> None:
    rng, two = random.Random(1), timedelta(minutes=2)
    spread = [retry_wait(1, rng) / two for _ in range(200)]

    assert 0.75 <= min(spread) < 0.8
    assert 1.2 < max(spread) <= 1.25
