"""Text to sparse TF-IDF rows against one background. The other of the two sklearn rooms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.preprocessing import normalize

from monitor.matching.background import Background
from monitor.matching.features import (
    Document,
    Reading,
    by_language,
    document_of,
    in_batches,
    seed_document,
)
from monitor.matching.text import language_of
from monitor.records import Seed, Story, Verdict


def verdict_document(verdict: Verdict) -> Document:
    """Return the document of a story that a reader judged, in the story's own language."""
    return Document(language_of(verdict.language), verdict.title, verdict.text)


class Vectorizer:
    """Weighs the terms of texts by (1 + ln tf) * idf, the idf being the background's."""

    def __init__(self, background: Background) -> None:
        self.background = background
        self._known: dict[str, NDArray[np.float64]] = {}

    def rows(self, stories: Sequence[Story]) -> csr_matrix:
        """Return one row of unit length per story, shape (n_stories, 2**18).

        A story without any term is a row of zeros. A row depends on its story alone.
        """
        return in_batches([document_of(story) for story in stories], self.weigh)

    def seed_rows(self, seeds: Sequence[Seed], language: str) -> csr_matrix:
        """Return one row of unit length per seed, shape (n_seeds, 2**18)."""
        return in_batches([seed_document(seed, language) for seed in seeds], self.weigh)

    def verdict_rows(self, verdicts: Sequence[Verdict]) -> csr_matrix:
        """Return one row of unit length per judged story, shape (n_verdicts, 2**18)."""
        return in_batches([verdict_document(verdict) for verdict in verdicts], self.weigh)

    def weigh(self, reading: Reading) -> csr_matrix:
        """Return one row of unit length per document that was read, shape (n_documents, 2**18)."""
        rows = reading.counts()
        rows.data = np.log(rows.data) + 1.0
        for language, own in by_language(reading.languages, rows.indptr):
            rows.data[own] *= self._idf(language)[rows.indices[own]]
        return normalize(rows, copy=False) if rows.shape[0] else rows

    def _idf(self, language: str) -> NDArray[np.float64]:
        if language not in self._known:
            self._known[language] = self.background.idf(language)
        return self._known[language]
