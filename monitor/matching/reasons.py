"""Why a score is what it is: shared out to the words that made it, to the last digit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from monitor.matching.features import Reading, column_of
from monitor.matching.text import analyzer_for
from monitor.records import Term

DIGITS = 4
"""Scores, thresholds and shares are multiples of 0.0001: what is printed is what was decided."""

UNIT = 10**DIGITS


HELD = 500_000
"""Bytes of tokens whose words are remembered at a time, in up to 100 MB."""


class Words:
    """The words of documents by column: which stems fell there, and how each stood in the text."""

    def __init__(self, reading: Reading) -> None:
        order = np.argsort(reading.columns, kind="stable")
        documents = np.repeat(np.arange(len(reading.languages)), np.diff(reading.bounds))
        tokens = reading.tokens[reading.numbers[order]]
        self._columns = reading.columns[order]
        self._languages, self._documents = reading.languages, documents[order]
        self._text = reading.tokens.text
        self._starts, self._ends = tokens.starts.tolist(), tokens.ends.tolist()
        self._by_column: dict[int, list[tuple[str, int, int]]] = {}
        self._terms: dict[tuple[str, bytes], dict[int, Counter[tuple[str, str]]]] = {}
        self._held = 0

    def share_out(
        self, columns: NDArray[np.int32], products: NDArray[np.float64]
    ) -> dict[str, float]:
        """Return the products of (distinct) columns as sums by word.

        Words whose stems fell into one column share its product by how often they occur.
        """
        shares: dict[str, float] = {}
        starts = np.searchsorted(self._columns, columns).tolist()
        ends = np.searchsorted(self._columns, columns, side="right").tolist()
        for product, start, end in zip(products.tolist(), starts, ends, strict=True):
            for word, count, of_all in self._words(start, end):
                shares[word] = shares.get(word, 0.0) + product * count / of_all
        return shares

    def _words(self, start: int, end: int) -> list[tuple[str, int, int]]:
        """Return for each stem in a column its word, how often it stands there, and all stems.

        The column is that of the occurrences from ``start`` to ``end``. Done when asked for: a
        topic shares a few dozen columns with a story of hundreds.
        """
        known = self._by_column.get(start)
        if known is None:
            found = self._only_word(start, end) or self._all_words(start, end)
            known = self._by_column[start] = found
        return known

    def _only_word(self, start: int, end: int) -> list[tuple[str, int, int]] | None:
        """Return the one word of a column where one plain token is all there is, as mostly."""
        tokens = [self._text[a:b] for a, b in self._spans(start, end)]
        word, total = tokens[0], len(tokens)
        if not word.isalnum():
            return None
        if tokens.count(word) < total:
            if len({token.lower() for token in tokens}) > 1:
                return None
            word = max(dict.fromkeys(tokens), key=tokens.count)
        return [(word.decode(), total, total)]

    def _all_words(self, start: int, end: int) -> list[tuple[str, int, int]]:
        stems = self._stems(start, end).values()
        of_all = sum(seen.total() for seen in stems)
        return [(max(seen, key=seen.__getitem__), seen.total(), of_all) for seen in stems]

    def _stems(self, start: int, end: int) -> dict[str, Counter[str]]:
        column = self._columns[start]
        languages = [self._languages[each] for each in self._documents[start:end]]
        surfaces: dict[str, Counter[str]] = {}
        occurrences = dict.fromkeys(zip(languages, self._spans(start, end), strict=True))
        tokens = Counter((language, self._text[a:b]) for language, (a, b) in occurrences)
        for (language, token), count in tokens.items():
            for (stem, word), times in self._terms_of(language, token).get(column, {}).items():
                surfaces.setdefault(stem, Counter())[word] += count * times
        return surfaces

    def _terms_of(self, language: str, token: bytes) -> dict[int, Counter[tuple[str, str]]]:
        """Return the stems and words of a token by column, with how often they occur in it.

        Remembered: a text without blanks, as Chinese has them, is one token of thousands of words,
        which must not be taken apart anew for each column that it shares with a topic.
        """
        known = self._terms.get((language, token))
        if known is None:
            if self._held > HELD:
                self._terms.clear()
                self._held = 0
            known = {}
            for term in analyzer_for(language).words(token.decode("utf-8", "surrogatepass")):
                known.setdefault(column_of(term[0]), Counter())[term] += 1
            self._terms[language, token] = known
            self._held += len(token)
        return known

    def _spans(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        return zip(self._starts[start:end], self._ends[start:end], strict=True)


class Reasons:
    """Shares a row's scores out to the terms that it has in common with other rows.

    ``rows`` has sorted columns, ``words`` knows the words of its row number ``at``.
    """

    def __init__(self, rows: csr_matrix, words: Words, at: int = 0) -> None:
        own = slice(*rows.indptr[at : at + 2])
        self._columns, self._weights = rows.indices[own], rows.data[own]
        self._words = words

    def of(
        self, score: float, profile: csr_matrix, keep: int | None = None
    ) -> tuple[tuple[Term, ...], float]:
        """Return the largest terms of the score with a profile, shape (1, 2**18), and the rest.

        The profile has a term at least, and sorted columns. ``keep`` and the rest are those of
        :func:`terms_of_score`.
        """
        at = np.searchsorted(profile.indices, self._columns)
        at[at == profile.nnz] = 0
        shared = np.flatnonzero(profile.indices[at] == self._columns)
        products = self._weights[shared] * profile.data[at[shared]]
        return terms_of_score(self._words.share_out(self._columns[shared], products), score, keep)


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values as printed; a matter of one place, so that all rooms round alike."""
    result: NDArray[np.float64] = np.round(values, DIGITS)
    return result


def terms_of_score(
    shares: Mapping[str, float], score: float, keep: int | None = None
) -> tuple[tuple[Term, ...], float]:
    """Return the ``keep`` largest shares (None: all) and the rest of the score, made by the others.

    All are multiples of 0.0001 and sum to ``score``, by largest remainder (Hamilton's method): a
    larger share never has fewer units. Words left without a unit fall out.
    """
    total = round(score * UNIT)
    words = sorted(shares)
    exact = [shares[word] * UNIT for word in words]
    units = _units(exact, total)
    largest = sorted(range(len(exact)), key=exact.__getitem__, reverse=True)[:keep]
    terms = tuple(Term(text=words[at], share=units[at] / UNIT) for at in largest if units[at])
    return terms, (total - sum(units[at] for at in largest)) / UNIT


def _units(exact: Sequence[float], total: int) -> list[int]:
    units = [int(each) for each in exact]
    remainders = [each - whole for each, whole in zip(exact, units, strict=True)]
    missing = max(0, total - sum(units))
    for at in sorted(range(len(exact)), key=remainders.__getitem__, reverse=True)[:missing]:
        units[at] += 1
    return units
