"""Why a score is what it is: shared out to the words that made it, to the last digit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from monitor.matching.features import Reading, column_of
from monitor.matching.text import Analyzer, analyzer_for
from monitor.records import Term

DIGITS = 4
"""Scores, thresholds and shares are multiples of 0.0001: what is printed is what was decided."""

UNIT = 10**DIGITS


class Words:
    """The words of documents by column: which stems fell there, and how each stood in the text.

    Those of all documents of a reading, or of one.
    """

    def __init__(self, reading: Reading, document: int | None = None) -> None:
        self._reading = reading
        self._tokens: dict[int, list[tuple[Analyzer, int]]] = {}
        self._by_column: dict[int, list[tuple[str, int, int]]] = {}
        for each in range(len(reading.languages)) if document is None else [document]:
            analyzer, own = analyzer_for(reading.languages[each]), reading.of(each)
            columns, numbers = reading.columns[own].tolist(), reading.numbers[own].tolist()
            for column, number in zip(columns, numbers, strict=True):
                self._tokens.setdefault(column, []).append((analyzer, number))

    def share_out(
        self, columns: NDArray[np.int32], products: NDArray[np.float64]
    ) -> dict[str, float]:
        """Return the products of (distinct) columns as sums by word.

        Words whose stems fell into one column share its product by how often they occur.
        """
        shares: dict[str, float] = {}
        for column, product in zip(columns.tolist(), products.tolist(), strict=True):
            for word, count, of_all in self._words(column):
                shares[word] = shares.get(word, 0.0) + product * count / of_all
        return shares

    def _words(self, column: int) -> list[tuple[str, int, int]]:
        """Return for each stem in a column its word, how often it stands there, and all stems.

        Done when asked for: a topic shares a few dozen columns with a story of hundreds.
        """
        known = self._by_column.get(column)
        if known is None:
            known = self._by_column[column] = self._all_words(column)
        return known

    def _all_words(self, column: int) -> list[tuple[str, int, int]]:
        stems = self._stems(column).values()
        of_all = sum(seen.total() for seen in stems)
        return [(max(seen, key=seen.__getitem__), seen.total(), of_all) for seen in stems]

    def _stems(self, column: int) -> dict[str, Counter[str]]:
        surfaces: dict[str, Counter[str]] = {}
        tokens = Counter(
            (analyzer, self._reading.token(number))
            for analyzer, number in dict.fromkeys(self._tokens[column])
        )
        for (analyzer, token), count in tokens.items():
            found = analyzer.words(token)
            for stem, word in found:
                if len(found) == len(tokens) == 1 or column_of(stem) == column:
                    surfaces.setdefault(stem, Counter())[word] += count
        return surfaces


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values as printed; a matter of one place, so that all rooms round alike."""
    result: NDArray[np.float64] = np.round(values, DIGITS)
    return result


def terms_of_score(shares: Mapping[str, float], score: float) -> tuple[Term, ...]:
    """Return the shares as terms, largest first, that sum to ``score`` in units of 0.0001.

    Rounding is by largest remainder (Hamilton's method); words left without a unit fall out.
    """
    exact = [(share * UNIT, word) for word, share in shares.items()]
    by_remainder = sorted((int(value) - value, word, int(value)) for value, word in exact)
    missing = round(score * UNIT) - sum(whole for _, _, whole in by_remainder)
    units = {word: whole + (at < missing) for at, (_, word, whole) in enumerate(by_remainder)}
    order = sorted((-units[word], -value, word) for value, word in exact if units[word])
    return tuple(Term(text=word, share=-negative / UNIT) for negative, _, word in order)


def shorten(terms: tuple[Term, ...], score: float, keep: int) -> tuple[tuple[Term, ...], float]:
    """Return the first ``keep`` terms and the rest of the score that the others make."""
    kept = terms[:keep]
    rest = round(score * UNIT) - sum(round(term.share * UNIT) for term in kept)
    return kept, rest / UNIT
