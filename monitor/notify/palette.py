"""The colours of the mail. Text has a contrast of 4.5 or more on its background, bars of 3."""

from __future__ import annotations

from typing import NamedTuple


class Palette(NamedTuple):
    """All but ``page`` itself stands on ``card``.

    ``line`` is for rules and for what of a bar is empty; ``bar`` and ``base`` are the two parts of
    a bar; the others are for text.
    """

    page: str
    card: str
    line: str
    text: str
    muted: str
    link: str
    accent: str
    bar: str
    base: str


LIGHT = Palette(
    page="#f3f4f6",
    card="#ffffff",
    line="#dfe3e8",
    text="#1a1f26",
    muted="#55606e",
    link="#0b4fc4",
    accent="#a33b1f",
    bar="#c2512f",
    base="#8492a3",
)
DARK = Palette(
    page="#111418",
    card="#1b2027",
    line="#3a4350",
    text="#e8eaed",
    muted="#aab3bf",
    link="#8ab8ff",
    accent="#f2a184",
    bar="#e58a68",
    base="#7d8a9a",
)
