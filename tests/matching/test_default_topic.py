"""The default topic against real news: the article it was made for, among a few hundred others."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from random import Random

import pytest

from monitor.matching.background import Background
from monitor.matching.calibrate import calibrate
from monitor.matching.score import Matcher
from monitor.records import Match, MatchState, Seed, Story, TopicSpec
from tests.matching.builders import NOW, story, topic

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
SEED = ROOT / "config" / "topics" / "seeds" / "iraq-advisory-mission.txt"
ARTICLE = SHARED / "seed" / "iraq-mission-article.txt"
NEWS = SHARED / "data" / "allsides" / "dev.jsonl.gz"
ARTICLE_ID = 100_000
STORIES_PER_WEEK = 2000

pytestmark = pytest.mark.skipif(
    not (ARTICLE.is_file() and NEWS.is_file()), reason="the shared article and news are not here"
)


@cache
def news() -> list[Story]:
    with gzip.open(NEWS, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    Random(5).shuffle(records)
    return [
        story(record["text"], title=record["title"], story_id=number)
        for number, record in enumerate(records[:600], 1)
    ]


@cache
def pool() -> list[Story]:
    title, _, text = ARTICLE.read_text("utf-8").partition("\n")
    return [*news()[:300], story(text, title=title, story_id=ARTICLE_ID)]


@cache
def matched(version: int) -> tuple[Match, ...]:
    """The hits of the pool, best first, at version 0 or with a background of 300 other stories."""
    title, _, text = SEED.read_text("utf-8").partition("\n")
    iraq = topic(TopicSpec(name="iraq", seeds=(Seed(title=title, text=text.strip()),)))
    background, thresholds = Background.prior(), {}
    if version:
        background = background.learn(news()[300:], NOW)
        scores = Matcher(background, [iraq], {}).scores(news()[300:])[:, 0]
        thresholds = {1: calibrate(scores, iraq.spec, STORIES_PER_WEEK)}
    matches = Matcher(background, [iraq], thresholds).match(pool(), NOW)
    hits = [match for match in matches if match.state is MatchState.HIT]
    return tuple(sorted(hits, key=lambda match: -match.score))


@pytest.mark.parametrize("version", [0, 1])
def test_the_article_is_the_top_match_and_far_above_the_threshold(version: int) -> None:
    best = matched(version)[0]
    assert best.story_id == ARTICLE_ID
    assert best.score > 2.5 * best.threshold


@pytest.mark.parametrize(("version", "at_most"), [(0, 0.08), (1, 0.04)])
def test_a_handful_of_others_match_and_are_about_iraq(version: int, at_most: float) -> None:
    others = {match.story_id for match in matched(version)[1:]}
    assert len(others) <= at_most * len(pool())
    about = ["Iraq" in each.text for each in pool() if each.id in others]
    assert sum(about) >= 0.85 * len(about)


@pytest.mark.parametrize("version", [0, 1])
def test_the_reasons_are_what_the_topic_is_about(version: int) -> None:
    words = {term.text.lower() for term in matched(version)[0].terms}
    assert {"kadhimi", "advisory", "combat", "iraq"} <= words


def test_the_seed_is_in_our_own_words() -> None:
    """No seven words in a row are the article's."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return {tuple(words[i : i + 7]) for i in range(len(words) - 6)}

    assert not runs(SEED.read_text("utf-8")) & runs(ARTICLE.read_text("utf-8"))
