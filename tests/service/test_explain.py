"""Why this story, and why not that one: every reason that applies, as of then and as of now."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.matching.background import Background
from monitor.matching.calibrate import DEFAULT_THRESHOLD
from monitor.matching.score import Matcher
from monitor.records import (
    Match,
    MatchState,
    Seed,
    Story,
    Threshold,
    ThresholdKind,
    Topic,
    TopicSpec,
)
from monitor.service.explain import Explanation, Fate, explain
from monitor.service.poll import poll
from monitor.store import matches
from tests.builders import ADVISORY, FOOTBALL, MORNING, ORCHARD, rss, write_config
from tests.matching.builders import story
from tests.servers import FeedServer
from tests.service.test_backtest import shades
from tests.service.test_learn import small_news
from tests.service.walking import opened, walk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEED = "\n".join(f"      {line}" for line in ADVISORY)


def topic(more: str = "", *, name: str = "advisory") -> str:
    return f"name: {name}\nseeds:\n  - text: |\n{SEED}\n{more}"


def configured(folder: Path, feeds: FeedServer, text: str | None = None) -> Path:
    """A configuration with one feed, and its topic as ``text`` says."""
    config = write_config(folder, feeds=[feeds.url("wire.rss")], host=feeds.host)
    rewrite(config, text or topic())
    return config


def rewrite(config: Path, text: str) -> None:
    (config.parent / "topics" / "advisory.yaml").write_text(text)


def why(config: Path, words: str = ADVISORY[0], name: str = "advisory") -> Explanation:
    with opened(config, MORNING + DAY) as app:
        return explain(app, words, name, MORNING + DAY)


def test_every_rule_that_refuses_a_story_is_named_not_only_the_first(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    rules = "must: [orchard, troops]\nnever: [Kadhimi]\nany: [frost, apples]\nlanguage: de\n"
    config = configured(tmp_path, feeds, topic(rules))
    feeds.pages["wire.rss"] = feeds.pages["wire.rss"].replace(
        b"<channel>", b"<channel><language>en</language>"
    )
    walk(config, MORNING)
    assert why(config).refusals == (
        "language: 'en', the topic reads 'de'",
        "never: 'Kadhimi'",
        "must: 'orchard'",
        "any: none of 'frost', 'apples'",
    )


def test_a_story_of_an_unwatched_feed_was_out_of_reach_and_says_which_feed(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    listed = config.with_name("feeds.yaml")
    listed.write_text(f"{listed.read_text()}  - {{url: 'https://a.example/b', tags: [defence]}}\n")
    rewrite(config, topic("tags: [defence]\n"))
    walk(config, MORNING)
    told = why(config)
    assert told.refusals == (f"feeds: {feeds.url('wire.rss')} is not watched",)
    assert (told.stored, told.fate) == (None, Fate.OUT_OF_REACH)


def test_a_story_that_was_decided_is_told_as_it_was_decided(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    walk(config, MORNING)
    told = why(config)
    assert (told.fate, told.now, told.changes, told.refusals) == (Fate.DECIDED, None, (), ())
    assert told.stored is not None
    assert (told.match.score, told.match.state) == (told.stored.score, MatchState.HIT)
    assert told.scored_at == MORNING


def test_a_story_that_waits_is_told_from_one_that_was_passed_over(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY, FOOTBALL], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    with opened(config, MORNING) as app:
        poll(app, MORNING)
    told = why(config)
    assert (told.fate, told.scored_at, told.match.state) == (Fate.WAITING, None, MatchState.HIT)
    walk(config, MORNING)
    assert why(config, FOOTBALL[0]).fate is Fate.OUT_OF_REACH


def test_the_backlog_was_never_matched(tmp_path: Path, feeds: FeedServer) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - 9 * DAY)
    config = configured(tmp_path, feeds)
    walk(config, MORNING)
    told = why(config)
    assert (told.fate, told.stored, told.match.state) == (Fate.BACKLOG, None, MatchState.HIT)


def test_a_story_from_before_the_topic_says_so(tmp_path: Path, feeds: FeedServer) -> None:
    feeds.pages["wire.rss"] = rss([*small_news(40), ADVISORY, ORCHARD], at=MORNING - HOUR)
    config = configured(tmp_path, feeds, topic(name="other"))
    walk(config, MORNING)
    (config.parent / "topics" / "late.yaml").write_text(topic(name="late"))
    walk(config, MORNING + HOUR)
    told = why(config, name="late")
    assert (told.fate, told.scored_at) == (Fate.BEFORE, MORNING)
    assert why(config, name="other").fate is Fate.DECIDED
    assert why(config, ORCHARD[0], name="other").fate is Fate.OUT_OF_REACH


def test_before_anything_was_learned_no_topic_is_called_too_young(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["wire.rss"] = rss([ORCHARD], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    walk(config, MORNING)
    feeds.pages["wire.rss"] = rss([ORCHARD, *small_news(40)], at=MORNING - HOUR)
    walk(config, MORNING + HOUR)
    assert why(config, ORCHARD[0]).fate is Fate.OUT_OF_REACH


def test_what_moved_since_the_decision_is_named_and_the_decision_of_now_told(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    walk(config, MORNING)
    feeds.pages["wire.rss"] = rss([ADVISORY, *small_news(40)], at=MORNING - HOUR)
    walk(config, MORNING + HOUR)
    told = why(config)
    assert (told.match.background_version, told.match.threshold) == (0, DEFAULT_THRESHOLD)
    assert told.now is not None
    assert (told.now.background_version, told.now.state) == (1, MatchState.HIT)
    assert told.changes == ("threshold", "background")


def test_a_topic_that_was_changed_since_is_named(tmp_path: Path, feeds: FeedServer) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    walk(config, MORNING)
    rewrite(config, topic("threshold: 0.9\nnever: [troops]\n"))
    told = why(config)
    assert told.changes == ("topic", "threshold")
    assert (told.match.threshold, told.match.veto) == (0.9, "never: 'troops'")
    assert told.stored is not None
    assert told.stored.state is MatchState.HIT


def test_a_story_that_was_edited_since_is_named(tmp_path: Path, feeds: FeedServer) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    walk(config, MORNING)
    feeds.pages["wire.rss"] = rss([(ADVISORY[0], ORCHARD[1])], at=MORNING - HOUR)
    walk(config, MORNING + HOUR)
    told = why(config)
    assert told.changes == ("story",)
    assert told.stored is not None
    assert told.match.score < told.stored.score


def test_the_words_that_a_story_lacks_are_the_heaviest_of_the_topic(
    tmp_path: Path, feeds: FeedServer
) -> None:
    feeds.pages["wire.rss"] = rss([shades(12)[-1], ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    walk(config, MORNING)
    missing = why(config, "shade 11").missing
    assert missing[0].share == max(term.share for term in missing)
    assert "Kadhimi" in [term.text for term in missing]
    assert "Iraqi" not in [term.text for term in missing]
    assert {term.text for term in why(config).missing}.isdisjoint(" ".join(ADVISORY).split())


# ---------------------------------------------------------------- reasons decide

WIRE = "Dockers strike at the harbour of Rotterdam over wages and night shifts"
LOCAL = "Crane drivers in Antwerp walk out, ships wait outside the port for days"
FILLER = "A recipe for lemon cake with a glaze of sugar and a little thyme."


def decided(text: str, *seeds: str) -> Match:
    spec = TopicSpec(name="ports", seeds=tuple(Seed(text=each) for each in seeds))
    at = Threshold(value=0.3, kind=ThresholdKind.ABSOLUTE)
    it = Topic(id=1, version="v1", spec=spec)
    return Matcher(Background.prior(), [it], {1: at}).explain(of(text), 1, MORNING)


def of(text: str) -> Story:
    return story(text)


@pytest.mark.parametrize("seeds", [(WIRE,), (WIRE, LOCAL)])
@pytest.mark.parametrize("text", [WIRE, "Rotterdam dockers end their strike over wages", LOCAL])
def test_taking_out_the_named_words_of_a_hit_makes_it_none(
    text: str, seeds: tuple[str, ...]
) -> None:
    before = decided(f"{text}. {FILLER}", *seeds)
    left = " ".join(
        word for word in f"{text}. {FILLER}".split()
        if word.strip(",.") not in {term.text for term in before.terms}
    )  # fmt: skip
    assert decided(left, *seeds).score == 0
    if text != LOCAL or LOCAL in seeds:
        assert before.state is MatchState.HIT


@pytest.mark.parametrize("seeds", [(WIRE,), (WIRE, LOCAL)])
def test_putting_in_the_words_that_a_near_miss_lacks_makes_it_a_hit(seeds: tuple[str, ...]) -> None:
    near = f"Dockers talk about wages. {FILLER}"
    assert decided(near, *seeds).state is MatchState.NEAR
    spec = TopicSpec(name="ports", seeds=tuple(Seed(text=each) for each in seeds))
    matcher = Matcher(Background.prior(), [Topic(id=1, version="v1", spec=spec)], {})
    words = [term.text for term in matcher.heaviest(1, 12) if term.text not in near]
    assert decided(f"{near} {' '.join(words)}", *seeds).state is MatchState.HIT


def test_an_explanation_stores_nothing(tmp_path: Path, feeds: FeedServer) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    with opened(config, MORNING) as app:
        poll(app, MORNING)
    why(config)
    with opened(config, MORNING) as app:
        assert matches.listing(app.database, states=tuple(MatchState)) == ()
