"""What holds of verdicts, related words, thresholds and backgrounds, whatever they learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.matching.background import Background
from monitor.matching.calibrate import calibrate
from monitor.matching.profile import build_profile
from monitor.matching.score import Matcher
from monitor.matching.vectors import Vectorizer
from monitor.records import (
    Threshold,
    TopicSpec,
    Verdict,
)
from tests.matching.builders import NOW, STEADY, seeds, story, topic, verdicts
from tests.matching.texts import LANGUAGES, SOME, TEXTS

PRIOR = Background.prior()
VECTORIZER = Vectorizer(PRIOR)
Given = tuple[Verdict, ...]

# ---------------------------------------------------------------- related words and verdicts

FAMILIAR = st.lists(
    st.sampled_from(
        [
            *("Iraq", "Iraqi", "troops", "soldiers", "army", "parliament", "vote", "election"),
            *("strike", "workers", "harbour", "ships", "kumquat", "zxqv", "oil", "people", "year"),
        ]
    ),
    min_size=1,
    max_size=9,
).map(" ".join)


def heard(spec: TopicSpec, of: str, said: Given = ()) -> float:
    """The cosine of a profile with a text, as it is before it is rounded."""
    row = VECTORIZER.rows([story(of)])
    return float((build_profile(spec, VECTORIZER, said).row @ row.T).sum())


@SOME
@given(FAMILIAR, FAMILIAR)
def test_related_words_are_less_than_a_fifth_of_a_profile(seed: str, wanted: str) -> None:
    profile = build_profile(
        TopicSpec(name="t", seeds=seeds(seed)), VECTORIZER, verdicts(yes=(wanted,))
    )
    added = ~np.isin(profile.row.indices, profile.own)
    assert (profile.row.data > 0).all()
    assert (profile.row.data[added] ** 2).sum() < 0.2
    assert len(profile.related) == np.count_nonzero(added)


def test_a_related_word_is_told_though_it_is_also_one_that_is_not_meant() -> None:
    spec = TopicSpec(name="t", seeds=seeds("Iraqi troops"), not_seeds=seeds("Iraq"))
    made = Matcher(PRIOR, [topic(spec)], {})
    assert "iraq" in made.related(1)
    assert "iraq" in {term.text for term in made.heaviest(1)}


def test_a_profile_is_told_in_no_words_of_unwanted_stories() -> None:
    said = verdicts(no=("TROOPS TROOPS TROOPS leave",))
    it = replace(topic(TopicSpec(name="t", seeds=seeds("troops"))), verdicts=said)
    assert Matcher(PRIOR, [it], {}).heaviest(1)[0].text == "troops"


@SOME
@given(FAMILIAR, FAMILIAR)
def test_what_is_not_meant_is_heard_less_for_it_related_or_not(seed: str, other: str) -> None:
    plain = TopicSpec(name="t", seeds=seeds(seed))
    excluding = replace(plain, not_seeds=seeds(other))
    assert heard(excluding, other) <= heard(plain, other) + 1e-9
    assert heard(plain, other, verdicts(no=(other,))) <= heard(plain, other) + 1e-9


@SOME
@given(FAMILIAR)
def test_a_word_that_is_never_let_in_is_refused_however_related(seed: str) -> None:
    spec = TopicSpec(name="t", seeds=seeds(seed))
    for word in build_profile(spec, VECTORIZER).related[:3]:
        it = topic(replace(spec, never=(word,), threshold=0.01))
        made = Matcher(PRIOR, [it], {})
        told = made.match([story(f"{seed} {word}")], NOW)
        assert [match.veto for match in told] == [f"never: {word!r}"]


@SOME
@given(FAMILIAR, st.lists(st.tuples(FAMILIAR, st.booleans()), max_size=4), FAMILIAR)
def test_a_yes_never_lowers_and_a_no_hardly_ever_raises_its_own_story(
    seed: str, before: list[tuple[str, bool]], judged: str
) -> None:
    """A no may turn a profile so that words related to the story weigh a little more."""
    spec = TopicSpec(name="t", seeds=seeds(seed))
    given = said_of([*before, (judged, True)])
    unjudged = heard(spec, judged, given[:-1])
    assert heard(spec, judged, given) >= unjudged - 1e-9
    refused = (*given[:-1], replace(given[-1], wanted=False))
    assert heard(spec, judged, refused) <= unjudged + 0.01


def said_of(judged: list[tuple[str, bool]]) -> Given:
    return tuple(
        replace(verdicts(yes=(text,))[0], id=n, story_id=n, wanted=wanted)
        for n, (text, wanted) in enumerate(judged, 1)
    )


@SOME
@given(st.lists(st.tuples(FAMILIAR, st.booleans()), min_size=4, max_size=6), st.randoms())
def test_verdicts_teach_the_same_to_the_last_bit_in_any_order(
    judged: list[tuple[str, bool]], chance: Random
) -> None:
    spec, given = TopicSpec(name="t", seeds=seeds("Troops leave Iraq")), list(said_of(judged))
    expected = build_profile(spec, VECTORIZER, given).row
    for _ in range(4):
        chance.shuffle(given)
        found = build_profile(spec, VECTORIZER, given).row
        assert found.indices.tolist() == expected.indices.tolist()
        assert found.data.tolist() == expected.data.tolist()


# ---------------------------------------------------------------- thresholds

WEEK = 2000.0


@st.composite
def samples(draw: st.DrawFn) -> list[float]:
    """Scores of unrelated stories, with a lump of related ones, or of equal ones, among them."""
    drawn = np.random.default_rng(draw(st.integers(0, 2**16)))
    unrelated = drawn.exponential(0.03, draw(st.sampled_from([30, 60, 200, 400])))
    related = drawn.uniform(0.2, 0.9, draw(st.integers(0, 14)))
    equal = [draw(st.sampled_from([0.0, 0.05, 0.3]))] * draw(st.integers(0, 30))
    return [round(min(score, 1.0), 4) for score in (*unrelated, *related, *equal)]


def chosen(
    scores: Sequence[float], *, promise: float | None = None, at: float | None = None
) -> Threshold:
    spec = TopicSpec(name="t", seeds=seeds("x"), alerts_per_week=promise, threshold=at)
    return calibrate(scores, spec, WEEK)


def expected(scores: Sequence[float], at: float) -> tuple[float, float, float]:
    """The lowest, the likeliest and the highest volume of a threshold that was given."""
    it = chosen(scores, at=at)
    assert it.expected_low is not None
    assert it.expected_per_week is not None
    assert it.expected_high is not None
    return it.expected_low, it.expected_per_week, it.expected_high


@STEADY
@given(samples())
def test_a_smaller_promise_never_lowers_a_threshold(scores: list[float]) -> None:
    values = [chosen(scores, promise=promise).value for promise in np.geomspace(400, 0.5, 30)]
    assert values == sorted(values)


@STEADY
@given(samples())
def test_a_higher_threshold_never_expects_more(scores: list[float]) -> None:
    volumes = [expected(scores, value) for value in np.linspace(0, 1, 40)]
    assert all(low <= likeliest <= high for low, likeliest, high in volumes)
    assert (np.diff(volumes, axis=0) <= 1e-6).all()


@pytest.mark.parametrize("size", [100, 300, 1000])
def test_one_more_story_that_is_not_about_it_hardly_moves_a_threshold(size: int) -> None:
    """Where it falls below the tail; one in the tail of few stories does move it."""
    for number in range(50):
        scores = np.random.default_rng(number).exponential(0.03, size).tolist()
        before, after = (chosen(each, promise=20).value for each in (scores, [*scores, 0.0]))
        assert abs(after - before) < 0.01


# ---------------------------------------------------------------- backgrounds


@SOME
@given(st.lists(st.tuples(TEXTS, LANGUAGES), max_size=6), st.integers(0, 6))
def test_a_background_learned_in_parts_is_that_learned_at_once(
    texts: list[tuple[str, str]], cut: int
) -> None:
    news = [story(t, story_id=n, language=language) for n, (t, language) in enumerate(texts)]
    parts = PRIOR.learn(news[:cut], NOW).learn(news[cut:], NOW).to_record()
    backwards = PRIOR.learn(news[::-1], NOW).to_record()
    whole = PRIOR.learn(news, NOW).to_record()
    assert parts == replace(whole, version=2)
    assert backwards == whole


@SOME
@given(TEXTS, LANGUAGES, LANGUAGES)
def test_a_story_teaches_no_language_but_its_own(text: str, spoken: str, other: str) -> None:
    assume(spoken != other)
    learned = PRIOR.learn([story(text, language=spoken)], NOW)
    assert (learned.idf(other) == PRIOR.idf(other)).all()
    assert learned.idf(spoken).shape == (learned.idf(spoken) > 0).sum()
