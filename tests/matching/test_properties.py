"""What holds of matching whatever the texts, the languages, the verdicts and the company."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.matching.background import Background
from monitor.matching.calibrate import LEAST
from monitor.matching.features import column_of, token_columns
from monitor.matching.score import Matcher
from monitor.matching.text import analyzer_for, tokens
from monitor.records import (
    Match,
    MatchState,
    Threshold,
    ThresholdKind,
    TopicSpec,
    Verdict,
)
from tests.matching.builders import NOW, seeds, story, topic, verdicts
from tests.matching.texts import COLLIDING, HUGE, LANGUAGES, SOME, TEXTS, mixed_news

UNIT = 10_000
PRIOR = Background.prior()
Given = tuple[Verdict, ...]


def matcher(*specs: TopicSpec, at: float = 0.05, given: Given = ()) -> Matcher:
    """A matcher of topics 1, 2, ... with one threshold; the verdicts are given for all."""
    topics = [replace(topic(spec, topic_id=n), verdicts=given) for n, spec in enumerate(specs, 1)]
    threshold = Threshold(value=at, kind=ThresholdKind.ABSOLUTE)
    return Matcher(PRIOR, topics, {each.id: threshold for each in topics})


def units(match: Match) -> int:
    return sum(round(term.share * UNIT) for term in match.terms) + round(match.rest * UNIT)


def as_spelled(*texts: str) -> str:
    """Texts as words are read in them: one form of each sign, ``2,500`` a number, ``u.s`` US."""
    plain = "|".join(texts).replace("\u2019", "'")
    letters = (c for c in unicodedata.normalize("NFKC", plain) if unicodedata.category(c) != "Cf")
    read = re.sub(r"[.,]", "", "".join(letters))
    return f"{read}|{read.upper()}"


# ---------------------------------------------------------------- reasons


@SOME
@given(TEXTS, TEXTS, TEXTS, LANGUAGES, LANGUAGES)
def test_shares_of_words_of_the_story_sum_to_its_score(
    title: str, text: str, seed: str, spoken: str, read: str
) -> None:
    made = matcher(TopicSpec(name="t", seeds=seeds(seed), language=read))
    assume(not made.left_out)
    one = story(text, title=title, language=spoken)
    told = made.explain(one, 1, NOW)
    assert units(told) == round(told.score * UNIT)
    assert told.rest == 0
    assert 0 <= told.score <= 1
    assert all(term.share > 0 for term in told.terms)
    assert all(term.text in as_spelled(title, text) for term in told.terms)
    for match in made.match([one, story(seed, language=read)], NOW):
        assert units(match) == round(match.score * UNIT)
        assert match.rest >= 0


@pytest.mark.parametrize(("stem", "other"), COLLIDING.items())
def test_words_that_share_a_column_share_what_it_gives(stem: str, other: str) -> None:
    assert column_of(stem) == column_of(other)
    made = matcher(TopicSpec(name="t", seeds=seeds(stem)))
    told = made.explain(story(f"{stem} {other} {other} {other}"), 1, NOW)
    assert [term.text for term in told.terms] == [other, stem]
    assert told.terms[0].share == pytest.approx(3 * told.terms[1].share, abs=2e-4)


@pytest.mark.parametrize("word", HUGE, ids=["long", "accents", "whole text", "pairs"])
def test_words_without_end_have_shares_too(word: str) -> None:
    made = matcher(TopicSpec(name="t", seeds=seeds(f"troops {word[:400]}")))
    told = made.explain(story(f"troops {word}"), 1, NOW)
    assert units(told) == round(told.score * UNIT) > 0


@SOME
@given(TEXTS, TEXTS, TEXTS, LANGUAGES)
def test_a_profile_is_named_by_words_that_were_given_or_related(
    seed: str, wanted: str, unwanted: str, language: str
) -> None:
    said = verdicts(yes=(wanted,), no=(unwanted,), language=language)
    made = matcher(TopicSpec(name="t", seeds=seeds(seed)), given=said)
    assume(not made.left_out)
    terms, related = made.heaviest(1), set(made.related(1))
    assert sum(round(term.share * UNIT) for term in terms) == UNIT
    there = as_spelled(seed, wanted)
    assert all(term.text in there or term.text in related for term in terms)


def without(text: str, named: set[str], language: str) -> str:
    """A text without the tokens that have a stem of a named word."""
    analyzer = analyzer_for(language)
    stems = {stem for word in named for stem, _ in analyzer.words(word)}
    left = (
        token
        for token in tokens(text)
        if stems.isdisjoint(stem for stem, _ in analyzer.words(token))
    )
    return " ".join(left)


@SOME
@given(TEXTS, TEXTS)
def test_without_its_named_words_a_hit_is_none(text: str, seed: str) -> None:
    """At the least threshold that a promise can lead to."""
    made = matcher(TopicSpec(name="t", seeds=seeds(seed)), at=LEAST)
    assume(not made.left_out)
    told = made.explain(story(text), 1, NOW)
    named = {term.text for term in told.terms}
    left = made.explain(story(without(text, named, "en")), 1, NOW)
    assert left.score < LEAST


@SOME
@given(TEXTS, TEXTS)
def test_a_threshold_at_the_score_of_a_story_lets_it_in(text: str, seed: str) -> None:
    spec = TopicSpec(name="t", seeds=seeds(seed))
    made = matcher(spec)
    assume(not made.left_out)
    score = made.explain(story(text), 1, NOW).score
    lowered = matcher(spec, at=score)
    states = [match.state for match in lowered.match([story(text)], NOW)]
    assert states == ([MatchState.HIT] if score else [])
    assert (lowered.explain(story(text), 1, NOW).state is MatchState.HIT) == bool(score)


# ---------------------------------------------------------------- company

SPECS = (
    TopicSpec(name="one", seeds=seeds("Troops leave the harbour of Iraq", "2,500 Kurds 東京都")),
    TopicSpec(name="two", seeds=seeds("A vote in parliament"), not_seeds=seeds("soldiers vote")),
    TopicSpec(name="three", seeds=seeds("東京都 韓国人"), language="ja", never=("Iraq",)),
)


@cache
def reordered() -> dict[tuple[int, ...], Matcher]:
    """The topics in every order, and each alone."""
    orders = (*permutations(range(len(SPECS))), (0,), (1,), (2,))
    return {order: matcher(*(SPECS[n] for n in order)) for order in orders}


@cache
def all_topics() -> Matcher:
    return matcher(*SPECS, at=0.02)


@SOME
@given(st.lists(st.tuples(TEXTS, LANGUAGES), min_size=1, max_size=5), st.randoms())
def test_a_story_is_judged_as_if_it_was_alone(texts: list[tuple[str, str]], chance: Random) -> None:
    news = [story(text, story_id=n, language=language) for n, (text, language) in enumerate(texts)]
    alone = {each.id: all_topics().match([each], NOW) for each in news}
    chance.shuffle(news)
    together = all_topics().match(news, NOW)
    assert together == tuple(match for each in news for match in alone[each.id])


@SOME
@given(TEXTS)
def test_a_topic_is_judged_whatever_others_there_are(text: str) -> None:
    expected = all_topics().scores([story(text)])[0]
    for order, made in reordered().items():
        assert made.scores([story(text)])[0].tolist() == expected[list(order)].tolist()


def test_what_was_read_before_does_not_matter() -> None:
    """An empty table of tokens, a warm one, and one that has met other capitals first."""
    news = mixed_news(1)
    shouted = [replace(each, text=each.text.upper()) for each in news]
    token_columns.cache_clear()
    cold = all_topics().match(news, NOW)
    warm = all_topics().match(news, NOW)
    token_columns.cache_clear()
    all_topics().match(shouted, NOW)
    assert cold == warm == all_topics().match(news, NOW)


def test_threads_that_match_at_once_find_the_same() -> None:
    batches = [mixed_news(number) for number in range(6)]
    token_columns.cache_clear()
    with ThreadPoolExecutor(4) as threads:
        at_once = list(threads.map(lambda news: matcher(*SPECS, at=0.02).match(news, NOW), batches))
    assert at_once == [all_topics().match(news, NOW) for news in batches]


ANOTHER_PROCESS = """
from hashlib import sha256
from monitor.matching.background import Background
from tests.matching import test_properties as it
from tests.matching.texts import mixed_news
learned = Background.prior().learn(mixed_news(1), it.NOW).to_record()
given = it.verdicts(yes=("Kurds vote",), no=("harbour strike",))
made = it.matcher(*it.SPECS, at=0.02, given=given)
told = made.match(mixed_news(2), it.NOW), made.heaviest(1)
print(sha256(learned.counts + repr(told).encode("utf-8", "surrogatepass")).hexdigest())
"""


def test_every_process_finds_the_same_bytes() -> None:
    root = Path(__file__).parents[2]
    told = {
        subprocess.run(
            [sys.executable, "-c", ANOTHER_PROCESS],
            env=os.environ | {"PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1
