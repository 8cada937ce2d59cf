"""``python -m benchmarks.quality tracking|calibration|feeds [--data DIR] [--json]``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.quality.corpora import default_folder, load
from benchmarks.quality.tables import calibration_table, feeds_table, tracking_table

TABLES = {
    "tracking": tracking_table,
    "calibration": calibration_table,
    "feeds": feeds_table,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one task and print its figures; 2: there is nothing to measure it on."""
    options = _options(arguments)
    figures, missing = _measure(options.task, options.data)
    _progress("")
    if figures is None:
        print(f"{options.data}: lacks {', '.join(missing)}; give --data DIR", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({options.task: figures, "missing": missing}))
        return 0
    print(TABLES[options.task](figures))
    print(f"missing corpora: {', '.join(missing) or 'none'}")
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description="Measure the product's own matching and parsing on labelled news.",
    )
    parser.add_argument("task", choices=list(TABLES))
    parser.add_argument(
        "--data",
        type=Path,
        default=default_folder(),
        help="a folder with one folder per corpus (default: shared/data beside the checkout)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


def _measure(task: str, folder: Path) -> tuple[Mapping[str, Any] | None, list[str]]:
    if task == "feeds":
        return _feeds(folder / "feeds")
    from benchmarks.quality.calibration import calibration
    from benchmarks.quality.tracking import tracking
    from benchmarks.quality.trial import NOISE, TRACKED, build_trial

    _progress("reading the corpora")
    corpora, missing = load(folder, [*TRACKED, *NOISE])
    trial = build_trial(corpora)
    if not trial.runs:
        return None, missing
    _progress(f"{task}: {trial.topics} topics, {len(trial.pool)} stories")
    figures = tracking(trial) if task == "tracking" else calibration(trial)
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
