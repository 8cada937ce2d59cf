"""One name for each language, whoever wrote its tag."""

from __future__ import annotations

import re

_LANGUAGE_TAG = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]{1,8})*")
_LANGUAGE_CODES = {"in": "id", "iw": "he", "ji": "yi", "nb": "no", "nn": "no"}
"""Withdrawn codes that are still written, and the two forms of Norwegian: one name for each."""


def language_code(tag: str) -> str | None:
    """Return the language of a tag in any case (``de-AT``: ``de``); None: it is no tag (BCP 47)."""
    found = _LANGUAGE_TAG.fullmatch(tag.strip().lower())
    return _LANGUAGE_CODES.get(found[1], found[1]) if found else None
