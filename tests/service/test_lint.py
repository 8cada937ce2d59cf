"""Advice on topics: what files tell with file and line, and what the store has seen."""

from __future__ import annotations

import random
import sqlite3
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.config import load
from monitor.records import MatchState
from monitor.service.advice import Advice
from monitor.service.app import App, open_for_trial
from monitor.service.lint import lint
from monitor.service.views import NotFound
from monitor.store import matches, topics
from tests.builders import ADVISORY, MORNING, ORCHARD, rss, write_config
from tests.servers import FeedServer
from tests.service.test_backtest import shades
from tests.service.test_explain import configured, rewrite, topic
from tests.service.test_learn import small_news
from tests.service.walking import opened, walk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def advised(config: Path, name: str | None = None, *, now: datetime = MORNING) -> list[Advice]:
    with as_it_is(config) as app:
        return list(lint(app, name, now))


def as_it_is(config: Path) -> AbstractContextManager[App]:
    """The App of ``config``, whose files were not written into the database."""
    return open_for_trial(load(config), owner="test", rng=random.Random(0))


def told(config: Path, *, now: datetime = MORNING) -> list[tuple[str, str]]:
    return [(each.level, each.what) for each in advised(config, now=now)]


@pytest.fixture
def untouched(tmp_path: Path) -> Path:
    return write_config(tmp_path, feeds=["https://example.org/feed"], host="127.0.0.1:9")


def add(config: Path, name: str, text: str) -> None:
    (config.parent / "topics" / f"{name}.yaml").write_text(text)


# ---------------------------------------------------------------- files


def test_a_finding_has_file_line_and_key(untouched: Path) -> None:
    add(untouched, "short", "name: short\nseeds:\n  - text: Cup\nmust:\n  - Cup\n  - frost\n")
    warning, note = advised(untouched, "short")
    file = untouched.parent / "topics" / "short.yaml"
    assert (warning.level, warning.place) == ("warning", f"{file}:2: seeds")
    assert (note.level, note.place) == ("note", f"{file}:6: must[1]")
    assert warning.told == f"{file}:2: seeds: {warning.what}; {warning.remedy}"


def test_no_database_is_left_behind(untouched: Path) -> None:
    before = sorted(untouched.parent.rglob("*"))
    advised(untouched)
    assert sorted(untouched.parent.rglob("*")) == before


def test_a_sound_topic_gets_no_advice(untouched: Path) -> None:
    assert advised(untouched) == []


def test_advice_may_be_asked_for_one_topic_in_any_case(untouched: Path) -> None:
    add(untouched, "a", "name: Small A\nseeds: [{text: Iraq}]\n")
    add(untouched, "b", "name: b\nseeds: [{text: Iraq}]\n")
    assert {each.topic for each in advised(untouched, "small-a")} == {"Small A"}
    with pytest.raises(NotFound, match="no topic named 'c'"):
        advised(untouched, "c")


def test_a_seed_in_another_language_than_its_topic_is_told(untouched: Path) -> None:
    german = (
        "Die Truppen verlassen das Land bis zum Ende des Jahres, nur Berater sollen bleiben. "
        "Das sagte die Ministerin nach einem Treffen mit ihrem Amtskollegen in der Hauptstadt. "
        "Die Opposition verlangt, dass das Parlament zuvor über den Abzug abstimmen kann."
    )
    add(untouched, "de", f"name: de\nseeds:\n  - text: |\n      {german}\n")
    (advice,) = advised(untouched, "de")
    assert advice.what == "is in the language 'de', the topic reads 'en'"
    assert advice.place.endswith("de.yaml:3: seeds[0]")
    add(untouched, "de", f"name: de\nlanguage: de\nseeds:\n  - text: |\n      {german}\n")
    assert advised(untouched, "de") == []


def test_two_topics_that_look_for_the_same_each_name_the_other(untouched: Path) -> None:
    add(untouched, "twin", topic(name="twin"))
    found = {each.topic: each.what for each in advised(untouched)}
    assert "looks for the same stories as 'advisory'" in found["twin"]
    assert "looks for the same stories as 'twin'" in found["advisory"]


def test_a_topic_whose_page_was_not_read_yet_is_told(untouched: Path) -> None:
    add(untouched, "page", "name: page\nseeds: [{url: 'https://example.org/a'}]\n")
    ((level, what),) = told(untouched)
    assert (level, "no page that it names was read yet" in what) == ("warning", True)


# ---------------------------------------------------------------- what was seen


def test_rules_that_refused_whatever_resembled_the_topic_are_told(
    tmp_path: Path, feeds: FeedServer
) -> None:
    alike = [(f"{ADVISORY[0]} {n}", ADVISORY[1]) for n in range(4)]
    feeds.pages["wire.rss"] = rss(alike, at=MORNING - HOUR)
    config = configured(tmp_path, feeds, topic("must: [Biden, orchard]\n"))
    walk(config, MORNING)
    whats = [what for level, what in told(config) if level == "warning"]
    assert whats == [
        "refused all 4 stories of 30 days that resembled it, 4 by must: 'orchard'",
    ]
    assert told(config, now=MORNING + 31 * DAY) == [("note", "'orchard' is in none of the seeds")]


