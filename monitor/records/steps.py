"""What a step of the walk leaves for whoever started it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """What a step did, in small counts."""

    step: str
    counts: Mapping[str, int]
