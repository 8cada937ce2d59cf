from __future__ import annotations

import pytest

from monitor.matching.rules import Rules
from monitor.records import Story, TopicSpec
from tests.matching.builders import seeds, story


def veto(
    of: Story,
    *,
    must: tuple[str, ...] = (),
    any: tuple[str, ...] = (),
    never: tuple[str, ...] = (),
    language: str = "en",
) -> str | None:
    spec = TopicSpec(name="t", seeds=seeds("x"), must=must, any=any, never=never, language=language)
    return Rules(spec).veto(of)


TALKS = story("Officials held peace talks with the militias.", title="Plan B in Iraq")


def test_without_rules_nothing_is_refused() -> None:
    assert veto(TALKS) is None


def test_all_of_must_have_to_occur() -> None:
    assert veto(TALKS, must=("iraq", "militia")) is None
    assert veto(TALKS, must=("iraq", "navy")) == "must: 'navy'"


def test_one_of_any_has_to_occur() -> None:
    assert veto(TALKS, any=("navy", "peace")) is None
    assert veto(TALKS, any=("navy", "army")) == "any: none of 'navy', 'army'"


def test_none_of_never_may_occur() -> None:
    assert veto(TALKS, never=("football",)) is None
    assert veto(TALKS, never=("football", "Officials")) == "never: 'Officials'"


@pytest.mark.parametrize(
    "phrase", ["peace talk", "Peace Talks", "talks with the militia", "plan b"]
)
def test_phrases_are_found_in_any_form(phrase: str) -> None:
    assert veto(TALKS, must=(phrase,)) is None


@pytest.mark.parametrize("phrase", ["talks peace", "peace militias", "Iraq officials", "pla"])
def test_phrases_are_whole_words_in_order_within_title_or_text(phrase: str) -> None:
    assert veto(TALKS, must=(phrase,)) == f"must: {phrase!r}"


def test_a_phrase_in_a_script_without_spaces_is_found_inside_a_run() -> None:
    rain = story("明日は東京都で大雨", language="ja")
    assert veto(rain, must=("東京都", "雨"), language="ja") is None
    assert veto(rain, never=("京東",), language="ja") is None


def test_a_story_declared_in_another_language_is_refused() -> None:
    assert veto(story("x", language="de-CH")) == "language: 'de-CH', the topic reads 'en'"
    assert veto(story("x", language="en-US")) is None


def test_a_story_that_declares_no_language_is_not_refused_for_it() -> None:
    assert veto(story("x", language=None), language="de") is None


@pytest.mark.parametrize("phrase", ["", "  ", "!!!", "..."])
def test_a_phrase_without_a_word_is_refused_by_topic(phrase: str) -> None:
    with pytest.raises(ValueError, match=r"topic 't': .* contains no word"):
        veto(TALKS, never=(phrase,))


def watches(
    spec: TopicSpec, *, url: str = "https://a.example/", tags: tuple[str, ...] = ()
) -> bool:
    return Rules(spec).watches(story("x", feed_url=url, feed_tags=tags))


def test_without_feeds_and_tags_every_feed_is_watched() -> None:
    assert watches(TopicSpec(name="t", seeds=seeds("x")))


def test_a_feed_is_watched_by_its_address_or_one_of_its_tags() -> None:
    spec = TopicSpec(name="t", seeds=seeds("x"), feeds=("https://a.example/",), tags=("world",))
    assert watches(spec)
    assert watches(spec, url="https://b.example/", tags=("sport", "world"))
    assert not watches(spec, url="https://b.example/", tags=("sport",))
