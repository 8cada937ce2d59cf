"""A digest reads well as text and as HTML, says the same in both, and stays small."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from hypothesis import given, settings

from monitor.notify.palette import DARK, LIGHT, Palette
from monitor.notify.render import MAX_HTML, page, render, render_html, render_text
from monitor.notify.subject import subject_of
from monitor.records import (
    Coverage,
    Digest,
    DigestKind,
    MatchedStory,
    Rendered,
    Term,
)
from tests.notify.builders import (
    a_digest,
    a_failing_feed,
    a_feed,
    a_hit,
    a_note,
    a_story,
    first_told,
    hostile_texts,
)
from tests.notify.page_reader import Page

DATA = Path(__file__).parent / "data"


def full_digest() -> Digest:
    """One of everything: copies, other topics, a cut match, failing feeds, a foreign script."""
    lead = a_story(1, title="Advisers stay", text="The troops stop fighting. " * 20, link_key=b"a")
    copy = a_story(2, source="Example Post", link_key=b"a")
    return a_digest(
        a_hit(lead, 0.5),
        a_hit(lead, 0.3, topic="Middle East"),
        a_hit(copy, 0.4),
        a_hit(a_story(3, title="القوات تبقى", language="ar"), 0.45, terms=()),
        a_hit(a_story(4, url=None, text="Story 4"), 0.35, topic="Shipping"),
        a_hit(a_story(5), 0.28, topic="Shipping"),
        cap=3,
        weeks={"Shipping": (3, 0, 5)},
        coverage=Coverage(
            stories_read=1482,
            feeds_read=112,
            failing=(a_failing_feed(),),
            missed=(a_feed("Busy Wire"), a_feed("Busier Wire")),
            held=(a_feed("Moving Post", held=40), a_feed("Other Post", held=1)),
            gone=(a_feed("Old Times"),),
            silent=tuple(a_feed(f"Quiet {n}") for n in range(1, 8)),
        ),
    )


def test_the_text_is_as_written_down() -> None:
    assert render_text(full_digest()) == (DATA / "digest.expected.txt").read_text("utf-8")


def test_html_says_all_that_the_text_says() -> None:
    told = Page(render_html(full_digest())).text

    for fact in (
        "3 stories on 2 topics, Mon 28 Jul 2025, 07:00 CEST",
        "Iraq · 2 stories",
        "Advisers stay",
        "Example Wire · Sun 27 Jul, 22:00 CEST",
        "Matched on: combat mission 40%, troops 30%, other words 30%",
        "(score 0.50, threshold 0.27)",
        "More like this: monitor verdict 1 yes --topic Iraq",
        "Not this: monitor verdict 1 no --topic Iraq",
        "Also matched: Middle East (0.30)",
        "Also in: Example Post",
        "Matched with score 0.45, threshold 0.27",
        "Read: 1,482 stories from 112 feeds.",
        "1 more story matched and found no room here: • Story 5 To see all: monitor matches --cut",
        "since more came between two polls than the feed lists: Busy Wire and Busier Wire.",
        "Held back, as if published anew: 41 old stories of Moving Post and Other Post.",
        "Ended for good, by their servers' word: Old Times.",
        "Silent for longer than usual: Quiet 1, Quiet 2, Quiet 3, Quiet 4, Quiet 5 and 2 more.",
        "1 feed is failing",
        "Example Gazette, since Fri 25 Jul, 07:00 CEST: HTTP 503 from gazette.example",
    ):
        assert fact in told


def test_one_and_many_are_told_apart() -> None:
    one = render_text(a_digest(coverage=Coverage(stories_read=1, feeds_read=1)))
    none = render_text(a_digest())
    failing = (a_failing_feed(), a_failing_feed("Other"))
    many = render_text(
        a_digest(*(a_hit(a_story(n)) for n in (1, 2, 3)), cap=1, coverage=Coverage(failing=failing))
    )

    assert "1 story on 1 topic" in one
    assert "1 story from 1 feed." in one
    assert "no room" not in none
    assert "failing" not in none
    assert "2 more stories matched and found no room here:" in many
    assert "2 feeds are failing" in many


def test_of_feeds_that_are_well_nothing_is_said() -> None:
    footer = render_text(a_digest()).partition("-" * 76)[2].split("\n")

    assert footer[1:4] == [
        "Read: 1,482 stories from 112 feeds.",
        "You get this as a recipient of the digest “Morning”. To stop it, answer this",
        "mail and say so.",
    ]


@settings(deadline=None, max_examples=50)
@given(title=hostile_texts)
def test_whatever_an_ill_feed_is_called_the_footer_keeps_its_shape(title: str) -> None:
    ill = (a_feed(f"{title}</p><script>", held=3),)
    digest = a_digest(coverage=Coverage(missed=ill, held=ill, gone=ill, silent=ill))
    page = Page(render_html(digest))

    assert page.open == []
    assert "script" not in {name for name, _ in page.elements}
    assert all(len(line) <= 76 or " " not in line for line in render_text(digest).splitlines())


def test_times_are_those_of_the_reader() -> None:
    assert "Mon 28 Jul 2025, 01:00 EDT" in render_text(a_digest(zone="America/New_York"))
    assert "Mon 28 Jul 2025, 02:00 UTC-03" in render_text(a_digest(zone="America/Sao_Paulo"))


def test_a_story_of_another_year_says_so() -> None:
    old = a_story(published_at=datetime(2024, 12, 30, 9, tzinfo=UTC))

    assert "Mon 30 Dec 2024, 10:00 CET" in render_text(a_digest(a_hit(old)))


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(ValueError, match="Europe/Atlantis"):
        render_text(a_digest(zone="Europe/Atlantis"))


# ------------------------------------------------------------ subject


def test_the_subject_is_the_best_title_and_how_many_more() -> None:
    stories = [a_hit(a_story(n, title=f"Title {n}"), n / 10) for n in (1, 2, 3)]

    other = a_hit(a_story(4, title="Title 4"), 0.1, topic="Shipping")

    assert subject_of(a_digest(*stories)) == "Title 3 (+2 more)"
    assert subject_of(a_digest(*stories, other)) == "Title 3 (+3 more on 2 topics)"
    assert subject_of(a_digest(stories[0])) == "Title 1"


def test_a_long_subject_is_cut_but_keeps_its_count() -> None:
    stories = [a_hit(a_story(n, title="word " * 60)) for n in (1, 2)]

    subject = subject_of(a_digest(*stories))
    assert len(subject) <= 90
    assert subject.endswith("word… (+1 more)")


def test_the_subject_of_an_urgent_mail_begins_with_its_topic() -> None:
    hits = [a_hit(a_story(n, title=f"Title {n}"), n / 10) for n in (1, 2)]
    long = a_hit(a_story(title="Title"), topic="very " * 60)

    assert subject_of(a_digest(*hits, kind=DigestKind.URGENT)) == "Iraq: Title 2 (+1 more)"
    assert subject_of(a_digest(long, kind=DigestKind.URGENT)).endswith("very…: Title")


def test_the_subject_of_an_update_answers_that_of_the_first_mail() -> None:
    first = first_told("Title 1 (+3 more)")
    digest = a_digest(kind=DigestKind.UPDATE, first=first)

    assert subject_of(digest) == "Re: Title 1 (+3 more)"
    assert subject_of(replace(digest, first=first_told("Re: Title 1"))) == "Re: Title 1"


def test_the_subject_of_a_note_says_on_how_many_topics_nothing_is_new() -> None:
    assert subject_of(a_note("Iraq", "Shipping", "Ports")) == "Nothing new on 3 topics"
    assert subject_of(a_note("Iraq")) == "Nothing new on Iraq"


def test_a_story_without_a_title_is_named_by_its_text() -> None:
    assert subject_of(a_digest(a_hit(a_story(title="\u202e ", text="It rains.")))) == "It rains."
    assert subject_of(a_digest(a_hit(a_story(title=" ", text=" ")))) == "Untitled story"


# ------------------------------------------------------------ reasons


def test_the_heaviest_terms_come_first_and_shares_add_up_to_the_whole() -> None:
    terms = tuple(Term(text=f"term{n}", share=n / 100) for n in range(1, 11))
    text = render_text(a_digest(a_hit(a_story(), 0.6, terms=terms)))

    reason = " ".join(text.split()).partition("Matched on: ")[2].partition(" More like")[0]
    percents = [int(number) for number in re.findall(r"(\d+)%", reason)]
    assert reason.startswith("term10 17%, term9 15%, term8 13%")
    assert len(percents) == 7
    assert sum(percents) == 100


def test_terms_that_speak_against_a_topic_are_not_what_it_matched_on() -> None:
    terms = (Term(text="troops", share=0.4), Term(text="football", share=-0.1))

    assert "football" not in render_text(a_digest(a_hit(a_story(), 0.3, terms=terms)))


# ------------------------------------------------------------ HTML


def test_the_page_is_made_of_balanced_tags_that_mail_clients_know() -> None:
    page = Page(render_html(full_digest()))

    assert page.open == []
    assert {name for name, _ in page.elements} <= {
        *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td"),
        *("h1", "h2", "h3", "p", "br", "a", "span", "code"),
    }
    styles = " ".join(attributes.get("style") or "" for _, attributes in page.elements)
    assert not re.search(r"flex|grid|position|float|url\(|var\(", styles)


def test_the_page_can_be_read_aloud() -> None:
    page = Page(render_html(full_digest()))

    assert page.attributes("html") == [{"lang": "en", "dir": "ltr"}]
    assert all(table["role"] == "presentation" for table in page.attributes("table"))
    assert [len(page.attributes(f"h{level}")) for level in (1, 2, 3)] == [1, 2, 3]


def test_a_title_in_a_right_to_left_script_runs_that_way() -> None:
    directions = [h3.get("dir") for h3 in Page(render_html(full_digest())).attributes("h3")]
    languages = [h3.get("lang") for h3 in Page(render_html(full_digest())).attributes("h3")]

    assert directions == ["ltr", "rtl", "ltr"]
    assert languages == [None, "ar", None]  # the page itself is in English


def test_what_runs_from_right_to_left_is_kept_apart_from_what_surrounds_it() -> None:
    page = Page(render_html(a_digest(a_hit(a_story(source="وكالة (24)")))))

    assert [span["dir"] for span in page.attributes("span") if "dir" in span][-1] == "rtl"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "https://",
        "https://[broken/",
        "//example.org/x",
        "https://example.org/two words",
        "https://example.org/" + "a" * 3000,
    ],
)
def test_an_address_that_is_no_ordinary_web_address_is_no_link(url: str) -> None:
    digest = a_digest(a_hit(a_story(url=url)))

    assert Page(render_html(digest)).attributes("a") == []
    assert "://" not in render_text(digest)


@settings(deadline=None)
@given(title=hostile_texts, text=hostile_texts, url=hostile_texts)
def test_whatever_was_written_the_page_keeps_its_shape(title: str, text: str, url: str) -> None:
    markup = '"><script>alert(1)</script><img src=x>'
    story = a_story(title=title + markup, text=text + markup, source=markup, url="https://e/" + url)
    digest = a_digest(a_hit(story, topic=title + markup, terms=(Term(text=markup, share=0.1),)))

    page = Page(render_html(digest))
    assert page.open == []
    assert not {"script", "img"} & {name for name, _ in page.elements}
    assert all(set(link) == {"class", "href", "style"} for link in page.attributes("a"))
    assert all(
        c.isprintable() or c in "\n\u200c\u200d\u200e" or ord(c) > 0xA0 for c in render_text(digest)
    )


def contrast(one: str, other: str) -> float:
    """WCAG 2.2: (lighter + 0.05) / (darker + 0.05) of the relative luminances."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_every_text_colour_is_readable(palette: Palette) -> None:
    for colour in (palette.text, palette.muted, palette.link, palette.accent):
        assert contrast(colour, palette.card) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_every_bar_can_be_made_out(palette: Palette) -> None:
    for colour in (palette.bar, palette.base):
        assert contrast(colour, palette.card) >= 3


