"""Old stories that come again all at once wait; what is news never does."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.admit import admit
from monitor.ingest.flood import OLD, hold
from monitor.records import Feed, NewStory
from tests.ingest.builders import DAY, NOW, document, entry, feed

LAST_POLL = NOW - DAY
LONG_AGO = LAST_POLL - 30 * DAY
FRESH = NOW - DAY / 2


def shown(site: str, count: int, published_at: datetime | None) -> tuple[NewStory, ...]:
    """A document of ``count`` stories that have their ids and links from ``site``."""
    entries = (
        entry(
            f"Story {n}",
            f"text {n} " * 20,
            guid=f"{site}{n}",
            url=f"{site}{n}",
            published_at=published_at,
        )
        for n in range(count)
    )
    return admit(document(*entries), feed(), NOW, DAY).stories


def held(
    stories: Collection[NewStory],
    known: Collection[NewStory] = (),
    *,
    of: Feed | None = None,
    texts: Collection[NewStory] = (),
    unread: int = 0,
) -> int:
    keys = {key for story in known for key in story.keys}
    contents = {story.content_key for story in texts}
    found = hold(tuple(stories), keys | contents, of or feed(), unread=unread)
    assert [replace(story, held=False) for story in found] == list(stories)
    return sum(story.held for story in found)


def test_a_site_that_moved_and_renumbered_everything_is_held() -> None:
    assert (
        held(
            shown("https://new.example/", 30, LONG_AGO), shown("https://old.example/", 30, LONG_AGO)
        )
        == 30
    )


def test_without_dates_it_is_known_by_its_texts() -> None:
    before, after = shown("https://old.example/", 30, None), shown("https://new.example/", 30, None)
    assert held(after, after, texts=before) == 30
    assert held(after, before) == 0


def test_a_moved_site_whose_texts_were_partly_edited_is_held() -> None:
    moved = shown("https://new.example/", 30, LONG_AGO)
    assert held(moved, moved[:20], texts=moved[:20]) == 30
    assert held(moved, moved[:20]) == 0


def test_a_feed_back_from_a_week_of_failures_floods_nothing_that_is_news() -> None:
    away = replace(feed(), last_success_at=NOW - 7 * DAY)
    missed = [shown(f"https://a.example/{n}/", 1, NOW - n * DAY)[0] for n in range(8)]
    assert held(missed, of=away) == 0


def test_the_work_of_a_week_that_comes_all_at_once_is_news() -> None:
    week = [shown(f"https://a.example/{n}/", 1, NOW - n * DAY)[0] for n in range(7)]
    assert held(week, of=replace(feed(), story_at=NOW - 7 * DAY)) == 0
    assert held(week, of=replace(feed(), story_at=NOW - DAY)) > 0


def test_news_that_were_found_by_a_clock_ahead_make_nothing_old() -> None:
    fresh = shown("https://a.example/", 9, FRESH)
    assert held(fresh, of=replace(feed(), story_at=NOW + 365 * DAY)) == 0


def test_what_is_news_in_a_flood_stays_news() -> None:
    news = shown("https://news.example/", 3, FRESH)
    found = hold((*news, *shown("https://new.example/", 30, LONG_AGO)), set(), feed(), unread=0)
    assert [story.held for story in found] == [False] * 3 + [True] * 30


@pytest.mark.parametrize(("late", "waits"), [(3, 0), (4, 0), (5, 5)])
def test_a_few_old_stories_that_land_late_pass(late: int, waits: int) -> None:
    assert held(shown("https://a.example/", late, LONG_AGO)) == waits


@pytest.mark.parametrize(("unread", "waits"), [(9, 10), (10, 0)])
def test_up_to_half_of_a_document_passes_whether_the_rest_was_read_or_not(
    unread: int, waits: int
) -> None:
    new, rest = (
        shown("https://new.example/", 10, LONG_AGO),
        shown("https://a.example/", unread, LONG_AGO),
    )
    assert held(new, unread=unread) == waits
    assert held((*new, *rest), rest) == waits


@pytest.mark.parametrize(("old", "waits"), [(10, 0), (11, 11)])
def test_new_stories_pass_unless_more_than_half_of_them_are_old(old: int, waits: int) -> None:
    stories = (*shown("https://a.example/", 10, FRESH), *shown("https://b.example/", old, LONG_AGO))
    assert held(stories) == waits


@pytest.mark.parametrize(("before", "waits"), [(OLD, 0), (OLD + timedelta(seconds=1), 9)])
def test_old_is_what_the_last_poll_but_a_day_should_have_seen(
    before: timedelta, waits: int
) -> None:
    assert held(shown("https://a.example/", 9, LAST_POLL - before)) == waits


def test_the_first_poll_of_a_feed_is_no_flood() -> None:
    assert held(shown("https://a.example/", 30, LONG_AGO), of=feed(is_new=True)) == 0


def test_stories_without_a_date_are_of_today() -> None:
    assert held(shown("https://a.example/", 30, None)) == 0


def test_what_is_known_is_not_held() -> None:
    known, new = (
        shown("https://old.example/", 3, LONG_AGO),
        shown("https://new.example/", 9, LONG_AGO),
    )
    keys = {key for story in known for key in story.keys}
    found = hold((*known, *new), keys, feed(), unread=0)
    assert [story.held for story in found] == [False] * 3 + [True] * 9


@given(st.lists(st.sampled_from([LONG_AGO, FRESH, None]), max_size=20), st.integers(0, 30))
def test_news_is_never_held(dates: list[datetime | None], unread: int) -> None:
    stories = tuple(shown(f"https://a.example/{n}/", 1, at)[0] for n, at in enumerate(dates))
    found = hold(stories, set(), feed(), unread=unread)
    assert all(story.published_at == LONG_AGO for story in found if story.held)
