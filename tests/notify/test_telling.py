"""A mail says of each story why it is there, of each topic how it goes, and what stood behind."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.notify.bars import SCORE_WIDTH, score_bar
from monitor.notify.render import render_html, render_text
from monitor.records import Answers, Coverage, Digest, DigestKind
from tests.notify.builders import (
    MONDAY,
    a_digest,
    a_failing_feed,
    a_feed,
    a_hit,
    a_note,
    a_story,
    first_told,
)
from tests.notify.page_reader import Page


def both(digest: Digest) -> tuple[str, str]:
    """The words of the text part and of the HTML part."""
    return " ".join(render_text(digest).split()), Page(render_html(digest)).text


def test_each_source_that_has_the_story_too_is_named_once() -> None:
    lead = a_hit(a_story(1, content_key=b"same", source="Wire"), 0.9)
    copies = [
        a_hit(a_story(n, content_key=b"same", source=source), 0.5 - n / 100)
        for n, source in enumerate(("Wire", "Post", "Post", *(f"Paper {n}" for n in range(8))), 2)
    ]
    text, html = both(a_digest(lead, *copies))

    assert text.count("Also in, with the same text: Post ") == 1
    assert "Also in: 3 other sources" in text
    said = "Also in: Post, Paper 0, Paper 1, Paper 2, Paper 3, Paper 4 and 3 more, with the same"
    assert said in html.replace(" ,", ",")


def test_what_is_new_of_a_story_is_told_with_its_time() -> None:
    versions = [
        a_story(
            n,
            link_key=b"a",
            title="The same title" if n < 3 else "Another title",
            text=f"Text {n}.",
            published_at=MONDAY - timedelta(hours=9 - n),
        )
        for n in range(1, 4)
    ]
    digest = a_digest(*(a_hit(each, 0.9 - each.id / 10) for each in versions))

    for told in both(digest):
        assert (
            "New, Mon 28 Jul, 01:00 CEST: Another title New, Mon 28 Jul, 00:00 CEST: Text 2."
            in told
        )


def test_a_story_that_is_an_update_says_of_what_and_since_when() -> None:
    digest = a_digest(kind=DigestKind.UPDATE, first=first_told("First title"))

    for told in both(digest):
        assert "Update of what you were told on Sat 26 Jul, 07:00 CEST: “First title”" in told


def test_a_bar_shows_the_score_against_the_threshold() -> None:
    digest = a_digest(a_hit(a_story(), 0.5, threshold=0.25))
    cells = [
        (td["class"], td["width"])
        for td in Page(render_html(digest)).attributes("td")
        if td.get("height") == "6"
    ]

    assert cells == [("base", "30"), ("bar", "30"), ("rest", "60")]
    assert "[#####|#####----------] score 0.50, threshold 0.25" in render_text(digest)


@pytest.mark.parametrize(("score", "threshold"), [(1.7, 0.2), (0.2, 0.9), (0.0, 0.0), (1.0, 1.0)])
def test_a_bar_is_never_longer_than_its_scale(score: float, threshold: float) -> None:
    bar = score_bar(score, threshold)

    assert bar.base + bar.over + bar.rest == SCORE_WIDTH
    assert min(bar.base, bar.over, bar.rest) >= 0
    assert len(bar.text) == 23


def test_a_reader_answers_on_a_page_or_else_by_a_command() -> None:
    digest = a_digest()
    more, less = "https://news.example/more/1", "https://news.example/less/1"
    linked = with_answers(digest, Answers(more=more, less=less))
    links = [link["href"] for link in Page(render_html(linked)).attributes("a")]

    assert links[-2:] == [more, less]
    assert f"More like this: {more} Not this: {less}" in both(linked)[0]
    assert "monitor verdict" not in render_text(linked) + render_html(linked)
    for told in both(digest):
        commands = "More like this: monitor verdict 1 yes Not this: monitor verdict 1 no"
        assert commands in told.replace("· Not", "Not")


def with_answers(digest: Digest, answers: Answers) -> Digest:
    (section,) = digest.sections
    entries = tuple(replace(entry, answers=answers) for entry in section.entries)
    return replace(digest, sections=(replace(section, entries=entries),))


def test_the_command_names_the_topic_where_the_story_matched_several() -> None:
    story = a_story()
    digest = a_digest(a_hit(story, 0.6, topic="It's Iraq"), a_hit(story, 0.4, topic="Shipping"))

    for told in both(digest):
        assert "monitor verdict 1 yes --topic 'It'\"'\"'s Iraq'" in told


# ------------------------------------------------------------ what is said of a topic


def test_the_last_weeks_of_a_topic_are_a_small_plot_with_words() -> None:
    digest = a_digest(weeks={"Iraq": (0, 4, 8, 1)})
    page = Page(render_html(digest))
    heights = [
        re.search(r"border-bottom:(\d+)px", td["style"] or "")
        for td in page.attributes("td")
        if td.get("class") == "spark"
    ]
    (spoken,) = (div["aria-label"] for div in page.attributes("div") if div.get("role") == "img")

    assert [int(found[1]) for found in heights if found] == [1, 10, 20, 3]
    assert spoken == "matches a week, the oldest first: 0, 4, 8, 1"
    assert "▁▅█▃  1 match in the last week, 13 in 4 weeks" in render_text(digest)


def test_a_topic_without_a_past_has_no_plot() -> None:
    for weeks in ((), (0, 0, 0)):
        assert "week" not in render_text(a_digest(weeks={"Iraq": weeks}))


def test_a_long_digest_begins_with_its_contents() -> None:
    hits = [a_hit(a_story(n), 0.9 - n / 100, topic="AB"[n > 5]) for n in range(1, 9)]
    digest = a_digest(*hits)
    page = Page(render_html(digest))
    anchors = [
        href.removeprefix("#")
        for link in page.attributes("a")
        if (href := link.get("href")) and href.startswith("#")
    ]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    names = [link["name"] for link in page.attributes("a") if "name" in link]

    assert sorted(anchors) == sorted(filter(None, ids)) == sorted(filter(None, names))
    assert len(anchors) == 10
    assert "A (1 to 5) 1. Story 1 2. Story 2" in both(digest)[0]
    assert "B (6 to 8) 6. Story 6" in both(digest)[0]


def test_a_short_digest_has_no_contents() -> None:
    digest = a_digest(*(a_hit(a_story(n)) for n in range(1, 8)))

    assert "(1 to 7)" not in render_text(digest)
    assert 'href="#' not in render_html(digest)


# ------------------------------------------------------------ the end, and other kinds


def test_the_best_of_what_was_cut_are_named_and_copies_count_as_one() -> None:
    hits = [a_hit(a_story(n), 0.9 - n / 100) for n in range(1, 7)]
    copy = a_hit(a_story(7, content_key=b"text 2"), 0.1)

    for told in both(a_digest(*hits, copy, cap=1)):
        assert "5 more stories matched and found no room here; the best of them:" in told
        assert "Story 4" in told
        assert "Story 5" not in told
        assert "To see all: monitor matches --cut" in told


def test_where_all_that_was_cut_is_named_it_is_not_called_the_best() -> None:
    hits = [a_hit(a_story(n), 0.9 - n / 100) for n in range(1, 5)]

    for told in both(a_digest(*hits, cap=1)):
        assert "3 more stories matched and found no room here:" in told
        assert "Story 4" in told


def test_where_there_is_a_page_of_what_was_cut_it_is_told_instead_of_the_command() -> None:
    page = "https://news.example/r/1"
    hits = [a_hit(a_story(n), 0.9 - n / 100) for n in range(1, 7)]
    digest = replace(a_digest(*hits, cap=1), rest=page)

    assert f"\n  See all that found no room: {page}\n" in render_text(digest)
    assert page in [link["href"] for link in Page(render_html(digest)).attributes("a")]
    assert "See all that found no room" in both(digest)[1]
    for told in both(digest):
        assert "monitor matches --cut" not in told


def test_what_is_no_web_address_is_no_page_of_what_was_cut() -> None:
    hits = [a_hit(a_story(n), 0.9 - n / 100) for n in range(1, 3)]

    for told in both(replace(a_digest(*hits, cap=1), rest="javascript:x")):
        assert "See all that found no room" not in told
        assert "To see all: monitor matches --cut" in told


def test_a_page_of_what_was_cut_is_told_only_where_something_was() -> None:
    for told in both(replace(a_digest(a_hit(a_story())), rest="https://news.example/r/1")):
        assert "See all that found no room" not in told


def test_what_is_cut_to_fit_a_mail_is_on_the_page_too() -> None:
    """Nobody knows of it before the mail is rendered."""
    page = "https://news.example/r/1"
    hits = [a_hit(a_story(n, text="What was said. " * 20)) for n in range(1, 300)]
    for told in both(replace(a_digest(*hits, cap=300), rest=page)):
        assert "found no room here" in told
        assert "See all that found no room" in told


def test_the_nearest_miss_says_by_how_much_and_how_to_see_why() -> None:
    near = a_hit(a_story(9, title="Nearly"), 0.25, topic="Two words")

    for told in both(a_digest(coverage=Coverage(nearest=near))):
        assert "The nearest miss, with a score of 0.25 where Two words asks for 0.27:" in told
        assert "Nearly" in told
        assert "To see why: monitor explain 9 'Two words'" in told


def test_the_topic_of_the_nearest_miss_cannot_turn_what_follows() -> None:
    near = a_hit(a_story(9), 0.25, topic="\u202eIraq\nBcc: x")

    for told in both(a_digest(coverage=Coverage(nearest=near))):
        assert "where Iraq Bcc: x asks for 0.27:" in told


def test_a_feed_that_fails_is_told_in_a_line_whatever_it_says() -> None:
    failing = (
        a_failing_feed("https://me:s3cret@wire.example/rss?key=s3cret", error="", since=None),
        a_failing_feed("بي بي سي", error="no answer " * 50, since=None),
    )

    for told in both(a_digest(coverage=Coverage(failing=failing))):
        assert "wire.example/rss: no reason recorded" in told
        assert "s3cret" not in told
        assert "بي بي سي\u200e: no answer" in told
        assert 10 < told.count("no answer") < 15


def test_how_to_stop_it_is_said() -> None:
    page = "https://news.example/stop/1"
    digest = replace(a_digest(), unsubscribe=page)

    assert f"Unsubscribe: {page}" in render_text(digest)
    assert Page(render_html(digest)).attributes("a")[-1]["href"] == page
    for told in both(a_digest()):
        assert told.endswith("To stop it, answer this mail and say so.")


def test_what_the_owner_has_to_mend_is_said() -> None:
    for told in both(replace(a_digest(), warnings=("Mend the template.",))):
        assert "Mend the template." in told


def test_of_a_long_warning_so_much_is_said_as_tells_what_to_do() -> None:
    for told in both(replace(a_digest(), warnings=("Mend the template. " * 100,))):
        assert 15 < told.count("Mend the template.") < 25


def test_a_note_is_short_names_what_was_watched_and_has_a_footer() -> None:
    for told in both(a_note("Iraq", "Shipping")):
        assert "Nothing new on 2 topics" in told
        assert "Watched: Iraq and Shipping" in told
        assert "Read: 1,482 stories from 112 feeds." in told


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (DigestKind.URGENT, "Urgent: told at once, since it matched strongly."),
        (DigestKind.UPDATE, "Update of a story that you were told."),
    ],
)
def test_a_mail_between_the_hours_says_what_it_is_and_is_small(kind: DigestKind, said: str) -> None:
    coverage = Coverage(stories_read=9, failing=(a_failing_feed(),), silent=(a_feed(),))

    for told in both(a_digest(kind=kind, coverage=coverage)):
        assert said in told
        assert "Found since" not in told
        assert "Read:" not in told
        assert "failing" not in told