def test_a_must_that_no_story_has_is_told(tmp_path: Path, feeds: FeedServer) -> None:
    feeds.pages["wire.rss"] = rss(small_news(120), at=MORNING - HOUR)
    config = configured(tmp_path, feeds, topic("must: [troops, harbour]\n"))
    walk(config, MORNING)
    assert ("note", "none of the newest 120 stories has 'troops'") in told(config)
    assert not [what for _, what in told(config) if "stories has 'harbour'" in what]


def test_a_topic_that_brings_far_more_than_was_promised_floods(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = flooded(tmp_path, feeds, "alerts_per_week: 1\n")
    ((level, what),) = told(config, now=MORNING + 8 * DAY)
    assert (level, what.split(",")[0]) == ("warning", "floods: 12 hits since 2026-03-02")
    assert "where 1 are promised" in what


def test_as_many_as_were_promised_are_no_flood(tmp_path: Path, feeds: FeedServer) -> None:
    config = flooded(tmp_path, feeds, "alerts_per_week: 8\n")
    assert told(config, now=MORNING + 8 * DAY) == []


def flooded(folder: Path, feeds: FeedServer, promise: str) -> Path:
    """A topic that had a background of other news, and twelve hits within a week."""
    feeds.pages["wire.rss"] = rss([*small_news(60), *shades(30)], at=MORNING - HOUR)
    config = configured(folder, feeds, topic(promise))
    walk(config, MORNING)
    forget_matches(config)
    alike = [(f"{ADVISORY[0]} {n}", ADVISORY[1]) for n in range(12)]
    feeds.pages["wire.rss"] = rss(alike, at=MORNING + 7 * DAY, first_id=500)
    walk(config, MORNING + 7 * DAY)
    return config


def forget_matches(config: Path) -> None:
    with sqlite3.connect(config.with_name("monitor.db")) as database:
        database.execute("delete from matches")


def news_of(day: int, count: int) -> list[tuple[str, str]]:
    return [(f"{title}, day {day}", text) for title, text in small_news(count)]


def test_a_topic_without_a_hit_for_longer_than_its_rhythm_is_silent(
    tmp_path: Path, feeds: FeedServer
) -> None:
    config = configured(tmp_path, feeds, topic("threshold: 0.5\n"))
    at = MORNING
    for day in range(6):
        at = MORNING + day * DAY
        items = [(f"{ADVISORY[0]} {day}", ADVISORY[1]), *news_of(day, 4)]
        feeds.pages["wire.rss"] = rss(items, at=at, first_id=100 * day)
        walk(config, at)
    assert [what for _, what in told(config, now=at) if "silent" in what] == []
    for day in range(6, 12):
        feeds.pages["wire.rss"] = rss(news_of(day, 5), at=MORNING + day * DAY, first_id=100 * day)
        walk(config, MORNING + day * DAY)
    ((_, what),) = [each for each in told(config, now=MORNING + 12 * DAY) if "silent" in each[1]]
    assert what == (
        "silent since 2026-03-07: none of 30 stories matched, where about 6 were to be expected"
    )


def test_where_no_story_came_no_topic_is_silent(tmp_path: Path, feeds: FeedServer) -> None:
    config = configured(tmp_path, feeds, topic("threshold: 0.5\n"))
    for day in range(6):
        items = [(f"{ADVISORY[0]} {day}", ADVISORY[1]), *news_of(day, 4)]
        feeds.pages["wire.rss"] = rss(items, at=MORNING + day * DAY, first_id=100 * day)
        walk(config, MORNING + day * DAY)
    assert [what for _, what in told(config, now=MORNING + 25 * DAY) if "silent" in what] == []


def test_topics_with_common_hits_are_told_with_their_number(
    tmp_path: Path, feeds: FeedServer
) -> None:
    alike = [(f"{ADVISORY[0]} {n}", ADVISORY[1]) for n in range(6)]
    feeds.pages["wire.rss"] = rss([*alike, ORCHARD], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    add(config, "biden", "name: biden\nthreshold: 0.05\nseeds: [{text: Biden and Kadhimi}]\n")
    walk(config, MORNING)
    whats = [each.what for each in advised(config, "biden")]
    assert "6 of its 6 hits of 30 days are of 'advisory' too" in whats


def test_advice_writes_nothing(tmp_path: Path, feeds: FeedServer) -> None:
    feeds.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
    config = configured(tmp_path, feeds)
    walk(config, MORNING)
    rewrite(config, topic("threshold: 0.9\n"))
    with opened(config, MORNING - DAY) as app:
        before = topics.all_topics(app.database)
    add(config, "new", "name: new\nseeds: [{text: Iraq}]\n")
    advised(config)
    with as_it_is(config) as app:
        assert topics.all_topics(app.database) == before
        assert len(matches.listing(app.database, states=(MatchState.HIT,))) == 1
