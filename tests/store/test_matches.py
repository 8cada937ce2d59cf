"""Matches: kept once, shown newest first, told to each recipient once."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest

from monitor.records import (
    DigestKind,
    FirstTold,
    Match,
    MatchedStory,
    MatchState,
    Message,
    Subscription,
    Term,
    Topic,
)
from monitor.store import matches, stories, subscriptions, topics, traces
from monitor.store.database import Database
from tests.store.builders import (
    DAY,
    HOUR,
    NOW,
    SECOND,
    add_feeds,
    add_hit,
    add_stories,
    add_topics,
    digest_of,
    key,
    made,
    match,
    message,
    new_story,
    put,
    subscribe,
    subscription,
)


def names(found: Collection[MatchedStory]) -> list[str]:
    return [each.story.title.removeprefix("Title of ") for each in found]


# ---------------------------------------------------------------- keeping


def test_a_match_comes_back_with_its_reasons_its_story_and_its_topic(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    (number,) = add_stories(db, new_story("x"))
    made = Match(
        story_id=number,
        topic_id=topic.id,
        score=0.1 + 0.2,
        threshold=1 / 3,
        state=MatchState.VETOED,
        veto="never: sport",
        terms=(Term(text="Überfall", share=0.1), Term(text='"quoted"', share=1e-17)),
        rest=-0.0125,
        background_version=7,
        topic_version="0123456789abcdef",
        matched_at=NOW + HOUR,
    )

    assert matches.save(db, [number], [made], NOW) == 1

    story = stories.get(db, number)
    assert matches.of_story(db, number) == (made,)
    assert story is not None
    (listed,) = matches.listing(db, states=[MatchState.VETOED])
    assert listed == MatchedStory(match=made, story=story, topic="iraq")


def test_every_story_that_was_looked_at_is_marked_hit_or_not(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    hit, miss, later = add_stories(db, *(new_story(name) for name in "abc"))

    matches.save(db, [hit, miss], [match(hit, topic)], NOW)

    assert [story.id for story in stories.unmatched(db, 10)] == [later]


def test_when_a_story_was_matched_is_the_first_time_that_it_was(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    number = add_hit(db, "x", topic)
    first = traces.matched_at(db, number)

    matches.save(db, [number], [], NOW + DAY)

    assert traces.matched_at(db, number) == first == NOW


def test_a_story_keeps_the_first_match_with_a_topic(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    number = add_hit(db, "x", topic, score=0.5)

    assert matches.save(db, [number], [match(number, topic, score=0.9)], NOW) == 0
    assert [each.score for each in matches.of_story(db, number)] == [0.5]


def test_thousands_of_matches_are_kept_at_once(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    numbers = add_stories(db, *(new_story(str(number)) for number in range(1200)))

    assert matches.save(db, numbers, [match(number, topic) for number in numbers], NOW) == 1200
    assert stories.unmatched(db, 1) == ()


def test_without_anything_to_keep_nothing_happens(db: Database) -> None:
    assert matches.save(db, [], [], NOW) == 0


# ---------------------------------------------------------------- showing


def test_matches_are_listed_newest_first_and_then_best_first(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    numbers = add_stories(db, *(new_story(name) for name in "abc"))
    made = [
        match(number, topic, score=score, matched_at=NOW + hours * HOUR)
        for number, score, hours in zip(numbers, (0.9, 0.3, 0.4), (0, 1, 1), strict=True)
    ]
    matches.save(db, numbers, made, NOW)

    assert names(matches.listing(db)) == ["c", "b", "a"]
    assert names(matches.listing(db, limit=1)) == ["c"]
    assert names(matches.listing(db, since=NOW + HOUR)) == ["c", "b"]


def test_matches_are_listed_by_topic_and_state(db: Database) -> None:
    iraq, sport = add_topics(db, "iraq", "sport")
    add_hit(db, "a", iraq)
    add_hit(db, "b", sport)
    (near,) = add_stories(db, new_story("c"))
    matches.save(db, [near], [match(near, iraq, state=MatchState.NEAR)], NOW)

    assert names(matches.listing(db, topic="iraq")) == ["a"]
    assert names(matches.listing(db, topic="iraq", states=tuple(MatchState))) == ["a", "c"]
    assert matches.listing(db, topic="unknown") == ()


def test_matches_of_a_topic_that_is_gone_are_still_shown(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "a", topic)
    topics.sync(db, [])

    assert names(matches.listing(db)) == ["a"]


def test_counts_tell_each_topic_and_state_since_a_time(db: Database) -> None:
    iraq, sport = add_topics(db, "iraq", "sport")
    add_hit(db, "a", iraq)
    add_hit(db, "b", iraq)
    (near,) = add_stories(db, new_story("c"))
    matches.save(db, [near], [match(near, iraq, state=MatchState.NEAR)], NOW)

    found = matches.counts(db, NOW)

    assert found[iraq.id, MatchState.HIT] == 2
    assert found[iraq.id, MatchState.NEAR] == 1
    assert found[sport.id, MatchState.HIT] == 0
    assert matches.counts(db, NOW + SECOND) == {}


# ---------------------------------------------------------------- what to tell


def serve(
    db: Database, reader: Subscription, *leads: MatchedStory, cut: tuple[MatchedStory, ...] = ()
) -> None:
    """Tell ``reader`` these stories."""
    raw: Message = message(f"{reader.digest} {reader.recipient}")
    assert put(db, reader, NOW, NOW + DAY, made(raw, digest_of(*leads, cut=cut)), NOW)


def test_the_hits_of_the_digests_topics_are_candidates_best_first(db: Database) -> None:
    iraq, sport, other = add_topics(db, "iraq", "sport", "other")
    add_hit(db, "low", iraq, score=0.3)
    add_hit(db, "high", sport, score=0.9)
    add_hit(db, "of no interest", other, score=1.0)
    (near,) = add_stories(db, new_story("near"))
    matches.save(db, [near], [match(near, iraq, state=MatchState.NEAR)], NOW)

    assert names(matches.candidates(db, subscribe(db), ["iraq", "sport"])) == ["high", "low"]
    assert matches.candidates(db, subscribe(db), []) == ()


def test_those_of_a_score_and_more_can_be_asked_for(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    for name, score in (("above", 0.9), ("at", 0.8), ("below", 0.7999)):
        add_hit(db, name, topic, score=score)

    found = matches.candidates(db, subscribe(db), ["iraq"], at_least=0.8)
    assert names(found) == ["above", "at"]


def test_a_story_seen_at_the_moment_a_recipient_starts_is_a_candidate(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)

    reader = subscribe(db, subscription(started_at=NOW))
    assert names(matches.candidates(db, reader, ["iraq"])) == ["x"]


def test_a_story_that_matches_two_topics_is_a_candidate_for_both(db: Database) -> None:
    iraq, sport = add_topics(db, "iraq", "sport")
    (number,) = add_stories(db, new_story("x"))
    matches.save(db, [number], [match(number, iraq), match(number, sport)], NOW)

    found = matches.candidates(db, subscribe(db), ["iraq", "sport"])

    assert [each.topic for each in found] == ["iraq", "sport"]


def test_stories_seen_before_the_recipient_started_are_no_candidates(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)

    late = subscribe(db, subscription(started_at=NOW + SECOND))

    assert matches.candidates(db, late, ["iraq"]) == ()


def test_what_was_told_is_no_candidate_again(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    for name in ("lead", "cut", "left"):
        add_hit(db, name, topic)
    reader = subscribe(db)
    lead, cut, _ = matches.candidates(db, reader, ["iraq"])

    serve(db, reader, lead, cut=(cut,))

    assert names(matches.candidates(db, reader, ["iraq"])) == ["left"]


@pytest.mark.parametrize("shared", ["link_key", "content_key"])
def test_a_copy_of_what_was_told_is_no_candidate(db: Database, shared: str) -> None:
    add_feeds(db, "https://example.org/feed", "https://example.net/feed")
    (topic,) = add_topics(db, "iraq")
    same: dict[str, Any] = {shared: key("same")}
    add_hit(db, "told", topic, **same)
    reader = subscribe(db)
    serve(db, reader, *matches.candidates(db, reader, ["iraq"]))

    add_hit(db, "copy", topic, feed_id=2, **same)
    add_hit(db, "other", topic)

    assert names(matches.candidates(db, reader, ["iraq"])) == ["other"]


@pytest.mark.parametrize("told", [["linked"], ["unlinked"], ["linked", "unlinked"]])
def test_a_story_without_a_link_is_no_copy_and_has_none(db: Database, told: list[str]) -> None:
    (topic,) = add_topics(db, "iraq")
    links = {"linked": key("link"), "unlinked": None}
    for name in told:
        add_hit(db, name, topic, link_key=links[name])
    reader = subscribe(db)
    serve(db, reader, *matches.candidates(db, reader, ["iraq"]))

    add_hit(db, "new", topic, link_key=None)
    add_hit(db, "new too", topic)

    assert names(matches.candidates(db, reader, ["iraq"])) == ["new", "new too"]


def test_a_told_story_that_is_edited_is_not_told_again(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    reader = subscribe(db)
    serve(db, reader, *matches.candidates(db, reader, ["iraq"]))

    add_stories(db, new_story("x", content_key=key("edited"), link_key=key("moved")))

    assert matches.candidates(db, reader, ["iraq"]) == ()


def test_every_recipient_and_every_digest_has_a_ledger_of_its_own(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    readers = [
        subscription("daily", "a@example.org"),
        subscription("daily", "b@example.org"),
        subscription("weekly", "a@example.org"),
    ]
    subscriptions.sync(db, readers, NOW)
    serve(db, readers[0], *matches.candidates(db, readers[0], ["iraq"]))

    left = [names(matches.candidates(db, reader, ["iraq"])) for reader in readers]
    assert left == [[], ["x"], ["x"]]


def test_what_was_told_is_remembered_after_the_story_was_pruned(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    reader = subscribe(db)
    serve(db, reader, *matches.candidates(db, reader, ["iraq"]))
    put(db, subscriptions.due(db, None)[0], NOW + DAY, NOW + 2 * DAY, (), NOW + DAY)
    assert stories.prune(db, NOW + 8 * DAY) == 1

    add_feeds(db, "https://example.org/feed", "https://b.org/")
    (copy,) = add_stories(db, new_story("x"), feed_id=2)
    matches.save(db, [copy], [match(copy, topic)], NOW)

    assert matches.candidates(db, reader, ["iraq"]) == ()


# ---------------------------------------------------------------- updates of what was told


def test_another_text_at_the_address_of_a_told_story_is_an_update_of_it(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_feeds(db, "https://a.example/", "https://b.example/")
    add_hit(db, "x", topic)
    reader = subscribe(db)
    serve(db, reader, *matches.candidates(db, reader, ["iraq"]))
    add_hit(db, "more", topic, link_key=key("link x"))
    add_hit(db, "copy", topic, feed_id=2, link_key=key("link x"), content_key=key("content x"))
    add_hit(db, "news", topic)

    assert names(matches.updates(db, reader, ["iraq"])) == ["more"]
    assert names(matches.candidates(db, reader, ["iraq"])) == ["news"]
    assert matches.updates(db, reader, ["sport"]) == ()


def test_an_update_that_was_told_is_none_any_more(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    reader = subscribe(db)
    serve(db, reader, *matches.candidates(db, reader, ["iraq"]))
    add_hit(db, "more", topic, link_key=key("link x"))
    told = matches.updates(db, reader, ["iraq"])
    first = FirstTold(message_id="<first@example.org>", subject="News", told_at=NOW)
    digest = digest_of(*told, kind=DigestKind.UPDATE, first=first)
    later = subscriptions.due(db, None)[0]
    assert put(db, later, NOW + DAY, NOW + 2 * DAY, made(message("update"), digest), NOW + DAY)

    assert matches.updates(db, reader, ["iraq"]) == ()
    add_hit(db, "still more", topic, link_key=key("link x"))
    assert names(matches.updates(db, reader, ["iraq"])) == ["still more"]


def test_what_a_digest_left_out_has_no_updates(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    reader = subscribe(db)
    serve(db, reader, cut=matches.candidates(db, reader, ["iraq"]))
    add_hit(db, "more", topic, link_key=key("link x"))

    assert matches.updates(db, reader, ["iraq"]) == ()


def test_stories_without_an_address_are_updates_of_nothing(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic, link_key=None)
    reader = subscribe(db)
    serve(db, reader, *matches.candidates(db, reader, ["iraq"]))
    add_hit(db, "y", topic, link_key=None)

    assert matches.updates(db, reader, ["iraq"]) == ()


# ---------------------------------------------------------------- the last weeks


def add_match(db: Database, name: str, topic: Topic, **changes: Any) -> None:
    (number,) = add_stories(db, new_story(name))
    matches.save(db, [number], [match(number, topic, **changes)], NOW)


def test_hits_are_counted_by_weeks_that_end_now(db: Database) -> None:
    iraq, sport, _ = add_topics(db, "iraq", "sport", "quiet")
    week = 7 * DAY
    for number, before in enumerate([0 * DAY, week - SECOND, week, 2 * week, 2 * week + SECOND]):
        add_match(db, f"iraq {number}", iraq, matched_at=NOW - before)
    add_match(db, "later", iraq, matched_at=NOW + SECOND)
    add_match(db, "near", iraq, state=MatchState.NEAR)
    add_match(db, "sport", sport)

    assert matches.weekly(db, ["iraq", "sport", "quiet"], NOW, 3) == {
        "iraq": (2, 1, 2),
        "sport": (0, 0, 1),
        "quiet": (0, 0, 0),
    }
    assert matches.weekly(db, ["iraq"], NOW, 1) == {"iraq": (2,)}
    assert matches.weekly(db, [], NOW, 3) == {}


def test_the_nearest_miss_is_the_one_least_below_its_threshold(db: Database) -> None:
    iraq, sport = add_topics(db, "iraq", "sport")
    add_match(db, "low bar", iraq, state=MatchState.NEAR, score=0.19, threshold=0.2)
    add_match(db, "high bar", sport, state=MatchState.NEAR, score=0.4, threshold=0.45)
    add_match(db, "hit", iraq)

    def nearest(*topic_names: str) -> list[str]:
        found = matches.nearest(db, topic_names, NOW - DAY, NOW)
        return [] if found is None else names([found])

    assert nearest("iraq", "sport") == ["low bar"]
    assert nearest("sport") == ["high bar"]
    assert nearest() == []


def test_a_miss_counts_after_the_last_digest_and_until_this_one(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_match(db, "x", topic, state=MatchState.NEAR)

    assert matches.nearest(db, ["iraq"], NOW - SECOND, NOW) is not None
    assert matches.nearest(db, ["iraq"], NOW, NOW + DAY) is None
    assert matches.nearest(db, ["iraq"], NOW - DAY, NOW - SECOND) is None
