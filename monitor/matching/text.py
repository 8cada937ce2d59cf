"""From text to terms: one analysis per language, the same for stories, seeds and phrases.

A text is split at spaces and signs; everything that needs thought (case, possessives,
abbreviations, scripts without spaces, stems) is an affair of single tokens, whose outcome can be
remembered, because news repeats its words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib.resources import files

import Stemmer

from monitor.records import language_code

DEFAULT_LANGUAGE = "en"
TITLE_WEIGHT = 2
"""How often the words of a title count."""

MAX_CHARS = 100_000
"""What is read of a text: a long report has 60,000 characters, the rest of 5 MB adds only noise."""

MAX_WORD = 64
"""Longer runs of letters are no words."""

_REMEMBERED = 32_768
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_JOINTS = re.compile(r"[.,']")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0002fa1f]+)"
)
"""Thai, Lao, Burmese, Khmer, kana, Han and Hangul: no spaces, or words that grow endings."""

_PLAIN = (
    ("\u2019", "'"),
    ("\u2018", "'"),
    ("\u201c", " "),
    ("\u201d", " "),
    ("\u2013", " "),
    ("\u2014", " "),
    ("\u2026", " "),
)
"""Replaced first: without typographic signs most English is ASCII, which is split much faster."""

_ACRONYMS = {"US": "u.s", "USA": "u.s", "WHO": "w.h.o"}
"""Names that are English stop words once their capitals are gone."""


@lru_cache(maxsize=1024)
def language_of(tag: str | None) -> str:
    """Return the language of a tag (``en-GB``: ``en``), the default one if that is no tag."""
    return language_code((tag or "").replace("_", "-")) or DEFAULT_LANGUAGE


@lru_cache(maxsize=8)
def analyzer_for(language: str) -> Analyzer:
    """Return the analyzer of a primary language subtag; they are shared, for their tables."""
    return Analyzer(language)


class Analyzer:
    """Turns the texts of one language into terms.

    English has stop words; every language that Snowball knows has stems, others keep their words
    as they are. Scripts written without spaces become overlapping pairs of characters.
    """

    def __init__(self, language: str = DEFAULT_LANGUAGE) -> None:
        self.language = language_of(language)
        self._stem_word = _stemmer(self.language)
        self._stop = _stop_words(self.language)
        self._acronyms = _ACRONYMS if self.language == "en" else {}

    def terms(self, title: str, text: str) -> list[str]:
        """Return the stems of a document without stop words, those of the title twice."""
        weighted = tokens(title) * TITLE_WEIGHT + tokens(text)
        return [stem for token in weighted for stem, _ in self.words(token)]

    def words(self, token: str) -> tuple[tuple[str, str], ...]:
        """Return the stems of one token, each with its word as it stands in the text.

        The token may be any text, however it was parted from others.
        """
        if _is_word(token):
            stem = self._term(token) if len(token) > 1 else ""
            return ((stem, token),) if stem else ()
        return tuple(
            (stem, word)
            for piece in _all_pieces(token)
            for word in _pairs(piece)
            if len(word) > 1 and (stem := self._term(word))
        )

    def reads_capitals(self, token: str) -> bool:
        """Whether the token in other capitals could have other stems, as ``US`` and ``us``."""
        if _is_word(token):
            return token.upper() in self._acronyms
        return any(piece.upper() in self._acronyms for piece in _all_pieces(token))

    def stems(self, text: str) -> list[str]:
        """Return every stem in order, stop words too; unspaced scripts character by character."""
        return [stem for piece in _all_pieces(text) for stem in self._sequence(piece)]

    def _term(self, word: str) -> str:
        if word in self._acronyms:
            return self._acronyms[word]
        lowered = word.lower()
        return "" if lowered in self._stop else self._stem_word(lowered)

    def _sequence(self, piece: str) -> Iterable[str]:
        if _UNSPACED.match(piece):
            return piece
        return (self._acronyms.get(piece) or self._stem_word(piece.lower()),)


def tokens(text: str) -> list[str]:
    """Split a text at what is no letter, digit or mark; dots, commas, apostrophes inside stay."""
    text = text[:MAX_CHARS]
    for sign, plain in _PLAIN:
        text = text.replace(sign, plain)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return text.translate(_SEPARATORS).split()


class _Separators(dict[int, str]):
    """The table of ``str.translate``, filled as characters are met, up to a bound."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)
        invisible = "" if kind == "Cf" else " "
        kept = char if kind[0] in "LNM" or char in ".,'" else invisible
        if len(self) < _REMEMBERED:
            self[code] = kept
        return kept


_SEPARATORS = _Separators()


def _is_word(token: str) -> bool:
    """Whether a token is one plain word: nine in ten are, and need no taking apart."""
    return token.isalnum() and token.isascii() and len(token) <= MAX_WORD


def _all_pieces(text: str) -> Iterator[str]:
    return (piece for token in tokens(text) for piece in _pieces(token))


def _pieces(token: str) -> Iterator[str]:
    """Yield the words inside a token: ``Iraq's`` Iraq, ``U.S.`` US, ``2,500`` 2500."""
    token = token.strip(".,'")
    if token[-2:] in ("'s", "'S"):
        token = token[:-2].rstrip(".")
    if _DOTTED.fullmatch(token):
        yield token.replace(".", "").upper()
        return
    if _THOUSANDS.fullmatch(token):
        yield token.replace(",", "")
        return
    for part in _JOINTS.split(token):
        runs = [part] if part.isascii() else _UNSPACED.split(part)
        yield from (run for run in runs if run and (len(run) <= MAX_WORD or not run.isascii()))


def _pairs(piece: str) -> list[str]:
    if piece.isascii() or len(piece) < 3 or not _UNSPACED.match(piece):
        return [piece]
    return [piece[i : i + 2] for i in range(len(piece) - 1)]


def has_stemmer(language: str) -> bool:
    """Whether Snowball knows a language (a primary subtag)."""
    return _stemmer(language) is not str


def _stemmer(language: str) -> Callable[[str], str]:
    """Return Snowball's stemmer of a language, or one that changes nothing."""
    try:
        stem: Callable[[str], str] = Stemmer.Stemmer(language, 0).stemWord
    except KeyError:
        return str
    return stem


def _stop_words(language: str) -> frozenset[str]:
    path = files("monitor.matching") / "data" / f"stopwords-{language}.txt"
    return frozenset(path.read_text("utf-8").split()) if path.is_file() else frozenset()
