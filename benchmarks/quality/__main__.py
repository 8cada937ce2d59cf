"""``python -m benchmarks.quality TASK|all [--data DIR] [--json]``; ``--help`` names the tasks."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.quality.corpora import NothingToMeasure, default_folder
from benchmarks.quality.tasks import TASKS, Figures, Material

ALL = "all"
DRAWN = tuple(name for name in TASKS if name != "feeds")
PICTURED = ("tracking", "calibration")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure one task or all and print the figures; 2: nothing could be measured."""
    options = _options(arguments)
    if problem := _problem(options):
        print(problem, file=sys.stderr)
        return 2
    notes: list[str] = []
    material = Material(
        folder=options.data,
        draw=options.draw,
        half=options.half,
        note=notes.append,
        progress=_progress,
    )
    figures = _measure(list(TASKS) if options.task == ALL else [options.task], material)
    _progress("")
    for note in notes:
        print(note, file=sys.stderr)
    if not figures:
        return 2
    if options.pictures:
        _draw(figures, options.pictures)
    _print(figures, material, notes if options.json else None)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality",
        description="Measure the product's own matching and parsing on labelled news.",
    )
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    summaries = {name: task.summary for name, task in TASKS.items()}
    for name, summary in {**summaries, ALL: "every task once"}.items():
        _add_options(name, tasks.add_parser(name, help=summary, description=f"Measure {summary}."))
    return parser.parse_args(arguments)


def _add_options(name: str, task: argparse.ArgumentParser) -> None:
    task.set_defaults(draw=0, half=None, pictures=None)
    task.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        default=default_folder(),
        help="a folder with one folder per corpus (default: shared/data beside the checkout)",
    )
    task.add_argument("--json", action="store_true", help="print one JSON object")
    if name in (*DRAWN, ALL):
        task.add_argument(
            "--draw",
            type=_number,
            metavar="N",
            help="draw other seeds, pool and background (default 0: the draw of docs/quality.md)",
        )
        task.add_argument(
            "--half",
            choices=["A", "B"],
            help="keep half of the topics of each corpus: choose a constant on A, judge it on B",
        )
    if name in (*PICTURED, ALL):
        task.add_argument(
            "--pictures", type=Path, metavar="DIR", help="a folder to draw the curves into"
        )


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number of 0 or more")
    return int(text)


def _problem(options: argparse.Namespace) -> str:
    """Return what can be told to be wrong before minutes are spent on measuring."""
    if not options.data.is_dir():
        return f"{options.data}: no such folder; give --data DIR"
    if not options.pictures:
        return ""
    try:
        import benchmarks.quality.pictures  # noqa: F401

        options.pictures.mkdir(parents=True, exist_ok=True)
    except ImportError as error:
        return f"--pictures: {error}; install the dependency group 'bench' of pyproject.toml"
    except OSError as error:
        return f"--pictures: {error}; name a folder that can be written to"
    return ""


def _measure(names: Sequence[str], material: Material) -> dict[str, Figures]:
    """Return the figures of every task that the data allows; the others are noted."""
    figures = {}
    for name in names:
        _progress(name)
        try:
            figures[name] = TASKS[name].measure(material)
        except NothingToMeasure as error:
            material.note(f"{name}: {error}; give --data DIR")
    return figures


def _draw(figures: dict[str, Figures], folder: Path) -> None:
    from benchmarks.quality.pictures import draw

    for path in draw(figures, folder):
        print(path, file=sys.stderr)


def _print(figures: dict[str, Figures], material: Material, notes: list[str] | None) -> None:
    """Print one JSON object where there are notes for it, or the tables."""
    if notes is not None:
        drawn = {"draw": material.draw, "half": material.half, "missing": material.missing}
        print(json.dumps({**figures, **drawn, "notes": notes}))
        return
    print("\n\n".join(TASKS[name].table(measured) for name, measured in figures.items()))
    if set(figures) - {"feeds"}:
        print(f"\ndraw {material.draw}, topics {material.half or 'A and B'}, ", end="")
        print(f"missing corpora: {', '.join(material.missing) or 'none'}")


def _progress(text: str) -> None:
    """Show what is being done on one line of a terminal; anywhere else, nothing."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:78]}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
