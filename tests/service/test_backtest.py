"""Backtests: what a topic would have matched, found as live matching finds it."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.config import load
from monitor.records import Match, MatchState, Story, ThresholdKind
from monitor.service.app import App, open_app
from monitor.service.backtest import CHUNK, backtest, backtest_file
from monitor.service.outcome import Backtest
from monitor.service.tally import came
from monitor.service.views import NotFound
from monitor.store import matches, stories, topics, verdicts
from tests.builders import ADVISORY, MORNING, rss, write_config
from tests.servers import FeedServer, feed_server
from tests.service.test_learn import small_news
from tests.service.walking import opened, walk

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEED = "\n".join(f"      {line}" for line in ADVISORY)
TOPIC = f"name: advisory\nnever: [box office]\nseeds:\n  - text: |\n{SEED}\n"


def shades(count: int) -> list[tuple[str, str]]:
    """Stories that share more and more words with the seed; every third is to be refused."""
    words, (_, filler) = ADVISORY[1].split(), small_news(1)[0]
    return [
        (f"shade {n}", f"{' '.join(words[:n])} {filler} {'' if n % 3 else 'box office'}")
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where a walk polled two feeds, learned from more than a chunk, and matched."""
    folder = tmp_path_factory.mktemp("walked")
    with feed_server() as server:
        news = [*small_news(CHUNK), *shades(36), ADVISORY]
        server.pages["wire.rss"] = rss(news, at=MORNING - HOUR)
        server.pages["old.rss"] = rss([ADVISORY], at=MORNING - 9 * DAY)
        urls = [server.url("wire.rss"), server.url("old.rss")]
        config = write_config(folder, feeds=urls, host=server.host)
        write_topic(config, "advisory", TOPIC)
        write_topic(config, "firm", f"{TOPIC.replace('advisory', 'firm')}threshold: 0.5\n")
        walk(config, MORNING)
    return folder


@pytest.fixture
def config(walked: Path, tmp_path: Path) -> Path:
    """The configuration of a copy of that folder."""
    return Path(shutil.copytree(walked, tmp_path / "copy")) / "monitor.yaml"


@contextmanager
def unsynced(config: Path) -> Iterator[App]:
    """The App of ``config``, whose files were not written into the database."""
    with open_app(load(config), owner="test", rng=random.Random(0)) as app:
        yield app


def tried(
    config: Path,
    name: str = "advisory",
    *,
    since: timedelta = 30 * DAY,
    limit: int = 1000,
    now: datetime = MORNING,
) -> Backtest:
    with unsynced(config) as app:
        return backtest(app, name, now, since=since, limit=limit)


def write_topic(config: Path, name: str, text: str) -> None:
    (config.parent / "topics" / f"{name}.yaml").write_text(text)


def found(told: Backtest) -> list[Match]:
    return [each.match for state in MatchState for each in told.best[state]]


@pytest.mark.parametrize("topic", ["advisory", "firm"])
def test_replay_equals_live_exactly(config: Path, topic: str) -> None:
    with opened(config, MORNING) as app:
        states = tuple(MatchState)
        live = matches.listing(app.database, topic=topic, states=states, limit=1000)
    told = tried(config, topic, since=DAY)
    assert {each.match.state for each in live} == set(MatchState)
    assert {each.match.background_version for each in live} == {told.background_version}
    assert sorted(found(told), key=lambda match: match.story_id) == sorted(
        (each.match for each in live), key=lambda match: match.story_id
    )


def test_replay_equals_live_for_a_topic_that_learned_from_verdicts(
    config: Path, feeds: FeedServer
) -> None:
    later = MORNING + HOUR
    feeds.pages["more.rss"] = rss([*shades(36), *small_news(3)], at=later, first_id=900)
    addresses = config.with_name("feeds.yaml")
    addresses.write_text(f"{addresses.read_text()}  - url: {feeds.url('more.rss')}\n")
    config.write_text(config.read_text().replace("['", f"['{feeds.host}', '"))
    before = tried(config)
    judge(config, before.best[MatchState.NEAR][0].story, wanted=True)
    judge(config, before.best[MatchState.HIT][-1].story, wanted=False)
    walk(config, later)
    with opened(config, later) as app:
        live = matches.listing(app.database, topic="advisory", states=tuple(MatchState), limit=1000)
    moved = [each.match for each in live if each.match.matched_at == later]
    told = {match.story_id: match for match in found(tried(config, now=later))}
    assert len(moved) > 10
    assert moved == [told[match.story_id] for match in moved]
    assert told[moved[0].story_id].score != found(before)[0].score
    assert {match.topic_version for match in moved}.isdisjoint({before.topic.version})


def judge(config: Path, story: Story, *, wanted: bool) -> None:
    with opened(config, MORNING) as app:
        (topic, *_) = topics.all_topics(app.database)
        verdicts.give(app.database, topic.id, story, wanted=wanted, origin="test", now=MORNING)


