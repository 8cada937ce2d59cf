"""What holds of matching whatever the texts, the languages, the verdicts and the company."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from itertools import count, permutations
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.matching.background import Background
from monitor.matching.calibrate import LEAST, calibrate
from monitor.matching.features import column_of, token_columns
from monitor.matching.profile import build_profile
from monitor.matching.score import Matcher
from monitor.matching.text import analyzer_for, tokens
from monitor.matching.vectors import Vectorizer
from monitor.records import (
    Match,
    MatchState,
    Story,
    Threshold,
    ThresholdKind,
    TopicSpec,
    Verdict,
)
from tests.matching.builders import NOW, STEADY, seeds, story, topic, verdicts

SOME = settings(
    STEADY,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
UNIT = 10_000
PRIOR = Background.prior()
VECTORIZER = Vectorizer(PRIOR)


Given = tuple[Verdict, ...]


def sharing(stem: str) -> str:
    """A made-up word that falls into the column of a stem."""
    return next(word for n in count() if column_of(word := f"q{n}z") == column_of(stem))


COLLIDING = [sharing("troop"), sharing("soldier"), sharing("iraq")]
ENGLISH = ["Troops", "troop", "Iraq", "Iraqi", "soldiers", "parliament", "vote", "harbour", "of"]
HARD = [
    *("U.S.", "US", "us", "u.s", "W.H.O.", "2,500", "2500", "don't", "IRAQ'S", "a.troop"),
    *(
        "troop.troops",
        "\ufb01nance",
        "\uff21\uff22",
        "Straße",
        "STRASSE",
        "İstanbul",
        "\u0131stanbul",
    ),
    *(
        "東京都",
        "東京",
        "韓国人",
        "กรุงเทพ",
        "القدس",
        "ירושלים",
        "e\u0301te\u0301",
        "été",
        "😀",
        "troops😀",
    ),
    *("troops\ufe0f", "Iraq\u200btroops", "Iraq—troops", "Iraq\uff0c東京", "Iraq\u0301"),
    *("\u017foldiers", "²", "Ⅳ", "\ud800", "<troops>", "=\u0338", "\ufefftroops"),
]
HUGE = ["x" * 70, "é" * 70, "ab" * 50_000, "東京" * 2_000]
WORDS = st.sampled_from([*ENGLISH, *ENGLISH, *COLLIDING, *HARD])
GAPS = st.sampled_from([" ", " ", " ", ", ", "-", "\u00a0", "", "\n", ".", "'", "\u2019"])
PIECES = st.tuples(WORDS, GAPS).map("".join)
TEXTS = st.lists(PIECES | st.text(max_size=4), max_size=14).map("".join)
LANGUAGES = st.sampled_from(["en", "en", "de", "zh", "ar", "tr", "th", "xx"])


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


def mixed_news(number: int) -> list[Story]:
    words = [*ENGLISH, *HARD, *COLLIDING]
    drawn = np.random.default_rng(number)
    languages = ["en", "de", "zh", "tr"]
    return [
        story(" ".join(drawn.choice(words, 60)), story_id=n, language=languages[n % 4])
        for n in range(150)
    ]


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
learned = Background.prior().learn(it.mixed_news(1), it.NOW).to_record()
given = it.verdicts(yes=("Kurds vote",), no=("harbour strike",))
made = it.matcher(*it.SPECS, at=0.02, given=given)
told = made.match(it.mixed_news(2), it.NOW), made.heaviest(1)
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
    assert (profile.row.data[added] ** 2).sum() < 0.2
    assert len(profile.related) == np.count_nonzero(added)


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
        made = matcher(replace(spec, never=(word,)), at=0.01)
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
