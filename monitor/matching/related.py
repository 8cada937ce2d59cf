"""Words that belong to the words of a topic, from a shipped table: their families and their likes.

A profile that says "Iraq" and "troops" may as well say, in a lower voice, "Iraqi" and "soldiers".
The table was derived from general word vectors (data/LICENSE-related.txt). What it adds is a part
of the profile like any other, and shown as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix

from monitor.matching.features import COLUMNS

FAMILY_SHARE = 0.3
"""The length of what the families of its words add to a profile of unit length."""

LIKENESS_SHARE = 0.2
"""The same for words of like meaning."""

LEAST_LIKENESS = 0.4
"""What is taken from a cosine before it becomes a weight: unlike words have one too."""


@dataclass(frozen=True, slots=True, eq=False)
class Related:
    """The table of a language: words by ascending column, and two symmetric matrices of them."""

    words: Sequence[str]
    columns: NDArray[np.int32]
    families: csr_matrix
    likes: csr_matrix

    def added_to(self, row: csr_matrix) -> csr_matrix:
        """Return what belongs to a row of unit length, both of shape (1, 2**18)."""
        known = self._known(row)
        added = FAMILY_SHARE * _unit(known @ self.families)
        added = (added + LIKENESS_SHARE * _unit(known @ self.likes)).tocsr()
        added.sort_indices()
        columns = self.columns[added.indices]
        return csr_matrix((added.data, columns, [0, columns.size]), shape=(1, COLUMNS))

    def words_of(self, columns: NDArray[np.int32]) -> tuple[str, ...]:
        """Return the words of columns that are all in the table."""
        return tuple(self.words[at] for at in np.searchsorted(self.columns, columns))

    def _known(self, row: csr_matrix) -> csr_matrix:
        """Return the row in the columns of the table, shape (1, n_words)."""
        at = np.searchsorted(self.columns, row.indices)
        at[at == self.columns.size] = 0
        there = self.columns[at] == row.indices
        cells = (row.data[there], (np.zeros(np.count_nonzero(there), dtype=np.int32), at[there]))
        return csr_matrix(cells, shape=(1, self.columns.size))


@cache
def related_words(language: str) -> Related | None:
    """Return the table of a primary language subtag; None: none is shipped."""
    path = files("monitor.matching") / "data" / f"related-{language}.npz"
    if not path.is_file():
        return None
    with as_file(path) as file, np.load(file, allow_pickle=False) as table:
        cosines, family = table["cosine"] / 100, table["family"]
        ends = table["one"], table["other"]
        return Related(
            words=table["words"].tobytes().decode().split("\n"),
            columns=table["columns"],
            families=_symmetric(np.where(family, cosines, 0), ends, table["columns"].size),
            likes=_symmetric(
                np.where(family, 0, cosines - LEAST_LIKENESS), ends, table["columns"].size
            ),
        )


def _symmetric(
    weights: NDArray[np.float64], ends: tuple[NDArray[np.uint16], NDArray[np.uint16]], size: int
) -> csr_matrix:
    used = np.flatnonzero(weights)
    half = coo_matrix((weights[used], (ends[0][used], ends[1][used])), shape=(size, size))
    return (half + half.T).tocsr()


def _unit(row: csr_matrix) -> csr_matrix:
    length = np.linalg.norm(row.data)
    row.sort_indices()
    return row / length if length else row
