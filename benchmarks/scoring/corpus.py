"""The texts: made-up prose that is like English where it costs, or stories of one's own.

Half of the running words are English function words; the others are made of syllables, 40,000 of
them in the frequencies of Zipf and Mandelbrot (1/(rank + 2.7)). A topic and a story are each about
one of 500 subjects, so a topic finds one story in 500: the 20 alerts a week that are promised by
default, of a stream of 10,000 stories.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

_FUNCTION_WORDS = (
    "the of to and a in that for was on is with as it by at from said be has an were are this not "
    "have which but his her they their after who had more would about been one two new also could "
    "when people over out there first last into other its than up some will no only before if so "
    "what all we you she them do did any most such where how then these those very can may must"
)
FUNCTION_WORDS = _FUNCTION_WORDS.split()
SUBJECTS = 500
WORDS = 40_000
STORY_WORDS = 480
SEED_WORDS = 240

_OWN_WORDS = 60
_ABOUT = 0.12
"""The part of a text that is made of its subject's own words."""

_ONSETS = ("b", "br", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "pl", "r", "s", "t", "st")
_NUCLEI = ("a", "e", "i", "o", "u", "ea", "ou")
_CODAS = ("", "", "", "", "l", "m", "n", "nt", "r", "s", "t")
_ENDINGS = [*[""] * 20, *["s"] * 8, *["ed"] * 4, *["ing"] * 3, "er", "er", "ly", "ment", "'s"]
_ENDS = [". ", ". ", ". ", ".\n\n", "? "]
_TYPESET = str.maketrans({"'": "\u2019"})


@dataclass(frozen=True, slots=True)
class Text:
    """A story or a seed."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """``background`` to learn from, ``stories`` to score, and seeds for as many topics."""

    background: tuple[Text, ...]
    stories: tuple[Text, ...]
    seeds: tuple[Text, ...]


class Writer:
    """Writes texts about subjects: the same ones for the same ``seed``."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        stems = _made_up(self._rng, WORDS)
        weights = [1 / (rank + 2.7) for rank in range(WORDS)]
        share = sum(weights) / sum(1 / (rank + 2.7) for rank in range(len(FUNCTION_WORDS)))
        common = [share / (rank + 2.7) for rank in range(len(FUNCTION_WORDS))]
        self._words = [*FUNCTION_WORDS, *stems]
        self._weights = tuple(accumulate([*common, *weights]))
        self._subjects = [self._rng.sample(stems[50:], _OWN_WORDS) for _ in range(SUBJECTS)]
        for own in self._subjects:
            own[:8] = [word.capitalize() for word in own[:8]]

    def texts(self, count: int, words: int) -> tuple[Text, ...]:
        """Return so many texts of so many words, each about a subject drawn at random."""
        return tuple(self._text(self._rng.choice(self._subjects), words) for _ in range(count))

    def _text(self, own: list[str], words: int) -> Text:
        text = self._prose(own, words)
        if self._rng.random() < 0.5:
            text = text.translate(_TYPESET)
        return Text(self._prose(own, 9).strip(" .?\n"), text)

    def _prose(self, own: list[str], words: int) -> str:
        rng = self._rng
        drawn = rng.choices(self._words, cum_weights=self._weights, k=words)
        for at in rng.sample(range(words), round(words * _ABOUT)):
            drawn[at] = rng.choice(own)
        return "".join(_sentences(rng, drawn))


def _sentences(rng: Random, words: list[str]) -> Iterator[str]:
    """Yield sentences of 8 to 28 words, with capitals, commas and what stands between them."""
    at = 0
    while at < len(words):
        first, *others = words[at : at + rng.randint(8, 28)]
        at += 1 + len(others)
        middle = len(others) // 2
        parts = [" ".join([first.capitalize(), *others[:middle]]), " ".join(others[middle:])]
        yield ", ".join(filter(None, parts)) + rng.choice(_ENDS)


def made(background: int, stories: int, topics: int) -> Corpus:
    """Return a corpus of made-up prose, the same one every time."""
    writer = Writer(1)
    return Corpus(
        background=writer.texts(background, STORY_WORDS),
        stories=writer.texts(stories, STORY_WORDS),
        seeds=writer.texts(topics, SEED_WORDS),
    )


def given(path: Path, background: int, stories: int, topics: int) -> Corpus:
    """Return a corpus from a file of JSON lines with ``text`` and perhaps ``title``.

    The last stories are scored, those before are the background and, in turn, the seeds. With
    fewer records than wanted half of them are scored; fewer than 8 are a ``ValueError``.
    """
    texts = _read(path)
    if len(texts) < 8:
        raise ValueError(f"{path}: has {len(texts)} stories with a text, 8 are the least")
    scored = min(stories, len(texts) // 2)
    known = texts[-scored - background : -scored]
    seeds = tuple(known[number % len(known)] for number in range(topics))
    return Corpus(background=known, stories=texts[-scored:], seeds=seeds)


def _read(path: Path) -> tuple[Text, ...]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            records = [json.loads(line) for line in lines]
    except ValueError as error:
        raise ValueError(f"{path}: is no file of JSON lines ({error})") from error
    return tuple(
        Text(str(record.get("title") or ""), str(record["text"]))
        for record in records
        if str(record.get("text") or "").strip()
    )


def _made_up(rng: Random, count: int) -> list[str]:
    """Return so many words, none of them twice, the frequent ones shorter."""
    words: dict[str, None] = {}
    while len(words) < count:
        syllables = 1 + (len(words) > 300) + (rng.random() < 0.3)
        word = "".join(
            rng.choice(_ONSETS) + rng.choice(_NUCLEI) + rng.choice(_CODAS) for _ in range(syllables)
        )
        words.setdefault(word + rng.choice(_ENDINGS))
    return list(words)
