"""The plots of a backtest as coordinates in about a pixel; a template draws them. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import NamedTuple

from monitor.service.outcome import Backtest, Bin, Day, together

WIDTH, HEIGHT = 360, 190
"""The size of a plot: as wide as the screen of a phone, so that its letters stay readable there."""
LEFT, RIGHT, TOP, BOTTOM = 34, 8, 18, 22
"""Margins around the area of the data."""
MOST_BARS = 100
"""Bars that can be told apart; of a longer history a bar is a week, or a month."""

_WIDE, _HIGH = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


class Bar(NamedTuple):
    """A bar that stands on the axis; ``note`` is shown when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    note: str
    strong: bool


class Tick(NamedTuple):
    """A number at an axis; ``at`` is its x or its y."""

    at: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """One plot: bars or a line, its ticks, and where the threshold stands (an x)."""

    title: str
    summary: str
    bars: tuple[Bar, ...] = ()
    line: str = ""
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    threshold: Tick | None = None


def hits_by_day(it: Backtest) -> Plot | None:
    """Return the hits over time, None where no story has a date."""
    if not it.days:
        return None
    unit, periods = _periods(it.days)
    first, last = periods[0].day, periods[-1].day
    days = (last - first).days + _DAYS[unit]
    width = _WIDE * _DAYS[unit] / days
    most = max(each.hits for each in periods)
    bars = tuple(
        _bar(
            LEFT + _WIDE * (each.day - first).days / days,
            width,
            each.hits / (most or 1),
            note=f"{each.day}: {each.hits:,} of {each.stories:,} stories",
        )
        for each in periods
        if each.hits
    )
    return Plot(
        title=f"Hits by {unit}",
        summary=f"{it.days[0].day} to {it.days[-1].day}, at most {most:,} a {unit}",
        bars=bars,
        across=(Tick(LEFT, f"{first}"), Tick(WIDTH - RIGHT, f"{last}")),
        up=_up(most),
    )


def scores(it: Backtest) -> Plot:
    """Return the histogram; bars by the logarithm, for low scores outnumber all others."""
    bins = it.histogram
    width = _WIDE / len(bins)
    longest = max(math.log1p(each.stories) for each in bins) or 1.0
    limit = next(each.threshold for each in it.volumes if each.present)
    at = [LEFT + width * n for n in range(len(bins))]
    bars = tuple(
        _bar(x, width, math.log1p(each.stories) / longest, note=_said(each),
             strong=each.lower >= limit)
        for x, each in zip(at, bins, strict=True)
        if each.stories
    )  # fmt: skip
    mark = next((x for x, each in zip(at, bins, strict=True) if each.lower >= limit), WIDTH - RIGHT)
    step = math.ceil(len(bins) / 6)
    return Plot(
        title="Scores",
        summary="stories by score, heights logarithmic",
        bars=bars,
        across=tuple(
            Tick(x, f"{each.lower:.2f}") for x, each in list(zip(at, bins, strict=True))[::step]
        ),
        up=tuple(Tick(_y(math.log1p(n) / longest), f"{n:,}") for n in _decades(bins)),
        threshold=Tick(mark, f"threshold {limit:.4f}"),
    )


def volume(it: Backtest) -> Plot:
    """Return how many alerts each threshold lets through: a week, or in all where no date tells."""
    rows = it.curve
    values = [each.hits if each.per_week is None else each.per_week for each in rows]
    most, low, high = max(values), rows[0].threshold, rows[-1].threshold
    place = _scale(low, high)
    points = [
        (place(each.threshold), _y(v / (most or 1))) for each, v in zip(rows, values, strict=True)
    ]
    present = next(each.threshold for each in rows if each.present)
    return Plot(
        title="Alerts by threshold",
        summary="alerts a week" if rows[0].per_week is not None else "alerts in all",
        line=" ".join(f"{x:.1f},{y:.1f}" for x, y in points),
        across=(Tick(place(low), f"{low:.2f}"), Tick(place(high), f"{high:.2f}")),
        up=_up(most),
        threshold=Tick(place(present), f"threshold {present:.4f}"),
    )


# ---------------------------------------------------------------- parts

_DAYS = {"day": 1, "week": 7, "month": 31}


def _periods(days: Sequence[Day]) -> tuple[str, list[Day]]:
    """The days, or the weeks or months they are in where there are too many."""
    span = (days[-1].day - days[0].day).days
    if span < MOST_BARS:
        return "day", list(days)
    if span < 7 * MOST_BARS:
        return "week", _grouped(days, lambda day: day - timedelta(days=day.weekday()))
    return "month", _grouped(days, lambda day: day.replace(day=1))


def _grouped(days: Iterable[Day], start: Callable[[date], date]) -> list[Day]:
    return [together(first, inside) for first, inside in groupby(days, lambda it: start(it.day))]


def _bar(x: float, width: float, share: float, *, note: str, strong: bool = True) -> Bar:
    y = _y(share)
    gap = min(1.0, width / 8)
    return Bar(
        round(x + gap, 1), y, round(width - 2 * gap, 1), round(TOP + _HIGH - y, 1), note, strong
    )


def _y(share: float) -> float:
    return round(TOP + _HIGH * (1 - share), 1)


def _scale(low: float, high: float) -> Callable[[float], float]:
    span = (high - low) or 1.0
    return lambda value: round(LEFT + _WIDE * (value - low) / span, 1)


def _up(most: float) -> tuple[Tick, ...]:
    """Nothing, and the highest value."""
    told = f"{most:,.0f}" if most >= 10 or most == int(most) else f"{most:.1f}"
    return (Tick(_y(0), "0"), Tick(_y(1), told)) if most else (Tick(_y(0), "0"),)


def _decades(bins: Sequence[Bin]) -> list[int]:
    most = max(each.stories for each in bins)
    return [n for n in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000) if n <= most]


def _said(it: Bin) -> str:
    upper = "and more" if it.upper is None else f"to {it.upper:.4f}"
    return f"{it.lower:.4f} {upper}: {it.stories:,} stories"
