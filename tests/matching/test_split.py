from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.split import split
from monitor.matching.text import MAX_CHARS, Analyzer
from tests.matching.builders import RAGGED, STEADY

ENGLISH = Analyzer("en")
SIGNS = "\u2013\u2014\u2018\u2019\u201c\u201d\u2026\u2020<=>\u0338\x1c\x85\u2028\xa0\xbd\u00e2"
STRANGE = st.text(alphabet=st.sampled_from("aUS.,' '" + SIGNS), max_size=40)


def parts(text: str) -> list[str]:
    return [token.decode("utf-8", "surrogatepass") for token in split([text])[0]]


def test_texts_part_at_ascii_signs_and_at_those_of_typeset_english() -> None:
    assert parts("a-b_c(d)\u201ce\u201d\u2014f\u2026g\th\ni") == list("abcdefghi")


def test_joints_part_tokens_from_spaces_alone() -> None:
    assert parts("'U.S. has' 2,500, don't,") == ["U.S", "has", "2,500", "don't"]


def test_other_scripts_and_their_signs_are_left_whole() -> None:
    assert parts("東京。大阪 caf\u00e9") == ["東京。大阪", "caf\u00e9"]


def test_a_typographic_apostrophe_is_an_apostrophe() -> None:
    assert parts("don\u2019t workers\u2019") == ["don't", "workers"]


@STEADY
@given(st.text() | RAGGED | STRANGE)
def test_tokens_have_the_terms_of_their_text(text: str) -> None:
    """Cutting bytes first, then taking apart what is left, is taking the text apart."""
    words = [word for part in parts(text) for word in ENGLISH.words(part)]
    assert words == list(ENGLISH.words(text))


@STEADY
@given(st.lists(RAGGED, max_size=5))
def test_each_text_has_its_own_tokens(texts: list[str]) -> None:
    tokens, bounds = split(texts)
    assert len(bounds) == len(texts) + 1
    for text, start, end in zip(texts, bounds, bounds[1:], strict=False):
        own = tokens[slice(start, end)]
        assert [each.decode("utf-8", "surrogatepass") for each in own] == parts(text)


def test_signs_that_a_mark_makes_another_sign_of_part_nothing() -> None:
    ascii_signs = [chr(code) for code in range(128) if not chr(code).isalnum()]
    marks = [chr(code) for code in range(0x110000) if unicodedata.combining(chr(code))]
    joining = {
        sign
        for sign in ascii_signs
        for mark in marks
        if len(unicodedata.normalize("NFKC", sign + mark)) == 1
    }
    assert joining == {sign for sign in ascii_signs if parts(f"a{sign}b") == [f"a{sign}b"]} - {
        *".,'"
    }


def test_only_the_start_of_an_endless_text_is_read() -> None:
    tokens, _ = split(["word " * 1_000_000])
    assert len(list(tokens)) == MAX_CHARS // len("word ")