def test_every_colour_has_its_counterpart_in_the_dark() -> None:
    html = render_html(full_digest())
    dark = html.partition("prefers-color-scheme: dark")[2].partition("</style>")[0]
    classes = {
        name
        for _, attributes in Page(html).elements
        if "#" in (attributes.get("style") or "")
        for name in (attributes.get("class") or "uncoloured").split()
    }

    assert "uncoloured" not in classes
    assert all(f".{name} " in dark for name in classes - {"inner", "outer"})


# ------------------------------------------------------------ size


def long_hit(number: int, *, echoes: int, url_length: int) -> list[MatchedStory]:
    words = " ".join(f"word{n}&" for n in range(200))
    terms = tuple(Term(text=f"a rather long term {n}", share=0.05) for n in range(9))
    stories = [
        a_story(
            number * 100 + n,
            title=words,
            text=words,
            source=words,
            url=f"https://wire.example/{number}/{n}/" + "u" * url_length,
            content_key=b"%d" % number,
        )
        for n in range(1 + echoes)
    ]
    return [a_hit(story, 0.6, topic=f"{words} {number % 5}", terms=terms) for story in stories]


@pytest.mark.parametrize(
    ("entries", "echoes", "url_length"), [(30, 0, 60), (30, 6, 300), (60, 6, 60)]
)
def test_a_full_digest_of_long_stories_is_not_cut_by_mail_providers(
    entries: int, echoes: int, url_length: int
) -> None:
    hits = [
        hit for n in range(entries) for hit in long_hit(n, echoes=echoes, url_length=url_length)
    ]
    digest = a_digest(*hits, cap=entries)
    html = render_html(digest)

    assert len(html.encode()) <= MAX_HTML
    assert html.count("<h3 ") == entries


