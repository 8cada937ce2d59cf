"""What owners, readers and clocks change while messages are made and sent: nobody pays for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.records import Message, OutboxState
from monitor.service.deliver import LEASE, deliver
from monitor.service.digest import digest
from monitor.service.upkeep import upkeep
from monitor.store import matches, outbox, subscriptions, topics
from tests.builders import MORNING
from tests.service.newsroom import DAILY, Newsroom, link
from tests.store.builders import add_feeds, add_stories, key, match, new_story

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR
NOBODY = "smtp: {host: 127.0.0.1, port: 1, security: none}"
CROWD = ", ".join(f"reader{number}@example.org" for number in range(9))
WEEKLY = DAILY.replace('daily: "07:00"', 'weekly: {day: monday, at: "07:00"}')


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path)
    yield room
    room.stop()


def slots(room: Newsroom) -> list[tuple[float, tuple[int, ...]]]:
    """Days after the first morning, and what was told then."""
    return [((each.made_at - SEVEN) / DAY, each.stories) for each in room.told()]


def test_an_hour_that_a_wrong_clock_has_served_is_served_when_it_really_comes(
    room: Newsroom,
) -> None:
    room.start(MORNING)
    early = room.story(SEVEN + 3 * DAY)
    room.tick(SEVEN + 3 * DAY + HOUR)  # by a clock that is days ahead
    for days in range(1, 5):
        room.tick(SEVEN + days * DAY - HOUR)
        story = room.story(SEVEN + days * DAY - HOUR)
        room.tick(SEVEN + days * DAY)
        assert slots(room)[-1] == (days, (story,))
    assert len(room.told()) == 5
    assert slots(room)[0][1] == (early,)


def test_a_clock_set_back_over_an_hour_by_seconds_brings_no_second_digest(room: Newsroom) -> None:
    room.start(MORNING)
    room.story(MORNING)
    room.tick(SEVEN + 2 * SECOND)
    late = room.story(SEVEN + 3 * SECOND)
    for seconds in range(-5, 5):
        room.tick(SEVEN + seconds * SECOND)
    assert len(room.told()) == 1
    room.tick(SEVEN + DAY)
    assert room.stories()[1:] == [(late,)]


def test_a_message_made_by_a_clock_ahead_goes_at_once(room: Newsroom) -> None:
    app = room.start(MORNING)
    room.story(MORNING)
    digest(app, SEVEN + 10 * HOUR)
    deliver(app, SEVEN)
    assert [each.state for each in room.items] == [OutboxState.SENT]


def test_a_match_written_after_the_digest_was_made_waits_for_the_next_one(tmp_path: Path) -> None:
    room = Newsroom(tmp_path, WEEKLY, more="keep: 2d\n")
    app = room.start(MORNING)
    (number,) = add_stories(app.database, new_story("x", title="Story [7]"), now=SEVEN - HOUR)
    room.tick(SEVEN)
    (topic,) = topics.all_topics(app.database)
    began = SEVEN - 5 * SECOND  # the step that matched, which took so long
    matches.save(app.database, [number], [match(number, topic, matched_at=began)], began)
    for days in range(1, 7):
        upkeep(app, SEVEN + days * DAY)
    room.tick(SEVEN + 7 * DAY)
    assert room.stories() == [(7,)]
    room.stop()


def test_who_ends_a_digest_while_its_mail_is_tried_is_not_tried_again(room: Newsroom) -> None:
    app = room.start(MORNING)
    room.story(MORNING)
    digest(app, SEVEN)
    (tried,) = outbox.claim(app.database, SEVEN, owner="service", lease=LEASE, limit=1)
    (reader,) = subscriptions.everyone(app.database)
    subscriptions.stop(app.database, reader.id, SEVEN, by="mail")
    outbox.wait(app.database, tried, SEVEN, "try again later", uncertain=False)
    deliver(app, SEVEN + HOUR)
    (item,) = room.items
    assert (item.state, item.attempts, item.uncertain) == (OutboxState.DEAD, 1, True)


def test_a_mail_that_was_taken_counts_as_sent_though_its_reader_ended_the_digest_meanwhile(
    room: Newsroom,
) -> None:
    app = room.start(MORNING)
    room.story(MORNING)
    digest(app, SEVEN)
    (tried,) = outbox.claim(app.database, SEVEN, owner="service", lease=LEASE, limit=1)
    (reader,) = subscriptions.everyone(app.database)
    subscriptions.stop(app.database, reader.id, SEVEN, by="mail")
    outbox.sent(app.database, tried, SEVEN)
    assert [each.state for each in room.items] == [OutboxState.SENT]


def test_behind_a_way_that_is_down_those_who_were_removed_wait_like_the_others(
    room: Newsroom,
) -> None:
    crowd = DAILY.replace("reader@example.org", CROWD)
    room.configure(crowd, mail=NOBODY)
    room.start(MORNING)
    room.story(MORNING)
    room.tick(SEVEN)
    room.configure(DAILY, mail=NOBODY)
    room.start(SEVEN + HOUR)
    room.tick(SEVEN + HOUR)
    assert sum(each.attempts for each in room.items) == 2


def test_a_channel_that_became_another_kind_is_not_given_what_was_made_for_the_old_one(
    room: Newsroom,
) -> None:
    to_team = DAILY.replace("reader@example.org", "team")
    room.more = "channels:\n  team: {feed: feeds}\n"
    room.configure(to_team)
    app = room.start(MORNING)
    room.story(MORNING)
    digest(app, SEVEN)
    room.more = "channels:\n  team: {folder: pages}\n"
    room.configure(to_team)
    room.start(SEVEN)
    room.tick(SEVEN)
    (item,) = room.items
    assert item.state is OutboxState.DEAD
    assert "another kind of channel" in str(item.last_error)
    assert not (room.folder / "pages").exists()


def test_what_is_a_copy_of_a_copy_goes_with_an_urgent_story(room: Newsroom) -> None:
    room.configure(f"{DAILY}    urgent: {{above: 0.8}}\n")
    app = room.start(MORNING)
    room.tick(SEVEN)
    nine = SEVEN + 2 * HOUR
    family = {"hot": (0.9, "a", "one"), "copy": (0.4, "b", "one"), "other": (0.4, "b", "two")}
    (topic,) = topics.all_topics(app.database)
    papers = add_feeds(app.database, *(f"https://{name}.example/feed" for name in family))
    for number, (name, (score, address, text)) in enumerate(family.items()):
        made = new_story(
            name, title=f"Story [{number}]", link_key=link(address), content_key=key(text)
        )
        (story,) = add_stories(app.database, made, now=nine, feed_id=papers[number].id)
        found = match(story, topic, score=score, matched_at=nine)
        matches.save(app.database, [story], [found], nine)
    room.tick(nine)
    room.tick(SEVEN + DAY)
    assert [(each.kind, each.stories) for each in room.told()] == [("urgent", (0, 1, 2))]


def test_what_is_urgent_just_before_a_rest_and_found_no_more_time_comes_at_its_end(
    room: Newsroom,
) -> None:
    night = '{from: "22:00", until: "06:00"}'
    room.configure(f"{WEEKLY}    urgent: {{above: 0.8}}\n    quiet: {night}\n")
    room.start(MORNING)
    room.tick(SEVEN)
    ten = SEVEN + 15 * HOUR
    story = room.story(ten - SECOND, score=0.9)
    room.tick(ten + SECOND)
    room.tick(ten + 8 * HOUR)
    assert [(each.kind, each.stories, each.made_at) for each in room.told()] == [
        ("urgent", (story,), ten + 8 * HOUR)
    ]


class Broken:
    """A way out with a fault of its own."""

    def send(self, message: Message) -> None:
        raise ArithmeticError("with a secret in its words")

    def check(self) -> None:
        raise NotImplementedError


def test_a_way_with_an_error_that_nobody_expected_is_told_of_and_given_up_like_any_other(
    room: Newsroom,
) -> None:
    room.more = "channels:\n  shelf: {folder: pages}\n"
    room.configure(DAILY.replace("reader@example.org", "shelf, reader@example.org"))
    app = room.start(MORNING)
    room.story(MORNING)
    digest(app, SEVEN)
    app.ways["shelf"] = Broken()
    with pytest.raises(ArithmeticError):
        deliver(app, SEVEN)
    assert [each.state for each in room.items] == [OutboxState.WAITING, OutboxState.SENT]
    for hours in range(24 * 7):
        with suppress(ArithmeticError):
            deliver(app, SEVEN + hours * HOUR)
    broken, _ = room.items
    assert (broken.state, broken.uncertain) == (OutboxState.DEAD, True)
    assert "ArithmeticError" in str(broken.last_error)
    assert "secret" not in str(broken.last_error)
