"""For which languages there is more than the words as they stand."""

from __future__ import annotations

from importlib.resources import files

from monitor.matching.text import has_stemmer

PAIRED = frozenset({"ja", "km", "ko", "lo", "my", "th", "zh"})
"""Their scripts have no spaces, or words that grow endings: pairs of characters are compared."""


def is_known(language: str) -> bool:
    """Whether words of a language are stemmed, cut into pairs, or weighed by a shipped prior."""
    prior = files("monitor.matching") / "data" / f"prior-{language}.tsv.gz"
    return language in PAIRED or has_stemmer(language) or prior.is_file()
