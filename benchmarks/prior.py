"""Builds the shipped prior from the package wordfreq: ``python -m benchmarks.prior``.

Run by hand, in an environment that also has wordfreq 3.1.1, when the analysis of text changes:
the prior is keyed by the very stems that the product makes.
"""

from __future__ import annotations

import gzip
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

from monitor.matching.text import Analyzer

TABLE = Path(__file__).parents[1] / "monitor" / "matching" / "data" / "prior-en.tsv.gz"
RAREST = 1e-7
"""Rarer words would stand for less than a hundredth of a story."""

NUMBERS = (*range(10, 1000), *range(1000, 2100))
"""wordfreq counts numbers by their shape; these get a frequency of their own."""


def word_frequencies() -> Iterator[tuple[str, float]]:
    """Yield English words and numbers with their share of all running words."""
    wordfreq = import_module("wordfreq")
    for word, frequency in wordfreq.get_frequency_dict("en", "best").items():
        if not any(char.isdigit() for char in word):
            yield word.upper() if word in {"usa", "u.s"} else word, frequency
    for number in NUMBERS:
        yield str(number), wordfreq.word_frequency(str(number), "en")


def stem_frequencies(words: Iterator[tuple[str, float]]) -> Mapping[str, float]:
    """Add the words up by the product's own stems; stop words fall out."""
    analyzer = Analyzer("en")
    sums: defaultdict[str, float] = defaultdict(float)
    for word, frequency in words:
        for stem in set(analyzer.terms("", word)):
            sums[stem] += frequency
    return {stem: f for stem, f in sums.items() if f >= RAREST}


def table(frequencies: Mapping[str, float]) -> bytes:
    """Return ``stem TAB -100 log10(frequency)`` lines by stem, gzipped without a date."""
    lines = (f"{stem}\t{round(-100 * math.log10(f))}\n" for stem, f in sorted(frequencies.items()))
    return gzip.compress("".join(lines).encode(), 9, mtime=0)


if __name__ == "__main__":
    TABLE.write_bytes(table(stem_frequencies(word_frequencies())))
    print(f"{TABLE.name}: {TABLE.stat().st_size} bytes")
