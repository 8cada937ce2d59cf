"""Makes digests of made-up stories by the step of the service; prints CPU time, bytes, memory.

Takes about six minutes; fewer --rounds, --matches and --recipients make it shorter.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.command import count, progress
from benchmarks.digests.memory import peaks
from benchmarks.digests.report import as_json, as_table
from benchmarks.digests.rounds import build_all, crowded, days, measure

MATCHES = (30, 500, 5_000)
RECIPIENTS = (1, 30, 300)
ARABIC = 500


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    options = _options(arguments)
    single = days(sorted(set(options.matches or MATCHES)), options.arabic, options.feeds)
    crowds = crowded(sorted(set(options.recipients or RECIPIENTS)), options.feeds)
    with TemporaryDirectory() as folder:
        progress("making the stories")
        built = build_all(Path(folder) / "single", single)
        others = build_all(Path(folder) / "crowds", crowds)
        results = measure(built, others, options.rounds, progress)
        progress("memory")
        figures = as_json(results, peaks(built))
    print(json.dumps(figures) if options.json else as_table(figures))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.digests", description=__doc__)
    parser.add_argument(
        "--matches",
        action="append",
        type=count,
        help="a digest of so many untold matches; may be repeated (default: 30, 500, 5000)",
    )
    parser.add_argument(
        "--recipients",
        action="append",
        type=count,
        help="so many recipients due at once; may be repeated (default: 1, 30, 300)",
    )
    parser.add_argument(
        "--arabic",
        type=count,
        default=ARABIC,
        help="so many matches with long titles in Arabic, and a cap of as many (default 500)",
    )
    parser.add_argument("--feeds", type=count, default=20, help="feeds there are (default 20)")
    parser.add_argument("--rounds", type=count, default=5, help="rounds (default 5)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
