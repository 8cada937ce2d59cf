"""The fixed feature space: terms hashed into columns, counted. One of the two sklearn rooms.

Nothing is learned here, so columns mean the same for ever and memory does not grow with the words
of the world. Different terms may share a column; with 2**18 columns that is rare enough not to
show in any figure of docs/quality.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.utils import murmurhash3_32

from monitor.matching.split import Tokens, split
from monitor.matching.table import TokenColumns
from monitor.matching.text import TITLE_WEIGHT, analyzer_for, language_of
from monitor.records import Seed, Story

COLUMNS = 2**18

BATCH = 200
"""Documents read at once: more are no quicker, and take 13 times their size meanwhile."""


class Document(NamedTuple):
    """What is analysed of a story or a seed; ``language`` is a primary subtag."""

    language: str
    title: str
    text: str


def document_of(story: Story) -> Document:
    """Return the document of a story, in the story's own language."""
    return Document(language_of(story.language), story.title, story.text)


def seed_document(seed: Seed, language: str) -> Document:
    """Return the document of a seed, in the language of its topic."""
    return Document(language_of(language), seed.title, seed.text)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Documents as occurrences of terms, in the order of the texts, the title before the text.

    Occurrence n is counted in ``columns[n]`` and lies in token ``numbers[n]``; those of document d
    begin at ``bounds[d]``. Tokens without a term are left out, some others have several.
    """

    languages: Sequence[str]
    tokens: Tokens
    numbers: NDArray[np.int64]
    columns: NDArray[np.int32]
    bounds: NDArray[np.int64]

    def only(self, document: int) -> Reading:
        """Return what was read of one document."""
        start, end = self.bounds[document : document + 2].tolist()
        return Reading(
            self.languages[document : document + 1],
            self.tokens,
            self.numbers[start:end],
            self.columns[start:end],
            np.array([0, end - start]),
        )

    def counts(self) -> csr_matrix:
        """Return how often each term occurs, shape (n_documents, 2**18), columns in order."""
        size = len(self.languages)
        # half as wide numbers, which hold 8,000 documents, are sorted in half the time
        number = np.min_scalar_type(-(size + 1) * COLUMNS)
        documents = np.repeat(np.arange(size, dtype=number), np.diff(self.bounds))
        places = np.sort(documents * number.type(COLUMNS) + self.columns)
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        counts = np.diff(starts, append=places.size).astype(np.float64)
        places = places[starts]
        ends = np.searchsorted(places, COLUMNS * np.arange(size + 1, dtype=number))
        columns = (places % COLUMNS).astype(np.int32)
        return csr_matrix((counts, columns, ends.astype(np.int32)), shape=(size, COLUMNS))


def read(documents: Sequence[Document]) -> Reading:
    """Return the occurrences of terms in documents; those of a title count twice."""
    texts = [part for each in documents for part in (*[each.title] * TITLE_WEIGHT, each.text)]
    tokens, bounds = split(texts)
    bounds = bounds[:: TITLE_WEIGHT + 1]
    languages = [document.language for document in documents]
    numbers, columns = _occurrences(tokens, bounds, languages)
    return Reading(languages, tokens, numbers, columns, np.searchsorted(numbers, bounds))


def _occurrences(
    tokens: Tokens, bounds: NDArray[np.int64], languages: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the token and the column of each occurrence, in the order of tokens."""
    all_numbers = np.arange(bounds[-1])
    numbers, columns = [all_numbers[:0]], [np.empty(0, np.int32)]
    for language, own in by_language(languages, bounds):
        found, their_columns = token_columns(language).find(tokens[own])
        numbers.append(all_numbers[own][found])
        columns.append(their_columns)
    order = np.argsort(np.concatenate(numbers), kind="stable")
    return np.concatenate(numbers)[order], np.concatenate(columns)[order]


def by_language(
    languages: Sequence[str], bounds: NDArray[np.int64]
) -> Iterator[tuple[str, NDArray[np.int64] | slice]]:
    """Yield each language with the entries of its documents; those of document d begin at bound d.

    One language, the usual case, has a slice: its entries are not copied.
    """
    distinct = list(dict.fromkeys(languages))
    if len(distinct) == 1:
        yield distinct[0], slice(None)
        return
    codes = np.repeat([distinct.index(each) for each in languages], np.diff(bounds))
    for code, language in enumerate(distinct):
        yield language, np.flatnonzero(codes == code)


def in_batches(
    documents: Sequence[Document], rows_of: Callable[[Reading], csr_matrix]
) -> csr_matrix:
    """Return the rows of all documents, which are read a batch at a time."""
    starts = range(0, len(documents), BATCH) or [0]
    parts = [rows_of(read(documents[start : start + BATCH])) for start in starts]
    return parts[0] if len(parts) == 1 else vstack(parts, format="csr")


def count_rows(documents: Sequence[Document]) -> csr_matrix:
    """Return the term counts of documents, shape (n_documents, 2**18).

    They are those of scikit-learn's ``HashingVectorizer`` on the terms of the analyzer; a token
    that was met before costs one look into a table here.
    """
    return in_batches(documents, Reading.counts)


@lru_cache(maxsize=8)
def token_columns(language: str) -> TokenColumns:
    """Return the table of a primary language subtag; they are shared, for what they know."""
    return TokenColumns(analyzer_for(language), column_of)


def columns_of(terms: Iterable[str]) -> NDArray[np.int32]:
    """Return the column of each term, shape (n_terms,): where ``count_rows`` counts it.

    It is scikit-learn's documented hash, the signed 32-bit MurmurHash3.
    """
    return np.fromiter(map(column_of, terms), dtype=np.int32)


def column_of(term: str) -> int:
    """Return the column of one term."""
    column: int = abs(murmurhash3_32(term)) % COLUMNS
    return column
