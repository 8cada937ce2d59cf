"""Messages: put once, claimed once, settled by whoever claimed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.records import DigestEntry, OutboxItem, OutboxState, Subscription
from monitor.store import ledger, matches, outbox, subscriptions
from monitor.store.database import Database
from monitor.store.outbox import LONGEST_ERROR
from tests.store.builders import (
    DAY,
    HOUR,
    LEASE,
    MINUTE,
    NOW,
    SECOND,
    candidates,
    digest_of,
    made,
    message,
    put,
    put_message,
    subscribe,
    subscription,
)


def claim(db: Database, now: Any = NOW, *, owner: str = "a", limit: int = 10) -> list[OutboxItem]:
    return list(outbox.claim(db, now, owner=owner, lease=LEASE, limit=limit))


def the_item(db: Database) -> OutboxItem:
    (item,) = outbox.listing(db)
    return item


# ---------------------------------------------------------------- putting


def test_a_message_comes_back_byte_for_byte_ready_to_go(db: Database) -> None:
    reader = subscribe(db)

    assert put(db, reader, NOW, NOW + DAY, made(message(), digest_of()), NOW + MINUTE)

    assert the_item(db) == OutboxItem(
        id=1,
        message=message(),
        state=OutboxState.READY,
        attempts=0,
        created_at=NOW + MINUTE,
        next_attempt_at=NOW + MINUTE,
        run=1,
        digest="daily",
    )
    served = replace(reader, next_at=NOW + DAY, last_at=NOW + MINUTE)
    assert subscriptions.due(db, None) == (served,)


def test_with_nothing_to_say_only_the_hour_moves(db: Database) -> None:
    reader = subscribe(db)

    assert put(db, reader, NOW, NOW + DAY, (), NOW)

    assert outbox.listing(db) == ()
    assert subscriptions.due(db, None)[0].next_at == NOW + DAY
    assert subscriptions.due(db, None)[0].last_at == NOW


def test_of_two_that_serve_the_same_hour_one_is_refused(db: Database) -> None:
    told = candidates(db, "x")
    reader = subscribe(db)
    assert put(db, reader, NOW, NOW + DAY, made(message("one"), digest_of(*told)), NOW)

    assert not put(db, reader, NOW, NOW + DAY, made(message("two"), digest_of(*told)), NOW)

    assert [item.message.message_id for item in outbox.listing(db)] == ["<one@example.org>"]


def test_a_digest_made_before_another_told_its_story_is_refused_whole(db: Database) -> None:
    """Both slots read the same candidates; the second one would tell them twice."""
    told = candidates(db, "x", "y")
    reader = subscribe(db)
    assert put(db, reader, NOW, reader.next_at, made(message("one"), digest_of(told[0])), NOW)

    later = NOW + MINUTE
    stale = digest_of(*told, slot=later)
    assert not put(db, reader, later, NOW + DAY, made(message("two"), stale), later)

    assert len(outbox.listing(db)) == 1
    assert subscriptions.due(db, None)[0].next_at == reader.next_at


def test_a_slot_that_has_a_message_gets_no_second_one_but_does_not_stay_due(
    db: Database,
) -> None:
    reader = subscribe(db)
    put(db, reader, NOW, NOW + DAY, made(message("one"), digest_of()), NOW)
    clock_went_back = replace(reader, next_at=NOW + DAY)

    assert not put(db, clock_went_back, NOW, NOW + HOUR, made(message("two"), digest_of()), NOW)

    assert len(outbox.listing(db)) == 1
    assert subscriptions.due(db, None)[0].next_at == NOW + HOUR


@pytest.mark.parametrize("known", [True, False])
def test_a_recipient_who_is_gone_or_unknown_gets_nothing(db: Database, known: bool) -> None:
    reader = subscription()
    if known:
        subscribe(db, reader)
        subscriptions.sync(db, [], NOW)

    assert not put(db, reader, NOW, NOW + DAY, made(message(), digest_of()), NOW)
    assert outbox.listing(db) == ()


def test_the_ledger_tells_what_a_message_holds_and_what_its_cap_left_out(db: Database) -> None:
    lead, echo, also, cut, left = candidates(db, "lead", "echo", "also", "cut", "left")
    entry = DigestEntry(lead=lead, echoes=(echo,), also=(also,))
    digest = digest_of(cut=(cut,))
    digest = replace(digest, sections=(replace(digest.sections[0], entries=(entry,)),))
    put(db, subscribe(db), NOW, NOW + DAY, made(message(), digest), NOW)

    item = the_item(db)

    assert ledger.told(db, item, cut=False) == (lead, echo, also)
    assert ledger.told(db, item, cut=True) == (cut,)
    assert matches.candidates(db, subscription(), ["iraq"]) == (left,)


def test_a_story_placed_and_cut_counts_as_placed(db: Database) -> None:
    (story,) = candidates(db, "x")

    put(db, subscribe(db), NOW, NOW + DAY, made(message(), digest_of(story, cut=(story,))), NOW)

    assert ledger.told(db, the_item(db), cut=False) == (story,)
    assert ledger.told(db, the_item(db), cut=True) == ()


# ---------------------------------------------------------------- sending


def test_a_claimed_message_is_sending_and_not_claimed_again(db: Database) -> None:
    put_message(db)

    (item,) = claim(db)

    assert (item.state, item.attempts, item.uncertain) == (OutboxState.SENDING, 1, False)
    assert claim(db, owner="b") == []


def test_messages_go_out_in_the_order_they_became_ready(db: Database) -> None:
    for name in ("one", "two", "three"):
        put_message(db, name)

    first = claim(db, limit=2)

    assert [item.message.message_id for item in first] == ["<one@example.org>", "<two@example.org>"]
    assert [item.id for item in claim(db, limit=2)] == [3]


def test_a_message_that_waits_long_goes_behind_a_younger_one_that_is_ready(db: Database) -> None:
    put_message(db, "one")
    (failed,) = claim(db)
    outbox.wait(db, failed, NOW + 2 * HOUR, "greylisted", uncertain=False)
    put_message(db, "two", at=NOW + HOUR)

    taken = [claim(db, NOW + 2 * HOUR, limit=1) for _ in range(2)]

    assert [item.message.message_id for (item,) in taken] == [
        "<two@example.org>", "<one@example.org>",
    ]  # fmt: skip


def test_of_a_message_that_was_sent_in_the_end_no_error_is_told(db: Database) -> None:
    put_message(db)
    (item,) = claim(db)
    outbox.wait(db, item, NOW + HOUR, "greylisted", uncertain=False)
    (again,) = claim(db, NOW + HOUR)

    outbox.sent(db, again, NOW + HOUR)

    assert the_item(db).last_error is None


def test_a_sent_message_is_final(db: Database) -> None:
    put_message(db)
    (item,) = claim(db)

    assert outbox.sent(db, item, NOW + MINUTE)

    sent = the_item(db)
    assert (sent.state, sent.sent_at) == (OutboxState.SENT, NOW + MINUTE)
    assert claim(db, NOW + DAY) == []
    assert not outbox.sent(db, item, NOW + DAY)


def test_a_waiting_message_goes_again_with_the_same_bytes_when_its_time_comes(
    db: Database,
) -> None:
    put_message(db)
    (first,) = claim(db)

    assert outbox.wait(db, first, NOW + HOUR, "greylisted", uncertain=False)

    waiting = the_item(db)
    assert (waiting.state, waiting.last_error) == (OutboxState.WAITING, "greylisted")
    assert claim(db, NOW + HOUR - SECOND) == []
    (second,) = claim(db, NOW + HOUR)
    assert (second.message, second.attempts, second.uncertain) == (first.message, 2, False)


def test_a_message_given_up_is_final_and_says_why(db: Database) -> None:
    put_message(db)
    (item,) = claim(db)

    assert outbox.give_up(db, item, NOW, "no such user")

    dead = the_item(db)
    assert (dead.state, dead.last_error, dead.sent_at) == (OutboxState.DEAD, "no such user", None)
    assert claim(db, NOW + DAY) == []


def test_once_uncertain_always_uncertain(db: Database) -> None:
    put_message(db)
    (first,) = claim(db)
    outbox.wait(db, first, NOW, "no answer", uncertain=True)
    (second,) = claim(db)

    outbox.wait(db, second, NOW, "busy", uncertain=False)

    assert second.uncertain
    assert claim(db)[0].uncertain


def test_a_message_whose_sender_died_goes_again_and_is_uncertain(db: Database) -> None:
    put_message(db)
    claim(db)

    assert claim(db, NOW + LEASE - SECOND, owner="b") == []
    (again,) = claim(db, NOW + LEASE, owner="b")

    assert (again.uncertain, again.attempts) == (True, 2)


def test_what_a_dead_owner_was_sending_is_given_back_at_once_as_uncertain(db: Database) -> None:
    put_message(db, "one")
    put_message(db, "two")
    claim(db, owner="dead", limit=1)
    claim(db, owner="alive", limit=1)

    assert outbox.release(db, "dead") == 1

    (again,) = claim(db, owner="c")
    assert (again.message.message_id, again.uncertain) == ("<one@example.org>", True)


def test_one_whose_lease_ran_out_cannot_undo_the_next_claim(db: Database) -> None:
    put_message(db)
    (slow,) = claim(db, owner="a")
    claim(db, NOW + LEASE, owner="a")

    assert not outbox.wait(db, slow, NOW, "late", uncertain=False)
    assert not outbox.give_up(db, slow, NOW, "late")
    assert the_item(db).state == OutboxState.SENDING


def test_that_a_server_took_a_message_is_believed_from_anyone(db: Database) -> None:
    put_message(db)
    (slow,) = claim(db)
    (quick,) = claim(db, NOW + LEASE, owner="b")

    assert outbox.sent(db, slow, NOW + LEASE)

    assert not outbox.wait(db, quick, NOW + DAY, "busy", uncertain=False)
    assert the_item(db).state == OutboxState.SENT


@pytest.mark.parametrize("decided", ["given up", "given back"])
def test_that_a_server_took_a_message_is_believed_whatever_was_decided_of_it_since(
    db: Database, decided: str
) -> None:
    put_message(db)
    (item,) = claim(db)
    if decided == "given up":
        outbox.give_up(db, item, NOW, "no such user")
    else:
        outbox.release(db, "a")

    assert outbox.sent(db, item, NOW + MINUTE)
    assert the_item(db).state == OutboxState.SENT


def test_a_retry_planned_by_a_clock_that_was_ahead_is_due(db: Database) -> None:
    put_message(db)
    (item,) = claim(db)
    outbox.wait(db, item, NOW + 365 * DAY, "busy", uncertain=False)

    assert len(claim(db)) == 1


def test_a_message_made_by_a_clock_that_was_an_hour_ahead_goes_at_once(db: Database) -> None:
    put_message(db, at=NOW + HOUR)

    assert len(claim(db, NOW)) == 1


def test_why_a_message_was_given_up_is_kept_bounded_too(db: Database) -> None:
    put_message(db)
    (item,) = claim(db)

    outbox.give_up(db, item, NOW, "x" * 9_999)

    assert the_item(db).last_error == "x" * LONGEST_ERROR


@pytest.mark.parametrize("length", [LONGEST_ERROR, LONGEST_ERROR + 1])
def test_an_error_of_any_length_is_kept_bounded(db: Database, length: int) -> None:
    put_message(db)
    (item,) = claim(db)

    outbox.wait(db, item, NOW, "x" * length, uncertain=False)

    assert the_item(db).last_error == "x" * LONGEST_ERROR


def test_who_rests_is_left_alone_and_costs_nobody_else_a_turn(db: Database) -> None:
    put_message(db, "one")
    put_message(db, "two")
    resting = [each.id for each in subscriptions.due(db, None) if "one" in each.recipient]

    found = outbox.claim(db, NOW, owner="a", lease=LEASE, limit=1, resting=resting)

    assert [item.message.message_id for item in found] == ["<two@example.org>"]
    assert [item.message.message_id for item in claim(db)] == ["<one@example.org>"]


# ---------------------------------------------------------------- what the owner decides


def given_up(db: Database) -> OutboxItem:
    put_message(db)
    (item,) = claim(db)
    outbox.give_up(db, item, NOW, "no such user")
    return the_item(db)


def test_a_message_is_found_by_its_number(db: Database) -> None:
    put_message(db)

    assert outbox.get(db, 1) == the_item(db)
    assert outbox.get(db, 2) is None


def test_a_message_that_was_given_up_can_go_again_at_once(db: Database) -> None:
    dead = given_up(db)

    assert outbox.retry(db, dead.id, NOW + HOUR)

    assert claim(db, NOW + HOUR - SECOND) == []
    (again,) = claim(db, NOW + HOUR)
    assert (again.message, again.attempts, again.last_error) == (dead.message, 2, "no such user")
    assert outbox.prune(db, NOW + DAY) == 0


def test_only_what_was_given_up_can_go_again(db: Database) -> None:
    put_message(db)
    assert not outbox.retry(db, 1, NOW)

    (item,) = claim(db)
    assert not outbox.retry(db, item.id, NOW)

    outbox.sent(db, item, NOW)
    assert not outbox.retry(db, item.id, NOW)
    assert not outbox.retry(db, item.id + 1, NOW)


@pytest.mark.parametrize("state", [OutboxState.READY, OutboxState.WAITING, OutboxState.DEAD])
def test_what_waits_or_was_given_up_can_be_dropped(db: Database, state: OutboxState) -> None:
    put_message(db)
    if state is not OutboxState.READY:
        (item,) = claim(db)
        if state is OutboxState.WAITING:
            outbox.wait(db, item, NOW, "busy", uncertain=False)
        else:
            outbox.give_up(db, item, NOW, "no such user")
    assert the_item(db).state == state

    assert outbox.drop(db, 1, NOW)

    dropped = the_item(db)
    assert (dropped.state, dropped.last_error) == (OutboxState.DEAD, outbox.DROPPED)
    assert claim(db, NOW + DAY) == []


def test_what_is_being_sent_or_was_sent_cannot_be_dropped(db: Database) -> None:
    put_message(db)
    (item,) = claim(db)

    assert not outbox.drop(db, item.id, NOW + DAY)
    outbox.sent(db, item, NOW)

    assert not outbox.drop(db, item.id, NOW)
    assert the_item(db).state == OutboxState.SENT


# ---------------------------------------------------------------- showing, forgetting


def test_messages_are_listed_newest_first_by_state(db: Database) -> None:
    for name in ("one", "two", "three"):
        put_message(db, name)
    outbox.sent(db, claim(db, limit=1)[0], NOW)

    assert [item.id for item in outbox.listing(db)] == [3, 2, 1]
    assert [item.id for item in outbox.listing(db, states=[OutboxState.SENT])] == [1]
    assert [item.id for item in outbox.listing(db, limit=1)] == [3]


def test_counts_tell_what_is_on_its_way(db: Database) -> None:
    put_message(db, "one", at=NOW)
    put_message(db, "two", at=NOW + HOUR)
    outbox.sent(db, claim(db, limit=1)[0], NOW)

    counts = outbox.counts(db)

    assert (counts[OutboxState.SENT], counts[OutboxState.READY]) == (1, 1)
    assert counts[OutboxState.DEAD] == 0


def test_old_messages_go_once_they_are_final_and_their_slot_stays_served(db: Database) -> None:
    reader: Subscription = subscribe(db)
    put(db, reader, NOW, NOW + DAY, made(message("one"), digest_of()), NOW)
    put_message(db, "two")
    outbox.sent(db, claim(db, limit=1)[0], NOW)

    assert outbox.prune(db, NOW) == 0
    assert outbox.prune(db, NOW + SECOND) == 1

    assert [item.message.message_id for item in outbox.listing(db)] == ["<two@example.org>"]
    again = replace(reader, next_at=NOW + DAY)
    assert not put(db, again, NOW, NOW + DAY, made(message("one"), digest_of()), NOW)
