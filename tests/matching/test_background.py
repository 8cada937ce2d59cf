from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.background import Background
from monitor.matching.features import columns_of
from monitor.records import Story
from tests.matching.builders import NOW, STEADY, story

STREAM = [
    story("Troops leave the harbour", story_id=1),
    story("Troops stay in the city", story_id=2, title="Troops"),
    story("Der Hafen bleibt leer", story_id=3, language="de-AT"),
]


def weight(background: Background, stem: str, language: str = "en") -> float:
    return float(background.idf(language)[columns_of([stem])[0]])


def learned(*stories: Story) -> Background:
    return Background.prior().learn(stories, NOW)


def test_the_prior_knows_rare_words_from_common_ones() -> None:
    prior = Background.prior()
    assert weight(prior, "year") < weight(prior, "militari") < weight(prior, "zygot")


def test_version_0_has_no_stories_and_is_not_stored() -> None:
    prior = Background.prior()
    assert (prior.version, prior.stories, prior.last_story_id) == (0, 0, 0)
    with pytest.raises(ValueError, match="not stored"):
        prior.to_record()


def test_learning_makes_the_next_version_and_leaves_the_old_one_alone() -> None:
    prior = Background.prior()
    before = prior.idf().copy()
    after = prior.learn(STREAM, NOW)
    assert (after.version, after.stories, after.last_story_id) == (1, 3, 3)
    assert (prior.idf() == before).all()


def test_a_word_weighs_less_the_more_stories_have_it() -> None:
    often = learned(*[story("zygote", story_id=n) for n in range(50)])
    once = learned(*[story("zygote" if n == 0 else "other", story_id=n) for n in range(50)])
    assert weight(often, "zygot") < weight(once, "zygot")


def test_a_word_is_counted_once_per_story() -> None:
    assert weight(learned(story("zygote " * 9)), "zygot") == weight(
        learned(story("zygote")), "zygot"
    )


def test_languages_are_counted_apart() -> None:
    german = learned(*[story("Hafen", language="de") for _ in range(5)])
    assert weight(german, "haf", "en") == weight(Background.prior(), "haf", "en")
    assert weight(german, "haf", "de") < weight(Background.prior(), "haf", "de")


def test_a_language_without_a_prior_starts_with_equal_weights() -> None:
    assert np.unique(Background.prior().idf("eu")).size == 1
    assert Background.prior().idf("eu").min() > 0


def test_learning_twice_is_learning_all_at_once() -> None:
    at_once = learned(*STREAM)
    in_turn = learned(*STREAM[:1]).learn(STREAM[1:], NOW)
    for language in ("en", "de"):
        assert (at_once.idf(language) == in_turn.idf(language)).all()


def test_a_stored_background_comes_back_the_same() -> None:
    background = learned(*STREAM)
    again = Background.from_record(background.to_record())
    assert again.to_record() == background.to_record()
    assert (again.idf("de") == background.idf("de")).all()


def test_a_background_of_nothing_can_be_stored() -> None:
    empty = Background.prior().learn([], NOW)
    assert Background.from_record(empty.to_record()).stories == 0


def test_thirty_thousand_words_take_few_bytes() -> None:
    stories = [story(" ".join(f"w{n}q{m}" for m in range(300)), story_id=n) for n in range(100)]
    assert len(learned(*stories).to_record().counts) < 100_000


@STEADY
@given(st.binary(max_size=80))
def test_foreign_bytes_are_refused(junk: bytes) -> None:
    record = replace(learned(*STREAM).to_record(), counts=junk)
    with pytest.raises(ValueError, match="version 1 are damaged"):
        Background.from_record(record)


@STEADY
@given(st.data())
def test_damaged_bytes_are_refused_or_harmless(data: st.DataObject) -> None:
    """A flipped byte inside the packed form is noticed, or leaves counts that are possible."""
    raw = bytearray(zlib.decompress(learned(*STREAM).to_record().counts))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    record = replace(learned(*STREAM).to_record(), counts=zlib.compress(bytes(raw)))
    try:
        background = Background.from_record(record)
    except ValueError:
        return
    assert np.isfinite(background.idf("en")).all()
    assert (background.idf("en") > 0).all()


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_truncated_bytes_are_refused(cut: int) -> None:
    raw = zlib.decompress(learned(*STREAM).to_record().counts)
    record = replace(learned(*STREAM).to_record(), counts=zlib.compress(raw[:-cut]))
    with pytest.raises(ValueError, match="damaged"):
        Background.from_record(record)


def test_an_average_story_has_a_word_by_how_many_have_it_and_how_rare_it_is() -> None:
    """Without a prior the share of stories is that of the stream alone: 2 of 3, 1 of 3, none."""
    texts = ("kvq", "wzx one", "wzx two")
    background = learned(*[story(each, language="eu") for each in texts])
    stems = ["kvq", "nowhere", "wzx"]

    common = background.common("eu", columns_of(stems))

    expected = [
        weight(background, stem, "eu") * has / 3 for stem, has in zip(stems, (1, 0, 2), strict=True)
    ]
    assert np.allclose(common, expected)
    assert background.common("eu", columns_of([])).size == 0


def test_a_language_of_which_nothing_is_known_has_no_average_story() -> None:
    assert not Background.prior().common("eu", columns_of(["mendi"])).any()
