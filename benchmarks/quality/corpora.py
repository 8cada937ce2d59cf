"""Labelled news from a folder of corpora: each a folder with one main ``*.jsonl.gz`` file."""

from __future__ import annotations

import gzip
import json
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.records import Story

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
SNIPPET_WORDS = 40


FIELDS = {"id", "title", "text", "labels"}

Say = Callable[[str], None]
"""Told what of the data cannot be used, in a line."""


def warn(note: str) -> None:
    """Say it on standard error."""
    print(note, file=sys.stderr)


class NothingToMeasure(Exception):
    """A task cannot be measured on the data that is there: which, and what to do."""


@dataclass(slots=True)
class Odd:
    """The lines of a file that cannot be used: told together, with the first as an example."""

    place: str
    first: str = ""
    count: int = 0

    def add(self, line: int, problem: str) -> None:
        """Count a line."""
        self.first = self.first or f"line {line} {problem}"
        self.count += 1

    def tell(self, say: Say) -> None:
        """Say how many lines were left out, if any."""
        if self.count:
            say(f"{self.place}: {self.count} lines left out; {self.first}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A news text with its labels (``event:...``, ``topic:...``)."""

    id: str
    corpus: str
    title: str
    text: str
    labels: frozenset[str]

    def snippet(self) -> Labelled:
        """Return the title and the first 40 words: what most feeds carry."""
        text = " ".join(self.text.split()[:SNIPPET_WORDS])
        return Labelled(
            id=self.id, corpus=self.corpus, title=self.title, text=text, labels=self.labels
        )


def default_folder() -> Path:
    """Return ``shared/data`` beside the checkout, where it is looked for unless told."""
    return Path(__file__).resolve().parents[3] / "shared" / "data"


def load(
    folder: Path, names: Sequence[str], say: Say = warn
) -> tuple[dict[str, list[Labelled]], list[str]]:
    """Return the corpora by name, and the names of those that the folder lacks.

    What cannot be used of a file is told to ``say``; the rest is.
    """
    found = {name: list(_corpus(folder / name, name, say)) for name in names}
    present = {name: records for name, records in found.items() if records}
    return present, [name for name in names if name not in present]


def by_label(records: Sequence[Labelled], kind: str) -> Mapping[str, list[int]]:
    """Return the positions of the records that carry each label of a kind."""
    groups: dict[str, list[int]] = defaultdict(list)
    for position, record in enumerate(records):
        for label in sorted(record.labels):
            if label.startswith(f"{kind}:"):
                groups[label].append(position)
    return groups


def as_stories(records: Sequence[Labelled]) -> list[Story]:
    """Return the records as the product's stories, numbered from 1."""
    return [
        Story(
            id=number,
            feed_id=1,
            feed_url="https://corpus.example/",
            feed_tags=(),
            source=record.corpus,
            url=None,
            title=record.title,
            text=record.text,
            language="en",
            published_at=EPOCH,
            seen_at=EPOCH,
            link_key=None,
            content_key=bytes(16),
        )
        for number, record in enumerate(records, 1)
    ]


def _corpus(folder: Path, corpus: str, say: Say) -> Iterator[Labelled]:
    for path in sorted(folder.glob("*.jsonl.gz")):
        odd = Odd(f"{corpus}/{path.name}")
        try:
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                yield from _records(lines, corpus, odd)
        except (OSError, EOFError, ValueError, zlib.error) as error:
            say(f"{odd.place}: cannot be read to its end ({error}); what came before is used")
        odd.tell(say)


def _records(lines: Iterable[str], corpus: str, odd: Odd) -> Iterator[Labelled]:
    """Yield the records; none if the first has no text and labels, as in side files."""
    for number, line in enumerate(lines, 1):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            odd.add(number, "is no JSON")
            continue
        if number == 1 and isinstance(record, dict) and not FIELDS & record.keys() - {"id"}:
            return
        problem = _problem(record)
        if problem:
            odd.add(number, problem)
        else:
            yield _labelled(record, corpus)


def _problem(record: object) -> str:
    """Return what is wrong with a record, or nothing."""
    if not isinstance(record, dict):
        return "is no object"
    if lacking := sorted(FIELDS - record.keys()):
        return f"has no {lacking[0]}"
    for name in ("title", "text"):
        if not isinstance(record[name], str | None) or not _is_text(record[name] or ""):
            return f"has a {name} that is no text"
    labels = record["labels"]
    if not isinstance(labels, list) or not all(isinstance(each, str) for each in labels):
        return "has labels that are no list of texts"
    return ""


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _labelled(record: Mapping[str, Any], corpus: str) -> Labelled:
    return Labelled(
        id=str(record["id"]),
        corpus=corpus,
        title=record["title"] or "",
        text=record["text"] or "",
        labels=frozenset(record["labels"]),
    )
