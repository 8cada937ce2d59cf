"""What an owner writes otherwise in the files: nobody is told twice, and nothing old as news."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.service.answers import leave
from monitor.service.digest import digest
from monitor.service.links import farewell
from monitor.store import ledger, matches, subscriptions, topics
from tests.builders import MORNING
from tests.service.newsroom import DAILY, Newsroom, link
from tests.service.walking import opened
from tests.store.builders import add_stories, match, new_story

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR
WEEKLY = DAILY.replace('daily: "07:00"', 'weekly: {day: monday, at: "07:00"}')


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path)
    yield room
    room.stop()


def test_what_was_published_anew_before_updates_were_wanted_is_not_told_then(
    room: Newsroom,
) -> None:
    room.start(MORNING)
    for days in range(5):
        room.story(SEVEN + days * DAY - HOUR, link_key=link(f"{days}"))
        room.tick(SEVEN + days * DAY)
        again = room.story(SEVEN + days * DAY + HOUR, link_key=link(f"{days}"))
    room.configure(f"{DAILY}    updates: true\n")
    room.start(SEVEN + 4 * DAY + 2 * HOUR)
    room.tick(SEVEN + 5 * DAY)
    assert [each.stories for each in room.told() if each.kind == "update"] == [(again,)]


def test_a_schedule_that_was_changed_beside_the_service_holds_from_its_next_start_on(
    room: Newsroom,
) -> None:
    app = room.start(MORNING)
    room.tick(SEVEN)
    room.configure(WEEKLY)
    with opened(room.folder / "monitor.yaml", SEVEN + HOUR):
        pass  # any command brings the database in line with the files
    digest(app, SEVEN + 2 * HOUR)
    app = room.start(SEVEN + 3 * HOUR)
    (reader,) = subscriptions.everyone(app.database)
    assert reader.next_at == SEVEN + 7 * DAY


def test_a_service_of_old_hours_leaves_the_new_ones_to_the_next_start(room: Newsroom) -> None:
    app = room.start(MORNING)
    room.configure(WEEKLY)
    with opened(room.folder / "monitor.yaml", SEVEN):  # the old hour has come, and is made up
        pass
    digest(app, SEVEN)
    app = room.start(SEVEN + HOUR)
    (reader,) = subscriptions.everyone(app.database)
    assert (reader.last_at, reader.next_at) == (SEVEN, SEVEN + 7 * DAY)


def test_a_recipient_written_otherwise_goes_on_where_they_were(room: Newsroom) -> None:
    room.start(MORNING)
    room.story(MORNING)
    room.tick(SEVEN)
    room.configure(DAILY.replace("reader@example.org", "Reader@Example.org"))
    room.start(SEVEN + HOUR)
    new = room.story(SEVEN + HOUR)
    room.tick(SEVEN + DAY)
    told = [(each.recipient, each.stories) for each in room.told()]
    assert told[1:] == [("Reader@Example.org", (new,))]


def test_who_wanted_no_more_gets_no_more_however_they_are_written(room: Newsroom) -> None:
    app = room.start(MORNING)
    (reader,) = subscriptions.everyone(app.database)
    subscriptions.stop(app.database, reader.id, MORNING, by="mail")
    room.configure(DAILY.replace("reader@example.org", "Reader@Example.org"))
    room.start(SEVEN - HOUR)
    room.story(MORNING)
    room.tick(SEVEN)
    assert room.told() == []


def test_a_link_ends_the_digest_of_its_reader_however_they_are_written_by_then(
    room: Newsroom,
) -> None:
    (reader,) = subscriptions.everyone(room.start(MORNING).database)
    claim = farewell(reader, SEVEN + DAY)
    room.configure(DAILY.replace("reader@example.org", "Reader@Example.org"))
    app = room.start(SEVEN)
    leave(app, claim, SEVEN)
    assert subscriptions.due(app.database, None) == ()


def test_a_topic_that_is_added_to_a_digest_brings_its_news_and_not_its_past(
    room: Newsroom,
) -> None:
    two = f"{DAILY}    cap: 2\n    topics: [other]\n"
    room.configure(two)
    other = room.folder / "topics" / "other.yaml"
    other.write_text("name: other\nseeds:\n  - text: Rain and drizzle over the whole coast.\n")
    app = room.start(MORNING - 20 * DAY)
    advisory, _ = sorted(topics.all_topics(app.database), key=lambda topic: topic.spec.name)
    for days in range(20, -1, -1):
        at = SEVEN - days * DAY
        made = new_story(f"{days}", title=f"Story [{days}]", published_at=at)
        (story,) = add_stories(app.database, made, now=at - HOUR)
        found = match(story, advisory, score=0.3 + days / 100, matched_at=at - HOUR)
        matches.save(app.database, [story], [found], at - HOUR)
        if days:
            room.tick(at)
    room.configure(two.replace("[other]", "[advisory, other]"))
    app = room.start(SEVEN - MINUTE)
    room.tick(SEVEN)
    room.tick(SEVEN + DAY)
    assert room.stories() == [(0, 1)]
    assert len(ledger.told(app.database, room.items[0], cut=True)) == 19
