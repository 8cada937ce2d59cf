"""What polls leave behind: feeds that end or rest, gaps, moves, marks, and the log of fetches."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from monitor.records import Feed, FetchLine, Move, PollStatus, Rhythm, Validators, Wishes
from monitor.store import feeds, outcomes, stories
from monitor.store.database import Database
from monitor.store.outcomes import LONGEST_ERROR
from tests.store.builders import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOW,
    SECOND,
    add_feed,
    add_feeds,
    new_story,
    outcome,
)

WEEK = 7 * DAY


def the_feed(db: Database) -> Feed:
    return feeds.all_feeds(db)[0]


def claim(db: Database, now: datetime) -> list[str]:
    claimed = feeds.claim_due(db, now, owner="a", lease=LEASE, limit=100)
    return [feed.spec.url for feed in claimed]


def lines(db: Database, **wanted: Any) -> tuple[FetchLine, ...]:
    return outcomes.listing(db, **{"limit": 100, **wanted})


def poll(db: Database, *moments: datetime, feed_id: int = 1) -> None:
    for moment in moments:
        outcomes.record(db, outcome(feed_id, PollStatus.UNCHANGED, checked_at=moment))


# ---------------------------------------------------------------- how a poll ended


def test_a_poll_that_was_put_off_changes_nothing_but_when_it_is_next(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, PollStatus.FAILED, http_status=503, error="busy", seconds=2.0))
    before = the_feed(db)

    later = outcome(
        1, PollStatus.PUT_OFF, checked_at=NOW + HOUR, next_check_at=NOW + 3 * HOUR, error="resting"
    )
    outcomes.record(db, later)

    after = the_feed(db)
    assert after.next_check_at == NOW + 3 * HOUR
    assert (after.failures, after.last_error, after.last_checked_at) == (1, "busy", NOW)
    assert (after.last_status, after.seconds) == (before.last_status, before.seconds)


def test_a_poll_that_was_put_off_ends_its_claim_and_is_no_line_of_the_log(db: Database) -> None:
    add_feed(db)
    claim(db, NOW)

    outcomes.record(db, outcome(1, PollStatus.PUT_OFF, next_check_at=NOW + MINUTE))

    assert lines(db) == ()
    assert claim(db, NOW + MINUTE) == ["https://example.org/feed"]


def test_a_feed_that_is_gone_for_good_is_never_due_again(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, PollStatus.GONE, http_status=410, error="gone", checked_at=NOW))

    assert the_feed(db).gone_at == NOW
    assert (the_feed(db).failures, the_feed(db).last_error) == (1, "gone")
    assert claim(db, NOW + 365 * DAY) == []


@pytest.mark.parametrize("status", [PollStatus.READ, PollStatus.UNCHANGED])
def test_a_gap_is_counted_with_when_it_was(db: Database, status: PollStatus) -> None:
    add_feed(db)
    for hour in range(3):
        outcomes.record(db, outcome(1, status, checked_at=NOW + hour * HOUR, gap=hour < 2))

    assert (the_feed(db).gaps, the_feed(db).gap_at) == (2, NOW + HOUR)


def test_what_a_poll_learns_of_its_feed_comes_back(db: Database) -> None:
    add_feed(db)
    learned = outcome(
        1,
        rhythm=Rhythm(stories=3.5, seconds=86_400.25, limit=7 * MINUTE),
        wishes=Wishes(ttl=2 * HOUR, skip_hours=frozenset({0, 23}), skip_days=frozenset({5, 6})),
        move=Move(url="https://example.org/new", times=2),
        seconds=1.25,
    )
    outcomes.record(db, learned)

    feed = the_feed(db)
    assert (feed.rhythm, feed.wishes, feed.move) == (learned.rhythm, learned.wishes, learned.move)
    assert feed.seconds == 1.25


def test_a_poll_that_learns_nothing_keeps_what_is_known_but_for_its_time(db: Database) -> None:
    add_feed(db)
    outcomes.record(
        db,
        outcome(
            1, rhythm=Rhythm(stories=1.0), wishes=Wishes(ttl=HOUR), move=Move(url="u", times=1)
        ),
    )
    before = the_feed(db)

    outcomes.record(db, outcome(1, PollStatus.FAILED, seconds=30.0, error="too slow"))

    after = the_feed(db)
    assert (after.rhythm, after.wishes, after.move) == (before.rhythm, before.wishes, before.move)
    assert after.seconds == 30.0


def test_no_wishes_any_more_are_none(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, wishes=Wishes(ttl=HOUR)))
    outcomes.record(db, outcome(1, wishes=Wishes()))

    assert the_feed(db).wishes == Wishes()


def test_marks_are_those_of_the_last_document_and_nobody_elses(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")
    assert feeds.marks(db, [1]) == {}

    outcomes.record(db, outcome(1, marks=b"old"))
    outcomes.record(db, outcome(1, marks=b"\x00new"))
    outcomes.record(db, outcome(1, PollStatus.FAILED, error="no"))

    assert feeds.marks(db, [1, 2]) == {1: b"\x00new"}


# ---------------------------------------------------------------- hosts that ask for a rest


def test_no_feed_of_a_host_that_asked_for_a_rest_is_claimed_until_it_is_over(db: Database) -> None:
    add_feeds(db, "https://a.org/1", "https://a.org/2", "https://b.org/1")
    failed = outcome(1, PollStatus.FAILED, error="429", next_check_at=NOW, rest_until=NOW + HOUR)
    outcomes.record(db, failed)

    assert claim(db, NOW) == ["https://b.org/1"]
    assert claim(db, NOW + HOUR - SECOND) == ["https://b.org/1"], "its lease ran out"
    assert claim(db, NOW + HOUR) == ["https://a.org/1", "https://a.org/2"]


def test_the_rest_of_another_host_is_that_of_its_own_feeds_alone(db: Database) -> None:
    add_feeds(db, "https://a.org/1", "https://a.org/2", "https://b.org/1")
    elsewhere = outcome(
        1, PollStatus.FAILED, next_check_at=NOW, rest_until=NOW + HOUR, rest_host="b.org"
    )
    outcomes.record(db, elsewhere)
    assert outcomes.resting(db, NOW) == {3: NOW + HOUR}
    assert claim(db, NOW) == ["https://a.org/1", "https://a.org/2"]


def test_the_last_rest_a_host_asked_for_is_the_one_that_counts(db: Database) -> None:
    add_feed(db)
    for hours in (3, 1):
        rest = outcome(1, PollStatus.FAILED, next_check_at=NOW, rest_until=NOW + hours * HOUR)
        outcomes.record(db, rest)

    assert claim(db, NOW + HOUR) == ["https://example.org/feed"]


def test_a_rest_written_by_a_clock_that_was_ahead_holds_nobody_back(db: Database) -> None:
    add_feed(db)
    ahead = NOW + 365 * DAY
    outcomes.record(db, outcome(1, PollStatus.FAILED, next_check_at=NOW, rest_until=ahead))

    assert claim(db, NOW) == ["https://example.org/feed"]
    assert outcomes.resting(db, NOW) == {}


def test_who_rests_is_told_by_feed_while_it_lasts(db: Database) -> None:
    add_feeds(db, "https://a.org/1", "https://a.org/2", "https://b.org/1")
    outcomes.record(db, outcome(2, PollStatus.FAILED, rest_until=NOW + HOUR))

    assert outcomes.resting(db, NOW) == {1: NOW + HOUR, 2: NOW + HOUR}
    assert outcomes.resting(db, NOW + HOUR) == {}


# ---------------------------------------------------------------- the log of fetches


def test_every_request_is_a_line_with_what_it_cost_and_brought(db: Database) -> None:
    add_feed(db)
    read = outcome(1, http_status=200, seconds=0.5, size=4_000, url="https://example.org/moved")
    stories.add_new(
        db, read, (new_story("x"), new_story("y", backlog=True), new_story("z", held=True))
    )
    failed = outcome(
        1, PollStatus.FAILED, checked_at=NOW + HOUR, http_status=503, error="busy", seconds=2.0
    )
    outcomes.record(db, failed)

    assert lines(db) == (
        FetchLine(
            feed_id=1,
            at=NOW + HOUR,
            status=PollStatus.FAILED,
            http_status=503,
            seconds=2.0,
            size=None,
            new=0,
            error="busy",
            url=None,
        ),
        FetchLine(
            feed_id=1,
            at=NOW,
            status=PollStatus.READ,
            http_status=200,
            seconds=0.5,
            size=4_000,
            new=3,
            error=None,
            url="https://example.org/moved",
        ),
    )


def test_the_log_is_asked_by_feed_by_failure_by_time_and_by_number(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")
    poll(db, NOW, feed_id=1)
    outcomes.record(db, outcome(2, PollStatus.FAILED, checked_at=NOW + HOUR, error="no"))
    outcomes.record(db, outcome(1, PollStatus.GONE, checked_at=NOW + 2 * HOUR, error="gone"))
    poll(db, NOW + 3 * HOUR, feed_id=2)

    def ids(**wanted: Any) -> list[int]:
        return [line.feed_id for line in lines(db, **wanted)]

    assert ids() == [2, 1, 2, 1], "newest first"
    assert ids(feed_id=1) == [1, 1]
    assert [line.status for line in lines(db, failed=True)] == [PollStatus.GONE, PollStatus.FAILED]
    assert ids(since=NOW + HOUR) == [2, 1, 2]
    assert ids(limit=1) == [2]


def test_an_error_of_any_length_takes_bounded_room_in_the_log(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, PollStatus.FAILED, error="x" * 100_000))

    assert len(lines(db)[0].error or "") == LONGEST_ERROR


def test_lines_older_than_asked_are_forgotten(db: Database) -> None:
    add_feed(db)
    poll(db, NOW - DAY, NOW - SECOND, NOW)

    assert outcomes.prune(db, NOW, per_feed=100) == 2
    assert [line.at for line in lines(db)] == [NOW]


def test_of_each_feed_only_so_many_lines_are_kept_the_newest(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/")
    poll(db, *(NOW + n * MINUTE for n in range(10)), feed_id=1)
    poll(db, NOW, feed_id=2)

    assert outcomes.prune(db, NOW - DAY, per_feed=3) == 7
    assert [line.at for line in lines(db, feed_id=1)] == [NOW + n * MINUTE for n in (9, 8, 7)]
    assert len(lines(db, feed_id=2)) == 1


def test_thousands_of_lines_are_forgotten_in_small_transactions(db: Database) -> None:
    add_feed(db)
    moments = (NOW + n * SECOND for n in range(2_300))
    outcomes.record(db, *(outcome(1, PollStatus.UNCHANGED, checked_at=each) for each in moments))

    assert outcomes.prune(db, NOW - DAY, per_feed=100) == 2_200


def test_hosts_whose_rest_is_long_over_are_forgotten(db: Database) -> None:
    add_feed(db)
    outcomes.record(db, outcome(1, PollStatus.FAILED, rest_until=NOW + HOUR))

    outcomes.prune(db, NOW + HOUR, per_feed=100)
    assert outcomes.resting(db, NOW) == {1: NOW + HOUR}
    outcomes.prune(db, NOW + HOUR + SECOND, per_feed=100)
    assert outcomes.resting(db, NOW) == {}


def test_many_unchanged_feeds_are_written_down_together_each_as_it_was(db: Database) -> None:
    add_feeds(db, "https://a.org/", "https://b.org/", "https://c.org/")
    outcomes.record(
        db,
        outcome(1, PollStatus.UNCHANGED, next_check_at=NOW + HOUR, seconds=0.1),
        outcome(2, PollStatus.UNCHANGED, next_check_at=NOW + DAY, validators=Validators(etag=b"2")),
        outcome(3, PollStatus.UNCHANGED, next_check_at=NOW + WEEK, rhythm=Rhythm(stories=2.0)),
    )

    first, second, third = feeds.all_feeds(db)
    spans = [each.next_check_at - NOW for each in (first, second, third)]
    assert spans == [HOUR, DAY, timedelta(days=7)]
    assert (first.seconds, second.validators.etag, third.rhythm.stories) == (0.1, b"2", 2.0)
    assert len(lines(db)) == 3
