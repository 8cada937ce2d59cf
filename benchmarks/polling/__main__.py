"""Polls loopback feeds side by side with the library reader and prints the ratios of CPU time.

Takes about two minutes on two cores; --feeds and --rounds make it shorter or surer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from benchmarks.command import count, progress
from benchmarks.polling.report import as_json, as_table
from benchmarks.polling.rounds import MeasurementError, measure
from benchmarks.polling.scenarios import SCENARIOS


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    options = _options(arguments)
    if find_spec("reader") is None:
        print(
            "the library reader, which is measured beside, is not installed; "
            "install it with: pip install --group bench",
            file=sys.stderr,
        )
        return 1
    names = options.scenario or tuple(SCENARIOS)
    try:
        results = measure(options.feeds, options.rounds, names, progress)
    except MeasurementError as error:
        print(error, file=sys.stderr)
        return 1
    figures = as_json(results, names)
    print(json.dumps(figures) if options.json else as_table(figures))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polling", description=__doc__)
    parser.add_argument("--feeds", type=count, default=60, help="feeds to poll (default 60)")
    parser.add_argument("--rounds", type=count, default=5, help="rounds (default 5)")
    parser.add_argument(
        "--scenario",
        action="append",
        choices=SCENARIOS,
        help="measure only this one; may be repeated (default: all)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
