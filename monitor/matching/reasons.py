"""Why a score is what it is: shared out to the words that made it, to the last digit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.matching.features import Document, columns_of
from monitor.matching.text import analyzer_for
from monitor.records import Term

DIGITS = 4
"""Scores, thresholds and shares are multiples of 0.0001: what is printed is what was decided."""

UNIT = 10**DIGITS


class Words:
    """The words of documents by column: which stems fell there, and how each stood in the text."""

    def __init__(self, documents: Sequence[Document]) -> None:
        pairs: Counter[tuple[str, str]] = Counter()
        for document in documents:
            pairs.update(analyzer_for(document.language).words(document.title, document.text))
        surfaces: dict[str, Counter[str]] = {}
        for (stem, word), count in pairs.items():
            surfaces.setdefault(stem, Counter())[word] = count
        self._by_column: dict[int, list[Counter[str]]] = {}
        for column, seen in zip(columns_of(surfaces).tolist(), surfaces.values(), strict=True):
            self._by_column.setdefault(column, []).append(seen)

    def share_out(
        self, columns: NDArray[np.int32], products: NDArray[np.float64]
    ) -> dict[str, float]:
        """Return the products of (distinct) columns as sums by word.

        Words whose stems fell into one column share its product by how often they occur.
        """
        shares: dict[str, float] = {}
        for column, product in zip(columns.tolist(), products.tolist(), strict=True):
            stems = self._by_column[column]
            total = sum(seen.total() for seen in stems)
            for seen in stems:
                word = max(seen, key=seen.__getitem__)
                shares[word] = shares.get(word, 0.0) + product * seen.total() / total
        return shares


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values as printed; a matter of one place, so that all rooms round alike."""
    result: NDArray[np.float64] = np.round(values, DIGITS)
    return result


def terms_of_score(shares: Mapping[str, float], score: float) -> tuple[Term, ...]:
    """Return the shares as terms, largest first, that sum to ``score`` in units of 0.0001.

    Rounding is by largest remainder (Hamilton's method); words left without a unit fall out.
    """
    units = round(score * UNIT)
    exact = {word: share * UNIT for word, share in shares.items()}
    whole = {word: int(value) for word, value in exact.items()}
    by_remainder = sorted(exact, key=lambda word: (whole[word] - exact[word], word))
    for word in by_remainder[: units - sum(whole.values())]:
        whole[word] += 1
    order = sorted(whole, key=lambda word: (-whole[word], -exact[word], word))
    return tuple(Term(text=word, share=whole[word] / UNIT) for word in order if whole[word])


def shorten(terms: tuple[Term, ...], score: float, keep: int) -> tuple[tuple[Term, ...], float]:
    """Return the first ``keep`` terms and the rest of the score that the others make."""
    kept = terms[:keep]
    rest = round(score * UNIT) - sum(round(term.share * UNIT) for term in kept)
    return kept, rest / UNIT
