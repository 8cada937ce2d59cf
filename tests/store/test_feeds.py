"""Feeds: intent follows the owner's files, state stays, a host is polled by one at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.records import Feed, FeedSpec, FullText, Move, PollStatus, Validators, Wishes
from monitor.store import feeds, outcomes
from monitor.store.database import Database
from monitor.store.outcomes import LONGEST_ERROR
from tests.store.builders import DAY, HOUR, LEASE, MINUTE, NOW, SECOND, add_feed, add_feeds, outcome

URL = "https://example.org/feed"


def the_feed(db: Database) -> Feed:
    (feed,) = feeds.all_feeds(db)
    return feed


def claim(db: Database, now: datetime = NOW, *, owner: str = "a", limit: int = 100) -> list[str]:
    """The addresses that a claim gives, in its order."""
    claimed = feeds.claim_due(db, now, owner=owner, lease=LEASE, limit=limit)
    return [feed.spec.url for feed in claimed]


# ---------------------------------------------------------------- the owner's files


def test_a_new_feed_is_due_at_once_and_knows_nothing_yet(db: Database) -> None:
    spec = FeedSpec(
        url=URL, title="Example", tags=("world", "defence"), interval=timedelta(seconds=90)
    )
    feeds.sync(db, [spec], NOW)

    assert the_feed(db) == Feed(
        id=1,
        spec=spec,
        title="Example",
        validators=Validators(),
        body_hash=None,
        next_check_at=NOW,
        last_checked_at=None,
        last_success_at=None,
        failing_since=None,
        failures=0,
        last_error=None,
        last_status=None,
        skipped_entries=0,
    )


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    title=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    tags=st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))),
    interval=st.timedeltas(timedelta(milliseconds=1), timedelta(days=365)),
    enabled=st.booleans(),
    language=st.sampled_from([None, "de"]),
    paced=st.booleans(),
    full_text=st.sampled_from([None, *FullText]),
)
def test_what_the_owner_wrote_comes_back(db: Database, tags: list[str], **written: Any) -> None:
    spec = FeedSpec(url=URL, tags=tuple(tags), **written)

    feeds.sync(db, [spec], NOW)

    assert the_feed(db).spec == spec


@pytest.mark.parametrize(
    ("given_title", "own_title", "shown"),
    [("Mine", "Theirs", "Mine"), ("", "Theirs", "Theirs"), ("", "", "example.org/feed")],
)
def test_the_title_is_the_owners_then_the_feeds_own_then_its_place(
    db: Database, given_title: str, own_title: str, shown: str
) -> None:
    feeds.sync(db, [FeedSpec(url=URL, title=given_title)], NOW)
    outcomes.record(db, outcome(1, title=own_title))

    assert the_feed(db).title == shown


def test_a_feed_that_is_gone_is_disabled_and_keeps_its_history(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, body_hash=b"hash", validators=Validators(etag=b'"1"')))

    feeds.sync(db, [], NOW + DAY)

    feed = the_feed(db)
    assert not feed.spec.enabled
    assert (feed.body_hash, feed.validators.etag, feed.last_success_at) == (b"hash", b'"1"', NOW)
    assert claim(db, NOW + DAY) == []


def test_a_feed_that_comes_back_is_the_same_one(db: Database) -> None:
    before = add_feed(db)
    feeds.sync(db, [], NOW)

    feeds.sync(db, [FeedSpec(url=URL)], NOW + DAY)

    assert the_feed(db) == before


def test_a_shortened_interval_counts_from_the_last_poll(db: Database) -> None:
    feeds.sync(db, [FeedSpec(url=URL, interval=6 * HOUR)], NOW)
    outcomes.record(db, outcome(1, next_check_at=NOW + 6 * HOUR))

    feeds.sync(db, [FeedSpec(url=URL, interval=10 * MINUTE)], NOW + MINUTE)

    assert the_feed(db).next_check_at == NOW + 10 * MINUTE


def test_a_lengthened_interval_leaves_the_next_poll_where_it_is(db: Database) -> None:
    feeds.sync(db, [FeedSpec(url=URL, interval=10 * MINUTE)], NOW)
    outcomes.record(db, outcome(1, next_check_at=NOW + 10 * MINUTE))

    feeds.sync(db, [FeedSpec(url=URL, interval=6 * HOUR)], NOW + MINUTE)

    assert the_feed(db).next_check_at == NOW + 10 * MINUTE


def test_the_same_files_again_change_nothing(db: Database) -> None:
    specs = [FeedSpec(url=URL, tags=("a",)), FeedSpec(url=URL + "2", enabled=False)]
    feeds.sync(db, specs, NOW)
    outcomes.record(db, outcome(1))
    before = feeds.all_feeds(db)

    feeds.sync(db, specs, NOW + DAY)

    assert feeds.all_feeds(db) == before


def moved(url: str, times: int) -> Move:
    return Move(url=url, times=times)


def test_a_moved_feed_written_with_its_new_address_is_that_feed_still(db: Database) -> None:
    add_feed(db, "https://old.example/feed")
    new = "https://new.example/feed"
    outcomes.record(db, outcome(1, title="Own", move=moved(new, 3)))

    feeds.sync(db, [FeedSpec(url=new)], NOW + HOUR)

    feed = the_feed(db)
    assert (feed.id, feed.spec.url, feed.title, feed.move) == (1, new, "Own", Move())
    assert feed.next_check_at == NOW + HOUR, "it is no new feed, so it is not asked at once"


def test_a_moved_feed_is_claimed_with_its_new_host(db: Database) -> None:
    add_feeds(db, "https://old.example/1", "https://new.example/2")
    outcomes.record(db, outcome(1, move=moved("https://new.example/1", 3), next_check_at=NOW))

    specs = [FeedSpec(url=f"https://new.example/{n}") for n in (1, 2)]
    feeds.sync(db, specs, NOW)

    assert len(claim(db, limit=1)) == 1
    assert claim(db, owner="b") == []


def test_a_move_is_followed_before_it_is_confirmed_if_the_owner_says_so(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, move=moved("https://new.example/", 1)))

    feeds.sync(db, [FeedSpec(url="https://new.example/")], NOW)

    assert [feed.id for feed in feeds.all_feeds(db)] == [1]


def test_a_feed_that_stays_in_the_files_under_its_old_address_is_not_moved(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, move=moved("https://new.example/", 3)))

    feeds.sync(db, [FeedSpec(url=URL), FeedSpec(url="https://new.example/")], NOW)

    assert [feed.spec.url for feed in feeds.all_feeds(db)] == [URL, "https://new.example/"]
    assert feeds.all_feeds(db)[0].address == "https://new.example/"


def test_a_feed_never_takes_the_address_of_another(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/", "https://c.org/")
    for number in (1, 2):
        outcomes.record(db, outcome(number, move=moved("https://c.org/", 3)))

    feeds.sync(db, [FeedSpec(url="https://c.org/")], NOW)

    enabled = {feed.spec.url: feed.spec.enabled for feed in feeds.all_feeds(db)}
    assert enabled == {"https://a.org/": False, "https://b.org/": False, "https://c.org/": True}


def test_of_two_that_moved_to_one_address_the_first_takes_it(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")
    for number in (1, 2):
        outcomes.record(db, outcome(number, move=moved("https://c.org/", 3)))

    feeds.sync(db, [FeedSpec(url="https://c.org/")], NOW)

    assert [feed.spec.url for feed in feeds.all_feeds(db)] == ["https://c.org/", "https://b.org/"]


# ---------------------------------------------------------------- how a poll ended


def test_a_read_feed_keeps_what_its_poll_found(db: Database) -> None:
    add_feed(db)
    validators = Validators(etag=b'W/"\xff\x00 x"', last_modified=b"Tue, 06 May 2031 12:00:00 GMT")

    outcomes.record(
        db,
        outcome(1, http_status=200, validators=validators, body_hash=b"\0" * 16, skipped=3),
    )

    feed = the_feed(db)
    assert (feed.validators, feed.body_hash) == (validators, b"\0" * 16)
    assert (feed.last_checked_at, feed.last_success_at) == (NOW, NOW)
    assert (feed.next_check_at, feed.last_status, feed.skipped_entries) == (NOW + HOUR, 200, 3)
    assert not feed.is_new


def test_a_failure_changes_neither_validators_nor_body(db: Database) -> None:
    add_feed(db)
    outcomes.record(
        db, outcome(1, validators=Validators(etag=b'"1"'), body_hash=b"hash", skipped=2)
    )

    outcomes.record(
        db,
        outcome(1, PollStatus.FAILED, checked_at=NOW + HOUR, http_status=503, error="busy"),
    )

    feed = the_feed(db)
    assert (feed.validators.etag, feed.body_hash, feed.skipped_entries) == (b'"1"', b"hash", 2)
    assert (feed.last_error, feed.last_status) == ("busy", 503)
    assert (feed.last_success_at, feed.last_checked_at) == (NOW, NOW + HOUR)


def test_an_unchanged_feed_may_bring_fresh_validators(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, validators=Validators(etag=b"1"), body_hash=b"hash", skipped=2))

    outcomes.record(db, outcome(1, PollStatus.UNCHANGED, validators=Validators(etag=b"2")))

    feed = the_feed(db)
    assert (feed.validators.etag, feed.body_hash, feed.skipped_entries) == (b"2", b"hash", 2)


def test_failures_are_counted_from_the_first_one_and_end_with_a_success(db: Database) -> None:
    add_feed(db)
    for hour in range(3):
        outcomes.record(db, outcome(1, PollStatus.FAILED, checked_at=NOW + hour * HOUR, error="no"))

    failing = the_feed(db)
    outcomes.record(db, outcome(1, PollStatus.UNCHANGED))
    well = the_feed(db)

    assert (failing.failures, failing.failing_since, failing.is_new) == (3, NOW, True)
    assert (well.failures, well.failing_since, well.last_error) == (0, None, None)


def test_an_error_of_any_length_is_kept_bounded(db: Database) -> None:
    add_feed(db)

    outcomes.record(db, outcome(1, PollStatus.FAILED, error="x" * 100_000))

    assert len(the_feed(db).last_error or "") == LONGEST_ERROR


# ---------------------------------------------------------------- whose turn it is


def test_only_due_and_enabled_feeds_are_claimed(db: Database) -> None:
    feeds.sync(
        db,
        [
            FeedSpec(url="https://due.org/"),
            FeedSpec(url="https://off.org/", enabled=False),
            FeedSpec(url="https://later.org/"),
        ],
        NOW,
    )
    outcomes.record(db, outcome(3, next_check_at=NOW + SECOND))

    assert claim(db) == ["https://due.org/"]


def test_a_claimed_feed_is_not_claimed_again_until_its_lease_runs_out(db: Database) -> None:
    add_feed(db)

    assert claim(db) == [URL]
    assert claim(db, owner="b") == []
    assert claim(db, NOW + LEASE - SECOND, owner="b") == []
    assert claim(db, NOW + LEASE, owner="b") == [URL]


def test_a_recorded_poll_ends_the_claim(db: Database) -> None:
    add_feed(db)
    claim(db)

    outcomes.record(db, outcome(1, next_check_at=NOW + MINUTE))

    assert claim(db, NOW + MINUTE) == [URL]


def test_released_feeds_are_free_at_once_and_others_stay_claimed(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")
    first = claim(db, owner="a", limit=1)
    second = claim(db, owner="b", limit=1)

    assert feeds.release(db, "a") == 1
    assert claim(db, owner="c") == first
    assert second != first


def test_a_host_of_which_a_feed_is_being_polled_waits_whole(db: Database) -> None:
    add_feeds(db, "https://a.org/1", "https://a.org/2", "https://b.org/1")
    outcomes.record(db, outcome(2, next_check_at=NOW + MINUTE))
    claim(db)

    assert claim(db, NOW + MINUTE, owner="b") == []
    outcomes.record(db, outcome(1, next_check_at=NOW + DAY))
    assert claim(db, NOW + MINUTE, owner="b") == ["https://a.org/2"]


def test_whole_hosts_are_claimed_the_longest_waiting_first(db: Database) -> None:
    add_feeds(db, "https://a.org/1", "https://b.org/1", "https://a.org/2", "https://c.org/1")
    for number, minutes in [(1, 5), (2, 2), (3, 1), (4, 3)]:
        outcomes.record(db, outcome(number, next_check_at=NOW + minutes * MINUTE))
    later = NOW + HOUR

    assert claim(db, later, limit=2) == ["https://a.org/2", "https://a.org/1"]
    assert claim(db, later, owner="b", limit=1) == ["https://b.org/1"]
    assert claim(db, later, owner="c", limit=9) == ["https://c.org/1"]


def test_of_a_large_host_only_so_many_are_claimed_at_a_time(db: Database) -> None:
    add_feeds(db, *(f"https://large.org/{number}" for number in range(5)), "https://small.org/1")

    claimed = feeds.claim_due(db, NOW, owner="a", lease=LEASE, limit=9, per_host=2)
    assert [feed.spec.url for feed in claimed] == [
        "https://large.org/0",
        "https://large.org/1",
        "https://small.org/1",
    ]


def test_a_host_larger_than_the_limit_is_claimed_in_turns(db: Database) -> None:
    add_feeds(db, *(f"https://a.org/{number}" for number in range(5)))

    first = claim(db, limit=3)
    assert claim(db, owner="b", limit=3) == []
    for feed in feeds.all_feeds(db)[:3]:
        outcomes.record(db, outcome(feed.id))

    assert len(first) == 3
    assert len(claim(db, owner="b", limit=3)) == 2


def test_ports_of_one_host_are_one_host(db: Database) -> None:
    add_feeds(db, "http://127.0.0.1:8001/", "http://127.0.0.1:8002/")

    assert len(claim(db, limit=1)) == 1
    assert claim(db, owner="b") == []


def test_a_poll_planned_by_a_clock_that_was_ahead_is_due(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, next_check_at=NOW + 26 * HOUR))

    assert claim(db) == [URL]


def test_a_poll_planned_within_a_day_waits(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, next_check_at=NOW + 25 * HOUR))

    assert claim(db) == []


def test_an_interval_above_a_day_is_meant(db: Database) -> None:
    feeds.sync(db, [FeedSpec(url=URL, interval=7 * DAY)], NOW)
    outcomes.record(db, outcome(1, next_check_at=NOW + 7 * DAY))
    assert claim(db) == []

    outcomes.record(db, outcome(1, checked_at=NOW + 365 * DAY, next_check_at=NOW + 372 * DAY))
    assert claim(db) == [URL]


def test_an_interval_of_a_day_with_its_jitter_is_meant(db: Database) -> None:
    feeds.sync(db, [FeedSpec(url=URL, interval=DAY)], NOW)
    outcomes.record(db, outcome(1, next_check_at=NOW + 1.1 * DAY))

    assert claim(db) == []


def test_a_weekend_that_a_feed_skips_is_meant(db: Database) -> None:
    add_feed(db)
    weekend = Wishes(skip_days=frozenset({5, 6}))
    outcomes.record(db, outcome(1, next_check_at=NOW + 3 * DAY, wishes=weekend))
    assert claim(db) == []

    outcomes.record(db, outcome(1, checked_at=NOW + 365 * DAY, next_check_at=NOW + 368 * DAY))
    assert claim(db) == [URL]


def test_a_lease_taken_by_a_clock_that_was_ahead_holds_nothing(db: Database) -> None:
    add_feed(db)
    claim(db, NOW + 365 * DAY)

    assert claim(db, NOW, owner="b") == [URL]


# ---------------------------------------------------------------- what its owner does with it


def gone(db: Database) -> None:
    outcomes.record(db, outcome(1, PollStatus.GONE, error="gone", move=moved("https://n.org/", 3)))


def test_a_revived_feed_is_asked_at_once_where_its_owner_wrote(db: Database) -> None:
    add_feed(db)
    gone(db)

    feeds.revive(db, 1, NOW + DAY)

    feed = the_feed(db)
    assert (feed.gone_at, feed.failures, feed.failing_since, feed.last_error) == (
        None,
        0,
        None,
        None,
    )
    assert (feed.address, feed.next_check_at) == (URL, NOW + DAY)
    assert claim(db, NOW + DAY) == [URL]


def test_only_the_feed_meant_is_revived(db: Database) -> None:
    add_feeds(db, URL, "https://b.org/")
    outcomes.record(db, outcome(2, PollStatus.GONE))

    feeds.revive(db, 1, NOW)

    assert feeds.all_feeds(db)[1].gone_at == NOW


def test_a_gone_feed_that_is_taken_back_into_the_files_is_asked_again(db: Database) -> None:
    add_feed(db)
    gone(db)
    feeds.sync(db, [FeedSpec(url=URL, title="kept")], NOW)
    assert the_feed(db).gone_at == NOW, "nobody took it out"

    feeds.sync(db, [], NOW)
    feeds.sync(db, [FeedSpec(url=URL)], NOW + DAY)

    assert claim(db, NOW + DAY) == [URL]
    assert the_feed(db).failures == 0
