"""Stories: stored once, edited in place, remembered after they were pruned."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.records import Added, FeedSpec, NewStory, Story, Validators
from monitor.store import feeds, matches, outcomes, stories, subscriptions
from monitor.store.database import Database
from monitor.store.identity import Known, decide
from monitor.store.stories import Document
from tests.store.builders import (
    DAY,
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    add_feed,
    add_feeds,
    add_hit,
    add_stories,
    add_topics,
    digest_of,
    key,
    made,
    message,
    new_story,
    outcome,
    put,
    subscribe,
    subscription,
)


def titles(found: tuple[Story, ...]) -> list[str]:
    return [story.title.removeprefix("Title of ") for story in found]


# ---------------------------------------------------------------- one document


def test_a_story_comes_back_as_it_was_found(db: Database) -> None:
    spec = FeedSpec(url="https://example.org/feed", title="Example", tags=("a", "b"))
    feeds.sync(db, [spec], NOW)

    added = stories.add_new(db, outcome(1), (new_story("x", published_at=NOW - DAY),))

    assert added == Added(new=(1,), edited=0, backlog=0)
    assert stories.get(db, 1) == Story(
        id=1,
        feed_id=1,
        feed_url="https://example.org/feed",
        feed_tags=("a", "b"),
        source="Example",
        url="https://example.org/x",
        title="Title of x",
        text="Text of x.",
        language="en",
        published_at=NOW - DAY,
        seen_at=NOW,
        link_key=key("link x"),
        content_key=key("content x"),
        backlog=False,
        edited_at=None,
    )
    assert stories.get(db, 2) is None


def test_stories_are_numbered_in_document_order(db: Database) -> None:
    names = [f"{number:03}" for number in range(300)]

    numbers = add_stories(db, *map(new_story, names))

    assert numbers == sorted(numbers)
    assert titles(stories.after(db, 0, 1000)) == names


def test_the_feeds_row_is_written_in_the_same_breath(db: Database) -> None:
    add_feed(db)
    found = outcome(1, validators=Validators(etag=b"1"), body_hash=b"hash", title="Own", skipped=2)

    stories.add_new(db, found, (new_story("x"),))

    (feed,) = feeds.all_feeds(db)
    assert (feed.validators.etag, feed.body_hash, feed.title) == (b"1", b"hash", "Own")
    assert (feed.next_check_at, feed.last_success_at, feed.skipped_entries) == (NOW + HOUR, NOW, 2)


def test_a_document_without_stories_is_a_poll_all_the_same(db: Database) -> None:
    add_feed(db)

    assert stories.add_new(db, outcome(1), ()) == Added()
    assert feeds.all_feeds(db)[0].last_success_at == NOW


def test_the_same_document_again_adds_nothing(db: Database) -> None:
    document = [new_story(name) for name in "abc"]
    add_stories(db, *document)

    again = stories.add_new(db, outcome(1, checked_at=NOW + HOUR), tuple(document))

    assert again == Added()
    assert stories.count_after(db, 0) == 3


def test_the_keys_that_a_feed_has_shown_are_known_and_no_others(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")
    add_stories(db, new_story("x"), feed_id=1)
    stories.prune(db, NOW + DAY)
    document = (new_story("x"), new_story("y"))

    shown = stories.look_up(db, 1, document).keys(document)
    assert shown == {key("id x")}, "also of a story that was pruned"
    assert stories.look_up(db, 2, document).keys(document) == frozenset()


def test_what_was_looked_up_holds_until_another_poll_of_the_feed_is_settled(db: Database) -> None:
    add_feed(db)
    new = (new_story("x"), new_story("y"))
    looked_up = stories.look_up(db, 1, new)
    later = outcome(1, checked_at=NOW + HOUR)

    (first,) = stories.add_all(db, [Document(outcome(1), new, looked_up)])
    (second,) = stories.add_all(db, [Document(later, new, looked_up)])
    (third,) = stories.add_all(
        db, [Document(replace(later, follows=NOW), new, stories.look_up(db, 1, new))]
    )

    assert len(first.new) == 2
    assert second == Added(outdated=True)
    assert third == Added()
    assert stories.count_after(db, 0) == 2


def test_the_documents_of_several_feeds_are_stored_together(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/", "https://c.org/")
    documents = [
        Document(outcome(1, marks=b"a"), (new_story("x"), new_story("y")), Known()),
        Document(outcome(2), (), Known()),
        Document(outcome(3, checked_at=NOW + HOUR, marks=b"c"), (new_story("x"),), Known()),
    ]

    added = stories.add_all(db, documents)

    assert [each.new for each in added] == [(1, 2), (), (3,)]
    assert [story.feed_id for story in stories.after(db, 0, 9)] == [1, 1, 3]
    assert [feed.last_checked_at for feed in feeds.all_feeds(db)] == [NOW, NOW, NOW + HOUR]
    assert [feed.story_at for feed in feeds.all_feeds(db)] == [NOW, None, NOW + HOUR]
    assert feeds.marks(db, [1, 2, 3]) == {1: b"a", 3: b"c"}
    assert [line.new for line in outcomes.listing(db, limit=9)] == [1, 0, 2]


def test_of_two_documents_of_a_feed_at_once_the_first_counts(db: Database) -> None:
    add_feed(db)
    documents = [Document(outcome(1), (new_story(name),), Known()) for name in ("x", "y")]

    first, second = stories.add_all(db, documents)

    assert (first.new, second) == ((1,), Added(outdated=True))


def test_the_same_story_in_another_feed_is_another_story(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")

    add_stories(db, new_story("x"), feed_id=1)
    assert len(add_stories(db, new_story("x"), feed_id=2)) == 1


def test_a_story_is_known_by_any_of_its_keys_and_gains_the_others(db: Database) -> None:
    add_stories(db, new_story("x", keys=(key("id"), key("link"))))

    renamed = new_story("x", keys=(key("new id"), key("link")))
    assert add_stories(db, renamed) == []
    moved = new_story("x", keys=(key("new id"), key("new link")))
    assert add_stories(db, moved) == []
    assert stories.count_after(db, 0) == 1


def test_a_story_whose_id_and_link_changed_but_not_its_text_is_known(db: Database) -> None:
    (number,) = add_stories(db, new_story("x"))
    again = new_story("x", keys=(key("new id"), key("new link")), url="https://example.org/new")

    known = stories.look_up(db, 1, (again,)).keys((again,))
    assert known == {key("new id"), key("new link"), again.content_key}
    assert stories.add_new(db, outcome(1), (again,)) == Added()
    assert stories.count_after(db, 0) == 1
    assert add_stories(db, new_story("x", keys=(key("new id"),), content_key=key("late"))) == []
    story = stories.get(db, number)
    assert story is not None
    assert story.content_key == key("late"), "its new id leads to it"


def test_only_the_feed_itself_knows_a_story_by_its_text(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")
    add_stories(db, new_story("x"), feed_id=1)

    assert len(add_stories(db, new_story("x", keys=(key("other"),)), feed_id=2)) == 1


def test_of_stories_with_the_same_text_the_oldest_is_meant(db: Database) -> None:
    numbers = add_stories(
        db,
        new_story("x", keys=(key("1"),)),
        new_story("x", keys=(key("2"),), title="Same text, told twice at once"),
    )
    add_stories(db, new_story("x", keys=(key("3"),)))
    add_stories(db, new_story("x", keys=(key("3"),), title="New title", content_key=key("new")))

    first = stories.get(db, numbers[0])
    assert first is not None
    assert first.title == "New title"


def test_two_of_the_same_text_that_come_at_once_are_two(db: Database) -> None:
    assert (
        len(add_stories(db, new_story("x", keys=(key("1"),)), new_story("x", keys=(key("2"),))))
        == 2
    )


def test_a_feed_remembers_when_it_last_brought_news(db: Database) -> None:
    add_stories(db, new_story("x"))
    add_stories(db, new_story("x"), now=NOW + HOUR)
    add_stories(db, new_story("old", backlog=True), now=NOW + HOUR)

    assert feeds.all_feeds(db)[0].story_at == NOW


# ---------------------------------------------------------------- stories that are held


def add_held(db: Database, *names: str, now: datetime = NOW) -> Added:
    held = tuple(new_story(name, held=True) for name in names)
    return stories.add_new(db, outcome(1, checked_at=now), held)


def test_held_stories_wait_and_their_feed_counts_them(db: Database) -> None:
    add_feed(db)
    assert add_held(db, "a", "b") == Added(held=2)
    add_held(db, "c", now=NOW + HOUR)

    (feed,) = feeds.all_feeds(db)
    assert (feed.held, feed.held_at, feed.story_at) == (3, NOW, None)
    assert stories.unmatched(db, 10) == ()
    assert [story.held for story in stories.after(db, 0, 10)] == [True] * 3
    assert stories.seen_between(db, NOW - DAY, NOW + DAY) == 0


def test_released_stories_are_matched_like_news(db: Database) -> None:
    add_feed(db)
    add_held(db, "a", "b")

    assert feeds.settle_held(db, 1, wanted=True) == 2

    (feed,) = feeds.all_feeds(db)
    assert (feed.held, feed.held_at) == (0, None)
    assert titles(stories.unmatched(db, 10)) == ["a", "b"]
    assert [(story.held, story.backlog) for story in stories.after(db, 0, 10)] == [
        (False, False)
    ] * 2


def test_discarded_stories_stay_known_and_are_never_matched(db: Database) -> None:
    add_feed(db)
    add_held(db, "a")

    assert feeds.settle_held(db, 1, wanted=False) == 1

    assert stories.unmatched(db, 10) == ()
    assert add_stories(db, new_story("a")) == []
    assert [(story.held, story.backlog) for story in stories.after(db, 0, 10)] == [(False, True)]


def test_what_waits_for_the_owner_is_kept_until_then(db: Database) -> None:
    add_feed(db)
    add_held(db, "a")

    assert stories.prune(db, NOW + DAY) == 0
    feeds.settle_held(db, 1, wanted=False)
    assert stories.prune(db, NOW + DAY) == 1


def test_what_waits_of_other_feeds_goes_on_waiting(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")
    for number in (1, 2):
        stories.add_new(db, outcome(number), (new_story("x", held=True),))

    assert feeds.settle_held(db, 1, wanted=True) == 1
    assert feeds.settle_held(db, 1, wanted=True) == 0
    assert feeds.all_feeds(db)[1].held == 1


# ---------------------------------------------------------------- edits


def test_an_edited_story_changes_its_row_and_is_no_news(db: Database) -> None:
    (number,) = add_stories(db, new_story("x"))
    matches.save(db, [number], [], NOW)
    edited = new_story(
        "x",
        title="Corrected",
        text="Better.",
        url="https://example.org/moved",
        link_key=key("moved"),
        content_key=key("corrected"),
        published_at=NOW + HOUR,
    )

    later = NOW + HOUR
    added = stories.add_new(db, outcome(1, checked_at=later), (edited,))

    story = stories.get(db, number)
    assert added == Added(edited=1)
    assert story is not None
    assert (story.title, story.text, story.url) == ("Corrected", "Better.", edited.url)
    assert (story.content_key, story.link_key) == (edited.content_key, edited.link_key)
    assert (story.edited_at, story.seen_at, story.published_at) == (later, NOW, NOW - HOUR)
    assert stories.unmatched(db, 10) == ()


def test_of_two_in_a_document_that_share_a_key_the_first_tells_the_content(db: Database) -> None:
    first = new_story("x", keys=(key("1"),))
    second = new_story("y", keys=(key("1"), key("2")))

    assert len(add_stories(db, first, second)) == 1
    again = stories.add_new(db, outcome(1), (first, second))

    assert again == Added()
    assert titles(stories.latest(db, 5)) == ["x"]


def test_the_backlog_teaches_but_is_never_matched(db: Database) -> None:
    add_feed(db)
    document = (new_story("old", backlog=True), new_story("new"))

    added = stories.add_new(db, outcome(1), document)

    assert added == Added(new=(2,), backlog=1)
    assert titles(stories.unmatched(db, 10)) == ["new"]
    assert titles(stories.after(db, 0, 10)) == ["old", "new"]


def test_an_edit_of_the_backlog_does_not_make_it_news(db: Database) -> None:
    add_stories(db, new_story("old", backlog=True))

    add_stories(db, new_story("old", content_key=key("edited")))

    assert stories.unmatched(db, 10) == ()


def test_thousands_of_stories_in_one_document_are_stored(db: Database) -> None:
    many = [new_story(str(number)) for number in range(2_000)]

    assert len(add_stories(db, *many)) == 2_000
    assert add_stories(db, *many) == []


def test_characters_a_database_refuses_do_not_cost_the_document(db: Database) -> None:
    add_stories(db, new_story("x", title="a\0b", text="c\ud800d"), new_story("y"))

    first, _ = stories.after(db, 0, 10)
    assert (first.title, first.text) == ("ab", "c?d")


KEYS = st.lists(st.sampled_from([bytes([n]) * 16 for n in range(8)]), min_size=1, max_size=3)
DOCUMENTS = st.lists(
    st.builds(
        lambda keys, content: new_story("x", keys=tuple(keys), content_key=content),
        KEYS,
        st.sampled_from([key("one"), key("two")]),
    ),
    max_size=8,
)


@given(
    document=DOCUMENTS,
    owners=st.dictionaries(st.sampled_from([bytes([n]) * 16 for n in range(8)]), st.integers(1, 4)),
)
def test_every_key_has_one_owner_and_no_new_story_has_a_known_key(
    document: list[NewStory], owners: dict[bytes, int]
) -> None:
    decision = decide(document, Known(owners=owners))

    written = [owned for owned, _ in decision.keys]
    assert len(written) == len(set(written))
    assert not set(written) & set(owners)
    assert {owned for story in document for owned in story.keys} <= set(written) | set(owners)
    taken = set(owners)
    for story in decision.fresh:
        assert not set(story.keys) & taken
        taken |= set(story.keys)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents=st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_after_any_history_the_last_document_again_is_no_news(
    db: Database, documents: list[list[NewStory]]
) -> None:
    for document in documents:
        add_stories(db, *document)

    again = stories.add_new(db, outcome(1), tuple(documents[-1]))

    assert again == Added()


# ---------------------------------------------------------------- asking


def test_unmatched_stories_come_oldest_first_and_bounded(db: Database) -> None:
    numbers = add_stories(db, *(new_story(name) for name in "abcd"))
    matches.save(db, numbers[:1], [], NOW)

    assert titles(stories.unmatched(db, 2)) == ["b", "c"]


def test_latest_and_after_go_in_opposite_directions(db: Database) -> None:
    numbers = add_stories(db, *(new_story(name) for name in "abcd"))

    assert titles(stories.latest(db, 2)) == ["d", "c"]
    assert titles(stories.after(db, numbers[1], 10)) == ["c", "d"]
    assert stories.count_after(db, numbers[0]) == 3


def test_seen_between_counts_news_after_the_start_and_until_the_end(db: Database) -> None:
    for number, moment in enumerate([NOW, NOW + SECOND, NOW + HOUR, NOW + HOUR + SECOND]):
        add_stories(db, new_story(f"{number}"), now=moment)
    add_stories(db, new_story("old", backlog=True), now=NOW + SECOND)

    assert stories.seen_between(db, NOW, NOW + HOUR) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", ["lake"]),
        ("https://example.org/river", ["river"]),
        (" of LAKE ", ["lake"]),
        ("title of", ["lake", "river"]),
        ("100% sea_", []),
        ("", []),
        ("99999999999999999999999999", []),
    ],
)
def test_a_story_is_found_by_number_link_or_piece_of_its_title(
    db: Database, text: str, expected: list[str]
) -> None:
    add_stories(db, new_story("river"), new_story("lake"))

    assert titles(stories.find(db, text)) == expected


def test_a_number_in_a_title_is_found_where_no_story_has_it(db: Database) -> None:
    add_stories(db, new_story("x", title="Budget of 2031"))

    assert len(stories.find(db, "2031")) == 1


def test_on_the_first_day_the_week_is_told_by_what_was_published_within_it(db: Database) -> None:
    week = [new_story(f"{n}", published_at=NOW - n * HOUR, backlog=n > 24) for n in range(160)]
    old = [new_story(f"old {n}", published_at=NOW - 30 * DAY, backlog=True) for n in range(50)]
    add_stories(db, *week, *old)

    assert 160 <= stories.per_week(db, NOW + HOUR) <= 180


def test_news_of_a_busy_day_is_scaled_to_a_week(db: Database) -> None:
    add_stories(db, *(new_story(f"{n}", published_at=NOW - MINUTE) for n in range(100)))

    assert stories.per_week(db, NOW + HOUR) == pytest.approx(700)
    assert stories.per_week(db, NOW + 2 * DAY) == pytest.approx(350)


def test_after_a_week_what_came_within_it_counts(db: Database) -> None:
    for day in range(20):
        new = (new_story(f"{day} {n}", published_at=NOW + day * DAY) for n in range(10))
        add_stories(db, *new, now=NOW + day * DAY)

    assert stories.per_week(db, NOW + 19 * DAY + HOUR) == pytest.approx(70)


def test_the_longest_pause_of_a_feed_counts_what_was_published_before_it_was_watched(
    db: Database,
) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/", "https://c.org/")
    for name, days, backlog in [("a", 20, True), ("b", 19, True), ("c", 2, False), ("d", 1, False)]:
        late = new_story(name, published_at=NOW - days * DAY, backlog=backlog)
        add_stories(db, late, now=NOW + DAY, feed_id=1)
    add_stories(db, new_story("only"), feed_id=2)
    add_stories(db, new_story("e"), new_story("f", published_at=NOW + 90 * DAY), feed_id=3)

    assert stories.longest_pauses(db, [1, 2]) == {1: 17 * DAY}
    assert stories.longest_pauses(db, [3]) == {3: HOUR}, "it came when it was found"
    assert stories.longest_pauses(db, []) == {}


def test_without_stories_none_are_expected(db: Database) -> None:
    assert stories.per_week(db, NOW) == 0


# ---------------------------------------------------------------- forgetting


def test_old_stories_go_with_their_matches_and_young_ones_stay(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    old = add_hit(db, "old", topic)
    young = add_stories(db, new_story("young"), now=NOW + DAY)[0]

    assert stories.prune(db, NOW + HOUR) == 1

    assert stories.get(db, old) is None
    assert matches.of_story(db, old) == ()
    assert stories.get(db, young) is not None


def test_a_pruned_story_is_never_new_again_whatever_it_says(db: Database) -> None:
    numbers = add_stories(db, new_story("x"))
    matches.save(db, numbers, [], NOW)
    stories.prune(db, NOW + DAY)

    assert add_stories(db, new_story("x")) == []
    edited = stories.add_new(db, outcome(1), (new_story("x", content_key=key("edited")),))
    assert edited == Added()


def test_the_number_of_a_pruned_story_is_never_given_again(db: Database) -> None:
    numbers = add_stories(db, new_story("x"))
    matches.save(db, numbers, [], NOW)
    stories.prune(db, NOW + DAY)

    assert add_stories(db, new_story("y")) == [numbers[0] + 1]


def test_a_story_that_no_topic_was_held_against_is_kept(db: Database) -> None:
    add_stories(db, new_story("x"))

    assert stories.prune(db, NOW + DAY) == 0


def test_a_match_that_a_recipient_may_still_be_told_is_kept(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    weekly = subscribe(db, subscription(started_at=NOW - DAY, next_at=NOW + 7 * DAY))

    assert stories.prune(db, NOW + 5 * DAY) == 0
    assert put(db, weekly, NOW + 7 * DAY, NOW + 14 * DAY, (), NOW + 7 * DAY)
    assert stories.prune(db, NOW + 8 * DAY) == 1


def test_a_recipient_who_is_gone_keeps_nothing(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    subscribe(db)
    subscriptions.sync(db, [], NOW)

    assert stories.prune(db, NOW + DAY) == 1


def test_a_story_told_lately_is_kept(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    told_at = NOW + 9 * DAY
    reader = subscribe(db, subscription(next_at=told_at))
    (candidate,) = matches.candidates(db, reader, ["iraq"])
    put(db, reader, told_at, told_at + DAY, made(message(), digest_of(candidate)), told_at)

    assert stories.prune(db, told_at - DAY) == 0
    assert stories.prune(db, told_at + SECOND) == 1


def test_thousands_are_forgotten_in_small_transactions(db: Database) -> None:
    numbers = add_stories(db, *(new_story(str(number)) for number in range(1200)))
    matches.save(db, numbers, [], NOW)

    assert stories.prune(db, NOW + timedelta(days=1)) == 1200
