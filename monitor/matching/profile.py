"""A topic's vector: the mean of its seeds, less a part of what it is not.

After J. J. Rocchio, "Relevance feedback in information retrieval" (1971), with negative weights
cut at zero, so that every term's share of a score is positive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from monitor.matching.rules import Rules
from monitor.matching.vectors import Vectorizer
from monitor.records import TopicSpec

NOT_SHARE = 0.5
"""How much of the mean of the ``not`` seeds is taken away from the mean of the seeds."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A topic as a row of unit length, shape (1, 2**18)."""

    name: str
    row: csr_matrix


def build_profile(spec: TopicSpec, vectorizer: Vectorizer) -> Profile:
    """Return the profile of a topic.

    Seeds that leave no term (empty, stop words only, or wholly cancelled by the ``not`` seeds) and
    a ``must``, ``any`` or ``never`` without a word are a ``ValueError`` that names the topic.
    """
    Rules(spec)
    row = _mean(vectorizer.seed_rows(spec.seeds, spec.language))
    if not row.nnz:
        raise ValueError(
            f"topic {spec.name!r}: the seeds contain no usable word; give a seed of a few sentences"
        )
    if spec.not_seeds:
        row = row - NOT_SHARE * _mean(vectorizer.seed_rows(spec.not_seeds, spec.language))
        row.data = np.maximum(row.data, 0.0)
        row.eliminate_zeros()
    if not row.nnz:
        raise ValueError(
            f"topic {spec.name!r}: the 'not' seeds cancel every word of the seeds; "
            "take out those that tell the same story"
        )
    return Profile(spec.name, row / np.sqrt(row.multiply(row).sum()))


def _mean(rows: csr_matrix) -> csr_matrix:
    # a product, since the sum of a sparse matrix is dense: 2**18 columns for a few hundred terms
    total = csr_matrix(np.ones((1, rows.shape[0]))) @ rows
    total.sort_indices()
    return total / max(rows.shape[0], 1)
