"""Texts to tokens, a whole batch at a time: where each token lies in one buffer of bytes.

News is mostly ASCII words, so texts are cut as UTF-8 at ASCII signs alone, by array operations over
all bytes of a batch: a tenth of the time of ``str.translate`` and ``str.split``, since no object is
made for a token. What is left whole by that (other scripts and their signs, ``U.S.``, ``2,500``)
is an affair of single tokens and of ``Analyzer.words``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitor.matching.text import MAX_CHARS

KEY_BYTES = 16
"""The longest token that has a key; one in a hundred is longer."""

_APART, _JOINT, _INSIDE = range(3)


def _kind(code: int) -> int:
    """Return what a byte does; ``<``, ``=``, ``>`` may make another sign with what follows."""
    char = chr(code)
    if char in ".,'":
        return _JOINT
    return _INSIDE if not char.isascii() or char.isalnum() or char in "<=>" else _APART


_KINDS = bytes(map(_kind, range(256)))
_LOWERED = bytes(range(256)).lower()
_SIGNS = "\u2013\u2014\u201c\u201d\u2026"
"""Dashes, quotation marks and dots of typeset English: the other signs that often part words."""

_SIGN_LEAD = "\u2000".encode()[:2]
_SIGN_ENDS = np.isin(np.arange(256), [sign.encode()[-1] for sign in _SIGNS])

_LENGTHS = np.arange(KEY_BYTES + 2)
_HEADS, _TAILS = (
    np.array([(1 << 8 * int(part)) - 1 for part in np.clip(_LENGTHS - start, 0, 8)], np.uint64)
    for start in (0, 8)
)
"""By length of a token: which bits of its first and of its next eight bytes belong to it."""


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Tokens in their order: ``text[starts[n]:ends[n]]``, in UTF-8."""

    text: bytes
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def __getitem__(self, where: NDArray[np.int64] | slice) -> Tokens:
        """Return some of the tokens."""
        return Tokens(self.text, self.starts[where], self.ends[where])

    def __iter__(self) -> Iterator[bytes]:
        spans = zip(self.starts.tolist(), self.ends.tolist(), strict=True)
        return (self.text[start:end] for start, end in spans)

    def keys(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.bool_]]:
        """Return two numbers for each token, and whether they stand for it alone.

        They are its first 16 bytes in small letters; a longer token has the numbers of another.
        """
        lowered = self.text.translate(_LOWERED)
        eight = np.ndarray(len(lowered) - 7, np.dtype("<u8"), lowered, strides=(1,))
        lengths = np.minimum(self.ends - self.starts, KEY_BYTES + 1)
        first, second = eight[self.starts], eight[self.starts + 8]
        return first & _HEADS[lengths], second & _TAILS[lengths], lengths <= KEY_BYTES


def split(texts: Sequence[str]) -> tuple[Tokens, NDArray[np.int64]]:
    """Return the tokens of texts, and where those of each text begin and the last ones end.

    Of each text the first 100,000 characters are read.
    """
    # "Iraq's" is met so often that a tenth of the time goes where it has to be taken apart
    parts = [
        text[:MAX_CHARS].replace("\u2019", "'").encode("utf-8", "surrogatepass") for text in texts
    ]
    text = b"\n".join([b"", *parts, b"\n" * KEY_BYTES])
    kinds = np.frombuffer(text.translate(_KINDS), np.uint8)
    apart = kinds == _APART
    apart[_signs(text)[:, np.newaxis] + np.arange(3)] = True
    outer = kinds == _JOINT
    outer[1:-1] &= apart[:-2] | apart[2:]
    apart |= outer  # a joint that ends a token is none
    edges = np.flatnonzero(apart[1:] != apart[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    first_bytes = np.cumsum([1, *(len(part) + 1 for part in parts)])
    return Tokens(text, starts, ends), np.searchsorted(starts, first_bytes)


def _signs(text: bytes) -> NDArray[np.int64]:
    """Return where the signs begin, which are three bytes long."""
    codes = np.frombuffer(text, np.uint8)
    at = np.flatnonzero(codes == _SIGN_LEAD[0])
    signs: NDArray[np.int64] = at[(codes[at + 1] == _SIGN_LEAD[1]) & _SIGN_ENDS[codes[at + 2]]]
    return signs
