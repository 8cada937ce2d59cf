"""Numbers as bars: cells with widths or heights for HTML, characters for text. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.notify.wording import count

SCORE_WIDTH = 120
"""Pixels of a bar that stands for the score 1."""
SPARK_HEIGHT = 20
_MARKS = 20
_BLOCKS = "▂▃▄▅▆▇█"
_NONE = "▁"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreBar:
    """A score on a scale from 0 to 1, in pixels.

    ``base`` reaches up to the threshold, ``over`` from there to the score, ``rest`` to 1; ``text``
    is the same in characters: ``[#####|####-----------]``, where ``|`` is the threshold.
    """

    base: int
    over: int
    rest: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """Numbers a week, the oldest first: ``heights`` in pixels, ``blocks`` as characters.

    ``spoken`` is all of them in words; ``summary`` the last and the sum.
    """

    heights: tuple[int, ...]
    blocks: str
    spoken: str
    summary: str


def score_bar(score: float, threshold: float) -> ScoreBar:
    """Return the bar of a score against its threshold; both are held between 0 and 1."""
    reached, needed = (min(max(each, 0.0), 1.0) for each in (score, threshold))
    base = round(SCORE_WIDTH * min(reached, needed))
    over = round(SCORE_WIDTH * reached) - base
    marks = "#" * round(_MARKS * reached)
    marks = marks.ljust(_MARKS, "-")
    at = round(_MARKS * needed)
    return ScoreBar(
        base=base,
        over=over,
        rest=SCORE_WIDTH - base - over,
        text=f"[{marks[:at]}|{marks[at:]}]",
    )


def sparkline(weeks: Sequence[int]) -> Sparkline | None:
    """Return ``weeks`` as a small plot; None where there is nothing to plot."""
    highest = max(weeks, default=0)
    if not highest:
        return None
    last = len(_BLOCKS) - 1
    return Sparkline(
        heights=tuple(max(3, round(SPARK_HEIGHT * n / highest)) if n else 1 for n in weeks),
        blocks="".join(_BLOCKS[round(last * n / highest)] if n else _NONE for n in weeks),
        spoken=f"matches a week, the oldest first: {', '.join(map(str, weeks))}",
        summary=f"{count(weeks[-1], 'match', 'matches')} in the last week, "
        f"{sum(weeks):,} in {count(len(weeks), 'week')}",
    )
