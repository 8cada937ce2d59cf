"""A story within reach of a topic, with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.records.stories import Story
from monitor.records.times import Timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A word as it stands in the text, with its share of the score."""

    text: str
    share: float


class MatchState(StrEnum):
    """``hit``: mailed; ``near``: below the threshold; ``vetoed``: above it, but refused."""

    HIT = "hit"
    NEAR = "near"
    VETOED = "vetoed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match(Timed):
    """A story within reach of a topic. The shares of ``terms`` and ``rest`` sum to ``score``."""

    story_id: int
    topic_id: int
    score: float
    threshold: float
    state: MatchState
    veto: str | None
    terms: tuple[Term, ...]
    rest: float
    background_version: int
    topic_version: str
    matched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedStory:
    """A match with its story and the name of its topic."""

    match: Match
    story: Story
    topic: str
