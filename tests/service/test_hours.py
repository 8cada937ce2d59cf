"""Hours under every clock: what was promised is made once, when its time has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitor.service.deliver import deliver
from monitor.service.digest import digest
from monitor.store import subscriptions
from tests.builders import MORNING
from tests.service.newsroom import DAILY, Newsroom

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEVEN = MORNING + HOUR
"""Of a Monday, 07:00 UTC."""
LATE = """
  - name: daily
    recipients: [reader@example.org]
    schedule: {daily: "21:00"}
    timezone: UTC
    quiet: {from: "22:00", until: "07:00"}
"""
"""A digest shortly before the quiet hours."""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Newsroom]:
    room = Newsroom(tmp_path)
    yield room
    room.stop()


def in_zone(zone: str, schedule: str) -> str:
    return (
        f"\n  - name: daily\n    recipients: [reader@example.org]\n    schedule: {schedule}\n"
        f"    timezone: {zone}\n    cap: 100\n"
    )


@pytest.mark.parametrize(
    ("schedule", "a_day"),
    [('{cron: "0 * * * *"}', 24), ('{daily: "02:30"}', 1), ('{cron: "30 2,14 * * *"}', 2)],
)
@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Berlin", ("2026-03-29", "2026-10-25")),
        ("America/New_York", ("2026-03-08", "2026-11-01")),
        ("Australia/Lord_Howe", ("2026-04-05", "2026-10-04")),
    ],
)
@pytest.mark.parametrize("which", [0, 1])
def test_over_a_clock_change_every_slot_brings_one_digest_and_every_story_comes_once(
    room: Newsroom, zone: str, changes: tuple[str, str], which: int, schedule: str, a_day: int
) -> None:
    room.configure(in_zone(zone, schedule))
    midnight = datetime.fromisoformat(changes[which]).replace(tzinfo=ZoneInfo(zone))
    start = midnight.astimezone(UTC) - 12 * HOUR
    room.start(start)
    for step in range(2 * 54):  # two days and a while, every half hour
        now = start + step * HOUR / 2
        room.story(now)
        room.tick(now + timedelta(minutes=1))

    told = room.told()
    assert Counter(n for each in told for n in each.stories) <= Counter(range(room.count))
    assert {n for each in told for n in each.stories} >= set(range(room.count - 2 * 24))
    assert len({each.slot for each in told}) == len(told)
    assert all(timedelta() <= each.made_at - each.slot <= HOUR / 2 for each in told)
    assert abs(len(told) - 54 / 24 * a_day) <= max(1, a_day / 12)


def test_slots_that_a_suspended_machine_slept_over_are_made_up_once_by_the_latest(
    room: Newsroom,
) -> None:
    room.start(MORNING)
    stories = [room.story(MORNING + hours * HOUR) for hours in (0, 3, 5)]
    for hours in (0, 30, 60):  # it wakes up on the third day after
        room.tick(SEVEN + 3 * DAY + hours * HOUR / 60)

    (told,) = room.told()
    assert (told.slot, told.stories) == (SEVEN + 3 * DAY, tuple(stories))


def test_a_clock_ten_years_ahead_and_right_again_delays_no_digest(room: Newsroom) -> None:
    room.start(MORNING)
    first = room.story(MORNING)
    room.tick(MORNING + 3650 * DAY)
    second = room.story(MORNING + HOUR / 2)
    for minutes in range(0, 25 * 60, 5):
        room.tick(MORNING + HOUR / 2 + timedelta(minutes=minutes))

    ahead, right = room.told()
    assert (ahead.stories, right.stories) == ((first,), (second,))
    assert (right.slot, right.made_at) == (SEVEN, SEVEN)


def test_an_hour_that_a_clock_days_ahead_has_set_is_taken_back(room: Newsroom) -> None:
    room.configure(DAILY.replace('daily: "07:00"', 'weekly: {day: monday, at: "07:00"}'))
    room.start(MORNING)
    room.tick(SEVEN)
    room.configure(DAILY)
    room.start(SEVEN + 3 * DAY)  # it is Tuesday, and seems to be Thursday
    story = room.story(SEVEN + DAY - HOUR)
    room.tick(SEVEN + DAY - HOUR)
    room.tick(SEVEN + DAY)
    assert [(each.made_at, each.stories) for each in room.told()] == [(SEVEN + DAY, (story,))]


def test_a_time_of_serving_that_lies_ahead_is_taken_back(room: Newsroom) -> None:
    app = room.start(MORNING)
    digest(app, SEVEN - HOUR / 2, at_once=True)
    digest(app, MORNING)
    (reader,) = subscriptions.everyone(app.database)
    assert reader.last_at == MORNING


def test_a_clock_set_back_by_a_day_brings_no_slot_a_second_time(room: Newsroom) -> None:
    room.start(MORNING)
    first = room.story(MORNING)
    room.tick(SEVEN)
    second = room.story(SEVEN - DAY)
    for hours in range(50):
        room.tick(SEVEN - DAY + hours * HOUR)

    told = room.told()
    assert [each.stories for each in told] == [(first,), (second,)]
    assert len({each.slot for each in told}) == 2


def test_a_schedule_changed_while_its_hour_was_overdue_makes_it_up_at_once(
    room: Newsroom,
) -> None:
    room.start(MORNING)
    story = room.story(MORNING)
    room.configure(DAILY.replace("07:00", "18:00"))
    room.start(SEVEN + HOUR)
    for hours in range(1, 13):
        room.tick(SEVEN + hours * HOUR)

    (told,) = room.told()
    assert (told.made_at, told.stories) == (SEVEN + HOUR, (story,))


def test_of_a_schedule_that_lost_the_overdue_hour_an_hour_already_served_is_not_served_again(
    room: Newsroom,
) -> None:
    room.configure(DAILY.replace('daily: "07:00"', 'at: ["07:00", "08:00"]'))
    room.start(MORNING)
    first = room.story(MORNING)
    room.tick(SEVEN)
    second = room.story(SEVEN)
    room.configure(DAILY)
    room.start(SEVEN + 2 * HOUR)
    room.tick(SEVEN + 2 * HOUR)

    assert room.stories() == [(first,), (second,)]


def test_a_missed_hour_is_not_made_up_in_the_quiet_hours_but_after_them(room: Newsroom) -> None:
    room.configure(LATE)
    room.start(MORNING)
    story = room.story(MORNING)
    end_of_quiet = SEVEN + DAY
    for minutes in range(0, 24 * 60, 30):  # off from the morning to 23:00
        room.tick(SEVEN + 16 * HOUR + timedelta(minutes=minutes))

    (told,) = room.told()
    assert (told.made_at, told.stories) == (end_of_quiet, (story,))


def test_a_message_that_waits_for_its_next_attempt_does_not_go_out_in_the_quiet_hours(
    room: Newsroom,
) -> None:
    nobody = "smtp: {host: 127.0.0.1, port: 1, security: none}"
    room.configure(LATE, mail=nobody)
    app = room.start(MORNING)
    room.story(MORNING)
    nine = SEVEN + 14 * HOUR
    room.tick(nine)
    tried = room.items[0].attempts
    for minutes in range(60, 10 * 60, 30):
        assert not any(deliver(app, nine + timedelta(minutes=minutes)).counts.values())
    assert (tried, room.items[0].attempts) == (1, 1)

    deliver(app, SEVEN + DAY)
    assert room.items[0].attempts == 2


def test_quiet_hours_hold_for_whoever_has_them_and_for_nobody_else(room: Newsroom) -> None:
    both = "[reader@example.org, {to: owl@example.org, quiet: off}]"
    room.configure(LATE.replace("[reader@example.org]", both))
    room.start(MORNING)
    room.story(MORNING)
    room.tick(SEVEN + 16 * HOUR)
    assert [each.recipient for each in room.told()] == ["owl@example.org"]
    room.tick(SEVEN + DAY)
    assert [each.recipient for each in room.told()][1:] == ["reader@example.org"]


def test_on_a_day_off_nothing_comes_and_what_was_missed_before_it_comes_after(
    room: Newsroom,
) -> None:
    room.configure(f"{DAILY}    days_off: [tuesday]\n")
    room.start(MORNING)
    story = room.story(MORNING)
    tuesday = datetime(2026, 3, 3, tzinfo=UTC)
    for hours in range(24):  # off all Monday
        room.tick(tuesday + hours * HOUR)
    assert room.told() == []

    room.tick(tuesday + DAY)
    assert room.stories() == [(story,)]


def test_who_wants_it_now_gets_it_in_the_quiet_hours_too(room: Newsroom) -> None:
    room.configure(LATE)
    app = room.start(MORNING)
    room.story(MORNING)
    night = SEVEN + 16 * HOUR
    assert digest(app, night, at_once=True).counts["digests"] == 1
    assert deliver(app, night).counts["sent"] == 0
    assert deliver(app, night, at_once=True).counts["sent"] == 1


def test_two_recipients_in_two_zones_each_get_it_at_their_own_hour(room: Newsroom) -> None:
    both = "[{to: a@example.org, timezone: Asia/Tokyo}, {to: b@example.org, timezone: UTC}]"
    room.configure(DAILY.replace("[reader@example.org]", both))
    room.start(MORNING)
    story = room.story(MORNING)
    for hours in range(26):
        room.tick(SEVEN + hours * HOUR)

    at = {each.recipient: (each.made_at, each.stories) for each in room.told()}
    assert at == {
        "b@example.org": (SEVEN, (story,)),
        "a@example.org": (SEVEN + 15 * HOUR, (story,)),
    }


def test_a_restart_between_making_and_sending_repeats_and_loses_nothing(room: Newsroom) -> None:
    app = room.start(MORNING)
    story = room.story(MORNING)
    digest(app, SEVEN)
    room.start(SEVEN)
    for minutes in range(5):
        room.tick(SEVEN + timedelta(minutes=minutes))

    assert room.stories() == [(story,)]
    assert len(list((room.folder / "outbox").glob("*.eml"))) == 1


def test_without_news_there_is_silence_or_a_note_as_the_recipient_wants(room: Newsroom) -> None:
    both = "[{to: a@example.org, when_empty: note}, b@example.org]"
    room.configure(DAILY.replace("[reader@example.org]", both))
    room.start(MORNING)
    room.tick(SEVEN)
    assert [(each.recipient, each.stories) for each in room.told()] == [("a@example.org", ())]


def test_who_is_to_stop_begins_no_further_digest_and_the_next_start_makes_it(
    room: Newsroom,
) -> None:
    room.configure(DAILY.replace("[reader@example.org]", "[a@example.org, b@example.org]"))
    app = room.start(MORNING)
    room.story(MORNING)
    app.stopping.set()
    assert digest(app, SEVEN).counts["digests"] == 1

    room.start(SEVEN)
    room.tick(SEVEN)
    assert sorted(each.recipient for each in room.told()) == ["a@example.org", "b@example.org"]


def test_who_gets_it_now_gets_the_hour_that_went_by_not_once_more(room: Newsroom) -> None:
    app = room.start(MORNING)
    digest(app, SEVEN + HOUR, at_once=True)

    (reader,) = subscriptions.everyone(app.database)
    assert reader.next_at == SEVEN + DAY


def test_who_asks_twice_in_one_moment_is_told_once_and_nothing_else_is_counted(
    room: Newsroom,
) -> None:
    room.configure(f"{DAILY}    when_empty: note\n")
    app = room.start(MORNING)
    counts = [digest(app, MORNING, at_once=True).counts for _ in range(2)]

    assert [(each["digests"], each["silent"]) for each in counts] == [(1, 0), (0, 1)]
    assert len(room.items) == 1


def test_an_hour_that_comes_again_after_the_clock_was_set_back_a_little_was_served(
    room: Newsroom,
) -> None:
    room.start(MORNING)
    first = room.story(MORNING)
    room.tick(SEVEN)
    second = room.story(SEVEN - HOUR / 2)  # the clock was set back by an hour
    for minutes in range(-30, 60, 10):
        room.tick(SEVEN + timedelta(minutes=minutes))
    assert room.stories() == [(first,)]

    room.tick(SEVEN + DAY)
    assert room.stories() == [(first,), (second,)]
