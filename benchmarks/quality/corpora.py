"""Labelled news from a folder of corpora: each a folder with one main ``*.jsonl.gz`` file."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.records import Story

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
SNIPPET_WORDS = 40


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


def load(folder: Path, names: Sequence[str]) -> tuple[dict[str, list[Labelled]], list[str]]:
    """Return the corpora by name, and the names of those that the folder lacks."""
    found = {name: list(_records(folder / name, name)) for name in names}
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


def _records(folder: Path, corpus: str) -> Iterator[Labelled]:
    """Yield the records of the file whose lines have a text and labels; side files have neither."""
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                if not {"id", "title", "text", "labels"} <= record.keys():
                    break
                yield Labelled(
                    id=record["id"],
                    corpus=corpus,
                    title=record["title"] or "",
                    text=record["text"] or "",
                    labels=frozenset(record["labels"]),
                )
