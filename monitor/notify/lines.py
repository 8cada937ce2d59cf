"""Text of strangers as one safe line, whole or shortened, and text as lines of columns. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

MAX_TITLE = 200
MAX_SNIPPET = 300
"""Characters of a story's title and text that any message shows."""

TEXT_WIDTH = 76
"""Columns of a line of the text part: it stays whole when quoted in an answer."""

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\s]+")
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""Bidi controls, invisibles and lone surrogates; the joiners of scripts and emoji stay."""

_JOINER = "\u200d"


def clean_line(text: str) -> str:
    """Return ``text`` as one line: no controls, line separators, bidi controls or surrogates."""
    return _BREAKS.sub(" ", _HIDDEN.sub("", text)).strip()


def shorten(text: str, limit: int) -> str:
    """Return ``text`` as one line of at most ``limit`` characters, cut after a word, with "…".

    A long word is cut inside, but between what a reader sees as signs: an emoji made of several
    characters is there whole or not at all.
    """
    line = _start(text, limit)
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    if not line[limit - 1].isspace():
        cut_word = head.rpartition(" ")[0]
        head = cut_word if len(cut_word) > limit // 2 else _whole_signs(head, line[limit - 1])
    return head.rstrip(" ,;:-\u2013\u2014") + "…"


def _start(text: str, limit: int) -> str:
    """``text`` as one line, or a start of it that is longer than ``limit``: texts may be long."""
    start = clean_line(text[: 2 * limit])
    return start if len(start) > limit or len(text) <= 2 * limit else clean_line(text)


def _whole_signs(head: str, following: str) -> str:
    """``head`` without a last sign that ``following`` belongs to."""
    while head and (_continues(following) or head[-1] == _JOINER):
        head, following = head[:-1], head[-1]
    return head


def _continues(character: str) -> bool:
    """Whether it belongs to the sign before it: accents, joiners, variations, skin tones."""
    return unicodedata.category(character) in {"Mn", "Me", "Cf"} or (
        "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def columns(text: str) -> int:
    """Return how many columns ``text`` takes: two for wide signs, none for marks on others."""
    return len(text) if text.isascii() else sum(map(_columns_of, text))


def fill(text: str, indent: int, hanging: int = 0) -> str:
    """Wrap ``text`` behind ``indent`` columns, and ``hanging`` more from the second line on.

    Lines have at most 76 columns; a word that is longer, such as an address, stays whole, but
    signs of a script without spaces are parted anywhere.
    """
    lines, used = [""], 0
    for space, piece in _pieces(text):
        margin = indent + hanging * (len(lines) > 1)
        size = columns(piece)
        if not lines[-1]:
            lines[-1], used = piece, size
        elif margin + used + len(space) + size <= TEXT_WIDTH:
            lines[-1], used = lines[-1] + space + piece, used + len(space) + size
        else:
            lines.append(piece)
            used = size
    return ("\n" + " " * (indent + hanging)).join([" " * indent + lines[0], *lines[1:]])


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """What no line may end inside of, each with the space before it, if there is one."""
    for word in text.split():
        start = 0
        for at in range(1, 0 if word.isascii() else len(word)):
            if _columns_of(word[at]) == 2 and word[at - 1] != _JOINER:
                yield (" " if start == 0 else "", word[start:at])
                start = at
        yield (" " if start == 0 else "", word[start:])


@lru_cache(maxsize=4096)
def _columns_of(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
