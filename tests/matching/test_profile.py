from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monitor.matching.background import Background
from monitor.matching.features import columns_of
from monitor.matching.profile import build_profile
from monitor.matching.text import analyzer_for
from monitor.matching.vectors import Vectorizer
from monitor.records import TopicSpec, Verdict
from tests.matching.builders import NOW, seeds, story, verdicts

VECTORIZER = Vectorizer(Background.prior())


HARBOUR = TopicSpec(name="t", seeds=seeds("harbour strike"))


def weight(spec: TopicSpec, stem: str, given: tuple[Verdict, ...] = ()) -> float:
    row = build_profile(spec, VECTORIZER, given).row
    return float(row.toarray()[0, columns_of([stem])[0]])


def test_a_profile_has_unit_length_whatever_its_seeds() -> None:
    for spec in (
        TopicSpec(name="one", seeds=seeds("harbour strike")),
        TopicSpec(name="two", seeds=seeds("harbour strike", "rail strike")),
        TopicSpec(name="not", seeds=seeds("harbour strike"), not_seeds=seeds("air strike")),
    ):
        assert np.isclose(np.linalg.norm(build_profile(spec, VECTORIZER).row.toarray()), 1)


def test_what_the_seeds_share_weighs_most() -> None:
    spec = TopicSpec(name="t", seeds=seeds("harbour strike", "railway strike"))
    assert weight(spec, "strike") > weight(spec, "railway") > 0


def test_a_long_seed_counts_no_more_than_a_short_one() -> None:
    spec = TopicSpec(name="t", seeds=seeds("zygote", "kumquat " * 500))
    assert np.isclose(weight(spec, "zygot"), weight(spec, "kumquat"), rtol=0.001)


def test_not_seeds_take_weight_away_but_never_below_zero() -> None:
    plain = TopicSpec(name="t", seeds=seeds("harbour strike"))
    less = TopicSpec(name="t", seeds=seeds("harbour strike"), not_seeds=seeds("air strike"))
    assert weight(less, "strike") < weight(plain, "strike")
    assert weight(less, "air") == 0


@pytest.mark.parametrize("empty", ["", "of the and", "!!! ?", "x"])
def test_seeds_without_a_usable_word_are_refused_by_name(empty: str) -> None:
    with pytest.raises(ValueError, match=r"topic 'blank': the seeds contain no usable word"):
        build_profile(TopicSpec(name="blank", seeds=seeds(empty)), VECTORIZER)


def test_a_topic_without_seeds_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="topic 'none'"):
        build_profile(TopicSpec(name="none", seeds=()), VECTORIZER)


def test_not_seeds_never_take_everything() -> None:
    spec = TopicSpec(name="t", seeds=seeds("harbour", ""), not_seeds=seeds("harbour"))
    assert weight(spec, "harbour") > 0


def test_a_seed_of_five_megabytes_is_read_in_part() -> None:
    words = " ".join(f"word{n}" for n in range(600_000))
    assert build_profile(TopicSpec(name="t", seeds=seeds(words)), VECTORIZER).row.nnz < 20_000


# ---------------------------------------------------------------- verdicts


def test_a_wanted_story_brings_its_words_and_strengthens_those_it_shares() -> None:
    given = verdicts(yes=("railway strike",))
    assert weight(HARBOUR, "railway", given) > 0
    assert weight(HARBOUR, "strike", given) > weight(HARBOUR, "strike")


def test_an_unwanted_story_takes_weight_away_but_never_below_zero() -> None:
    given = verdicts(no=("air strike",))
    assert 0 < weight(HARBOUR, "strike", given) < weight(HARBOUR, "strike")
    assert weight(HARBOUR, "air", given) == 0


def said(answer: str, *texts: str) -> tuple[Verdict, ...]:
    return verdicts(yes=texts) if answer == "yes" else verdicts(no=texts)


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_few_verdicts_move_a_profile_a_little_and_many_more(answer: str) -> None:
    words = [f"{letter}{letter}urnal strike" for letter in "abcdefghij"]
    moved = [
        abs(weight(HARBOUR, "strike", given) - weight(HARBOUR, "strike"))
        for count in (1, 3, 10)
        for given in [said(answer, *words[:count])]
    ]
    assert 0 < moved[0] < moved[1] < moved[2]


def test_however_many_stories_are_unwanted_the_seed_is_still_heard() -> None:
    given = verdicts(no=("harbour strike",) * 1000)
    assert np.isclose(weight(HARBOUR, "harbour", given), weight(HARBOUR, "harbour"))


def test_a_profile_with_verdicts_has_unit_length() -> None:
    given = verdicts(yes=("railway strike",), no=("air strike", "harbour cruise"))
    row = build_profile(HARBOUR, VECTORIZER, given).row.toarray()
    assert np.isclose(np.linalg.norm(row), 1)
    assert row.min() >= 0