def test_thirty_ordinary_stories_keep_their_snippets() -> None:
    hits = [a_hit(a_story(n, text="An ordinary sentence of news. " * 20)) for n in range(1, 31)]
    html = render_html(a_digest(*hits))

    assert html.count("An ordinary sentence") > 250


def test_text_lines_are_short_unless_they_are_an_address() -> None:
    lines = render_text(full_digest()).splitlines()

    assert all(len(line) <= 76 or "://" in line for line in lines)


def test_an_address_with_a_password_is_not_mailed() -> None:
    failing = a_failing_feed(
        "", error="503 for https://owner:s3cret@gazette.example/rss?key=s3cret"
    )
    digest = a_digest(coverage=Coverage(failing=(failing,)))

    assert "s3cret" not in render_text(digest) + render_html(digest)
    assert "gazette.example" in render_text(digest)


def test_many_failing_feeds_are_counted_not_listed() -> None:
    failing = tuple(a_failing_feed(f"Feed {n}", since=None) for n in range(25))
    text = render_text(a_digest(coverage=Coverage(failing=failing)))

    assert "25 feeds are failing" in text
    assert "15 more feeds. To see all: monitor status" in text


# ------------------------------------------------------------ much to tell


def many_arabic_hits(number: int, topics: int = 1) -> list[MatchedStory]:
    title = "القوات الأمريكية تنهي مهمتها القتالية في العراق وتبقى للتدريب " * 4
    return [
        a_hit(
            a_story(n, title=f"{title[:240]} {n}", text=title * 4, language="ar"),
            0.3 + n % 500 / 1000,
            topic=f"{'موضوع ' * 50}{n % topics}",
        )
        for n in range(1, number + 1)
    ]


