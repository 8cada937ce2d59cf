"""What is known of the tokens of a language: in which columns their terms are counted."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.matching.split import KEY_BYTES, Tokens
from monitor.matching.text import Analyzer

PLACES = 2**18
"""Places for tokens in a table, which takes 5 MB."""

REMEMBERED = 8_192
LONGEST = 64
"""Tokens that are remembered without a place, and the bytes of the longest: 3 MB in all."""

_NONE = -1
_FACTORS = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
"""Odd, with bits all over; the upper bits of a product with them are as good as random."""


class _Columns(NamedTuple):
    """The columns of a token; ``lasting``: it can have a place, in whatever capitals."""

    columns: tuple[int, ...]
    lasting: bool


class TokenColumns:
    """Finds the columns of many tokens at once, and works them out where nobody asked before.

    A token has two places side by side, by a hash of its key, and a newcomer takes one of them from
    another: so memory is bounded, nothing is ever searched, and frequent tokens are soon back.
    ``places`` is a power of two.
    """

    def __init__(
        self, analyzer: Analyzer, column_of: Callable[[str], int], places: int = PLACES
    ) -> None:
        self._analyzer = analyzer
        self._column_of = column_of
        self._first = np.zeros(places, np.uint64)
        self._second = np.zeros(places, np.uint64)
        self._column = np.full(places, _NONE, np.int32)
        self._shift = np.uint64(65 - places.bit_length())
        self._lock = Lock()
        self._remembered = lru_cache(REMEMBERED)(self._work_out)

    def find(self, tokens: Tokens) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
        """Return the numbers of those tokens that have terms, and the column of each term.

        A token with several terms is there several times, and not in order.
        """
        with self._lock:
            columns, further = self._look_up(tokens)
        numbers = np.flatnonzero(columns != _NONE)
        more = np.array(further, dtype=np.int64).reshape(-1, 2)
        return (
            np.concatenate((numbers, more[:, 0])),
            np.concatenate((columns[numbers], more[:, 1]), dtype=np.int32),
        )

    def _look_up(self, tokens: Tokens) -> tuple[NDArray[np.int32], list[tuple[int, int]]]:
        """Return the first column of every token, and further ones with the token's number."""
        first, second, short = tokens.keys()
        mixed = (first * _FACTORS[0] ^ second * _FACTORS[1]) >> self._shift
        places = mixed.astype(np.intp)  # an index of another type is copied at every use
        known = self._holds(places, first, second)
        others = np.flatnonzero(~known)
        places[others] ^= 1
        known[others] = self._holds(places[others], first[others], second[others])
        columns = self._column[places]
        unknown = np.flatnonzero(~(known & short))
        found = [self._ask(token) for token in tokens[unknown]]
        columns[unknown] = [each.columns[0] if each.columns else _NONE for each in found]
        lasting = unknown[np.array([each.lasting for each in found], dtype=np.bool_)]
        self._keep(places[lasting] ^ 1, first[lasting], second[lasting], columns[lasting])
        found_at = zip(unknown.tolist(), found, strict=True)
        return columns, [(number, more) for number, each in found_at for more in each.columns[1:]]

    def _holds(
        self, places: NDArray[np.intp], first: NDArray[np.uint64], second: NDArray[np.uint64]
    ) -> NDArray[np.bool_]:
        held: NDArray[np.bool_] = self._first[places] == first
        held &= self._second[places] == second
        return held

    def _keep(
        self,
        places: NDArray[np.intp],
        first: NDArray[np.uint64],
        second: NDArray[np.uint64],
        columns: NDArray[np.int32],
    ) -> None:
        """Give each token its first place, or the one beside where only that is free."""
        crowded = (self._first[places] != 0) & (self._first[places ^ 1] == 0)
        taken = np.where(crowded, places ^ 1, places)
        self._first[taken], self._second[taken], self._column[taken] = first, second, columns

    def _ask(self, token: bytes) -> _Columns:
        return self._remembered(token) if len(token) <= LONGEST else self._work_out(token)

    def _work_out(self, token: bytes) -> _Columns:
        text = token.decode("utf-8", "surrogatepass")
        columns = tuple([self._column_of(stem) for stem, _ in self._analyzer.words(text)])
        lasting = (
            len(columns) < 2
            and len(token) <= KEY_BYTES
            and token.isascii()
            and not self._analyzer.reads_capitals(text)
        )
        return _Columns(columns, lasting)
