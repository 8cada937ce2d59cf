"""The fixed feature space: terms hashed into columns, counted. One of the two sklearn rooms.

Nothing is learned here, so columns mean the same for ever and memory does not grow with the words
of the world. Different terms may share a column; with 2**18 columns that is rare enough not to
show in any figure of docs/quality.md.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.utils import murmurhash3_32

from monitor.matching.text import MAX_WORD, Analyzer, analyzer_for, language_of, weighted_tokens
from monitor.records import Seed, Story

COLUMNS = 2**18

REMEMBERED = 32_768
"""Tokens in each half of a table, which then holds 10 MB."""


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


def count_rows(documents: Sequence[Document]) -> csr_matrix:
    """Return the term counts of documents, shape (n_documents, 2**18).

    They are those of scikit-learn's ``HashingVectorizer`` on the terms of the analyzer; a token
    that was met before costs one look into a table here.
    """
    rows = [_columns(document) for document in documents]
    columns = np.frombuffer(bytearray().join(rows), dtype=np.int32)
    ends = np.cumsum([0, *map(len, rows)]) // columns.itemsize
    counts = csr_matrix((np.ones(columns.size), columns, ends), shape=(len(rows), COLUMNS))
    counts.sum_duplicates()
    return counts


def _columns(document: Document) -> bytes:
    table = token_columns(document.language)
    return b"".join(map(table.__getitem__, weighted_tokens(document.title, document.text)))


@lru_cache(maxsize=8)
def token_columns(language: str) -> TokenColumns:
    """Return the table of a primary language subtag; they are shared, for what they know."""
    return TokenColumns(analyzer_for(language), REMEMBERED)


class TokenColumns(dict[str, bytes]):
    """Token -> the columns of its terms, as the bytes of 32-bit numbers; computed when asked for.

    Bounded: when ``size`` tokens are there they become the older half, out of which those that are
    met again come back, and the half before is forgotten. So frequent words always stay.
    """

    def __init__(self, analyzer: Analyzer, size: int) -> None:
        super().__init__()
        self._analyzer = analyzer
        self._size = size
        self._older: dict[str, bytes] = {}

    def __missing__(self, token: str) -> bytes:
        columns = self._older.get(token)
        if columns is None:
            columns = array("i", map(column_of, self._terms(token))).tobytes()
        if len(token) <= MAX_WORD:
            if len(self) >= self._size:
                self._older = dict(self)
                self.clear()
            self[token] = columns
        return columns

    def _terms(self, token: str) -> Iterator[str]:
        return (stem for stem, _ in self._analyzer.words(token))


def columns_of(terms: Iterable[str]) -> NDArray[np.int32]:
    """Return the column of each term, shape (n_terms,): where ``count_rows`` counts it.

    It is scikit-learn's documented hash, the signed 32-bit MurmurHash3.
    """
    return np.fromiter(map(column_of, terms), dtype=np.int32)


def column_of(term: str) -> int:
    """Return the column of one term."""
    column: int = abs(murmurhash3_32(term)) % COLUMNS
    return column