def told_in(digest: Digest) -> list[MatchedStory]:
    return [
        match
        for section in digest.sections
        for entry in section.entries
        for match in (entry.lead, *entry.echoes, *entry.updates, *entry.also)
    ]


def test_what_a_mail_has_no_room_for_is_cut_lowest_first_and_said() -> None:
    made = render(a_digest(*many_arabic_hits(5000), cap=500), sender="monitor@example.org")
    text, html = parts(made)
    told, cut = told_in(made.digest), made.digest.cut

    assert len(html.encode()) <= MAX_HTML
    assert html.count("<h3 ") == len(told) == len(re.findall(r"^\d+\. ", text, re.MULTILINE)) > 20
    assert len({match.story.id for match in (*told, *cut)}) == 5000
    assert min(m.match.score for m in told) >= max(m.match.score for m in cut)
    said = f"{len(cut):,} more stories matched and found no room here; the best of them:"
    assert said in Page(html).text
    assert said in " ".join(text.split())
    assert "fewer words than usual" in text


def parts(made: Rendered) -> tuple[str, str]:
    mail = message_from_bytes(made.message.raw, policy=default)
    text, html = (part.get_content() for part in mail.iter_parts())
    return text, html


@pytest.mark.parametrize("length", range(1500, 2001, 100))
def test_a_digest_that_was_cut_to_fit_renders_the_same_again(length: int) -> None:
    """Where few stories are left, there may be room for more words than while cutting."""
    small = [a_hit(a_story(n, text="Short."), 0.9) for n in range(3)]
    long = "https://wire.example/?" + "&" * length
    huge = [a_hit(a_story(n, url=f"{long}{n}"), 0.3) for n in range(100, 120)]
    first = render(a_digest(*small, *huge, cap=50), sender="monitor@example.org")

    assert 3 < len(told_in(first.digest)) < 23
    assert render(first.digest, sender="monitor@example.org") == first


def test_a_mail_that_fits_is_its_whole_digest() -> None:
    digest = full_digest()

    assert render(digest, sender="monitor@example.org").digest == digest


# ------------------------------------------------------------ a page of its own


def test_a_page_tells_the_same_without_what_only_mails_have() -> None:
    made = page(full_digest())
    html = made.message.raw.decode()

    assert (made.message.content_type, made.message.recipient) == (
        "text/html",
        "reader@example.org",
    )
    assert made.message.subject == subject_of(full_digest())
    assert "display:none" not in html
    assert "answer this mail" not in html
    assert html.count("<h3 ") == 3
    assert made == page(full_digest())


def test_a_page_has_room_for_what_a_mail_has_to_leave_out() -> None:
    digest = a_digest(*many_arabic_hits(300), cap=300)

    assert len(told_in(page(digest).digest)) == 300
    assert len(told_in(render(digest, sender="monitor@example.org").digest)) < 300
