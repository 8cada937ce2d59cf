"""What a digest says of the feeds behind it: each ill one under its word, while that is true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.records import Coverage, FeedNote, MatchState, PollStatus, Rhythm
from monitor.service.app import App
from monitor.service.coverage import coverage as stood_behind
from monitor.service.health import State, diagnose
from monitor.service.match import match
from monitor.service.preview import preview
from monitor.service.upkeep import FETCHES_KEPT, FETCHES_PER_FEED, upkeep
from monitor.store import feeds, matches, outcomes, stories, topics
from tests.builders import ADVISORY, MORNING, write_config
from tests.service.walking import opened
from tests.store.builders import add_stories, new_story, outcome
from tests.store.builders import match as a_match

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
NAMES = ("wire", "post", "news")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """Three feeds, of which the first has a story to tell; its readers were told a day ago."""
    urls = [f"https://{name}.example/feed" for name in NAMES]
    config = write_config(tmp_path, feeds=urls, host="127.0.0.1:1", schedule='{daily: "05:00"}')
    with opened(config, MORNING - DAY) as app:
        told = new_story("told", title=ADVISORY[0], text=ADVISORY[1], published_at=MORNING)
        store(app, 1, MORNING, told)
        match(app, MORNING)
        yield app


def store(app: App, feed_id: int, at: Any, *new: Any, **changes: Any) -> None:
    read = outcome(feed_id, checked_at=at, next_check_at=at + HOUR, **changes)
    stories.add_new(app.database, read, new)


def happened(app: App, feed_id: int, status: PollStatus, at: Any, **changes: Any) -> None:
    polled = outcome(feed_id, status, checked_at=at, next_check_at=at + HOUR, **changes)
    outcomes.record(app.database, polled)


def coverage(app: App, now: Any = MORNING + HOUR) -> Coverage:
    (made,) = preview(app, now)
    return made.digest.coverage


def names(found: tuple[FeedNote, ...]) -> list[str]:
    return [feed.name.partition(".")[0] for feed in found]


def test_what_was_read_is_counted_and_of_well_feeds_nothing_is_said(app: App) -> None:
    assert coverage(app) == Coverage(stories_read=1, feeds_read=1)


def test_a_gap_within_the_period_is_told_and_an_older_one_is_not(app: App) -> None:
    happened(app, 2, PollStatus.UNCHANGED, MORNING, gap=True)
    happened(app, 3, PollStatus.UNCHANGED, MORNING - 5 * DAY, gap=True)

    assert names(coverage(app).missed) == ["post"]


def test_held_stories_are_told_until_their_owner_has_decided(app: App) -> None:
    store(app, 2, MORNING - 9 * DAY, new_story("old", held=True))
    assert [(feed.name, feed.count) for feed in coverage(app).held] == [("post.example/feed", 1)]

    feeds.settle_held(app.database, 2, wanted=False)
    assert coverage(app).held == ()


def test_released_stories_are_told_like_news(app: App) -> None:
    title, text = (words.replace("Iraq", "Syria") for words in ADVISORY)
    store(app, 2, MORNING, new_story("old", title=title, text=f"{text} Iraq too.", held=True))
    match(app, MORNING)
    assert len(preview(app, MORNING + HOUR)[0].digest.sections[0].entries) == 1

    feeds.settle_held(app.database, 2, wanted=True)
    match(app, MORNING)
    assert len(preview(app, MORNING + HOUR)[0].digest.sections[0].entries) == 2


def test_a_feed_that_is_gone_is_told_as_gone_and_not_as_failing(app: App) -> None:
    happened(app, 2, PollStatus.GONE, MORNING - 9 * DAY, error="410")
    happened(app, 3, PollStatus.FAILED, MORNING, error="503")
    told = coverage(app)

    assert (names(told.gone), names(told.failing)) == (["post"], ["news"])
    assert told.feeds_read == 1


def test_a_silent_feed_is_told(app: App) -> None:
    busy = Rhythm(stories=20.0, seconds=86_400.0)
    store(app, 2, MORNING - 5 * DAY, new_story("last"), rhythm=busy)
    happened(app, 2, PollStatus.UNCHANGED, MORNING)

    assert names(coverage(app).silent) == ["post"]


def test_of_feeds_that_are_disabled_nothing_is_said(app: App) -> None:
    happened(app, 2, PollStatus.GONE, MORNING, error="410", gap=True)
    kept = [feed.spec for feed in feeds.all_feeds(app.database) if feed.id != 2]
    feeds.sync(app.database, kept, MORNING)

    assert coverage(app) == Coverage(stories_read=1, feeds_read=1)


def test_a_feed_that_was_read_and_is_disabled_since_counts_no_more(app: App) -> None:
    happened(app, 2, PollStatus.UNCHANGED, MORNING, gap=True)
    kept = [feed.spec for feed in feeds.all_feeds(app.database) if feed.id != 2]
    feeds.sync(app.database, kept, MORNING)

    assert coverage(app) == Coverage(stories_read=1, feeds_read=1)


def test_a_feed_that_fails_was_not_read_and_is_told_since_when_without_its_secrets(
    app: App,
) -> None:
    happened(app, 2, PollStatus.UNCHANGED, MORNING - DAY)
    secret = "https://me:s3cret@post.example/feed?key=s3cret"
    for at in (MORNING - HOUR, MORNING):
        happened(app, 2, PollStatus.FAILED, at, error=f"503 for {secret}")
    found = coverage(app)

    assert found.feeds_read == 1
    (note,) = found.failing
    assert (note.since, note.error) == (MORNING - HOUR, "503 for post.example/feed")


@pytest.mark.parametrize(
    ("at", "told"),
    [(-DAY, []), (-DAY + SECOND, ["post"]), (timedelta(), ["post"]), (SECOND, [])],
)
def test_a_gap_is_told_once_after_the_last_digest_and_until_this_one(
    app: App, at: timedelta, told: list[str]
) -> None:
    happened(app, 2, PollStatus.UNCHANGED, MORNING + at, gap=True)

    assert names(stood_behind(app, [], MORNING - DAY, MORNING).missed) == told


def test_the_nearest_miss_of_the_period_is_told(app: App) -> None:
    (topic,) = topics.all_topics(app.database)
    (near,) = add_stories(app.database, new_story("near", title="Nearly"), now=MORNING)
    missed = a_match(near, topic, state=MatchState.NEAR, score=0.1, matched_at=MORNING)
    matches.save(app.database, [near], [missed], MORNING)

    found = coverage(app).nearest
    assert found is not None
    assert found.story.title == "Nearly"


# ---------------------------------------------------------------- facts beyond the feed's row


def test_a_pause_as_long_as_one_before_is_no_silence(app: App) -> None:
    rhythm = Rhythm(stories=20.0, seconds=86_400.0)
    before = new_story("before", published_at=MORNING - 9 * DAY)
    last = new_story("last", published_at=MORNING - 5 * DAY)
    store(app, 2, MORNING - 5 * DAY, before, last, rhythm=rhythm)
    happened(app, 2, PollStatus.UNCHANGED, MORNING)

    assert coverage(app).silent == ()


def test_every_feed_of_a_resting_host_is_put_off(app: App) -> None:
    happened(app, 2, PollStatus.FAILED, MORNING, error="429", rest_until=MORNING + HOUR)
    found = diagnose(app.database, feeds.all_feeds(app.database), MORNING)

    assert [each.has(State.PUT_OFF) for each in found] == [False, True, False]
    assert [each.state for each in found] == [State.FINE, State.FAILING, State.NEW]


# ---------------------------------------------------------------- the log stays small


def test_upkeep_keeps_two_weeks_of_fetches_and_so_many_of_a_feed(app: App) -> None:
    happened(app, 2, PollStatus.UNCHANGED, MORNING - FETCHES_KEPT - HOUR)
    many = (MORNING - timedelta(minutes=n) for n in range(FETCHES_PER_FEED + 7))
    outcomes.record(app.database, *(outcome(3, PollStatus.UNCHANGED, checked_at=at) for at in many))

    assert upkeep(app, MORNING).counts["fetches forgotten"] == 1 + 7
    kept = outcomes.listing(app.database, feed_id=3, limit=1_000)
    assert len(kept) == FETCHES_PER_FEED
    assert kept[0].at > MORNING - timedelta(minutes=FETCHES_PER_FEED)
