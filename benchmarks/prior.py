"""Builds the shipped priors from the package wordfreq: ``python -m benchmarks.prior [CODE ...]``.

Run by hand, in an environment that also has wordfreq 3.1.1, when the analysis of text changes:
a prior is keyed by the very stems that the product makes.
"""

from __future__ import annotations

import gzip
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from monitor.matching.text import Analyzer

DATA = Path(__file__).parents[1] / "monitor" / "matching" / "data"
LANGUAGES = (
    *("ar", "ca", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "hi"),
    *("hu", "id", "it", "nl", "no", "pl", "pt", "ro", "ru", "sv", "tr", "uk"),
)
"""Those that Snowball stems and wordfreq counts, and Ukrainian, which has no stemmer."""

BOKMAL = "nb"
"""wordfreq's Norwegian."""

RAREST = 3e-6
"""Rarer words would stand for less than a third of a story: their weight changes by 4 %."""

RAREST_ENGLISH = 1e-7
"""The first prior, whose figures are in docs/quality.md."""

NUMBERS = (*range(10, 1000), *range(1000, 2100))
"""wordfreq counts numbers by their shape; these get a frequency of their own."""


def word_frequencies(language: str) -> Iterator[tuple[str, float]]:
    """Yield the words of a language and numbers with their share of all running words."""
    wordfreq = import_module("wordfreq")
    code = BOKMAL if language == "no" else language
    for word, frequency in wordfreq.get_frequency_dict(code, "best").items():
        if not any(char.isdigit() for char in word):
            yield word.upper() if word in {"usa", "u.s"} else word, frequency
    for number in NUMBERS:
        yield str(number), wordfreq.word_frequency(str(number), code)


def stem_frequencies(language: str, words: Iterator[tuple[str, float]]) -> Mapping[str, float]:
    """Add the words up by the product's own stems; stop words fall out."""
    analyzer = Analyzer(language)
    sums: defaultdict[str, float] = defaultdict(float)
    for word, frequency in words:
        for stem in set(analyzer.terms("", word)):
            sums[stem] += frequency
    rarest = RAREST_ENGLISH if language == "en" else RAREST
    return {stem: f for stem, f in sums.items() if f >= rarest}


def table(frequencies: Mapping[str, float]) -> bytes:
    """Return ``stem TAB -100 log10(frequency)`` lines by stem, gzipped without a date."""
    lines = (f"{stem}\t{round(-100 * math.log10(f))}\n" for stem, f in sorted(frequencies.items()))
    return gzip.compress("".join(lines).encode(), 9, mtime=0)


if __name__ == "__main__":
    for name in sys.argv[1:] or LANGUAGES:
        path = DATA / f"prior-{name}.tsv.gz"
        path.write_bytes(table(stem_frequencies(name, word_frequencies(name))))
        print(f"{path.name}: {path.stat().st_size} bytes")
