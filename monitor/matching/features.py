"""The fixed feature space: terms hashed into columns, counted. One of the two sklearn rooms.

Nothing is learned here, so columns mean the same for ever and memory does not grow with the words
of the world. Different terms may share a column; with 2**18 columns that is rare enough not to
show in any figure of docs/quality.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.utils import murmurhash3_32

from monitor.matching.text import analyzer_for, language_of
from monitor.records import Seed, Story

COLUMNS = 2**18


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


def terms_of(document: Document) -> list[str]:
    """Return the weighted terms of a document."""
    return analyzer_for(document.language).terms(document.title, document.text)


def count_rows(documents: Sequence[Document]) -> csr_matrix:
    """Return the term counts of documents, shape (n_documents, 2**18)."""
    if not documents:
        return csr_matrix((0, COLUMNS))
    hashing = HashingVectorizer(
        analyzer=terms_of, n_features=COLUMNS, alternate_sign=False, norm=None
    )
    return hashing.transform(documents)


def columns_of(terms: Iterable[str]) -> NDArray[np.int32]:
    """Return the column of each term, shape (n_terms,): where ``count_rows`` counts it.

    It is scikit-learn's documented hash, the signed 32-bit MurmurHash3.
    """
    return np.fromiter((abs(murmurhash3_32(term)) % COLUMNS for term in terms), dtype=np.int32)
