"""Foreign text becomes lines that keep their place, whole signs and all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from monitor.notify.lines import TEXT_WIDTH, columns, fill, shorten
from monitor.notify.words import (
    MAX_SOURCE,
    MAX_TOPIC,
    source_words,
    title_words,
    topic_words,
    words,
)
from tests.notify.builders import a_hit, a_story, hostile_texts

FIREFIGHTER = "\U0001f469\u200d\U0001f692"


@pytest.mark.parametrize(
    ("text", "taken"),
    [("abc", 3), ("漢字", 4), ("ｅ\u0301", 2), ("القوات", 6), ("سَلام", 4)],
)
def test_wide_signs_take_two_columns_and_marks_on_others_none(text: str, taken: int) -> None:
    assert columns(text) == taken


@pytest.mark.parametrize("sign", ["漢", FIREFIGHTER, "word ", "كلمة "])
def test_every_line_fits_whatever_the_script(sign: str) -> None:
    lines = fill(sign * 200, 3, 2).split("\n")

    assert all(columns(line) <= TEXT_WIDTH for line in lines)
    assert lines[0].startswith("   " + sign.strip())
    assert all(line.startswith("     " + sign.strip()) for line in lines[1:])
    assert "".join(lines).replace(" ", "") == (sign * 200).replace(" ", "")


def test_a_long_word_stays_whole_since_it_may_be_an_address() -> None:
    address = "https://wire.example/" + "a" * 100

    assert fill(f"See {address} there", 2) == f"  See\n  {address}\n  there"


@pytest.mark.parametrize("sign", [FIREFIGHTER, "e\u0301", "\U0001f44d\U0001f3fd", "\u2764\ufe0f"])
def test_a_cut_leaves_only_whole_signs(sign: str) -> None:
    for limit in range(4, 20):
        cut = shorten(sign * 40, limit)
        assert cut.removesuffix("…").replace(sign, "") == ""
        assert len(cut) <= limit


@settings(deadline=None)
@given(text=hostile_texts)
def test_shortening_twice_is_shortening_once(text: str) -> None:
    for limit in (20, 300):
        once = shorten(text, limit)
        assert len(once) <= limit
        assert shorten(once, limit) == once


@pytest.mark.parametrize(
    ("text", "isolated", "plain"),
    [
        ("Advisers stay", False, "Advisers stay"),
        ("القوات", True, "القوات\u200e"),
        ("Report on القوات", True, "Report on القوات\u200e"),
        ("\u202eevil\u202c \u2067x", False, "evil x"),
    ],
)
def test_text_from_right_to_left_cannot_turn_what_follows(
    text: str, isolated: bool, plain: str
) -> None:
    said = words(text, 100)

    assert (said.isolated, said.plain) == (isolated, plain)


def test_no_word_is_dropped_that_has_room() -> None:
    assert shorten("seven more words here", 17) == "seven more words…"


def test_a_long_word_is_cut_inside_where_half_of_the_line_would_stay_empty() -> None:
    assert shorten("a " + "b" * 100, 50) == "a " + "b" * 47 + "…"


def test_what_comes_behind_much_that_cannot_be_seen_is_told() -> None:
    assert shorten("\u200b" * 1000 + "It rains. " * 9, 20) == "It rains. It rains.…"


def test_a_hidden_mark_does_not_say_which_way_a_text_runs() -> None:
    assert words("\u200f\u202eIt rains.", 100).direction == "ltr"


def test_what_is_no_language_tag_is_none() -> None:
    languages = ("de-AT", 'en"><script>', "x" * 40, "en" + "-abcdefgh" * 5, None)

    assert [words("It rains.", 100, language=each).language for each in languages] == [
        "de-AT", None, None, None, None,
    ]  # fmt: skip


def test_a_title_that_cannot_be_seen_is_none() -> None:
    assert title_words(a_hit(a_story(title="\u202e ", text="It rains.")), 100).text == "It rains."


def test_names_of_sources_and_topics_are_bounded() -> None:
    assert len(source_words(a_hit(a_story(source="s" * 999))).text) == MAX_SOURCE
    assert len(topic_words("t" * 999).text) == MAX_TOPIC
