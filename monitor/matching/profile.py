"""A topic's vector: its seeds, what its reader wanted, less a part of what it is not.

After J. J. Rocchio, "Relevance feedback in information retrieval" (1971), with negative weights
cut at zero, so that every term's share of a score is positive. Words related to the topic's own
are added in a lower voice, and what the average story says is taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from monitor.matching.background import Background
from monitor.matching.features import COLUMNS, Document, seed_document
from monitor.matching.related import related_words
from monitor.matching.rules import Rules
from monitor.matching.text import language_of
from monitor.matching.vectors import Vectorizer, verdict_document
from monitor.records import TopicSpec, Verdict

NOT_SHARE = 0.5
"""How much of the mean of the ``not`` seeds is taken away from the mean of the seeds."""

UNWANTED_SHARE = 0.5
"""How much of the mean of the unwanted stories is taken away when there are very many of them."""

COMMON_SHARE = 0.06
"""How much of the average story is taken away, its weights being those of ``Background.common``."""

HALFWAY = 1
"""Unwanted stories that have half of that effect: few move a profile a little, many a lot."""


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """A topic as a row of unit length, shape (1, 2**18).

    ``own`` are the columns of what its seeds and the wanted stories have.
    """

    language: str
    row: csr_matrix
    own: NDArray[np.int32]

    @property
    def related(self) -> tuple[str, ...]:
        """The words of it that no seed and no wanted story has: many, so made when asked for."""
        related = related_words(self.language)
        added = np.setdiff1d(self.row.indices, self.own)
        return () if related is None else related.words_of(added)


def build_profile(
    spec: TopicSpec, vectorizer: Vectorizer, verdicts: Sequence[Verdict] = ()
) -> Profile:
    """Return the profile of a topic; nothing but its spec and the verdicts given moves it.

    Seeds without a term (empty, or stop words only) and a ``must``, ``any`` or ``never`` without a
    word are a ``ValueError`` that names the topic.
    """
    Rules(spec)
    seeds, not_seeds, wanted, unwanted = _examples(spec, vectorizer, verdicts)
    if not seeds.nnz:
        raise ValueError(
            f"topic {spec.name!r}: the seeds contain no usable word; give a seed of a few sentences"
        )
    language = language_of(spec.language)
    own = _unit(_combined(seeds, not_seeds, _with_words(wanted), _with_words(unwanted)))
    whole = _without_common(_with_related(own, language), language, vectorizer.background)
    return Profile(language, _unit(whole), own.indices)


def documents_of(
    spec: TopicSpec, verdicts: Sequence[Verdict], related: Sequence[str] = ()
) -> list[Document]:
    """Return the documents that have the words of a profile, the related words as one of them."""
    seeds = [seed_document(seed, spec.language) for seed in spec.seeds]
    wanted = [verdict_document(each) for each in verdicts if each.wanted]
    return [*seeds, *wanted, Document(language_of(spec.language), "", " ".join(related))]


def _examples(
    spec: TopicSpec, vectorizer: Vectorizer, verdicts: Sequence[Verdict]
) -> list[csr_matrix]:
    """Return the rows of seeds, ``not`` seeds, wanted and unwanted stories."""
    seeds = vectorizer.seed_rows((*spec.seeds, *spec.not_seeds), spec.language)
    # always in one order: sums of the same numbers in another differ in their last digits
    given = sorted(verdicts, key=lambda each: each.story_id)
    judged = vectorizer.verdict_rows(given) if given else seeds[:0]
    wanted = np.array([each.wanted for each in given], dtype=bool)
    number = len(spec.seeds)
    return [seeds[:number], seeds[number:], judged[wanted], judged[~wanted]]


def _combined(
    seeds: csr_matrix, not_seeds: csr_matrix, wanted: csr_matrix, unwanted: csr_matrix
) -> csr_matrix:
    """Return Rocchio's sum of rows of unit length, shape (1, 2**18), cut at zero.

    A wanted story counts as one more seed. Then, u being the mean of both at unit length:
    u - 0.5 mean(not) - 0.5 n/(n+1) mean(unwanted), for n unwanted stories. What is taken away is
    shorter than u, so something always stays.
    """
    examples = _mean(vstack([seeds, wanted], format="csr"))
    bounded = unwanted.shape[0] / (unwanted.shape[0] + HALFWAY)
    row = (
        _unit(examples) - NOT_SHARE * _mean(not_seeds) - UNWANTED_SHARE * bounded * _mean(unwanted)
    )
    row.data = np.maximum(row.data, 0.0)
    row.eliminate_zeros()
    return row


def _with_related(row: csr_matrix, language: str) -> csr_matrix:
    related = related_words(language)
    return row if related is None else row + related.added_to(row)


def _without_common(row: csr_matrix, language: str, background: Background) -> csr_matrix:
    """Return the row less a part of the average story: Rocchio's for all that is not the topic.

    A topic of nothing but common words stays as it is.
    """
    common = background.common(language, row.indices)
    weights = np.maximum(row.data - COMMON_SHARE * common, 0.0)
    if not weights.any():
        return row
    less = csr_matrix((weights, row.indices, row.indptr), row.shape, copy=True)
    less.eliminate_zeros()
    return less


def _unit(row: csr_matrix) -> csr_matrix:
    return row / np.linalg.norm(row.data)


def _with_words(rows: csr_matrix) -> csr_matrix:
    """Return the rows that are not empty: a story without words is no evidence."""
    return rows[np.diff(rows.indptr) > 0]


def _mean(rows: csr_matrix) -> csr_matrix:
    # neither a sum nor a product, which would go through all 2**18 columns for a few hundred terms
    shares = rows.data / max(rows.shape[0], 1)
    mean = csr_matrix((shares, rows.indices, [0, rows.nnz]), shape=(1, COLUMNS), copy=True)
    mean.sum_duplicates()
    return mean
