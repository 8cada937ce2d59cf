"""Recipients and their hours: who is served when, who is mended, and who wants no more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.records import OutboxState, Subscription
from monitor.store import matches, outbox, stories, subscriptions
from monitor.store.database import Database
from monitor.store.subscriptions import BY_COMMAND, BY_MAIL
from tests.store.builders import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOW,
    SECOND,
    add_hit,
    add_topics,
    candidates,
    digest_of,
    made,
    message,
    put,
    subscribe,
    subscription,
)

OTHER = "b@example.org"


def the_one(db: Database) -> Subscription:
    (only,) = subscriptions.everyone(db)
    return only


# ---------------------------------------------------------------- the owner's files


def test_a_new_recipient_comes_back_as_given(db: Database) -> None:
    given = subscription()

    subscriptions.sync(db, [given], NOW)

    assert subscriptions.due(db, None) == (given,)


def test_a_known_recipient_keeps_start_and_hour(db: Database) -> None:
    before = subscribe(db)

    subscriptions.sync(db, [subscription(started_at=NOW + DAY, next_at=NOW + DAY)], NOW)

    assert subscriptions.due(db, None) == (before,)


def test_a_changed_schedule_moves_the_hour_and_nothing_else(db: Database) -> None:
    before = subscribe(db, subscription(next_at=NOW + HOUR))

    subscriptions.sync(
        db, [subscription(started_at=NOW + DAY, next_at=NOW + DAY, schedule_key="9:00")], NOW
    )

    moved = replace(before, next_at=NOW + DAY, schedule_key="9:00")
    assert subscriptions.due(db, None) == (moved,)


def test_a_recipient_who_is_gone_is_due_no_more(db: Database) -> None:
    subscribe(db)

    subscriptions.sync(db, [], NOW)

    assert subscriptions.due(db, None) == ()


def test_a_recipient_who_comes_back_starts_anew_and_is_not_told_the_old_again(
    db: Database,
) -> None:
    told = candidates(db, "x")
    before = subscribe(db)
    put(db, before, NOW, NOW + DAY, made(message(), digest_of(*told)), NOW)
    subscriptions.sync(db, [], NOW)

    back = subscription(started_at=NOW - HOUR, next_at=NOW + 9 * DAY)
    subscriptions.sync(db, [back], NOW)

    assert subscriptions.due(db, None) == (back,)
    assert matches.candidates(db, back, ["iraq"]) == ()


def test_a_renamed_digest_goes_on_where_it_was_and_tells_nothing_twice(db: Database) -> None:
    told, later = candidates(db, "x", "y")
    before = subscribe(db)
    put(db, before, NOW, NOW + DAY, made(message(), digest_of(told)), NOW)

    now = NOW + 3 * DAY
    new = subscription(digest="mornings", started_at=now - HOUR, next_at=now + DAY)
    subscriptions.sync(db, [new], NOW)

    (renamed,) = subscriptions.due(db, None)
    assert renamed == replace(before, digest="mornings", next_at=NOW + DAY, last_at=NOW)
    assert matches.candidates(db, renamed, ["iraq"]) == (later,)


@pytest.mark.parametrize(
    ("before", "after"),
    [(["a", "b"], ["c"]), (["a"], ["b", "c"]), (["a", "b"], ["c", "d"]), (["a"], ["a", "c"])],
)
def test_where_nobody_knows_which_digest_became_which_new_ones_start_anew(
    db: Database, before: list[str], after: list[str]
) -> None:
    start = NOW + 3 * DAY
    subscriptions.sync(db, [subscription(digest=name) for name in before], NOW)
    subscriptions.sync(db, [subscription(digest=name, started_at=start) for name in after], NOW)

    served = {each.digest: each.started_at for each in subscriptions.due(db, None)}
    assert served == {name: start if name not in before else NOW - DAY for name in after}


def test_a_digest_with_another_schedule_is_another_digest(db: Database) -> None:
    subscribe(db)
    new = subscription(digest="evenings", schedule_key="20:00", started_at=NOW)
    subscriptions.sync(db, [new], NOW)

    assert subscriptions.due(db, None) == (new,)


def test_an_hour_that_had_come_when_the_schedule_changed_is_still_made_up(db: Database) -> None:
    subscribe(db, subscription(next_at=NOW - HOUR))

    subscriptions.sync(db, [subscription(next_at=NOW + DAY, schedule_key="9:00")], NOW)

    assert (the_one(db).next_at, the_one(db).schedule_key) == (NOW - HOUR, "9:00")


def test_who_leaves_one_digest_loses_nothing_in_another(db: Database) -> None:
    (told,) = candidates(db, "x")
    daily, weekly = subscription(), subscription("weekly", schedule_key="weekly")
    subscriptions.sync(db, [daily, weekly], NOW)
    put(db, daily, NOW, NOW + DAY, made(message(), digest_of(told)), NOW)

    subscriptions.sync(db, [weekly], NOW + DAY)

    assert subscriptions.due(db, None) == (weekly,)
    assert matches.candidates(db, weekly, ["iraq"]) == (told,)


def test_who_leaves_a_digest_costs_its_other_recipients_nothing(db: Database) -> None:
    (told,) = candidates(db, "x")
    stays, leaves = subscription(), subscription(recipient=OTHER)
    subscriptions.sync(db, [stays, leaves], NOW)

    subscriptions.sync(db, [stays], NOW)

    assert put(db, stays, NOW, NOW + DAY, made(message(), digest_of(told)), NOW)


# ---------------------------------------------------------------- whose hour has come


def test_recipients_are_due_from_their_hour_on_the_longest_waiting_first(db: Database) -> None:
    early = subscription(next_at=NOW)
    late = subscription(recipient=OTHER, next_at=NOW - HOUR)
    subscriptions.sync(db, [early, late], NOW)

    assert subscriptions.due(db, NOW - SECOND) == (late,)
    assert subscriptions.due(db, NOW) == (late, early)


def test_an_hour_may_be_months_ahead(db: Database) -> None:
    subscribe(db, subscription(next_at=NOW + 300 * DAY))

    assert subscriptions.due(db, NOW + 300 * DAY - SECOND) == ()
    assert len(subscriptions.due(db, NOW + 300 * DAY)) == 1


# ---------------------------------------------------------------- a clock that was wrong


def test_a_start_written_by_a_clock_that_was_ahead_keeps_no_story_back(db: Database) -> None:
    years = 3650 * DAY
    ahead = subscription(started_at=NOW + years, last_at=NOW + years + DAY)
    subscriptions.sync(db, [ahead, subscription(recipient=OTHER, last_at=NOW - HOUR)], NOW)

    assert subscriptions.mend_clock(db, NOW, {}) == 1
    mended = {
        each.recipient: (each.started_at, each.last_at) for each in subscriptions.due(db, None)
    }
    assert mended == {"a@example.org": (NOW, NOW), OTHER: (NOW - DAY, NOW - HOUR)}


def test_an_hour_set_by_a_clock_that_was_ahead_becomes_the_latest_that_is_honest(
    db: Database,
) -> None:
    ahead = subscription(next_at=NOW + 365 * DAY)
    subscriptions.sync(db, [ahead, subscription(recipient=OTHER, next_at=NOW + HOUR)], NOW)
    latest = {each.id: NOW + DAY for each in subscriptions.everyone(db)}

    assert subscriptions.mend_clock(db, NOW, latest) == 1
    hours = {each.recipient: each.next_at for each in subscriptions.due(db, None)}
    assert hours == {"a@example.org": NOW + DAY, OTHER: NOW + HOUR}


def test_an_hour_of_which_nothing_is_known_stays(db: Database) -> None:
    before = subscribe(db, subscription(next_at=NOW + 365 * DAY))

    assert subscriptions.mend_clock(db, NOW, {}) == 0
    assert subscriptions.due(db, None) == (before,)


# ---------------------------------------------------------------- who wants no more


def test_who_was_stopped_is_listed_but_not_served(db: Database) -> None:
    reader = subscribe(db)

    assert subscriptions.stop(db, reader.id, NOW + MINUTE, by="mail")

    assert subscriptions.due(db, NOW) == subscriptions.due(db, None) == ()
    assert (the_one(db).stopped_at, the_one(db).stopped_by) == (NOW + MINUTE, "mail")


def test_who_was_stopped_since_the_digest_was_made_does_not_get_it(db: Database) -> None:
    reader = subscribe(db)
    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert not put(db, reader, NOW, NOW + DAY, made(message(), digest_of()), NOW)
    assert outbox.listing(db) == ()


def test_nothing_that_waits_is_sent_to_who_was_stopped(db: Database) -> None:
    readers = subscription(), subscription(recipient=OTHER)
    subscriptions.sync(db, readers, NOW)
    for name, reader in zip(("one", "two"), subscriptions.due(db, None), strict=True):
        put(db, reader, NOW, NOW + DAY, made(message(name), digest_of()), NOW)

    subscriptions.stop(db, 1, NOW, by="mail")

    states = {item.id: (item.state, item.last_error) for item in outbox.listing(db)}
    wants_no_more = "the recipient wants nothing more of this digest"
    assert states == {1: (OutboxState.DEAD, wants_no_more), 2: (OutboxState.READY, None)}


def test_what_is_being_sent_when_its_recipient_is_stopped_ends_as_it_ends(db: Database) -> None:
    reader = subscribe(db)
    put(db, reader, NOW, NOW + DAY, made(message(), digest_of()), NOW)
    (item,) = outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1)

    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert outbox.sent(db, item, NOW)


def test_what_is_being_sent_when_its_recipient_is_stopped_is_not_tried_again(db: Database) -> None:
    reader = subscribe(db)
    put(db, reader, NOW, NOW + DAY, made(message(), digest_of()), NOW)
    (item,) = outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1)

    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert not outbox.wait(db, item, NOW + HOUR, "busy", uncertain=False)
    assert outbox.release(db, "a") == 0
    (ended,) = outbox.listing(db)
    assert (ended.state, ended.uncertain) == (OutboxState.DEAD, True)


def test_that_a_message_may_have_gone_is_known_on_when_its_recipient_is_stopped(
    db: Database,
) -> None:
    reader = subscribe(db)
    put(db, reader, NOW, NOW + DAY, made(message(), digest_of()), NOW)
    (item,) = outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1)
    outbox.wait(db, item, NOW + HOUR, "no answer", uncertain=True)

    subscriptions.stop(db, reader.id, NOW, by="mail")

    (ended,) = outbox.listing(db)
    assert (ended.state, ended.uncertain) == (OutboxState.DEAD, True)


def test_what_nobody_wants_any_more_is_forgotten_in_its_time(db: Database) -> None:
    reader = subscribe(db)
    put(db, reader, NOW, NOW + DAY, made(message(), digest_of()), NOW)

    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert outbox.prune(db, NOW) == 0
    assert outbox.prune(db, NOW + SECOND) == 1


@pytest.mark.parametrize(("first", "then"), [(BY_MAIL, BY_MAIL), (BY_COMMAND, BY_COMMAND)])
def test_who_is_stopped_twice_is_stopped_since_the_first_time(
    db: Database, first: str, then: str
) -> None:
    reader = subscribe(db)
    subscriptions.stop(db, reader.id, NOW, by=first)

    assert not subscriptions.stop(db, reader.id, NOW + DAY, by=then)
    assert not subscriptions.stop(db, reader.id + 1, NOW, by=then)
    assert (the_one(db).stopped_at, the_one(db).stopped_by) == (NOW, first)


def test_a_command_holds_from_then_on_for_who_has_left_by_mail_before(db: Database) -> None:
    first, other = subscription(), subscription(recipient=OTHER)
    subscriptions.sync(db, [first, other], NOW)
    for each in subscriptions.due(db, None):
        subscriptions.stop(db, each.id, NOW, by=BY_MAIL)

    assert subscriptions.stop(db, 1, NOW + DAY, by=BY_COMMAND)

    stopped = {each.id: (each.stopped_at, each.stopped_by) for each in subscriptions.everyone(db)}
    assert stopped == {1: (NOW, BY_COMMAND), 2: (NOW, BY_MAIL)}


def test_a_mail_takes_no_word_of_the_owner_back(db: Database) -> None:
    reader = subscribe(db)
    subscriptions.stop(db, reader.id, NOW, by=BY_COMMAND)

    assert not subscriptions.stop(db, reader.id, NOW + DAY, by=BY_MAIL)
    assert not subscriptions.resume(db, reader.id, NOW + DAY, stopped_by=BY_MAIL)
    assert (the_one(db).stopped_at, the_one(db).stopped_by) == (NOW, BY_COMMAND)


def test_who_left_by_mail_is_served_again_by_mail_or_command(db: Database) -> None:
    reader = subscribe(db)
    for stopped_by in (BY_MAIL, None):
        subscriptions.stop(db, reader.id, NOW, by=BY_MAIL)
        assert subscriptions.resume(db, reader.id, NOW, stopped_by=stopped_by)

    assert the_one(db).stopped_at is None


@pytest.mark.parametrize("left_out", [[], [[]]], ids=["kept", "taken out and put back"])
def test_who_was_stopped_stays_so_whatever_the_files_say(
    db: Database, left_out: list[list[Subscription]]
) -> None:
    reader = subscribe(db)
    subscriptions.stop(db, reader.id, NOW, by="mail")

    for wanted in [*left_out, [subscription(schedule_key="9:00")]]:
        subscriptions.sync(db, wanted, NOW)

    assert subscriptions.due(db, None) == ()
    assert the_one(db).stopped_at == NOW


def test_who_is_resumed_before_the_next_hour_has_missed_nothing(db: Database) -> None:
    reader = subscribe(db, subscription(started_at=NOW - 9 * DAY, next_at=NOW + DAY))
    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert subscriptions.resume(db, reader.id, NOW + DAY - SECOND)

    assert subscriptions.due(db, None) == (reader,)


def test_who_is_resumed_later_starts_like_a_new_recipient(db: Database) -> None:
    served = subscription(started_at=NOW - 9 * DAY, last_at=NOW - DAY, next_at=NOW)
    reader = subscribe(db, served)
    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert subscriptions.resume(db, reader.id, NOW + 30 * DAY)

    anew = replace(reader, started_at=NOW + 30 * DAY - subscriptions.FIRST_PERIOD, last_at=None)
    assert subscriptions.due(db, NOW + 30 * DAY) == (anew,)


def test_who_is_resumed_at_their_hour_has_that_hour_made_up_anew(db: Database) -> None:
    served = subscription(started_at=NOW - 9 * DAY, last_at=NOW - 5 * DAY, next_at=NOW + DAY)
    reader = subscribe(db, served)
    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert subscriptions.resume(db, reader.id, NOW + DAY)

    assert subscriptions.due(db, NOW + DAY) == (replace(reader, started_at=NOW, last_at=None),)


def test_who_is_resumed_is_not_told_of_the_time_before_the_last_digest(db: Database) -> None:
    served = subscription(started_at=NOW - 9 * DAY, last_at=NOW - HOUR, next_at=NOW)
    reader = subscribe(db, served)
    subscriptions.stop(db, reader.id, NOW - MINUTE, by="mail")

    assert subscriptions.resume(db, reader.id, NOW + HOUR)

    (again,) = subscriptions.due(db, NOW + HOUR)
    assert again.last_at == NOW - HOUR


def test_who_is_resumed_starts_no_earlier_than_they_had(db: Database) -> None:
    reader = subscribe(db, subscription(started_at=NOW, next_at=NOW + HOUR))
    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert subscriptions.resume(db, reader.id, NOW + 2 * HOUR)

    assert the_one(db).started_at == NOW


def test_who_was_not_stopped_cannot_be_resumed(db: Database) -> None:
    reader = subscribe(db)

    assert not subscriptions.resume(db, reader.id, NOW)
    assert not subscriptions.resume(db, reader.id + 1, NOW)


def test_who_was_stopped_keeps_no_story_from_being_forgotten(db: Database) -> None:
    (topic,) = add_topics(db, "iraq")
    add_hit(db, "x", topic)
    reader = subscribe(db)
    assert stories.prune(db, NOW + DAY) == 0

    subscriptions.stop(db, reader.id, NOW, by="mail")

    assert stories.prune(db, NOW + DAY) == 1
