"""What a document asks of those who poll it, as far as it makes sense."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.ingest.parse import parse_feed
from monitor.ingest.wishes import wishes_of
from monitor.records import Wishes
from tests.ingest.builders import item, rss

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PERIOD = "<sy:updatePeriod>{}</sy:updatePeriod>"
FREQUENCY = "<sy:updateFrequency>{}</sy:updateFrequency>"


def wishes(head: str, *items: str) -> Wishes:
    return wishes_of(rss(*items, head=head).decode())


@pytest.mark.parametrize(
    ("head", "ttl"),
    [
        ("<ttl>60</ttl>", HOUR),
        ("<ttl> 90 </ttl>", 1.5 * HOUR),
        ("<ttl>0</ttl>", None),
        ("<ttl>-5</ttl>", None),
        ("<ttl>soon</ttl>", None),
        ("<ttl></ttl>", None),
        ("<ttl>999999999</ttl>", 31 * DAY),
        ("<!-- <ttl>60</ttl> -->", None),
        (PERIOD.format("hourly"), HOUR),
        (PERIOD.format("Daily") + FREQUENCY.format(4), 6 * HOUR),
        (PERIOD.format("weekly") + FREQUENCY.format(0), 7 * DAY),
        (PERIOD.format("yearly"), 31 * DAY),
        (PERIOD.format("often"), None),
        (FREQUENCY.format(2), None),
        ("<ttl>30</ttl>" + PERIOD.format("daily"), HOUR / 2),
        ("<ttl>0</ttl>" + PERIOD.format("daily"), DAY),
    ],
)
def test_the_time_to_live_is_what_the_document_says(head: str, ttl: timedelta | None) -> None:
    assert wishes(head).ttl == ttl


@pytest.mark.parametrize(
    ("hours", "skipped"),
    [
        (["0", "5", " 23 "], {0, 5, 23}),
        (["24"], {0}),
        (["25", "-1", "x", ""], set()),
        ([str(hour) for hour in range(24)], set()),
    ],
)
def test_hours_to_skip_are_those_of_the_day(hours: list[str], skipped: set[int]) -> None:
    listed = "".join(f"<hour>{hour}</hour>" for hour in hours)
    assert wishes(f"<skipHours>{listed}</skipHours>").skip_hours == skipped
    assert wishes(listed).skip_hours == set()


def test_days_to_skip_begin_with_monday() -> None:
    days = ["Saturday", "sunday", "Someday"]
    listed = "".join(f"<day>{day}</day>" for day in days)
    assert wishes(f"<skipDays>{listed}</skipDays>").skip_days == {5, 6}


def test_a_feed_that_is_never_to_be_polled_is_polled() -> None:
    week = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    listed = "".join(f"<day>{day}</day>" for day in week)
    assert wishes(f"<skipDays>{listed}</skipDays>").skip_days == set()


def test_an_item_has_no_wishes_and_what_follows_the_items_has() -> None:
    assert wishes("", item(more="<ttl>60</ttl>")).ttl is None
    assert wishes_of(rss(item(), item(), "<ttl>60</ttl>").decode()).ttl == HOUR


def test_wishes_are_the_same_by_both_ways_through_a_document() -> None:
    body = rss(item(), head="<ttl>60</ttl><skipHours><hour>1</hour><hour>2</hour></skipHours>")
    quick, slow = (parse_feed(before + body, None, "") for before in (b"", b"<!DOCTYPE rss>"))
    assert (quick.strict, slow.strict) == (True, False)
    assert quick.wishes == slow.wishes == Wishes(ttl=HOUR, skip_hours=frozenset({1, 2}))


@pytest.mark.parametrize("hostile", ["<!--", "<ttl>", "<ttl> ", "<a", "<item", "<hour>", "</a"])
def test_hostile_heads_take_linear_time(hostile: str) -> None:
    wishes_of(hostile * (2_000_000 // len(hostile)))
