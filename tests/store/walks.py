"""What a walk of the ledger's machine may be made of: how often, how many, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import strategies as st

from monitor.records import (
    MatchedStory,
    MatchState,
    Rendered,
    Subscription,
)
from tests.store.builders import (
    HOUR,
    NOW,
)

FEEDS = 6
PERIOD = 6 * HOUR
AT_MOST = 2
RARE = 15
"""Of 100: how often a recipient who is asked to stop does."""
some = st.integers(min_value=0, max_value=99)
"""Chooses one of what there is."""
states = st.sampled_from([MatchState.HIT] * 4 + [MatchState.NEAR, None])
recipients = st.sets(st.sampled_from(["x", "y"]), min_size=1)
schedule_keys = st.sampled_from(["k1", "k2"])
caps = st.integers(1, 4)
owners = st.sampled_from(["service", "command"])


@dataclass(frozen=True)
class News:
    """A story to come: its address, its text, and how it matches each topic."""

    link: str | None
    content: str
    first: MatchState | None
    second: MatchState | None


news = st.lists(
    st.builds(
        News,
        link=st.sampled_from([None, "l1", "l2", "l3", "l4"]),
        content=st.sampled_from([f"c{number}" for number in range(20)]),
        first=states,
        second=states,
    ),
    min_size=1,
    max_size=3,
)


@dataclass(frozen=True)
class Seen:
    """What somebody read of a recipient before telling it; others may come between."""

    reader: Subscription
    now: datetime
    news: tuple[MatchedStory, ...]
    updates: tuple[Rendered, ...] = ()


def floor(moment: datetime, step: timedelta) -> datetime:
    return moment - (moment - NOW) % step
