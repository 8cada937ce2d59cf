from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.background import Background
from monitor.matching.features import COLUMNS, Document, columns_of, read
from monitor.matching.reasons import Words, terms_of_score
from monitor.matching.score import Matcher
from monitor.matching.text import analyzer_for, tokens
from monitor.records import TopicSpec
from tests.matching.builders import NOW, STEADY, seeds, story, topic

FORMS = ["Troops", "troops", "troop", "U.S.", "US-led", "a.troop", "troop.troops", "Iraq's", "of"]
PARTS = st.lists(st.floats(1e-7, 0.2), min_size=1, max_size=60)


@STEADY
@given(PARTS)
def test_shares_sum_to_the_score_as_printed(parts: list[float]) -> None:
    score = round(sum(parts), 4)
    terms, rest = terms_of_score({f"w{n}": part for n, part in enumerate(parts)}, score)
    assert rest == 0
    assert round(sum(term.share for term in terms), 4) == score


@STEADY
@given(PARTS)
def test_a_share_is_off_by_less_than_a_unit(parts: list[float]) -> None:
    exact = {f"w{n}": part for n, part in enumerate(parts)}
    terms, _ = terms_of_score(exact, round(sum(parts), 4))
    told = {term.text: term.share for term in terms}
    assert all(abs(told.get(word, 0.0) - part) <= 1.0001e-4 for word, part in exact.items())


@STEADY
@given(PARTS, st.integers(0, 12))
def test_what_is_left_out_stands_in_the_rest(parts: list[float], keep: int) -> None:
    score = round(sum(parts), 4)
    exact = {f"w{n}": part for n, part in enumerate(parts)}
    all_terms, _ = terms_of_score(exact, score)
    kept, rest = terms_of_score(exact, score, keep)
    assert kept == all_terms[:keep]
    assert rest >= 0
    assert round(sum(term.share for term in kept) + rest, 4) == score


def test_terms_come_largest_first_and_ties_by_name() -> None:
    terms, _ = terms_of_score({"b": 0.1, "c": 0.3, "a": 0.1}, 0.5)
    assert [term.text for term in terms] == ["c", "a", "b"]


def shares(*texts: str, words: tuple[str, ...]) -> dict[str, float]:
    of = Words(read([Document("en", "", text) for text in texts]))
    return of.share_out(np.unique(columns_of(words)), np.full(len(set(columns_of(words))), 0.3))


def test_a_stem_is_named_by_its_most_frequent_form() -> None:
    assert shares("Troops, troop and troops. Then troops", words=("troop",)) == {
        "troops": pytest.approx(0.3)
    }


def test_a_token_that_has_a_stem_twice_is_counted_as_two_words() -> None:
    assert list(shares("Troops Troops Troops troop.troop", words=("troop",))) == ["Troops"]


def test_words_in_one_column_share_it_by_how_often_they_occur() -> None:
    """Two words that fall into one column are found by trying made-up ones."""
    seen: dict[int, str] = {}
    for number in range(COLUMNS):
        word = f"q{number}z"
        column = int(columns_of([word])[0])
        if column in seen:
            break
        seen[column] = word
    assert shares(f"{word} {word} {seen[column]}", words=(word, seen[column])) == {
        word: pytest.approx(0.2),
        seen[column]: pytest.approx(0.1),
    }


@STEADY
@given(st.lists(st.sampled_from(FORMS)))
def test_words_are_those_that_a_count_of_the_whole_text_finds(forms: list[str]) -> None:
    text = " ".join(forms)
    found = Words(read([Document("en", "", text)]))
    for stem, seen in counted(text).items():
        word = max(seen, key=seen.__getitem__)
        assert found.share_out(columns_of([stem]), np.array([0.3])) == {word: pytest.approx(0.3)}


def counted(text: str) -> dict[str, Counter[str]]:
    """Each stem of a text, with how often it stands there as which word."""
    surfaces: dict[str, Counter[str]] = {}
    for token in tokens(text):
        for stem, word in analyzer_for("en").words(token):
            surfaces.setdefault(stem, Counter())[word] += 1
    return surfaces


def test_a_text_without_blanks_is_taken_apart_once_and_not_for_each_word_it_shares() -> None:
    """Were it not, this would take minutes: 20,000 characters are one token."""
    text = "".join(chr(0x4E00 + at * at % 997) for at in range(20_000))
    spec = TopicSpec(name="t", seeds=seeds(text[:3000]), language="zh", threshold=0.05)
    matcher = Matcher(Background.prior(), [topic(spec)], {})
    (found,) = matcher.match([story(text, language="zh")], NOW)
    assert round(sum(term.share for term in found.terms) + found.rest, 4) == found.score
