"""Every recipient is reached by its own way, and all ways are served alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import ConfigError
from monitor.notify.files import FolderTransport
from monitor.notify.push import MAX_STORIES
from monitor.records import OutboxItem, OutboxState
from monitor.service import archive as archived
from monitor.service.app import App
from monitor.service.checks import configuration, try_ways
from monitor.service.deliver import deliver
from monitor.service.digest import digest
from monitor.service.extras import APPRISE, require
from monitor.service.ways import remake, way_to
from monitor.store import archive
from tests.builders import MORNING
from tests.notify.hook_servers import Hook, answering, hook
from tests.service.newsroom import Newsroom

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

HOUR = timedelta(hours=1)
SEVEN = MORNING + HOUR
NAMES = ("team-hook", "phone", "reader", "shelf")
DIGESTS = f"""
  - name: daily
    recipients: [reader@example.org, {", ".join(NAMES)}]
    schedule: {{daily: "07:00"}}
    timezone: UTC
    quiet: {{from: "22:00", until: "06:30"}}
    urgent: {{above: 0.9}}
"""


def channels(server: Hook) -> str:
    return (
        f"channels:\n  team-hook: {{webhook: '{server.url('/hook')}', secret_env: HOOK_SECRET}}\n"
        "  phone: {apprise_env: PHONE_ADDRESS}\n  reader: {feed: feeds}\n  shelf: {folder: pages}\n"
    )


@pytest.fixture
def server() -> Iterator[Hook]:
    with hook(answering("200 OK")) as running:
        yield running


@pytest.fixture
def room(tmp_path: Path, server: Hook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    """A digest for a mail address and for a channel of each kind."""
    monkeypatch.setenv("HOOK_SECRET", "whsec_c2VjcmV0")
    monkeypatch.setenv("PHONE_ADDRESS", f"json://127.0.0.1:{server.port}/phone")
    room = Newsroom(tmp_path, DIGESTS, more=channels(server))
    room.start(MORNING)
    yield room
    room.stop()


def app_of(room: Newsroom) -> App:
    assert room.app is not None
    return room.app


def items(room: Newsroom) -> dict[str, OutboxItem]:
    """The messages by their recipients."""
    return {item.message.recipient: item for item in room.items}


def lines(server: Hook) -> list[str]:
    return sorted(post.line.split()[1].rstrip("/") for post in server.posts)


def test_each_recipient_gets_the_digest_by_its_own_way(room: Newsroom, server: Hook) -> None:
    room.story(MORNING)
    room.tick(SEVEN)

    assert {item.state for item in room.items} == {OutboxState.SENT}
    assert lines(server) == ["/hook", "/phone"]
    assert [file.suffix for file in (room.folder / "outbox").iterdir()] == [".eml"]
    assert b"Story [0]" in (room.folder / "feeds" / "advisory.atom").read_bytes()
    (page,) = (room.folder / "pages").iterdir()
    assert page.read_bytes() == items(room)["shelf"].message.raw
    assert b"Story [0]" in page.read_bytes()


def test_the_types_of_the_messages_tell_the_ways_apart(room: Newsroom) -> None:
    room.story(MORNING)
    room.tick(SEVEN)
    assert {name: item.message.content_type for name, item in items(room).items()} == {
        "reader@example.org": "message/rfc822",
        "team-hook": "application/json",
        "phone": "text/plain",
        "reader": "application/atom+xml",
        "shelf": "text/html",
    }
    assert len({item.message.message_id for item in room.items}) == 5


def test_the_bytes_of_each_way_are_made_again_from_the_archive(room: Newsroom) -> None:
    for number in range(40):
        room.story(MORNING, score=0.3 + number / 100)
    room.tick(SEVEN)
    rebuilt = [archived.rebuild(app_of(room), item.run) for item in room.items]
    assert [each.differences for each in rebuilt] == [()] * 5
    assert [each.raw for each in rebuilt] == [item.message.raw for item in room.items]


def test_what_a_note_has_no_room_for_counts_as_cut(room: Newsroom) -> None:
    for number in range(40):
        room.story(MORNING, score=0.3 + number / 100)
    room.tick(SEVEN)
    found = archive.get(app_of(room).database, items(room)["phone"].run)
    assert found is not None
    told = sum(len(section.entries) for section in found.digest.sections)
    assert 0 < told <= MAX_STORIES
    assert len(found.digest.cut) == 40 - told


def test_what_is_urgent_comes_at_once_by_every_way(room: Newsroom, server: Hook) -> None:
    room.tick(SEVEN)
    room.story(SEVEN + HOUR, score=0.95)
    room.tick(SEVEN + HOUR)
    assert {(each.kind, each.recipient) for each in room.told()} == {
        ("urgent", name) for name in ("reader@example.org", *NAMES)
    }
    (post,) = (post for post in server.posts if post.line.startswith("POST /hook"))
    assert json.loads(post.body)["type"] == "digest.urgent"


def test_quiet_hours_hold_every_way(room: Newsroom) -> None:
    room.tick(SEVEN)
    midnight = SEVEN + 17 * HOUR
    room.story(midnight, score=0.95)
    room.tick(midnight)
    assert not list(room.items)
    room.tick(midnight + 7 * HOUR)
    assert {item.state for item in room.items} == {OutboxState.SENT}
    assert len(room.items) == 5


def test_a_way_that_is_down_costs_the_others_nothing(room: Newsroom, server: Hook) -> None:
    server.answer = answering("503 Busy", "Retry-After: 7200")
    room.story(MORNING)
    room.tick(SEVEN)
    assert {name: item.state for name, item in items(room).items()} == {
        "reader@example.org": OutboxState.SENT,
        "team-hook": OutboxState.WAITING,
        "phone": OutboxState.WAITING,
        "reader": OutboxState.SENT,
        "shelf": OutboxState.SENT,
    }
    asked = items(room)["team-hook"]
    assert asked.next_attempt_at - SEVEN == timedelta(hours=2)
    assert (asked.uncertain, items(room)["phone"].uncertain) == (False, True)


def test_a_repeat_sends_the_same_bytes_under_the_same_id(room: Newsroom, server: Hook) -> None:
    server.answer = answering("500 Oops")
    room.story(MORNING)
    room.tick(SEVEN)
    server.answer = answering("200 OK")
    room.tick(SEVEN + HOUR)
    first, second = (post for post in server.posts if post.line.startswith("POST /hook"))
    assert first.body == second.body == items(room)["team-hook"].message.raw
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_receiver_that_is_gone_is_given_up_and_shown(room: Newsroom, server: Hook) -> None:
    server.answer = answering("410 Gone")
    room.story(MORNING)
    room.tick(SEVEN)
    item = items(room)["team-hook"]
    assert item.state is OutboxState.DEAD
    assert "answered 410 Gone" in (item.last_error or "")


def test_a_missing_secret_costs_its_own_channel_and_is_told(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK_SECRET")
    room.story(MORNING)
    app = app_of(room)
    digest(app, SEVEN)
    with pytest.raises(ConfigError, match=r"channels.team-hook.secret_env: .* HOOK_SECRET"):
        deliver(app, SEVEN)
    waiting = [name for name, it in items(room).items() if it.state is not OutboxState.SENT]
    assert waiting == ["team-hook"]


def test_a_channel_that_is_gone_keeps_its_messages_until_somebody_decides(room: Newsroom) -> None:
    with pytest.raises(ConfigError, match="old-hook is gone"):
        way_to(app_of(room), "old-hook")


@pytest.mark.parametrize(
    ("name", "variable", "value", "told"),
    [
        ("team-hook", "HOOK_SECRET", "whsec_no*base64", r"channels.team-hook: .* no base64"),
        ("phone", "PHONE_ADDRESS", "nothing://T0KEN", r"channels.phone: .* write a single one"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_told(
    room: Newsroom,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variable: str,
    value: str,
    told: str,
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigError, match=told) as caught:
        way_to(app_of(room), name)
    assert value not in str(caught.value)


def test_a_way_is_opened_once(room: Newsroom) -> None:
    app = app_of(room)
    assert way_to(app, "shelf") is way_to(app, "shelf")
    assert way_to(app, "a@example.org") is way_to(app, "b@example.org")
    assert isinstance(way_to(app, "a@example.org"), FolderTransport)


def test_a_message_of_an_unknown_type_is_not_made(room: Newsroom) -> None:
    room.story(MORNING)
    room.tick(SEVEN)
    app = app_of(room)
    found = archived.show(app, room.items[0].run)
    with pytest.raises(ValueError, match="image/png"):
        remake(found.digest, content_type="image/png", sender="", templating=app.templating())


def test_the_check_tries_every_way_and_sends_nothing(room: Newsroom, server: Hook) -> None:
    found = list(try_ways(app_of(room)))
    assert [each.what for each in found] == ["mail", *(f"channel {name}" for name in NAMES)]
    assert all(each.ok for each in found)
    assert server.posts == []


def test_the_check_names_each_way_that_lacks_something(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HOOK_SECRET")
    (room.folder / "pages").write_text("a file where the folder should be")
    found = [each for each in try_ways(app_of(room)) if not each.ok]
    assert [each.what for each in found] == ["channel team-hook", "channel shelf"]
    assert "HOOK_SECRET is not set" in found[0].told
    assert "make the folder writable" in found[1].told


def test_without_apprise_start_and_check_say_what_to_install(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app_of(room).settings
    require(settings, APPRISE)
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"channels\.phone.*install newsmonitor\[apprise\]"):
        require(settings, APPRISE)
    with pytest.raises(ConfigError, match="install"):
        way_to(app_of(room), "phone")
    (found,) = (each for each in configuration(settings) if each.what == "channels")
    assert not found.ok


def test_where_no_channel_wants_apprise_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    room = Newsroom(tmp_path)
    require(room.start(MORNING).settings, APPRISE)
    room.stop()
