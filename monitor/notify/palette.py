"""The colours of the mail. Each text colour has a contrast of 4.5 or more on its background."""

from __future__ import annotations

from typing import NamedTuple


class Palette(NamedTuple):
    """All but ``page`` itself stands on ``card``; ``line`` is for rules, the others for text."""

    page: str
    card: str
    line: str
    text: str
    muted: str
    link: str
    accent: str


LIGHT = Palette(
    page="#f3f4f6",
    card="#ffffff",
    line="#dfe3e8",
    text="#1a1f26",
    muted="#55606e",
    link="#0b4fc4",
    accent="#a33b1f",
)
DARK = Palette(
    page="#111418",
    card="#1b2027",
    line="#343c47",
    text="#e8eaed",
    muted="#aab3bf",
    link="#8ab8ff",
    accent="#f2a184",
)
