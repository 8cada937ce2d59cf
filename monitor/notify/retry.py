"""How long a message is tried, and how long it waits between two attempts. Pure."""

from __future__ import annotations

import random
from datetime import timedelta

GIVE_UP_AFTER = timedelta(days=5)
"""How long a message is tried: the give-up time of RFC 5321, 4.5.4.1 ..."""
GIVE_UP_ATTEMPTS = 12
"""... and how often at least: about a day of trying, however long the machine slept in between."""

_FIRST_WAIT = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(hours=4)


def is_hopeless(attempts: int, age: timedelta) -> bool:
    """Whether a message of this age is given up after its ``attempts``-th failed attempt."""
    return age >= GIVE_UP_AFTER and attempts >= GIVE_UP_ATTEMPTS


def retry_wait(attempts: int, rng: random.Random) -> timedelta:
    """Return the wait after the ``attempts``-th failed attempt (from 1): 2 minutes to 4 hours.

    It doubles each time and is spread by a quarter either way, so that messages that failed
    together do not come back together.
    """
    doublings: int = min(max(attempts, 1) - 1, 30)
    wait = min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)
    return wait * rng.uniform(0.75, 1.25)
