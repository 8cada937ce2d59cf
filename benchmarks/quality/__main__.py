"""``python -m benchmarks.quality tracking|calibration|feeds [--data DIR] [--json] ...``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.corpora import default_folder, load
from benchmarks.quality.tables import calibration_table, feeds_table, tracking_table

TASKS = {
    "tracking": (tracking_table, "tracking from one seed: ranking, and cost at the thresholds"),
    "calibration": (calibration_table, "whether the promised volume of alerts is kept"),
    "feeds": (feeds_table, "the items found in feed documents"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one task and print its figures; 2: there is nothing to measure it on."""
    options = _options(arguments)
    figures, missing = _measure(options)
    _progress("")
    if figures is None:
        print(f"{options.data}: lacks {', '.join(missing)}; give --data DIR", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({options.task: figures, **_drawn(options), "missing": missing}))
        return 0
    print(TASKS[options.task][0](figures))
    for name, value in _drawn(options).items():
        print(f"{name}: {'whole' if value is None else value}")
    print(f"missing corpora: {', '.join(missing) or 'none'}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description="Measure the product's own matching and parsing on labelled news.",
    )
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    for name, (_, summary) in TASKS.items():
        task = tasks.add_parser(name, help=summary, description=f"Measure {summary}.")
        task.add_argument(
            "--data",
            type=Path,
            default=default_folder(),
            help="a folder with one folder per corpus (default: shared/data beside the checkout)",
        )
        task.add_argument("--json", action="store_true", help="print one JSON object")
        if name != "feeds":
            _add_draws(task)
    return parser.parse_args(arguments)


def _add_draws(task: argparse.ArgumentParser) -> None:
    task.add_argument(
        "--draw",
        type=_number,
        default=0,
        help="draw other seeds, pool and background (default 0: the draw of docs/quality.md)",
    )
    task.add_argument(
        "--half",
        choices=["A", "B"],
        help="keep half of the topics of each corpus: choose a constant on A, judge it on B",
    )


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 0 or more")
    return int(text)


def _drawn(options: argparse.Namespace) -> dict[str, Any]:
    """Return which draw the figures are of; feeds are not drawn."""
    return {name: value for name, value in vars(options).items() if name in ("draw", "half")}


def _measure(options: argparse.Namespace) -> tuple[Mapping[str, Any] | None, list[str]]:
    if options.task == "feeds":
        return _feeds(options.data / "feeds")
    from benchmarks.quality.calibration import calibration
    from benchmarks.quality.tracking import tracking
    from benchmarks.quality.trial import NOISE, TRACKED, build_trial

    _progress("reading the corpora")
    corpora, missing = load(options.data, [*TRACKED, *NOISE])
    trial = build_trial(corpora, draw=options.draw, half=options.half)
    if not trial.runs:
        return None, missing
    _progress(f"{options.task}: {trial.topics} topics, {len(trial.pool)} stories")
    figures = tracking(trial) if options.task == "tracking" else calibration(trial)
    if figures is None:
        return None, missing
    return {"topics": trial.topics, "pool": len(trial.pool), **figures}, missing


def _feeds(folder: Path) -> tuple[Mapping[str, Any] | None, list[str]]:
    if not (folder / "index.jsonl").is_file():
        return None, ["feeds"]
    from benchmarks.quality.feeds import feeds

    return feeds(folder, _progress), []


def _progress(text: str) -> None:
    """Show what is being done on one line of a terminal; anywhere else, nothing."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:78]}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
