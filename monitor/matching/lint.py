"""What is wrong with a topic, by what its owner wrote alone. Pure.

Each finding says where, what, and what to do. An error keeps the topic from ever matching.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.sparse import csr_matrix, triu, vstack

from monitor.matching.boilerplate import furniture, has_markup, is_gate, shared_lines
from monitor.matching.profile import build_profile
from monitor.matching.text import MAX_CHARS, analyzer_for, language_of
from monitor.matching.vectors import Vectorizer
from monitor.records import Seed, TopicSpec

FEW_TERMS = 8
"""Different words of a headline: with fewer, a quarter of what a long seed finds is lost."""
SOME_TERMS = 25
"""Different words of fifty running ones: docs/quality.md tells what each length is worth."""
COMMON = 20
"""A word is common that more than one story in so many has."""
COMMON_SHARE = 0.5
"""The part of a profile's weight in common words above which the topic is no topic: of the seeds of
docs/quality.md fewer than one in a hundred has so much."""
LEARNED = 100
"""Stories of a language, or what its prior is worth, from which it is known what is common."""
EQUAL = 0.98
"""The cosine from which two seeds say the same words."""
ALIKE = 0.35
"""The cosine from which two topics look for the same stories: of topics made from two reports of
one event three in four have it, of different events one in a thousand (docs/quality.md)."""
QUOTED = 3
"""Lines of boilerplate that are quoted."""

Place = tuple[str | int, ...]
"""Where in a topic: ``("seeds", 0)`` or ``("must", 2)``."""


class Level(StrEnum):
    """How bad it is. ``error``: the topic can match nothing, or is left out."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One thing that could be better: where, what, and what to do."""

    level: Level
    place: Place
    what: str
    remedy: str


def lint(spec: TopicSpec, vectorizer: Vectorizer) -> tuple[Advice, ...]:
    """Return what is wrong with one topic: errors first, then in the order of its file."""
    found = [*_seeds(spec, vectorizer), *_terms(spec, vectorizer), *_phrases(spec)]
    if not any(each.level is Level.ERROR for each in found):
        found += _fault(spec, vectorizer)
    return tuple(sorted(found, key=lambda each: list(Level).index(each.level)))


def overlaps(
    specs: Sequence[TopicSpec], vectorizer: Vectorizer
) -> Iterator[tuple[TopicSpec, TopicSpec, float]]:
    """Yield the pairs of usable topics that look for the same words, with their cosine."""
    usable = [(spec, row) for spec in specs if (row := _profile(spec, vectorizer)) is not None]
    if usable:
        rows = vstack([row for _, row in usable], format="csr")
        cosines = triu(rows @ rows.T, k=1).tocoo()
        for one, other, cosine in zip(cosines.row, cosines.col, cosines.data, strict=True):
            pair = usable[one][0], usable[other][0]
            if cosine >= ALIKE and pair[0].language == pair[1].language:
                yield (*pair, float(cosine))


def lint_seed(seed: Seed, place: Place) -> Iterator[Advice]:
    """Yield what is wrong with one example text."""
    if is_gate(seed.title, seed.text):
        what = "looks like a login, consent or error page"
        yield _warning(place, what, "copy the text of the article into a file")
    if has_markup(seed.text):
        what = "holds HTML, whose tags count as words"
        yield _warning(place, what, "save its text, or give its address as url")
    lines = furniture(seed.text)
    if lines:
        told = ", ".join(f"{line[:60]!r}" for line in lines[:QUOTED])
        more = f" and {len(lines) - QUOTED} more" if len(lines) > QUOTED else ""
        yield _warning(place, f"has lines that are not its story: {told}{more}", "take them out")
    if len(seed.text) > MAX_CHARS:
        what = f"has {len(seed.text):,} characters, of which the first {MAX_CHARS:,} are read"
        yield _note(place, what, "keep the part that tells the story")


# ---------------------------------------------------------------- seeds


def _seeds(spec: TopicSpec, vectorizer: Vectorizer) -> Iterator[Advice]:
    for key, seeds in (("seeds", spec.seeds), ("not", spec.not_seeds)):
        for n, seed in enumerate(seeds):
            yield from lint_seed(seed, (key, n))
            yield from _wordless(spec, seed, (key, n), alone=len(seeds) == 1)
    yield from _doubles(spec, vectorizer)
    repeated = shared_lines(seed.text for seed in spec.seeds)
    if repeated and len(spec.seeds) > 1:
        what = f"several have the line {repeated[0][:60]!r}"
        yield _warning(("seeds",), what, "take it out if it is not part of the story")


def _wordless(spec: TopicSpec, seed: Seed, place: Place, *, alone: bool) -> Iterator[Advice]:
    if not analyzer_for(language_of(spec.language)).terms(seed.title, seed.text):
        level = Level.ERROR if alone and place[0] == "seeds" else Level.WARNING
        remedy = "give a text of a few sentences"
        yield Advice(level=level, place=place, what="contains no usable word", remedy=remedy)


def _doubles(spec: TopicSpec, vectorizer: Vectorizer) -> Iterator[Advice]:
    """Yield the seeds that say what an earlier one says, be it one to look for or one to avoid."""
    rows = vectorizer.seed_rows((*spec.seeds, *spec.not_seeds), spec.language)
    places: list[Place] = [("seeds", n) for n in range(len(spec.seeds))]
    places += [("not", n) for n in range(len(spec.not_seeds))]
    cosines = (rows @ rows.T).toarray()
    for later, place in enumerate(places):
        earlier = np.flatnonzero(cosines[later, :later] >= EQUAL)
        if earlier.size:
            key, n = places[int(earlier[0])]
            yield _warning(place, f"says the same as {key}[{n}]", "remove one of them")


