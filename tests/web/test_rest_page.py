"""The page of what found no room: it lists, leads on to answers, and changes nothing."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from monitor.notify.tokens import Purpose
from monitor.records import MatchedStory
from monitor.store import ledger, matches
from monitor.web.rest import STORIES
from tests.builders import MORNING
from tests.service.walking import opened
from tests.store.builders import DAY, add_stories, digest_of, made, match, message, new_story, put
from tests.web.site import BROWSER, LATER, Site, served_site

TOMORROW = LATER + DAY


def matched(site: Site, name: str, score: float = 0.5, **changes: Any) -> MatchedStory:
    """A new story that matches."""
    database = site.app.database
    (number,) = add_stories(database, new_story(name, **changes), now=LATER)
    matches.save(database, [number], [match(number, site.topic(), score=score)], LATER)
    found = matches.candidates(database, site.reader(), ["advisory"])
    return next(each for each in found if each.story.id == number)


def leave_out(site: Site, *cut: MatchedStory, at: datetime = TOMORROW) -> None:
    """A message has no room for these."""
    made_of = made(message(f"{at:%d}"), digest_of(cut=cut, slot=at))
    assert put(site.app.database, site.reader(), at, at + DAY, made_of, at)


def titles(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r"<h3>(?:<a [^>]*>)?([^<]*)<", page)]


def links(page: str) -> list[str]:
    """The addresses to answer on, as a browser resolves them on the page."""
    return [f"/v/{token}" for token in re.findall(r'href="\.\./v/([\w-]+)"', page)]


# ---------------------------------------------------------------- what it lists


def test_it_lists_what_the_mail_left_out_and_changes_nothing(site: Site) -> None:
    (cut,), total = ledger.left_out(site.app.database, site.reader().id, limit=1000)
    before = site.dump()
    page = site.get(site.rest())
    assert page.status_code == 200
    assert titles(page.text) == [each.story.title for each in cut.stories]
    assert len(cut.stories) == total > 5
    assert "“<bdi>daily</bdi>”" in page.text
    assert site.dump() == before


def test_a_story_is_told_with_source_date_topic_reason_and_score(site: Site) -> None:
    at: dict[str, Any] = {
        "published_at": MORNING,
        "url": "https://wire.example/a?b=1&c=2",
        "text": "x",
    }
    leave_out(site, matched(site, "berths", 0.41, **at))
    entry = site.get(site.rest()).text.partition("<article")[2].partition("</article>")[0]
    for told in (
        'href="https://wire.example/a?b=1&amp;c=2" rel="noreferrer noopener">Title of berths</a>',
        "Example Wire · Mon 2 Mar 2026, 06:00 UTC",
        "“<bdi>advisory</bdi>”",
        "word 73%, other words 27%",
        "(score 0.41, threshold 0.20)",
        ">More like this</a>",
        ">Not this</a>",
    ):
        assert told in entry


def test_the_newest_message_comes_first_and_in_each_the_best_story(site: Site) -> None:
    leave_out(site, matched(site, "good", 0.4), matched(site, "best", 0.6))
    leave_out(site, matched(site, "newest", 0.3), at=TOMORROW + DAY)
    page = site.get(site.rest()).text
    assert titles(page)[:3] == ["Title of newest", "Title of best", "Title of good"]
    hours = re.findall(r"<h2>(.*?) <span", page)
    assert hours == [f"{day} Mar 2026, 07:00 UTC" for day in ("Wed 4", "Tue 3", "Mon 2")]


def test_the_date_is_that_of_the_readers_clock(config: Path) -> None:
    config.write_text(config.read_text().replace("timezone: UTC", "timezone: America/Los_Angeles"))
    with opened(config, LATER) as app, served_site(app) as site:
        page = site.get(site.rest()).text
    assert "<h2>Sun 1 Mar 2026, 23:00 PST" in page
    assert "Sun 1 Mar 2026, 21:00 PST" in page


def test_copies_are_one_entry_as_in_the_mail(site: Site) -> None:
    first = matched(site, "a", 0.6, link_key=b"l" * 16)
    leave_out(site, first, matched(site, "b", 0.5, link_key=b"l" * 16), matched(site, "c", 0.4))
    page = site.get(site.rest()).text
    assert titles(page)[:2] == ["Title of a", "Title of c"]
    assert "· 2 stories</span>" in page
    assert re.search(r"· 1 (copy|later version)</p>", page)


def test_copies_and_later_versions_are_counted_each_by_its_name(site: Site) -> None:
    ages = {"later": 1, "before": 3, "long before": 4}
    versions = (
        matched(site, name, 1 - age / 10, link_key=b"l" * 16, published_at=MORNING - age * DAY)
        for name, age in ages.items()
    )
    best = matched(site, "best", 0.99, link_key=b"l" * 16, published_at=MORNING - 2 * DAY)
    leave_out(site, best, *versions)
    assert "· 2 copies · 1 later version</p>" in site.get(site.rest()).text


@pytest.mark.parametrize(
    ("text", "shown"), [("So they said.", "So they said."), ("", "Untitled story")]
)
def test_a_story_without_a_title_goes_by_its_text(site: Site, text: str, shown: str) -> None:
    leave_out(site, matched(site, "bare", title="", text=text))
    page = site.get(site.rest()).text
    question = site.get(links(page)[0]).text
    assert titles(page)[0] == shown
    assert question.count(shown) == 1


def test_of_very_many_the_newest_are_shown_and_the_others_counted(site: Site) -> None:
    before = len(titles(site.get(site.rest()).text))
    leave_out(site, *(matched(site, f"{n}", 0.9 - n / 1000) for n in range(STORIES + 3)))
    page = site.get(site.rest()).text
    assert len(titles(page)) == STORIES
    assert titles(page)[-1] == f"Title of {STORIES - 1}"
    assert f"<p>{before + 3} more stories found no room" in page
    assert "monitor matches --cut" in page


def test_where_nothing_is_left_it_says_so(site: Site) -> None:
    with site.app.database.write() as connection:
        connection.exec_driver_sql("delete from matches")
    page = site.get(site.rest())
    assert page.status_code == 200
    assert titles(page.text) == []
    assert "Nothing is left" in page.text


def test_text_of_strangers_is_shown_as_text_and_in_its_own_direction(site: Site) -> None:
    odd: dict[str, Any] = {
        "title": "القوات <b>تبقى</b>",
        "url": "javascript:alert(1)",
        "language": "ar",
    }
    leave_out(site, matched(site, "odd", **odd))
    page = site.get(site.rest()).text
    assert titles(page)[0] == "القوات <b>تبقى</b>"
    assert '<article class="story" dir="rtl" lang="ar">' in page
    assert "javascript:" not in page


def test_of_a_long_story_the_pages_show_so_much_as_tells_what_it_is(site: Site) -> None:
    leave_out(site, matched(site, "long", title="Berths " * 200, text="So they said. " * 200))
    page = site.get(site.rest()).text
    question = site.get(links(page)[0]).text
    assert 200 < len(titles(page)[0]) <= 300
    assert 30 < question.count("So they said.") < 50


# ---------------------------------------------------------------- where it leads


def test_each_story_has_its_own_links_to_answer_which_change_nothing_by_themselves(
    still: Site,
) -> None:
    page, before = still.get(still.rest()).text, still.dump()
    found, shown = links(page), titles(page)
    assert len(set(found)) == len(found) == 2 * len(shown)
    for title, more, less in zip(shown[:3], found[::2], found[1::2], strict=False):
        for link, first in ((more, "more"), (less, "less")):
            asked = still.get(link).text
            assert title in unescape(asked)
            assert f'value="{first}" class="first"' in asked
    assert still.dump() == before


def test_an_answer_is_given_from_there(site: Site) -> None:
    (cut, *_), _ = ledger.left_out(site.app.database, site.reader().id, limit=1)
    path = links(site.get(site.rest()).text)[1]
    assert site.press(path, answer="less").status_code == 200
    (given,) = site.topic().verdicts
    assert (given.story_id, given.wanted) == (cut.stories[0].story.id, False)


def test_its_links_end_with_it(site: Site) -> None:
    end = LATER + timedelta(days=2)
    path = site.rest(expires_at=end)
    more = links(site.get(path).text)[0]
    site.now = end - timedelta(seconds=1)
    assert (site.get(path).status_code, site.get(more).status_code) == (200, 200)
    site.now = end
    assert (site.get(path).status_code, site.get(more).status_code) == (410, 410)


# ---------------------------------------------------------------- whose it is


@pytest.mark.parametrize("said", [{}, BROWSER])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_it_can_only_be_read(still: Site, method: str, said: dict[str, str]) -> None:
    before = still.dump()
    form = {"answer": "more", "stop": "1", "List-Unsubscribe": "One-Click"}
    answer = still.client(**said).request(method, still.rest(), data=form)
    assert answer.status_code in (403, 405)
    assert still.client().head(still.rest()).status_code == 200
    assert still.dump() == before


def test_it_is_the_readers_alone(site: Site) -> None:
    page = site.get(site.rest(reader_mark=1))
    assert page.status_code == 410
    assert titles(page.text) == []
    assert site.get(site.rest(subscription=99)).status_code == 410


def test_a_link_of_another_purpose_does_not_open_it_nor_its_own_another(still: Site) -> None:
    for purpose in (Purpose.MORE, Purpose.LESS, Purpose.UNSUBSCRIBE):
        assert still.get(f"/r/{still.token(purpose)}").status_code == 404
    for page in ("v", "u"):
        assert still.get(f"/{page}/{still.token(Purpose.REST)}").status_code == 404


def test_who_has_left_can_still_read_it(site: Site) -> None:
    site.press(site.farewell(), stop="1")
    assert titles(site.get(site.rest()).text)
