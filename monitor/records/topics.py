"""A subject given by example, what readers said of stories, and the scores that count."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.records.feeds import FullText
from monitor.records.times import Timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """An example text. ``origin`` says where it came from (a file, an address, ``text``)."""

    text: str
    title: str = ""
    origin: str = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """What the owner wrote about a topic.

    At most one of ``threshold`` (a cosine, 0..1) and ``alerts_per_week`` is set.
    ``feeds`` and ``tags`` empty: every feed is watched. ``full_text``: whether the pages of its
    stories are read.
    """

    name: str
    seeds: tuple[Seed, ...]
    not_seeds: tuple[Seed, ...] = ()
    must: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = "en"
    alerts_per_week: float | None = None
    threshold: float | None = None
    full_text: FullText = FullText.NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Timed):
    """What a reader said of a story: ``wanted``, or not. It holds the words it teaches.

    ``origin`` says where it was given (``command``). One with ``reverted_at`` teaches no more.
    """

    id: int
    topic_id: int
    story_id: int
    url: str | None
    title: str
    text: str
    language: str | None
    wanted: bool
    origin: str
    given_at: datetime
    reverted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A stored topic with the verdicts that stand, oldest first.

    ``version`` is a hash of spec and verdicts, so that every change is seen.
    """

    id: int
    version: str
    spec: TopicSpec
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundRecord(Timed):
    """How rare each term is, as stored: ``counts`` is opaque to all but matching.

    Version 0 is the shipped prior alone and is not stored. ``last_story_id``: every story up to
    this id was learned from.
    """

    version: int
    created_at: datetime
    stories: int
    last_story_id: int
    counts: bytes


class ThresholdKind(StrEnum):
    """Where a threshold comes from."""

    ABSOLUTE = "absolute"
    DEFAULT = "default"
    CALIBRATED = "calibrated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(Timed):
    """The score from which a story matches.

    ``expected_per_week``: alerts expected at this value from ``sample`` background stories, which
    leave it between ``expected_low`` and ``expected_high`` nine times in ten; None where there is
    no background to tell. ``since``: when it was chosen, None where it was not stored; two that
    decide alike are equal.
    """

    value: float
    kind: ThresholdKind
    sample: int = 0
    expected_per_week: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None
    since: datetime | None = field(default=None, compare=False)
