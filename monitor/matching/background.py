"""How rare each term is: a shipped prior blended with the user's own stream; versioned.

The background counts, per language, in how many stories each column of the feature space occurs.
For a language with a shipped prior those counts are joined by 300 imaginary stories of 300 words,
drawn from the general word frequencies f of the language: a term is in a share 1 - exp(-300 f) of
them. So an empty database starts with sound weights, and the user's stream takes over as it grows.
"""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from monitor.matching.features import COLUMNS, Document, columns_of, count_rows, document_of
from monitor.records import BackgroundRecord, Story

PRIOR_STORIES = 300
PRIOR_WORDS = 300
"""How many stories the prior is worth, and how long they are thought to be, in words."""

FLOOR = 0.1
"""The weight of a term that every story has, in units of ln(stories)."""

BATCH = 200

_HEADER = struct.Struct("<4sI")
_LANGUAGE = struct.Struct("<4sII")
_MAGIC = b"nmb1"


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """In how many of ``stories`` stories each of the (sorted) columns occurs."""

    stories: int
    columns: NDArray[np.int32]
    occurrences: NDArray[np.int32]

    def of(self, columns: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the occurrences of each of these columns, in any order."""
        at = np.searchsorted(self.columns, columns)
        known = np.flatnonzero(at < self.columns.size)
        known = known[self.columns[at[known]] == columns[known]]
        found = np.zeros(columns.size)
        found[known] = self.occurrences[at[known]]
        return found

    def plus(self, other: Counts) -> Counts:
        """Return the counts of both sets of stories together."""
        columns, where = np.unique(
            np.concatenate((self.columns, other.columns)), return_inverse=True
        )
        occurrences = np.zeros(columns.size, dtype=np.int32)
        np.add.at(occurrences, where, np.concatenate((self.occurrences, other.occurrences)))
        return Counts(self.stories + other.stories, columns, occurrences)


_NOTHING = Counts(0, np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int32))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Background:
    """One version of what is known about the rarity of terms. Version 0 is the prior alone."""

    version: int = 0
    created_at: datetime | None = None
    last_story_id: int = 0
    counts: Mapping[str, Counts] = field(default_factory=dict)

    @classmethod
    def prior(cls) -> Background:
        """Return version 0: the shipped prior, no stories."""
        return cls()

    @property
    def stories(self) -> int:
        """How many stories of the user's own stream were counted."""
        return sum(counts.stories for counts in self.counts.values())

    def learn(self, stories: Iterable[Story], now: datetime) -> Background:
        """Return the next version, with these stories counted too, a batch in memory at a time."""
        counts, last = dict(self.counts), self.last_story_id
        remaining = iter(stories)
        while batch := list(islice(remaining, BATCH)):
            documents = [document_of(story) for story in batch]
            for language in sorted({document.language for document in documents}):
                new = _count([each for each in documents if each.language == language])
                counts[language] = counts.get(language, _NOTHING).plus(new)
            last = max(last, max(story.id for story in batch))
        return replace(
            self, version=self.version + 1, created_at=now, last_story_id=last, counts=counts
        )

    def idf(self, language: str = "en") -> NDArray[np.float64]:
        """Return ln((1 + N) / (1 + df)) + 0.1 for each column, shape (2**18,).

        Karen Sparck Jones's inverse document frequency (1972), smoothed as scikit-learn does it,
        with the N and df of prior and stream together. Where scikit-learn adds 1, which lets the
        words that every story has make up a good part of a score, a tenth is enough to keep a
        language alive of which nothing is known yet.
        """
        return _idf(*self._occurrences(language, np.arange(COLUMNS, dtype=np.int32)))

    def common(self, language: str, columns: NDArray[np.int32]) -> NDArray[np.float64]:
        """Return the weight of these columns in an average story, up to a factor, same shape.

        It is the share of stories that have the column, times its idf.
        """
        stories, df = self._occurrences(language, columns)
        weights: NDArray[np.float64] = df / max(stories, 1) * _idf(stories, df)
        return weights

    def _occurrences(
        self, language: str, columns: NDArray[np.int32]
    ) -> tuple[int, NDArray[np.float64]]:
        """Return how many stories are known, imagined and seen, and how many have each column."""
        seen = self.counts.get(language, _NOTHING)
        frequencies = prior_frequencies(language)
        if frequencies is None:
            return seen.stories, seen.of(columns)
        return PRIOR_STORIES + seen.stories, _imagined_df(frequencies[columns]) + seen.of(columns)

    def to_record(self) -> BackgroundRecord:
        """Return the form to store; version 0 is never stored (``ValueError``)."""
        if self.created_at is None:
            raise ValueError("background version 0 is the shipped prior and is not stored")
        return BackgroundRecord(
            version=self.version,
            created_at=self.created_at,
            stories=self.stories,
            last_story_id=self.last_story_id,
            counts=_to_bytes(self.counts),
        )

    @classmethod
    def from_record(cls, record: BackgroundRecord) -> Background:
        """Return the background of a record; damaged bytes are a ``ValueError``."""
        try:
            counts = _from_bytes(record.counts)
        except (ValueError, struct.error, zlib.error) as error:
            raise ValueError(
                f"the counts of background version {record.version} are damaged ({error}); "
                "restore the database from a backup or let a new background be learned"
            ) from error
        return cls(
            version=record.version,
            created_at=record.created_at,
            last_story_id=record.last_story_id,
            counts=counts,
        )


@lru_cache(maxsize=8)  # 2 MB each
def prior_frequencies(language: str) -> NDArray[np.float64] | None:
    """Return each column's share of all running words of a language; None: no prior shipped."""
    path = files("monitor.matching") / "data" / f"prior-{language}.tsv.gz"
    if not path.is_file():
        return None
    table = gzip.decompress(path.read_bytes())
    columns = columns_of(line.partition("\t")[0] for line in _lines(table))
    codes = np.fromiter((int(line.partition("\t")[2]) for line in _lines(table)), dtype=np.float64)
    sums = np.zeros(COLUMNS)
    np.add.at(sums, columns, 10.0 ** (codes / -100))
    return sums


def _lines(table: bytes) -> Iterator[str]:
    """Yield the lines one by one: a list of all of them would stay as holes in the memory."""
    return (line.decode() for line in io.BytesIO(table))


def _idf(stories: int, df: NDArray[np.float64]) -> NDArray[np.float64]:
    weights: NDArray[np.float64] = np.log((1 + stories) / (1 + df)) + FLOOR
    return weights


def _imagined_df(frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    return PRIOR_STORIES * (1 - np.exp(-PRIOR_WORDS * frequencies))


def _count(documents: Sequence[Document]) -> Counts:
    columns, occurrences = np.unique(count_rows(documents).indices, return_counts=True)
    return Counts(len(documents), columns.astype(np.int32), occurrences.astype(np.int32))


def _to_bytes(counts: Mapping[str, Counts]) -> bytes:
    parts = [_HEADER.pack(_MAGIC, len(counts))]
    for language, each in sorted(counts.items()):
        parts.append(_LANGUAGE.pack(language.encode(), each.stories, each.columns.size))
        parts.append(np.diff(each.columns, prepend=0).astype("<i4").tobytes())
        parts.append(each.occurrences.astype("<i4").tobytes())
    return zlib.compress(b"".join(parts), 6)


def _from_bytes(packed: bytes) -> dict[str, Counts]:
    raw = zlib.decompress(packed)
    magic, languages = _HEADER.unpack_from(raw)
    if magic != _MAGIC:
        raise ValueError("unknown format")
    counts, at = {}, _HEADER.size
    for _ in range(languages):
        name, stories, size = _LANGUAGE.unpack_from(raw, at)
        at += _LANGUAGE.size
        gaps, occurrences = np.frombuffer(raw, "<i4", 2 * size, at).reshape(2, size)
        counts[name.rstrip(b"\0").decode()] = _checked(stories, gaps, occurrences)
        at += 8 * size
    if at != len(raw):
        raise ValueError("wrong length")
    return counts


def _checked(stories: int, gaps: NDArray[np.int32], occurrences: NDArray[np.int32]) -> Counts:
    columns = np.cumsum(gaps, dtype=np.int64)
    if gaps[1:].min(initial=1) < 1 or columns.min(initial=0) < 0:
        raise ValueError("columns out of order")
    if columns.max(initial=0) >= COLUMNS:
        raise ValueError("column outside the feature space")
    if occurrences.min(initial=1) < 1 or occurrences.max(initial=0) > stories:
        raise ValueError("impossible count")
    return Counts(stories, columns.astype(np.int32), occurrences.astype(np.int32))
