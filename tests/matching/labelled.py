"""Builders of labelled corpora for the tests of the quality benchmark."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

EVENTS = {
    "event:harbour": "Dockers strike at the harbour over wages, cranes stand still",
    "event:orchard": "Frost in the orchards costs growers half of their apples",
}
PER_EVENT = 6


def event_records() -> list[dict[str, Any]]:
    """Two events that share no word, each in six stories that differ by one."""
    return [
        {"id": f"{label}-{n}", "title": "", "text": f"{text} {label[6:]}{n}", "labels": [label]}
        for label, text in EVENTS.items()
        for n in range(PER_EVENT)
    ]


def strangers(count: int) -> list[dict[str, Any]]:
    """Stories without labels, each of words of its own."""
    return [
        {"id": f"s{n}", "title": f"Item {n}", "text": f"word{n} word{n + 1}", "labels": []}
        for n in range(count)
    ]


def write(path: Path, lines: Sequence[object]) -> None:
    """Write JSON lines as corpora have them; a text is a line as it stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(
            (line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines
        )


def corpora(folder: Path, *, noise: int = 0) -> Path:
    """A folder with one tracked corpus of two topics, beside a side file, and some noise."""
    write(folder / "fnc1" / "other_half.jsonl.gz", event_records())
    write(folder / "fnc1" / "a_side_file.jsonl.gz", [{"a": "x", "b": "y", "jaccard5": 1.0}])
    if noise:
        write(folder / "allsides" / "dev.jsonl.gz", strangers(noise))
    return folder