@pytest.mark.parametrize("topic", ["advisory", "firm"])
def test_stored_stories_score_the_same_out_of_a_file(config: Path, topic: str) -> None:
    live = tried(config, topic)
    with unsynced(config) as app:
        stored = stories.after(app.database, 0, 1000)
    path = config.with_name("exported.jsonl")
    path.write_text("".join(f"{json.dumps(exported(each))}\n" for each in stored))
    with unsynced(config) as app:
        told = backtest_file(app, topic, MORNING, path=path, limit=1000)
    assert [each.id for each in stored] == list(range(1, len(stored) + 1))
    assert found(told) == found(live)
    assert (told.counts, told.histogram) == (live.counts, live.histogram)
    assert told.days == live.days


def exported(story: Story) -> dict[str, object]:
    return {
        "title": story.title,
        "text": story.text,
        "language": story.language,
        "published_at": came(story).isoformat(),
    }


def test_the_feeds_and_tags_of_a_topic_do_not_matter_to_a_file(config: Path) -> None:
    old = load(config).feed_specs()[1].url
    write_topic(config, "advisory", f"{TOPIC}feeds: ['{old}']\n")
    path = config.with_name("exported.jsonl")
    path.write_text(json.dumps({"title": ADVISORY[0], "text": ADVISORY[1]}))
    with unsynced(config) as app:
        told = backtest_file(app, "advisory", MORNING, path=path, limit=1)
    assert (told.unwatched, told.counts[MatchState.HIT]) == (0, 1)


def test_nothing_is_written(config: Path) -> None:
    file = config.with_name("monitor.db")
    before = dump(file)
    write_topic(config, "new", "name: new\nseeds: [{text: Violin museum opens}]\n")
    tried(config, "new")
    assert dump(file) == before


def dump(file: Path) -> list[str]:
    with sqlite3.connect(file) as database:
        return list(database.iterdump())


@pytest.mark.parametrize("promise", ["", "alerts_per_week: 3\n", "threshold: 0.31\n"])
def test_a_topic_that_was_never_synced_has_the_threshold_that_learning_would_choose(
    config: Path, promise: str
) -> None:
    write_topic(config, "new", f"name: new\n{promise}seeds: [{{text: Violin museum strike}}]\n")
    told = tried(config, "new")
    walk(config, MORNING)
    with opened(config, MORNING) as app:
        topic = next(each for each in topics.all_topics(app.database) if each.spec.name == "new")
        chosen = topics.thresholds(app.database, told.background_version)[topic.id]
    assert told.threshold == chosen
    assert told.topic.version == topic.version


def test_a_stored_topic_keeps_the_threshold_that_decides_now(config: Path) -> None:
    with opened(config, MORNING) as app:
        stored, _ = topics.thresholds(app.database, 1).values()
    assert stored.kind is ThresholdKind.CALIBRATED
    assert tried(config, now=MORNING + 9 * DAY).threshold == stored


def test_without_a_background_the_default_decides_as_it_does_live(tmp_path: Path) -> None:
    with feed_server() as server:
        server.pages["wire.rss"] = rss([ADVISORY], at=MORNING - HOUR)
        config = write_config(tmp_path, feeds=[server.url("wire.rss")], host=server.host)
        walk(config, MORNING)
    told = tried(config)
    assert (told.background_version, told.threshold.kind) == (0, ThresholdKind.DEFAULT)
    assert told.counts[MatchState.HIT] == 1


def test_backlog_counts_as_history_on_the_day_it_was_published(config: Path) -> None:
    month, week = tried(config, since=30 * DAY), tried(config, since=7 * DAY)
    assert (month.backlog, month.stories - week.stories, week.backlog) == (1, 1, 0)
    assert month.counts[MatchState.HIT] == week.counts[MatchState.HIT] + 1
    assert (month.days[0].day, month.days[0].hits) == ((MORNING - 9 * DAY).date(), 1)
    assert month.first == MORNING - 9 * DAY


def test_the_days_add_up_to_the_stories_and_the_hits(config: Path) -> None:
    told = tried(config)
    assert sum(each.stories for each in told.days) == told.stories
    assert sum(each.hits for each in told.days) == told.counts[MatchState.HIT]


def test_the_best_of_each_state_are_shown_and_all_are_counted(config: Path) -> None:
    every, few = tried(config), tried(config, limit=2)
    assert few.counts == every.counts == Counter(match.state for match in found(every))
    for state in MatchState:
        assert few.best[state] == every.best[state][:2]
        scores = [each.match.score for each in every.best[state]]
        assert scores == sorted(scores, reverse=True)


def test_every_threshold_of_the_table_would_let_through_what_it_says(config: Path) -> None:
    rows = tried(config).volumes
    assert len({each.hits for each in rows}) > 3
    for row in rows:
        write_topic(config, "advisory", f"{TOPIC}threshold: {row.threshold}\n")
        assert tried(config).counts[MatchState.HIT] == row.hits


def test_alerts_a_week_are_the_share_of_hits_at_the_pace_of_the_stream(config: Path) -> None:
    told = tried(config)
    (now,) = (each for each in told.volumes if each.present)
    assert now.threshold == told.threshold.value
    assert now.hits == told.counts[MatchState.HIT]
    with unsynced(config) as app:
        pace = stories.per_week(app.database, MORNING)
    assert told.stories_per_week == pace
    assert now.per_week == pytest.approx(now.hits / told.stories * pace)


