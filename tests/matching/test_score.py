from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.background import Background
from monitor.matching.calibrate import DEFAULT_THRESHOLD
from monitor.matching.score import BATCH, REACH, Matcher
from monitor.records import Match, MatchState, Story, Threshold, ThresholdKind, TopicSpec
from tests.matching.builders import NOW, STEADY, seeds, story, topic

SEED = "Dockers strike at the harbour of Rotterdam over wages and night shifts"
LIKE = "Rotterdam harbour: dockers go on strike over wages"
ALIKE = "Dockers in Antwerp threaten to strike"
OTHER = "A recipe for lemon cake"

WORDS = st.sampled_from([*SEED.split(), "Strikes", "U.S.", "lemon", "cake", "the"])
TEXTS = st.lists(WORDS, max_size=30).map(" ".join)


def matcher(
    spec: TopicSpec | None = None,
    *,
    threshold: float = 0.3,
    background: Background | None = None,
) -> Matcher:
    at = Threshold(value=threshold, kind=ThresholdKind.ABSOLUTE)
    one = topic(spec or TopicSpec(name="harbour", seeds=seeds(SEED)))
    return Matcher(background or Background.prior(), [one], {1: at})


@cache
def harbour(threshold: float = 0.3) -> Matcher:
    """One matcher for the many examples of a property."""
    return matcher(threshold=threshold)


def only(matches: tuple[Match, ...]) -> Match:
    (match,) = matches
    return match


def total(match: Match) -> float:
    return round(sum(term.share for term in match.terms) + match.rest, 4)


def score_of(of: Story) -> float:
    return float(harbour().scores([of])[0, 0])


# ---------------------------------------------------------------- decisions


def test_a_story_that_reaches_the_threshold_is_a_hit() -> None:
    at = score_of(story(LIKE))
    assert only(matcher(threshold=at).match([story(LIKE)], NOW)).state is MatchState.HIT


def test_a_story_within_reach_is_a_near_miss() -> None:
    at = score_of(story(LIKE))
    match = only(matcher(threshold=round(at + 0.01, 4)).match([story(LIKE)], NOW))
    assert (match.state, match.veto) == (MatchState.NEAR, None)


def test_a_story_out_of_reach_is_no_match() -> None:
    at = score_of(story(LIKE)) / REACH
    assert matcher(threshold=round(at + 0.01, 4)).match([story(LIKE)], NOW) == ()


def test_a_story_that_shares_nothing_is_no_match_even_at_threshold_zero() -> None:
    assert matcher(threshold=0.0).match([story(OTHER), story("")], NOW) == ()


def test_a_refused_hit_is_vetoed_and_says_by_which_rule() -> None:
    spec = TopicSpec(name="harbour", seeds=seeds(SEED), never=("wages",))
    match = only(matcher(spec).match([story(LIKE)], NOW))
    assert (match.state, match.veto) == (MatchState.VETOED, "never: 'wages'")


def test_a_topic_that_does_not_watch_a_feed_does_not_match_its_stories() -> None:
    spec = TopicSpec(name="harbour", seeds=seeds(SEED), tags=("ports",))
    assert matcher(spec).match([story(LIKE, feed_tags=("sport",))], NOW) == ()
    assert matcher(spec).match([story(LIKE, feed_tags=("ports",))], NOW) != ()


def test_a_topic_is_sampled_on_the_feeds_it_watches() -> None:
    spec = TopicSpec(name="harbour", seeds=seeds(SEED), tags=("ports",))
    news = [story(LIKE, feed_tags=("sport",)), story(LIKE, feed_tags=("ports",)), story("Lemon.")]
    assert list(matcher(spec).samples(news)) == [(1, [score_of(news[1])])]
    assert len(next(iter(matcher().samples(news)))[1]) == 3


def test_without_a_threshold_a_topic_has_its_own_or_the_default() -> None:
    plain = topic(TopicSpec(name="plain", seeds=seeds(SEED)), topic_id=1)
    fixed = topic(TopicSpec(name="fixed", seeds=seeds(SEED), threshold=0.4), topic_id=2)
    made = Matcher(Background.prior(), [plain, fixed], {})
    assert made.threshold(1).value == DEFAULT_THRESHOLD
    assert made.threshold(2).value == 0.4


def test_a_match_names_what_it_was_decided_with() -> None:
    background = Background.prior().learn([story(OTHER)], NOW)
    match = only(matcher(background=background).match([story(LIKE, story_id=7)], NOW))
    assert (match.story_id, match.topic_id, match.matched_at) == (7, 1, NOW)
    assert (match.background_version, match.topic_version, match.threshold) == (1, "v1", 0.3)


def test_matches_come_in_the_order_of_stories_then_topics() -> None:
    spec = TopicSpec(name="harbour", seeds=seeds(SEED))
    made = Matcher(Background.prior(), [topic(spec, topic_id=5), topic(spec, topic_id=3)], {})
    matches = made.match([story(LIKE, story_id=2), story(LIKE, story_id=1)], NOW)
    assert [(m.story_id, m.topic_id) for m in matches] == [(2, 5), (2, 3), (1, 5), (1, 3)]


