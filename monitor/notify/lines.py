"""Text of strangers as one safe line, whole or shortened. Pure."""

from __future__ import annotations

import re

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Bidi controls, invisibles and lone surrogates; the joiners of scripts and emoji stay."""


def clean_line(text: str) -> str:
    """Return ``text`` as one line: no controls, line separators, bidi controls or surrogates."""
    return _BREAKS.sub(" ", _HIDDEN.sub("", text)).strip()


def shorten(text: str, limit: int) -> str:
    """Return ``text`` as one line of at most ``limit`` characters, cut after a word, with "…"."""
    line = clean_line(text)
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    if not line[limit - 1].isspace():
        cut_word = head.rpartition(" ")[0]
        head = cut_word if len(cut_word) > limit // 2 else head
    return head.rstrip(" ,;:-\u2013\u2014") + "…"
