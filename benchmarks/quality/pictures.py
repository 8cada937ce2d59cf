"""The curves as pictures: what may be missed for how many false alarms, and promises kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from scipy.special import ndtri

from benchmarks.quality.judging import MEAN
from benchmarks.quality.measures import Floats

Figures = Mapping[str, Any]

FORMS = {"full": "full text", "snippet": "title and first 40 words"}

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00")
"""Okabe and Ito's palette, which the colour-blind can tell apart."""

INK, GREY, FAINT = "#1b1f24", "#6b7280", "#c9ced6"

DASHES = ((0, (1, 2)), (0, (5, 3)), (0, (8, 3, 1, 3)))
"""The simple methods, in their order."""

FALSE_ALARMS = (0.0001, 0.001, 0.01, 0.05, 0.2, 0.5)
MISSES = (0.001, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
"""Where the axes are marked; their ends are the ends of the picture."""


def draw(figures: Mapping[str, Figures], folder: Path) -> list[Path]:
    """Draw the pictures of those tasks that have one, as PNG; return what was written."""
    drawn = []
    if "tracking" in figures:
        for form in FORMS:
            picture = _detection(figures["tracking"][form], FORMS[form])
            drawn.append(_save(picture, folder / f"quality-det-{form}.png"))
    if "calibration" in figures:
        picture = _calibration(figures["calibration"])
        drawn.append(_save(picture, folder / "quality-calibration.png"))
    return drawn


def _save(picture: Figure, path: Path) -> Path:
    # without the name and version of what wrote it, the same figures are the same bytes
    picture.savefig(
        path,
        dpi=80,
        facecolor="white",
        metadata={"Software": None},
        pil_kwargs={"optimize": True},
    )
    return path


def _detection(figures: Figures, form: str) -> Figure:
    """Return the detection error trade-off (Martin et al. 1997), on normal deviate axes."""
    picture = Figure(figsize=(7.6, 6.2), layout="constrained")
    axes, alarms = picture.subplots(), _deviate(figures["p_fa"])
    for (name, row), colour in zip(figures["by_corpus"].items(), COLOURS, strict=False):
        axes.plot(alarms, _deviate(figures["p_miss"][name]), color=colour, label=name)
        _mark(axes, row, colour, 6)
    axes.plot(alarms, _deviate(figures["p_miss"][MEAN]), color=INK, lw=2.6, label=MEAN)
    for (name, row), dashes in zip(figures["simple"].items(), DASHES, strict=False):
        label = f"simple: {name} (mean)"
        axes.plot(alarms, _deviate(row["p_miss"]), color=GREY, ls=dashes, label=label)
    _mark(axes, figures, INK, 8, label="the program's own thresholds")
    _deviate_axis(axes.xaxis, FALSE_ALARMS)
    _deviate_axis(axes.yaxis, MISSES)
    axes.set(xlim=_deviate(FALSE_ALARMS)[[0, -1]], ylim=_deviate(MISSES)[[0, -1]])
    _dress(axes, f"Tracking from one seed, {form}", "false alarms", "missed")
    axes.legend(frameon=False, fontsize=8.5)
    return picture


def _mark(axes: Axes, row: Figures, colour: str, size: int, label: str | None = None) -> None:
    """Mark what the program's thresholds gave; a point beyond the picture lies on its edge."""
    x = _deviate([max(row["actual_fa"], FALSE_ALARMS[0])])
    y = _deviate([max(row["actual_miss"], MISSES[0])])
    axes.plot(x, y, "o", color=colour, ms=size, mec="white", label=label, clip_on=False, zorder=3)


def _deviate(shares: Sequence[float]) -> Floats:
    """Return the normal deviates of shares; 0 and 1 have none and come to lie far outside."""
    deviates: Floats = ndtri(np.clip(shares, 1e-9, 1 - 1e-9))
    return deviates


def _deviate_axis(axis: Axis, marks: Sequence[float]) -> None:
    axis.set_ticks(_deviate(marks).tolist(), [f"{100 * mark:g} %" for mark in marks])


def _calibration(figures: Figures) -> Figure:
    """Return the promised share against the observed one, with its spread over the topics."""
    sizes = sorted({row["background"] for row in figures["full"]["curve"]})
    picture = Figure(figsize=(9.6, 4.2 * len(sizes)), layout="constrained")
    grid = picture.subplots(len(sizes), len(FORMS), sharex=True, sharey=True, squeeze=False)
    for size, colour, panels in zip(sizes, COLOURS, grid, strict=False):
        for form, axes in zip(FORMS, panels, strict=True):
            curve = [row for row in figures[form]["curve"] if row["background"] == size]
            _promises(axes, curve, figures["quantiles"], colour)
            title = f"{size:,} stories learned, {FORMS[form]}"
            _dress(axes, title, "promised share of all stories", "observed share")
            axes.label_outer()
        panels[0].legend(frameon=False, fontsize=8.5)
    return picture


def _promises(
    axes: Axes, curve: Sequence[Figures], quantiles: Sequence[float], colour: str
) -> None:
    promised = [row["promised"] for row in curve]
    spread = np.array([row["observed"] for row in curve]).T
    for at, alpha in ((0, 0.15), (1, 0.3)):
        label = f"topics from {quantiles[at]:.0%} to {quantiles[-1 - at]:.0%}"
        axes.fill_between(
            promised, spread[at], spread[-1 - at], color=colour, alpha=alpha, lw=0, label=label
        )
    axes.plot(promised, spread[2], "o-", color=colour, label="the topic in the middle")
    axes.plot(promised, promised, color=INK, lw=1, label="kept exactly")
    bounds, labels = np.outer(promised, (0.5, 2)), ["within 2 either way", "_"]
    axes.plot(promised, bounds, color=INK, lw=1, ls="dotted", label=labels)
    axes.set(xscale="log", yscale="log", ylim=(promised[0] / 4, promised[-1] * 2.5))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks(promised, [f"{100 * share:g} %" for share in promised])
        axis.set_ticks([], minor=True)


def _dress(axes: Axes, title: str, across: str, up: str) -> None:
    axes.set_title(title, loc="left", color=INK)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    axes.grid(color=FAINT, lw=0.6)
    axes.spines[["top", "right"]].set_visible(False)
