"""Scores stories side by side with the obvious use of scikit-learn; prints ratios of CPU time.

Takes a minute or two; --topics and --rounds make it shorter or surer.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import count, progress
from benchmarks.scoring.corpus import Corpus, given, made
from benchmarks.scoring.memory import peaks
from benchmarks.scoring.report import as_json, as_table
from benchmarks.scoring.rounds import measure

SIZES = (1, 100, 1_000, 10_000)
BACKGROUND = 1_000
IN_MEMORY = 100
"""Topics for which memory is measured."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return the exit code."""
    options = _options(arguments)
    sizes = sorted(set(options.topics or SIZES))
    stories = options.stories * options.rounds * (len(sizes) + 2)
    try:
        corpus = _corpus(options.data, options.background, stories, max(sizes))
        results = measure(corpus, sizes, options.rounds, progress)
    except (OSError, ValueError, KeyError) as error:
        print(f"cannot measure: {error}", file=sys.stderr)
        return 1
    progress("memory")
    topics = min(IN_MEMORY, max(sizes))
    small = Corpus(corpus.background, corpus.stories[:1_000], corpus.seeds[:topics])
    figures = as_json(results, peaks(small, topics))
    print(json.dumps(figures) if options.json else as_table(figures))
    return 0


def _corpus(data: Path | None, background: int, stories: int, topics: int) -> Corpus:
    if data is None:
        return made(background, stories, topics)
    return given(data, background, stories, topics)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument(
        "--topics",
        action="append",
        type=count,
        help="measure with so many topics; may be repeated (default: 1, 100, 1000, 10000)",
    )
    parser.add_argument("--rounds", type=count, default=5, help="rounds (default 5)")
    parser.add_argument("--stories", type=count, default=200, help="stories a turn (default 200)")
    parser.add_argument(
        "--background", type=count, default=BACKGROUND, help="stories to learn from (default 1000)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        help="a file of JSON lines with text and perhaps title (default: made-up prose)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