def _terms(spec: TopicSpec, vectorizer: Vectorizer) -> Iterator[Advice]:
    """Yield whether the words of the seeds are too few or too common."""
    rows = vectorizer.seed_rows(spec.seeds, spec.language)
    weights = np.asarray(rows.sum(axis=0)).ravel() ** 2
    words = np.flatnonzero(weights)
    if not words.size:
        return
    yield from _few(words.size)
    idf = vectorizer.background.idf(language_of(spec.language))
    share = float(weights[idf < np.log(COMMON)].sum() / weights.sum())
    if share > COMMON_SHARE and idf.max() > np.log(LEARNED):
        what = f"{share:.0%} of what counts are words that more than one story in {COMMON} has"
        yield _warning(("seeds",), what, "give an example with names and particulars")


def _few(words: int) -> Iterator[Advice]:
    what = f"only {words} usable {'word' if words == 1 else 'different words'}"
    if words < FEW_TERMS:
        remedy = "chance words will decide; give a few sentences or a whole article"
        yield _warning(("seeds",), what, remedy)
    elif words < SOME_TERMS:
        yield _note(("seeds",), what, "fifty words of running text or more find better")


def _profile(spec: TopicSpec, vectorizer: Vectorizer) -> csr_matrix | None:
    try:
        return build_profile(spec, vectorizer).row
    except ValueError:
        return None


def _fault(spec: TopicSpec, vectorizer: Vectorizer) -> Iterator[Advice]:
    """Yield what else keeps the topic from being watched."""
    try:
        build_profile(spec, vectorizer)
    except ValueError as error:
        what, _, remedy = str(error).partition(": ")[2].partition("; ")
        yield Advice(level=Level.ERROR, place=("seeds",), what=what, remedy=remedy)


# ---------------------------------------------------------------- rules


def _phrases(spec: TopicSpec) -> Iterator[Advice]:
    """Yield the words that a topic asks for in vain, or refuses with what it asks for."""
    stems = _Stems(spec)
    for key, phrases in (("must", spec.must), ("any", spec.any), ("never", spec.never)):
        for n, phrase in enumerate(phrases):
            if not stems.of(phrase).strip():
                what = f"{phrase!r} contains no word"
                yield Advice(level=Level.ERROR, place=(key, n), what=what, remedy="take it out")
        yield from _twice(key, phrases)
    yield from _contradictions(spec, stems)
    yield from _strangers(spec, stems)


def _twice(key: str, phrases: Sequence[str]) -> Iterator[Advice]:
    counted = Counter(phrase.casefold() for phrase in phrases)
    for n, phrase in enumerate(phrases):
        if counted[phrase.casefold()] > 1:
            counted[phrase.casefold()] = 1
            yield _note((key, n), f"{phrase!r} stands there twice", "remove one")


def _contradictions(spec: TopicSpec, stems: _Stems) -> Iterator[Advice]:
    for n, phrase in enumerate(spec.must):
        if refusing := stems.refusing(phrase):
            what = f"no story can pass: never refuses what has {refusing!r}, and {phrase!r} has it"
            yield Advice(
                level=Level.ERROR, place=("must", n), what=what, remedy="take one of them out"
            )
    refused = [n for n, phrase in enumerate(spec.any) if stems.refusing(phrase)]
    for n in refused:
        what = f"{spec.any[n]!r} never counts: never refuses {stems.refusing(spec.any[n])!r}"
        if len(refused) == len(spec.any):
            what = f"no story can pass: {what}"
        level = Level.ERROR if len(refused) == len(spec.any) else Level.WARNING
        yield Advice(level=level, place=("any", n), what=what, remedy="take one of them out")


def _strangers(spec: TopicSpec, stems: _Stems) -> Iterator[Advice]:
    """Yield rules that the seeds themselves do not pass: the owner may have thought of others."""
    texts = [f"{stems.of(seed.title)}|{stems.of(seed.text)}" for seed in spec.seeds]
    for n, phrase in enumerate(spec.must):
        if not any(stems.of(phrase) in text for text in texts):
            what = f"{phrase!r} is in none of the seeds"
            yield _note(("must", n), what, "see with `monitor backtest` that stories have it")
    if spec.any and not any(stems.of(phrase) in text for phrase in spec.any for text in texts):
        what = "none of these is in any seed"
        yield _note(("any",), what, "see with `monitor backtest` that stories have one")
    for n, phrase in enumerate(spec.never):
        if stems.of(phrase).strip() and any(stems.of(phrase) in text for text in texts):
            what = f"{phrase!r} is in a seed, so that a story like it is refused"
            yield _warning(("never", n), what, "take it out, or give another seed")


class _Stems:
    """The phrases of a topic as :class:`~monitor.matching.rules.Rules` compares them."""

    def __init__(self, spec: TopicSpec) -> None:
        self._analyzer = analyzer_for(language_of(spec.language))
        self._never = {phrase: self.of(phrase) for phrase in spec.never}

    def of(self, text: str) -> str:
        """Return the stems between blanks."""
        return f" {' '.join(self._analyzer.stems(text))} "

    def refusing(self, phrase: str) -> str | None:
        """Return what ``never`` refuses in a phrase."""
        wanted = self.of(phrase)
        inside = (each for each, stems in self._never.items() if stems.strip() and stems in wanted)
        return next(inside, None)


def _warning(place: Place, what: str, remedy: str) -> Advice:
    return Advice(level=Level.WARNING, place=place, what=what, remedy=remedy)


def _note(place: Place, what: str, remedy: str) -> Advice:
    return Advice(level=Level.NOTE, place=place, what=what, remedy=remedy)
