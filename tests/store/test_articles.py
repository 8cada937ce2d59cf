"""Pages that stories wait for: nobody waits twice, for ever, or after being matched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import insert

from monitor.records import Article, ArticleState, FeedSpec, FullText, Story
from monitor.store import articles, feeds, matches, stories
from monitor.store.database import Database
from monitor.store.tables import hosts
from tests.store.builders import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOW,
    SECOND,
    add_stories,
    add_topics,
    match,
    new_story,
)


def stored(db: Database, number: int) -> Story:
    story = stories.get(db, number)
    assert story is not None
    return story


def wanted(db: Database, *names: str, now: datetime = NOW, **changes: object) -> list[int]:
    """New stories that wait for their pages since ``now``."""
    numbers = add_stories(db, *(new_story(name, **changes) for name in names))
    articles.want(db, [stored(db, number) for number in numbers], now)
    return numbers


def claim(
    db: Database, now: datetime = NOW, *, limit: int = 9, per_host: int = 9
) -> tuple[Article, ...]:
    return articles.claim(db, now, lease=LEASE, limit=limit, per_host=per_host)


def unmatched(db: Database) -> list[int]:
    return [story.id for story in stories.unmatched(db, 99)]


def test_a_story_is_not_matched_while_it_waits_and_then_by_the_text_of_its_page(
    db: Database,
) -> None:
    (number,) = wanted(db, "a")
    assert unmatched(db) == []
    (article,) = claim(db)
    assert (article.story_id, article.url, article.attempts) == (number, "https://example.org/a", 0)
    assert articles.read(db, article, "The whole text.", NOW + SECOND)
    (story,) = stories.unmatched(db, 9)
    assert (story.text, story.article, story.article_note) == (
        "The whole text.", ArticleState.READ, None,
    )  # fmt: skip


def test_what_keeps_the_text_of_the_feed_says_why(db: Database) -> None:
    wanted(db, "a")
    (article,) = claim(db)
    assert articles.keep(db, article, "it answered 403 " + "x" * 999, NOW)
    (story,) = stories.unmatched(db, 9)
    assert (story.text, story.article) == ("Text of a.", ArticleState.KEPT)
    assert story.article_note is not None
    assert len(story.article_note) == articles.LONGEST_NOTE


def test_a_story_without_a_link_keeps_its_text_at_once(db: Database) -> None:
    numbers = wanted(db, "a", url=None, link_key=None)
    assert unmatched(db) == numbers
    assert stored(db, numbers[0]).article_note == articles.NO_LINK
    assert claim(db) == ()


def test_a_story_that_was_matched_is_not_made_to_wait(db: Database) -> None:
    (number,) = add_stories(db, new_story("a"))
    story = stored(db, number)
    matches.save(db, [number], [match(number, *add_topics(db, "iraq"))], NOW)
    assert articles.want(db, [story], NOW) == 0
    assert claim(db) == ()


def test_a_page_that_is_settled_is_not_wanted_again(db: Database) -> None:
    (number,) = wanted(db, "a")
    (article,) = claim(db)
    articles.read(db, article, "The whole text.", NOW)
    articles.want(db, [stored(db, number)], NOW + HOUR)
    assert claim(db, NOW + DAY) == ()
    assert unmatched(db) == [number]


def test_a_claim_is_given_once_until_its_lease_ends(db: Database) -> None:
    wanted(db, "a", "b")
    assert len(claim(db)) == 2
    assert claim(db, NOW + LEASE - SECOND) == ()
    assert [each.attempts for each in claim(db, NOW + LEASE)] == [1, 1]


def test_of_many_who_claim_at_once_each_page_goes_to_one(db: Database) -> None:
    numbers = wanted(db, *(f"story {n}" for n in range(40)))
    with ThreadPoolExecutor(4) as threads:
        claims = [threads.submit(claim, db, limit=5, per_host=5) for _ in range(12)]
        given = [each.story_id for future in claims for each in future.result()]
    assert sorted(given) == numbers


def test_who_lost_a_claim_changes_nothing(db: Database) -> None:
    wanted(db, "a")
    (late,), (present,) = claim(db), claim(db, NOW + LEASE)
    assert not articles.read(db, late, "Late text.", NOW)
    assert not articles.keep(db, late, "late", NOW)
    assert not articles.wait(db, late, NOW, "late")
    assert articles.read(db, present, "The whole text.", NOW)


def test_a_page_that_waits_is_due_again_when_planned_and_counts_its_attempts(db: Database) -> None:
    wanted(db, "a")
    (article,) = claim(db)
    articles.wait(db, article, NOW + 5 * MINUTE, "it answered 500")
    assert claim(db, NOW + 4 * MINUTE) == ()
    (second,) = claim(db, NOW + 5 * MINUTE)
    assert (second.attempts, second.wanted_at) == (1, NOW)
    articles.wait(db, second, NOW + 6 * MINUTE, None, counted=False)
    assert [each.attempts for each in claim(db, NOW + 6 * MINUTE)] == [1]


def test_of_each_host_only_a_few_are_claimed_and_other_hosts_do_not_wait_behind(
    db: Database,
) -> None:
    wanted(db, *(f"story {n}" for n in range(6)))
    wanted(db, "other", url="https://other.example/1")
    assert [each.url for each in claim(db, per_host=2)] == [
        "https://example.org/story 0", "https://example.org/story 1", "https://other.example/1",
    ]  # fmt: skip


def test_a_host_that_asked_for_a_rest_is_not_asked(db: Database) -> None:
    wanted(db, "a")
    with db.write() as connection:
        rest = {"host": "example.org", "rest_until": NOW + HOUR}
        connection.execute(insert(hosts).values(rest))
    assert claim(db) == ()
    assert claim(db, NOW + HOUR)


def test_nothing_waits_longer_than_it_may_and_says_what_hindered_it(db: Database) -> None:
    numbers = wanted(db, "a", "b")
    articles.wait(db, claim(db)[0], NOW + 5 * MINUTE, "it answered 500")
    assert articles.keep_overdue(db, NOW + HOUR - SECOND, HOUR) == 0
    assert articles.keep_overdue(db, NOW + HOUR, HOUR) == 2
    assert unmatched(db) == numbers
    notes = [stored(db, number).article_note for number in numbers]
    assert notes == ["it answered 500", "its page could not be read in time"]


@pytest.mark.parametrize("ahead", [2 * HOUR, 400 * DAY])
def test_a_clock_that_was_ahead_keeps_no_story_waiting(db: Database, ahead: object) -> None:
    numbers = wanted(db, "a", now=NOW + ahead)  # type: ignore[operator]
    assert articles.keep_overdue(db, NOW, HOUR) == 1
    assert unmatched(db) == numbers


def test_an_attempt_that_was_planned_by_a_clock_ahead_is_made(db: Database) -> None:
    wanted(db, "a")
    (article,) = claim(db, NOW + 400 * DAY)
    articles.wait(db, article, NOW + 400 * DAY, "it answered 500")
    assert claim(db, NOW + MINUTE)


def test_where_pages_are_not_read_any_more_all_keep_their_texts(db: Database) -> None:
    numbers = wanted(db, "a", "b")
    (article, _) = claim(db)
    assert articles.keep_waiting(db, "not installed", NOW) == 2
    assert not articles.read(db, article, "Too late.", NOW)
    assert unmatched(db) == numbers


def test_a_text_is_repeated_that_another_page_of_the_feed_had(db: Database) -> None:
    wanted(db, "a", "b")
    first, second = claim(db)
    assert not articles.is_repeated(db, first, "Please log in.")
    articles.read(db, first, "Please log in.", NOW)
    assert articles.is_repeated(db, second, "Please log in.")
    assert not articles.is_repeated(db, second, "A text of its own.")


def test_the_same_page_linked_twice_repeats_nothing(db: Database) -> None:
    wanted(db, "a", "b", link_key=b"k" * 16)
    first, second = claim(db)
    articles.read(db, first, "The story as it develops.", NOW)
    assert not articles.is_repeated(db, second, "The story as it develops.")


def test_what_a_feed_says_by_itself_is_told_and_of_the_others_nothing(db: Database) -> None:
    specs = [
        FeedSpec(url="https://a.example/", full_text=FullText.NEVER),
        FeedSpec(url="https://b.example/"),
        FeedSpec(url="https://c.example/", full_text=FullText.NEAR),
    ]
    feeds.sync(db, specs, NOW)
    assert articles.own_words(db) == {1: FullText.NEVER, 3: FullText.NEAR}
