"""What a step of the walk leaves for whoever started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_ONE = {"digests": "digest", "hits": "hit", "stories": "story", "updates": "update"}
"""Of the things among the counts what one of them is called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What a step did, in small counts."""

    step: str
    counts: Mapping[str, int]


def told_counts(counts: Mapping[str, int]) -> str:
    """``1 digest, 4 stories``; what is none is left out, and all of it ``nothing to do``."""
    there = ((name, count) for name, count in counts.items() if count)
    told = [f"{count} {_ONE.get(name, name) if count == 1 else name}" for name, count in there]
    return ", ".join(told) or "nothing to do"
