"""Text to sparse TF-IDF rows against one background. The other of the two sklearn rooms."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import TfidfTransformer

from monitor.matching.background import Background
from monitor.matching.features import COLUMNS, Document, count_rows, document_of, seed_document
from monitor.matching.text import language_of
from monitor.records import Seed, Story, Verdict


def verdict_document(verdict: Verdict) -> Document:
    """Return the document of a verdict, in the language of its story."""
    return Document(language_of(verdict.language), verdict.title, verdict.text)


class Vectorizer:
    """Weighs the terms of texts by (1 + ln tf) * idf, the idf being the background's."""

    def __init__(self, background: Background) -> None:
        self.background = background
        self._weights: dict[str, TfidfTransformer] = {}

    def rows(self, stories: Sequence[Story]) -> csr_matrix:
        """Return one row of unit length per story, shape (n_stories, 2**18).

        A story without any term is a row of zeros. A row depends on its story alone.
        """
        return self._rows([document_of(story) for story in stories])

    def seed_rows(self, seeds: Sequence[Seed], language: str) -> csr_matrix:
        """Return one row of unit length per seed, shape (n_seeds, 2**18)."""
        return self._rows([seed_document(seed, language) for seed in seeds])

    def verdict_rows(self, verdicts: Sequence[Verdict]) -> csr_matrix:
        """Return one row of unit length per verdict, shape (n_verdicts, 2**18): its story's."""
        return self._rows([verdict_document(verdict) for verdict in verdicts])

    def _rows(self, documents: Sequence[Document]) -> csr_matrix:
        if not documents:
            return csr_matrix((0, COLUMNS))
        groups: dict[str, list[int]] = {}
        for position, document in enumerate(documents):
            groups.setdefault(document.language, []).append(position)
        parts = [
            self._weighted(language, [documents[position] for position in positions])
            for language, positions in groups.items()
        ]
        order = np.concatenate(list(groups.values()))
        return parts[0] if len(parts) == 1 else vstack(parts, format="csr")[np.argsort(order)]

    def _weighted(self, language: str, documents: Sequence[Document]) -> csr_matrix:
        weights = self._weights.get(language)
        if weights is None:
            weights = TfidfTransformer(sublinear_tf=True)
            weights.idf_ = self.background.idf(language)
            self._weights[language] = weights
        return weights.transform(count_rows(documents), copy=False)
