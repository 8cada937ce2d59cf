"""A told story that was published anew: told again only where that is wanted, under the first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from monitor.store import archive, outbox
from tests.builders import MORNING
from tests.service.newsroom import DAILY, Newsroom, link
from tests.store.builders import add_feeds

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR
WANTED = f"{DAILY}    updates: true\n"


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path, WANTED)
    yield room
    room.stop()


def told_once(room: Newsroom) -> int:
    """A story that was told in the first digest."""
    room.start(MORNING)
    number = room.story(MORNING, link_key=link("same"))
    room.tick(SEVEN)
    return number


def mails(room: Newsroom) -> list[EmailMessage]:
    return [message_from_bytes(each.message.raw, policy=policy.default) for each in room.items]


def test_an_update_is_a_message_of_its_own_that_answers_the_first_one(room: Newsroom) -> None:
    first = told_once(room)
    update, other = room.story(SEVEN, link_key=link("same")), room.story(SEVEN)
    room.tick(SEVEN + DAY)

    told = [(each.kind, each.stories) for each in room.told()]
    assert told == [("scheduled", (first,)), ("scheduled", (other,)), ("update", (update,))]
    assert mails(room)[2]["In-Reply-To"] == mails(room)[0]["Message-ID"]


def test_updates_of_one_message_are_told_in_one_and_each_is_told_once(room: Newsroom) -> None:
    room.start(MORNING)
    for name in ("one", "two"):
        room.story(MORNING, link_key=link(name))
    room.tick(SEVEN)
    updates = tuple(room.story(SEVEN, link_key=link(name)) for name in ("one", "two"))
    for days in range(1, 4):
        room.tick(SEVEN + days * DAY)
    assert room.stories()[1:] == [updates]


def test_who_does_not_want_updates_gets_none(room: Newsroom) -> None:
    room.configure(DAILY)
    told_once(room)
    room.story(SEVEN, link_key=link("same"))
    room.tick(SEVEN + DAY)
    assert len(room.told()) == 1


def test_an_update_of_what_is_long_forgotten_is_a_copy_and_delays_nothing(
    room: Newsroom,
) -> None:
    told_once(room)
    app = room.app
    assert app is not None
    archive.prune(app.database, SEVEN + DAY)
    outbox.prune(app.database, SEVEN + DAY)
    room.story(SEVEN, link_key=link("same"))
    other = room.story(SEVEN)
    room.tick(SEVEN + DAY)
    assert room.stories() == [(other,)]


def with_two_feeds(room: Newsroom) -> None:
    app = room.start(MORNING)
    add_feeds(app.database, "https://wire.example/feed", "https://other.example/feed")


def test_a_copy_of_an_update_goes_with_it_and_is_not_told_again(room: Newsroom) -> None:
    with_two_feeds(room)
    room.story(MORNING, link_key=link("same"))
    room.tick(SEVEN)
    update = room.story(SEVEN, link_key=link("same"), content_key=link("words"))
    copy = room.story(SEVEN, feed=2, content_key=link("words"))
    room.tick(SEVEN + DAY)
    assert [(each.kind, each.stories) for each in room.told()[1:]] == [("update", (update, copy))]


def test_updates_that_say_the_same_are_told_in_one_message(room: Newsroom) -> None:
    with_two_feeds(room)
    for days, feed in enumerate((1, 2)):
        room.story(MORNING + days * DAY, feed=feed, link_key=link(f"{feed}"))
        room.tick(SEVEN + days * DAY)
    updates = tuple(
        room.story(SEVEN + DAY, feed=feed, link_key=link(f"{feed}"), content_key=link("words"))
        for feed in (1, 2)
    )
    room.tick(SEVEN + 2 * DAY)
    assert room.stories()[2:] == [updates]