def test_where_nothing_was_read_lately_the_history_tells_the_pace(config: Path) -> None:
    told = tried(config, now=MORNING + 15 * DAY)
    assert told.stories_per_week == pytest.approx(told.stories * 7 / 9)


def test_the_threshold_stands_between_two_bars_of_the_histogram(config: Path) -> None:
    told = tried(config)
    above = [each for each in told.histogram if each.lower >= told.threshold.value]
    assert above[0].lower == told.threshold.value
    assert sum(each.stories for each in told.histogram) == told.stories
    reached = told.counts[MatchState.HIT] + told.counts[MatchState.VETOED]
    assert sum(each.stories for each in above) == reached


@pytest.mark.parametrize("threshold", [0.0, 0.0001, 0.0003, 1.0])
def test_any_threshold_has_a_histogram_and_a_table(config: Path, threshold: float) -> None:
    write_topic(config, "advisory", f"{TOPIC}threshold: {threshold}\n")
    told = tried(config)
    assert threshold in [each.lower for each in told.histogram]
    assert [each.threshold for each in told.volumes if each.present] == [threshold]


def test_stories_of_unwatched_feeds_are_told_apart(config: Path) -> None:
    old = load(config).feed_specs()[1].url
    write_topic(config, "advisory", f"{TOPIC}feeds: ['{old}']\n")
    told = tried(config)
    assert told.unwatched == told.stories - 1
    assert sum(each.stories for each in told.histogram) == 1
    assert sum(told.counts.values()) == 1


def test_feeds_have_the_tags_that_their_file_gives_them_now(config: Path) -> None:
    feeds = config.with_name("feeds.yaml")
    feeds.write_text(feeds.read_text().rstrip() + "\n    tags: [archive]\n")
    write_topic(config, "advisory", f"{TOPIC}tags: [archive]\n")
    assert tried(config).unwatched == tried(config).stories - 1


def test_overlap_is_the_share_of_hits_that_other_topics_hit_too(config: Path) -> None:
    write_topic(config, "twin", TOPIC.replace("advisory", "twin"))
    write_topic(config, "strict", TOPIC.replace("advisory", "strict") + "must: [Kadhimi]\n")
    write_topic(config, "other", "name: other\nseeds: [{text: Violin museum strike}]\n")
    told = tried(config)
    shares = {each.topic: each.share for each in told.overlaps}
    assert shares["twin"] == 1.0
    assert 0 < shares["strict"] < 1
    assert "other" not in shares


def test_what_another_topic_hits_beside_the_hits_is_no_overlap(config: Path) -> None:
    told = tried(config, "firm")
    assert tried(config, "advisory").counts[MatchState.HIT] > told.counts[MatchState.HIT]
    assert [(each.topic, each.share) for each in told.overlaps] == [("advisory", 1.0)]


def test_a_name_may_be_in_any_case_with_hyphens_for_blanks(config: Path) -> None:
    write_topic(config, "advisory", TOPIC.replace("name: advisory", "name: Iraq Advisory"))
    assert tried(config, "iraq-advisory").topic.spec.name == "Iraq Advisory"


def test_a_page_that_was_not_read_yet_is_named_as_the_reason(config: Path) -> None:
    write_topic(config, "page", "name: page\nseeds: [{url: 'https://example.org/a'}]\n")
    with pytest.raises(NotFound, match="no page it names was read yet; `monitor poll`"):
        tried(config, "page")


def test_a_topic_that_cannot_work_says_why(config: Path) -> None:
    write_topic(config, "void", "name: void\nseeds: [{text: it is what it is}]\n")
    with pytest.raises(NotFound, match="'void'"):
        tried(config, "void")


def test_a_broken_topic_costs_the_backtest_of_another_nothing(config: Path) -> None:
    before = tried(config)
    write_topic(config, "void", "name: void\nseeds: [{text: it is what it is}]\n")
    assert tried(config) == replace(before, topic=tried(config).topic)


def test_where_no_story_came_within_the_time_it_says_how_many_are_older(config: Path) -> None:
    with pytest.raises(NotFound, match="none of the 238 stored stories came in the last 30d"):
        tried(config, now=MORNING + 60 * DAY)


def test_where_nothing_is_stored_it_says_how_stories_are_read(tmp_path: Path) -> None:
    config = write_config(tmp_path, feeds=["https://example.org/feed"], host="127.0.0.1:9")
    with pytest.raises(NotFound, match="no story is stored yet; `monitor poll`"):
        tried(config)


def test_progress_counts_the_stories(config: Path) -> None:
    seen: list[tuple[str, int]] = []
    with unsynced(config) as app:
        app.progress = lambda what, done: seen.append((what, done))
        backtest(app, "advisory", MORNING, since=30 * DAY, limit=1)
    assert seen == [("stories scored", CHUNK), ("stories scored", 238)]
