"""What is wrong with a topic by itself: where, what, and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.background import Background
from monitor.matching.lint import FEW_TERMS, SOME_TERMS, Advice, Level, lint, overlaps
from monitor.matching.profile import build_profile
from monitor.matching.text import MAX_CHARS
from monitor.matching.vectors import Vectorizer
from monitor.records import Seed, TopicSpec
from tests.builders import ADVISORY, FOOTBALL, ORCHARD
from tests.matching.builders import RAGGED, STEADY, seeds

PRIOR = Vectorizer(Background.prior())
LONG = " ".join((*ADVISORY, *ORCHARD, "Sailors ferry violins past a glacier near the harbour."))


def spec(*texts: str, name: str = "t", **more: tuple[str, ...]) -> TopicSpec:
    return TopicSpec(name=name, seeds=seeds(*(texts or (LONG,))), **more)  # type: ignore[arg-type]


def found(it: TopicSpec) -> dict[tuple[str | int, ...], Advice]:
    """The advice on a topic by its place, which has one piece each."""
    advice = lint(it, PRIOR)
    assert len({each.place for each in advice}) == len(advice), advice
    return {each.place: each for each in advice}


def only(it: TopicSpec) -> Advice:
    (advice,) = found(it).values()
    return advice


def test_a_sound_topic_gets_no_advice() -> None:
    assert lint(spec(must=("Iraq",), any=("troops", "orchards"), never=("football",)), PRIOR) == ()


# ---------------------------------------------------------------- seeds


@pytest.mark.parametrize("text", ["it is what it is", "", "...", "a"])
def test_a_seed_without_a_usable_word_is_an_error(text: str) -> None:
    advice = only(spec(text))
    assert (advice.level, advice.place) == (Level.ERROR, ("seeds", 0))
    assert advice.what == "contains no usable word"


def test_beside_others_it_is_a_warning() -> None:
    advice = only(spec(LONG, "it is what it is"))
    assert (advice.level, advice.place) == (Level.WARNING, ("seeds", 1))


@pytest.mark.parametrize(
    ("words", "level"),
    [(1, Level.WARNING), (FEW_TERMS - 1, Level.WARNING), (FEW_TERMS, Level.NOTE),
     (SOME_TERMS - 1, Level.NOTE), (SOME_TERMS, None)],
)  # fmt: skip
def test_few_different_words_are_told_by_how_few(words: int, level: Level | None) -> None:
    rare = [f"quux{chr(97 + n)}zz" for n in range(words)]
    advice = lint(spec(" ".join(rare * 2)), PRIOR)
    assert [each.level for each in advice] == ([level] if level else [])
    if level:
        assert advice[0].what.startswith(f"only {words} usable ")


def test_several_short_seeds_add_up() -> None:
    assert lint(spec(*(" ".join(each) for each in (ADVISORY, FOOTBALL, ORCHARD))), PRIOR) == ()


def test_a_seed_of_words_that_every_second_story_has_is_no_topic() -> None:
    common = "The government said on Monday that people in the country were told about a new year, "
    common += "and a former president of the world company told the state that money and time "
    common += "would take years, weeks and months for the national public and its party members"
    advice, few = lint(spec(common), PRIOR)
    assert few.what.startswith("only ")
    assert advice.level is Level.WARNING
    assert "are words that more than one story in 20 has" in advice.what


def test_where_a_language_is_not_known_yet_no_word_is_called_common() -> None:
    it = replace(spec(LONG), language="qu")
    assert lint(it, PRIOR) == ()


def test_lines_of_the_page_are_quoted() -> None:
    lines = ["We use cookies", "Sign in", "All rights reserved", "Read more"]
    advice = only(spec("\n".join([LONG, *lines])))
    assert (advice.level, advice.place) == (Level.WARNING, ("seeds", 0))
    assert "'We use cookies', 'Sign in', 'All rights reserved' and 1 more" in advice.what


def test_a_login_page_is_named_as_what_it_is() -> None:
    page = Seed(title="Sign in", text="User name\nPassword\nForgot your password?")
    told = [each.what for each in lint(TopicSpec(name="t", seeds=(page,)), PRIOR)]
    assert "looks like a login, consent or error page" in told


def test_html_in_a_seed_is_told() -> None:
    advice = only(spec(f"<div><p>{LONG}</p></div>"))
    assert "holds HTML" in advice.what


def test_what_is_longer_than_is_read_is_told() -> None:
    long = f"{LONG} " * (MAX_CHARS // len(LONG) + 1)
    advice = only(spec(long))
    assert advice.level is Level.NOTE
    assert f"of which the first {MAX_CHARS:,} are read" in advice.what


def test_equal_seeds_are_told_also_where_one_is_to_be_avoided() -> None:
    assert found(spec(LONG, ORCHARD[1], LONG.upper()))["seeds", 2].what == (
        "says the same as seeds[0]"
    )
    it = TopicSpec(name="t", seeds=seeds(LONG), not_seeds=seeds(LONG))
    assert found(it)["not", 0].what == "says the same as seeds[0]"


def test_a_line_that_several_seeds_have_is_told() -> None:
    foot = "Reporting by the desk of the Example Wire"
    advice = only(spec(f"{LONG}\n{foot}", f"{ORCHARD[1]}\n{foot}"))
    assert foot in advice.what


# ---------------------------------------------------------------- rules


def test_a_phrase_without_a_word_is_an_error_at_its_place() -> None:
    advice = only(spec(never=("football", "!")))
    assert (advice.level, advice.place) == (Level.ERROR, ("never", 1))


@pytest.mark.parametrize(
    ("must", "never"), [("Iraq", "iraq"), ("combat mission", "combat"), ("troops", "troop")]
)
def test_a_must_that_never_refuses_lets_no_story_pass(must: str, never: str) -> None:
    advice = found(spec(must=(must,), never=(never,)))["must", 0]
    assert advice.level is Level.ERROR
    assert f"never refuses what has {never!r}" in advice.what


def test_a_never_that_is_longer_than_the_must_refuses_only_some() -> None:
    assert lint(spec(must=("combat",), never=("combat boots",)), PRIOR) == ()


def test_any_lets_no_story_pass_where_never_refuses_all_of_it() -> None:
    all_ = lint(spec(any=("frost", "troops"), never=("frost", "troop")), PRIOR)
    assert {each.level for each in all_ if each.place[0] == "any"} == {Level.ERROR}
    some = lint(spec(any=("frost", "troops"), never=("frost",)), PRIOR)
    assert [each.level for each in some if each.place[0] == "any"] == [Level.WARNING]


def test_rules_that_the_seeds_do_not_pass_are_told() -> None:
    told = found(spec(must=("football",), any=("violinist", "cup"), never=("apples", "tennis")))
    assert {place: each.level for place, each in told.items()} == {
        ("must", 0): Level.NOTE,
        ("any",): Level.NOTE,
        ("never", 0): Level.WARNING,
    }


def test_a_phrase_that_stands_there_twice_is_told_once() -> None:
    advice = only(spec(any=("frost", "troops", "Frost")))
    assert (advice.level, advice.place) == (Level.NOTE, ("any", 0))


def test_errors_come_first() -> None:
    levels = [each.level for each in lint(spec("Iraq", must=("x", "Iraq"), never=("iraq",)), PRIOR)]
    assert levels == sorted(levels, key=list(Level).index)
    assert levels[0] is Level.ERROR


@STEADY
@given(
    st.lists(RAGGED, min_size=1, max_size=3),
    st.lists(RAGGED, max_size=2),
    st.lists(RAGGED, max_size=2),
)
def test_whatever_is_written_a_topic_without_an_error_can_be_watched(
    texts: list[str], must: list[str], never: list[str]
) -> None:
    it = spec(*texts, must=tuple(must), never=tuple(never))
    if all(each.level is not Level.ERROR for each in lint(it, PRIOR)):
        build_profile(it, PRIOR)


# ---------------------------------------------------------------- pairs


def test_topics_with_the_same_words_overlap_and_others_do_not() -> None:
    one, twin, other = spec(name="a"), spec(f"{LONG} Again.", name="b"), spec(FOOTBALL[1], name="c")
    ((first, second, cosine),) = overlaps([one, twin, other, spec("it is", name="d")], PRIOR)
    assert (first.name, second.name) == ("a", "b")
    assert cosine > 0.9