def test_without_topics_or_stories_there_is_nothing_to_match() -> None:
    none = Matcher(Background.prior(), [], {})
    assert none.match([story(LIKE)], NOW) == ()
    assert none.scores([story(LIKE)]).shape == (1, 0)
    assert matcher().match([], NOW) == ()
    assert matcher().scores([]).shape == (0, 1)


def test_a_topic_without_a_word_is_left_out_with_the_reason_and_the_others_match() -> None:
    blank = topic(TopicSpec(name="blank", seeds=seeds("of the")), topic_id=1)
    good = topic(TopicSpec(name="harbour", seeds=seeds(SEED)), topic_id=2)
    made = Matcher(Background.prior(), [blank, good], {})
    assert "topic 'blank'" in made.left_out["blank"]
    assert made.topics == (good,)
    assert only(made.match([story(LIKE)], NOW)).topic_id == 2


def test_an_unknown_topic_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="no topic with id 9"):
        matcher().explain(story(LIKE), 9, NOW)


# ---------------------------------------------------------------- same input, same numbers


@STEADY
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_a_score_does_not_depend_on_the_batch(texts: list[str]) -> None:
    stories = [story(text, story_id=number) for number, text in enumerate(texts)]
    alone = np.vstack([harbour().scores([each]) for each in stories])
    assert (harbour().scores(stories) == alone).all()


def test_batches_are_an_affair_of_the_inside() -> None:
    stories = [story(LIKE if n % 2 else OTHER, story_id=n) for n in range(BATCH + 3)]
    assert len(matcher().match(stories, NOW)) == len(stories) // 2
    assert len(matcher().scores(stories)) == len(stories)


def test_a_match_is_decided_on_the_score_that_is_told() -> None:
    stories = [story(text, story_id=n) for n, text in enumerate([LIKE, ALIKE, SEED])]
    told = matcher(threshold=0.01).match(stories, NOW)
    assert [m.score for m in told] == matcher().scores(stories)[:, 0].tolist()


# ---------------------------------------------------------------- reasons


@STEADY
@given(TEXTS, TEXTS)
def test_shares_and_rest_sum_to_the_score(title: str, text: str) -> None:
    for match in harbour(0.0).match([story(text, title=title)], NOW):
        assert total(match) == match.score
        assert len(match.terms) <= 10


@STEADY
@given(TEXTS)
def test_an_explanation_names_every_term(text: str) -> None:
    match = harbour().explain(story(text), 1, NOW)
    assert match.rest == 0
    assert total(match) == match.score == score_of(story(text))


def test_an_explanation_begins_with_the_reasons_of_the_match() -> None:
    long = story(" ".join([SEED, LIKE, ALIKE, "over night shifts in Rotterdam"]))
    match = only(matcher().match([long], NOW))
    assert matcher().explain(long, 1, NOW).terms[: len(match.terms)] == match.terms


def test_terms_are_words_of_the_story_not_stems() -> None:
    terms = matcher().explain(story("Striking Dockers' wages in the U.S."), 1, NOW).terms
    assert {term.text for term in terms} == {"Striking", "Dockers", "wages"}


def test_taking_out_the_named_terms_takes_the_score_away() -> None:
    match = matcher().explain(story(LIKE), 1, NOW)
    left = LIKE
    for term in match.terms:
        left = left.replace(term.text, "")
    assert score_of(story(left)) == 0


def test_a_story_out_of_reach_is_explained_as_a_near_miss() -> None:
    match = matcher(threshold=0.9).explain(story(ALIKE), 1, NOW)
    assert match.state is MatchState.NEAR
    assert 0 < match.score < REACH * match.threshold


def test_an_explanation_tells_an_unwatched_feed_and_a_foreign_language() -> None:
    spec = TopicSpec(name="harbour", seeds=seeds(SEED), tags=("ports",))
    unwatched = matcher(spec).explain(story(LIKE), 1, NOW)
    assert unwatched.veto == "feeds: https://feed.example/rss is not watched"
    foreign = matcher().explain(story(LIKE, language="nl"), 1, NOW)
    assert foreign.veto == "language: 'nl', the topic reads 'en'"


def test_a_story_without_text_is_explained_with_nothing() -> None:
    match = matcher().explain(story(""), 1, NOW)
    assert (match.score, match.terms, match.rest) == (0, (), 0)


# ---------------------------------------------------------------- profiles


def test_the_heaviest_terms_are_of_the_seeds_or_related_to_them_and_sum_to_one() -> None:
    terms = matcher().heaviest(1, 1000)
    related = set(matcher().related(1))
    assert {term.text for term in terms} <= set(SEED.split()) | related
    assert not related & set(SEED.split())
    assert sum(term.share for term in terms if term.text in related) < 0.2
    assert round(sum(term.share for term in terms), 4) == 1
    assert matcher().heaviest(1, 2) == terms[:2]


def test_without_terms_the_same_is_decided_and_the_whole_score_is_rest() -> None:
    stories = [story(LIKE, story_id=1), story(OTHER, story_id=2)]
    full, bare = matcher().match(stories, NOW), matcher().match(stories, NOW, terms=0)
    assert [replace(each, terms=(), rest=each.score) for each in full] == list(bare)
    assert full[0].terms
