from __future__ import annotations

import pytest
from hypothesis import given

from monitor.matching.text import MAX_CHARS, Analyzer, language_of, tokens
from tests.matching.builders import RAGGED, STEADY

ENGLISH = Analyzer("en")


def terms(text: str, analyzer: Analyzer = ENGLISH) -> list[str]:
    return analyzer.terms("", text)


def test_words_are_stemmed_and_stop_words_left_out() -> None:
    assert terms("The troops are training with their trainers") == ["troop", "train", "trainer"]


def test_the_title_counts_twice() -> None:
    assert ENGLISH.terms("Harbour strike", "Dockers") == [
        *("harbour", "strike", "harbour", "strike"),
        "docker",
    ]


def test_single_characters_are_no_terms() -> None:
    assert terms("vitamin C") == ["vitamin"]


@pytest.mark.parametrize("written", ["Iraq's", "Iraq\u2019s", "'Iraq'", "IRAQ", "Iraq.", "“Iraq”"])
def test_possessives_quotes_and_case_do_not_make_other_words(written: str) -> None:
    assert terms(written) == ["iraq"]


@pytest.mark.parametrize("written", ["don't", "we'll", "they\u2019ve", "isn't", "it's"])
def test_contractions_of_stop_words_are_stop_words(written: str) -> None:
    assert terms(written) == []


@pytest.mark.parametrize("written", ["U.S.", "US", "U.S", "USA", "U.S.'s", "US\u2019s", "U.S.-led"])
def test_the_country_does_not_vanish_as_a_pronoun(written: str) -> None:
    assert terms(written)[0] == terms("U.S.")[0] != "us"


@pytest.mark.parametrize("written", ["us", "Us", "who", "Who"])
def test_pronouns_stay_stop_words(written: str) -> None:
    assert terms(written) == []


def test_dotted_abbreviations_are_one_word() -> None:
    assert terms("U.N.") == terms("UN") == ["un"]


def test_only_english_reads_us_as_a_country() -> None:
    assert Analyzer("de").terms("", "US") == ["us"]


def test_words_inside_addresses_are_found() -> None:
    assert terms("news.com.Iraq O'Neill") == ["news", "com", "iraq", "neill"]


@pytest.mark.parametrize("unspaced", ["東京都知事", "ประเทศไทย", "미군철수", "カタカナ"])
def test_scripts_without_spaces_become_overlapping_pairs(unspaced: str) -> None:
    pairs = [unspaced[i : i + 2] for i in range(len(unspaced) - 1)]
    assert terms(unspaced, Analyzer("xx")) == pairs


def test_a_latin_word_stands_apart_from_the_script_around_it() -> None:
    assert terms("新型iPhone発売", Analyzer("ja")) == ["新型", "iPhone".lower(), "発売"]


def test_every_language_of_snowball_has_stems() -> None:
    assert Analyzer("de").terms("", "Häusern") == ["haus"]
    assert Analyzer("ru").terms("", "солдатами") == ["солдат"]


def test_another_language_keeps_its_words() -> None:
    assert Analyzer("cy").terms("", "Llywodraeth Cymru") == ["llywodraeth", "cymru"]


def test_combining_marks_belong_to_their_words() -> None:
    assert terms("cafe\u0301") == terms("café")
    assert Analyzer("xx").terms("", "सरकार ने") == ["सरकार", "ने"]


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("nb", "no"),
        ("iw-IL", "he"),
        ("en-GB", "en"),
        ("DE", "de"),
        ("pt_BR", "pt"),
        (None, "en"),
        ("", "en"),
        ("x" * 99, "en"),
    ],
)
def test_a_language_is_the_first_part_of_its_tag(tag: str | None, language: str) -> None:
    assert language_of(tag) == language


def test_phrases_keep_stop_words_single_letters_and_order() -> None:
    assert ENGLISH.stems("Plan B of the troops") == ["plan", "b", "of", "the", "troop"]


def test_phrases_of_unspaced_scripts_go_by_character() -> None:
    assert Analyzer("zh").stems("北京市") == ["北", "京", "市"]


@STEADY
@given(RAGGED)
def test_no_text_is_refused_and_no_term_is_empty_or_spaced(text: str) -> None:
    for each in (terms(text), ENGLISH.stems(text)):
        assert all(term and not term.isspace() and " " not in term for term in each)


def test_only_the_start_of_an_endless_text_is_read() -> None:
    assert len(tokens("word " * 1_000_000)) == MAX_CHARS // len("word ")


def test_a_word_without_end_is_no_term() -> None:
    assert terms("x" * 70_000 + " troops") == ["troop"]


@pytest.mark.parametrize("written", ["2,500", "2500", "2,500,", "(2,500)"])
def test_a_number_is_one_word_with_or_without_its_commas(written: str) -> None:
    assert terms(written) == ["2500"]


@pytest.mark.parametrize("written", ["Iraq,Iran", "Iraq, Iran", "Iraq,\nIran,"])
def test_other_commas_part_words(written: str) -> None:
    assert terms(written) == ["iraq", "iran"]
