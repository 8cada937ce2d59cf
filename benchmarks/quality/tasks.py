"""The tasks by name: what each is about, how it is measured, and how its figures are shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.quality import tables
from benchmarks.quality.corpora import NothingToMeasure, Say, load

if TYPE_CHECKING:  # the trial imports the matching room, which `--help` need not wait for
    from benchmarks.quality.trial import Trial

Figures = Mapping[str, Any]


@dataclass(kw_only=True)
class Material:
    """What is measured on: read and drawn when first asked for, once for all tasks."""

    folder: Path
    draw: int
    half: str | None
    note: Say
    progress: Say
    missing: list[str] = field(default_factory=list)

    @cached_property
    def trial(self) -> Trial:
        """The tracking task; ``NothingToMeasure`` where no corpus has a topic."""
        from benchmarks.quality.trial import NOISE, TRACKED, build_trial

        self.progress("reading the corpora")
        corpora, self.missing = load(self.folder, [*TRACKED, *NOISE], self.note)
        trial = build_trial(corpora, draw=self.draw, half=self.half)
        if not trial.runs:
            lacks = ", ".join(self.missing) or "no corpus, but has too few stories of a topic"
            raise NothingToMeasure(f"{self.folder}: no topic to track; lacks {lacks}")
        return trial


class Task(NamedTuple):
    """``measure`` raises ``NothingToMeasure`` where the data does not do."""

    summary: str
    measure: Callable[[Material], Figures]
    table: Callable[[Figures], str]


def _tracking(material: Material) -> Figures:
    from benchmarks.quality.tracking import tracking

    return _on(material.trial, tracking)


def _coldstart(material: Material) -> Figures:
    from benchmarks.quality.coldstart import coldstart

    return _on(material.trial, coldstart)


def _verdicts(material: Material) -> Figures:
    from benchmarks.quality.verdicts import verdicts

    return _on(material.trial, lambda trial: verdicts(trial, material.progress))


def _calibration(material: Material) -> Figures:
    from benchmarks.quality.calibration import calibration

    return _on(material.trial, calibration)


def _on(trial: Trial, measure: Callable[[Trial], Figures]) -> Figures:
    return {"topics": trial.topics, "pool": len(trial.pool), **measure(trial)}


def _feeds(material: Material) -> Figures:
    from benchmarks.quality.feeds import feeds

    return feeds(material.folder / "feeds", material.progress, material.note)


TASKS = {
    "tracking": Task(
        "tracking from one seed, beside simple methods", _tracking, tables.tracking_table
    ),
    "coldstart": Task(
        "tracking with few or no stories of one's own", _coldstart, tables.coldstart_table
    ),
    "verdicts": Task(
        "what more seeds and a reader's answers are worth", _verdicts, tables.verdicts_table
    ),
    "calibration": Task(
        "whether the promised volume of alerts is kept", _calibration, tables.calibration_table
    ),
    "feeds": Task("the items found in feed documents", _feeds, tables.feeds_table),
}