@pytest.mark.parametrize("blank", ["", "of the and", "!!! ?"])
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_a_story_without_words_is_no_evidence(answer: str, blank: str) -> None:
    some, more = said(answer, "railway strike"), said(answer, "railway strike", blank)
    assert weight(HARBOUR, "strike", more) == weight(HARBOUR, "strike", some)


def test_a_story_in_another_language_is_read_in_its_own() -> None:
    stem = "hauser"
    given = verdicts(yes=("Häuser am Hafen",), language="de")
    assert weight(HARBOUR, stem, given) == 0
    assert weight(HARBOUR, "haus", given) > 0


def test_unwanted_stories_and_not_seeds_together_never_take_everything() -> None:
    spec = TopicSpec(name="t", seeds=seeds("harbour", ""), not_seeds=seeds("harbour"))
    assert weight(spec, "harbour", verdicts(no=("harbour",) * 1000)) > 0


# ---------------------------------------------------------------- worked by hand

PLAIN = TopicSpec(name="t", seeds=seeds("harbour strike"), language="xx")
"""A language of which nothing is known: all words weigh the same, and none is related."""


def part(spec: TopicSpec, given: tuple[Verdict, ...] = ()) -> float:
    """The weight of ``strike`` where ``harbour`` has 1."""
    return weight(spec, "strike", given) / weight(spec, "harbour", given)


def test_half_of_what_is_not_meant_is_taken_away() -> None:
    assert part(PLAIN) == pytest.approx(1)
    assert part(replace(PLAIN, not_seeds=seeds("air strike"))) == pytest.approx(0.5)


@pytest.mark.parametrize(("number", "left"), [(1, 0.75), (3, 0.625)])
def test_one_unwanted_story_has_half_of_the_effect_of_many(number: int, left: float) -> None:
    """1 - 0.5 n/(n+1) for n stories."""
    assert part(PLAIN, verdicts(no=("air strike",) * number, language="xx")) == pytest.approx(left)


def test_a_wanted_story_counts_as_one_more_seed() -> None:
    two = replace(PLAIN, seeds=seeds("harbour", "harbour"))
    assert part(two, verdicts(yes=("strike",), language="xx")) == pytest.approx(0.5)


def test_seeds_that_say_the_same_count_as_one() -> None:
    spec = replace(PLAIN, seeds=PLAIN.seeds * 2, not_seeds=seeds("air strike"))
    assert part(spec) == pytest.approx(0.5)


@pytest.mark.parametrize(("word", "length"), [("forbidden", 0.3), ("cyclone", 0.2)])
def test_related_words_have_the_stated_part_of_a_profile(word: str, length: float) -> None:
    """Of a topic of one word that has a family and no likes, or likes and no family."""
    own = weight(TopicSpec(name="t", seeds=seeds(word)), analyzer_for("en").terms("", word)[0])
    assert own**2 == pytest.approx(1 / (1 + length**2), rel=0.01)


def in_every_story(*texts: str) -> Vectorizer:
    news = [story(text, story_id=n, language="xx") for n, text in enumerate(texts)]
    return Vectorizer(Background.prior().learn(news, NOW))


def test_what_every_story_says_is_taken_away_by_the_stated_share() -> None:
    """Strike: in 4 of 4 stories, idf ln(5/5) + 0.1; harbour: in none, ln(5/1) + 0.1."""
    row = build_profile(PLAIN, in_every_story(*["strike"] * 4)).row.toarray()[0]
    strike, harbour = 0.1, np.log(5) + 0.1
    length = np.hypot(strike, harbour)
    found = row[columns_of(["strike", "harbour"])]
    assert found[0] / found[1] == pytest.approx(
        (strike / length - 0.06 * strike) * length / harbour
    )


def test_a_topic_whose_every_word_is_common_stays_as_it_is() -> None:
    apart = {int(columns_of([word])[0]): word for word in (f"w{n}" for n in range(6000))}
    words = " ".join(apart.values())
    spec = replace(PLAIN, seeds=seeds(words))
    row = build_profile(spec, in_every_story(words, "other", "more")).row
    assert np.linalg.norm(row.data) == pytest.approx(1)


def test_a_wanted_story_does_not_stand_in_for_a_seed() -> None:
    with pytest.raises(ValueError, match="the seeds contain no usable word"):
        build_profile(replace(HARBOUR, seeds=seeds("of")), VECTORIZER, verdicts(yes=("strike",)))


def test_a_rule_without_a_word_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"topic 't': '!' contains no word"):
        build_profile(replace(HARBOUR, must=("!",)), VECTORIZER)
