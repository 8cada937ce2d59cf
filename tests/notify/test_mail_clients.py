"""What a mail is made of is understood by the clients people use, and can be read aloud."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.notify.render import render_html
from monitor.records import Answers, Coverage, Digest, DigestKind
from tests.notify.builders import a_digest, a_failing_feed, a_hit, a_note, a_story, first_told
from tests.notify.mail_clients import (
    CLIENTS,
    FEATURES,
    SUPPORT,
    Element,
    Page,
    declarations,
    rules,
    table,
)
from tests.notify.test_render import full_digest

DOCUMENT = Path(__file__).parents[2] / "docs/mail-clients.md"
OUTLOOKS_WIDEST_BORDER = 8


def answered(digest: Digest) -> Digest:
    """With pages on which its reader answers."""
    answers = Answers(more="https://news.example/v/a", less="https://news.example/v/b")
    sections = tuple(
        replace(each, entries=tuple(replace(entry, answers=answers) for entry in each.entries))
        for each in digest.sections
    )
    stop, rest = "https://news.example/u/c", "https://news.example/r/d"
    return replace(digest, sections=sections, unsubscribe=stop, rest=rest, warnings=("Mend this.",))


def long_digest() -> Digest:
    """So many stories that a table of contents is needed, with the weeks of each topic."""
    hits = [
        a_hit(a_story(n, title=f"Title {n}", text="What was said. " * 9), topic=f"Topic {n % 3}")
        for n in range(1, 31)
    ]
    weeks = {f"Topic {n}": (0, 3, 1, 9, 4, 2, 7, 5) for n in range(3)}
    return a_digest(*hits, weeks=weeks, topics=tuple(weeks))


def arabic_digest() -> Digest:
    """A script that runs from right to left, for topic, title and text."""
    words = "القوات تبقى في البلاد "
    story = a_story(1, title=words, text=words * 20, language="ar")
    return a_digest(a_hit(story, topic=words * 9))


def updated_digest() -> Digest:
    """A story with a later version of it."""
    told = a_digest()
    (section,) = told.sections
    (entry,) = section.entries
    newer = replace(entry, updates=(a_hit(a_story(2)),))
    return replace(told, sections=(replace(section, entries=(newer,)),))


DIGESTS: dict[str, Callable[[], Digest]] = {
    "full": full_digest,
    "answered": lambda: answered(full_digest()),
    "long": long_digest,
    "arabic": arabic_digest,
    "note": lambda: a_note("Iraq", "Shipping"),
    "urgent": lambda: a_digest(kind=DigestKind.URGENT),
    "update": lambda: a_digest(kind=DigestKind.UPDATE, first=first_told("What was told")),
    "updated": updated_digest,
    "ill": lambda: a_digest(coverage=Coverage(failing=(a_failing_feed(),) * 12)),
}


@cache
def page(name: str) -> Page:
    return Page(render_html(DIGESTS[name]()))


every_digest = pytest.mark.parametrize("name", DIGESTS)


def placed(page: Page, prefix: str) -> Iterator[tuple[Element, str]]:
    """The elements whose own style sets a property that begins so, with its value."""
    for element in page.elements:
        for each in element.style:
            if each.name.startswith(prefix):
                yield element, each.value


@every_digest
def test_a_mail_uses_nothing_that_some_client_would_spoil(name: str) -> None:
    known = page(name).features & FEATURES.keys()
    assert not page(name).features - known
    assert not {each for each in known if not FEATURES[each].may_be_used}


@every_digest
def test_outlook_gets_padding_and_sizes_on_cells_and_tables_alone(name: str) -> None:
    for element, value in placed(page(name), "padding"):
        assert element.tag in ("td", "body") or value == "0"
    for prefix in ("width", "height", "max-width"):
        assert {element.tag for element, _ in placed(page(name), prefix)} <= {"td", "table"}


@every_digest
def test_no_margin_is_negative_or_on_a_span(name: str) -> None:
    for element, value in placed(page(name), "margin"):
        assert "-" not in value
        assert element.tag != "span"


@every_digest
def test_what_is_hidden_is_hidden_in_outlook_too(name: str) -> None:
    hidden = [element for element, value in placed(page(name), "display") if value == "none"]
    for element in hidden:
        assert element.tag == "div"
        assert any(each.name == "mso-hide" for each in element.style)


@every_digest
def test_important_stands_in_the_style_sheet_alone(name: str) -> None:
    assert not [each for element in page(name).elements for each in element.style if each.important]
    assert "!important" not in re.sub(r" !important;", "", render_html(DIGESTS[name]()))


@every_digest
def test_without_its_style_sheet_a_mail_has_all_its_colours_and_sizes(name: str) -> None:
    """What a rule changes for the dark or for a phone, the element has already for the others."""
    for rule in page(name).rules:
        styled = [
            each
            for each in page(name).elements
            if rule.selector[1:] in each.attributes.get("class", "").split()
        ]
        for declaration in rule.declarations if rule.around else ():
            kind = declaration.name.partition("-")[0]
            for element in styled:
                assert any(each.name.startswith(kind) for each in element.style), rule.selector


@every_digest
def test_every_rule_outside_of_media_queries_is_about_dark_colours(name: str) -> None:
    outside = {rule.selector for rule in page(name).rules if not rule.around}
    assert outside <= {":root"}


@every_digest
def test_where_a_border_is_too_thick_for_outlook_words_say_the_same(name: str) -> None:
    for element, value in placed(page(name), "border"):
        thick = [int(size) for size in re.findall(r"(\d+)px", value)]
        if max(thick, default=0) > OUTLOOKS_WIDEST_BORDER:
            assert "div" in element.inside
    for element in page(name).every("div"):
        if element.attributes.get("role") == "img":
            assert element.attributes["aria-label"].strip()


# --- read aloud, and safe --------------------------------------------------------------------


@every_digest
def test_every_table_is_for_layout_and_says_so(name: str) -> None:
    assert {each.attributes.get("role") for each in page(name).every("table")} == {"presentation"}
    for comment in page(name).comments:
        for inner in Page(comment.partition("]>")[2]).every("table"):
            assert inner.attributes["role"] == "presentation"


@every_digest
def test_a_mail_has_a_language_a_direction_and_a_title(name: str) -> None:
    (html,) = page(name).every("html")
    (title,) = page(name).every("title")
    assert (html.attributes["lang"], html.attributes["dir"]) == ("en", "ltr")
    assert title.text.strip()


@every_digest
def test_headings_begin_with_one_and_leave_none_out(name: str) -> None:
    levels = [int(each.tag[1]) for each in page(name).elements if re.fullmatch("h[1-6]", each.tag)]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(now <= before + 1 for before, now in pairwise(levels))
    assert all(each.text.strip() for each in page(name).every("h1", "h2", "h3"))


@every_digest
def test_nothing_is_loaded_and_nothing_runs(name: str) -> None:
    assert not page(name).every("img", "script", "link", "iframe", "object", "embed", "form", "svg")
    attributes = {each for element in page(name).elements for each in element.attributes}
    assert not {each for each in attributes if each.startswith("on")}
    assert not attributes & {"src", "srcset", "background", "action", "data", "poster"}
    assert not re.search(r"url\(|@import|expression\(", render_html(DIGESTS[name]()))


@every_digest
def test_every_link_has_words_and_leads_somewhere(name: str) -> None:
    ids = [each.attributes["id"] for each in page(name).elements if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    for link in page(name).every("a"):
        address = link.attributes.get("href")
        if address is not None:
            assert link.text.strip()
            assert re.match(r"https?://|mailto:|#", address)
            assert not address.startswith("#") or address[1:] in ids


@every_digest
def test_gmail_and_outlook_find_where_the_table_of_contents_leads(name: str) -> None:
    """They jump to empty anchors with a name, and to no element with an id."""
    named = {each.attributes.get("name") for each in page(name).every("a") if not each.text}
    for link in page(name).every("a"):
        address = link.attributes.get("href", "")
        assert not address.startswith("#") or address[1:] in named


@every_digest
def test_who_speaks_another_language_or_runs_the_other_way_says_so(name: str) -> None:
    for element in page(name).every("h1", "h2", "h3"):
        if re.search(r"[\u0600-\u06ff]", element.text):
            assert "rtl" in (element.attributes.get("dir"), *_directions_in(element, page(name)))


def _directions_in(element: Element, page: Page) -> list[str]:
    start = page.elements.index(element) + 1
    inner = [each for each in page.elements[start:] if element.tag in each.inside]
    return [each.attributes.get("dir", "") for each in inner]


# --- the table, and what reads the pages ---------------------------------------------------------


def test_every_fact_is_whole() -> None:
    for name, it in FEATURES.items():
        assert len(it.support) == len(CLIENTS), name
        assert set(it.support) <= SUPPORT.keys(), name


def test_the_document_has_the_table() -> None:
    assert table() in DOCUMENT.read_text("utf-8"), table()


@pytest.mark.parametrize(
    ("html", "feature"),
    [
        ("<video>", "<video>"),
        ("<p onclick='x()'>", "@onclick"),
        ("<p style='display:flex'>", "display"),
        ("<p style='position: absolute'>", "position"),
        ("<p style='margin-left: 1rem'>", "value rem"),
        ("<p style='color: rgb(0 0 0)'>", "value rgb()"),
        ("<p style='width: calc(1px + 2px)'>", "value calc()"),
        ("<style>a[href] { color: red }</style>", "selector [attribute]"),
        ("<style>a:hover { color: red }</style>", "selector :hover"),
        ("<style>@import 'x'; a { color: red }</style>", "@import"),
        ("<style>@supports (display: grid) { a { color: red } }</style>", "@supports display"),
        ("<style>@media (min-width: 3px) { a { float: left } }</style>", "@media min-width"),
        ("<style>@media (min-width: 3px) { a { float: left } }</style>", "float"),
        ("<a href='javascript:x'>x</a>", "link to javascript"),
    ],
)
def test_whatever_is_not_for_mails_is_found_in_a_page(html: str, feature: str) -> None:
    found = Page(html).features
    assert feature in found
    assert feature not in FEATURES or not FEATURES[feature].may_be_used


def test_a_style_sheet_is_read_with_its_blocks_and_comments() -> None:
    css = """
        /* a { b: c } */ p { margin: 0; }
        @media (max-width: 9px) { .a { margin: 1px !important } }
    """
    plain, narrow = rules(css)

    assert (plain.selector, plain.around) == ("p", "")
    assert (narrow.selector, narrow.around) == (".a", "@media (max-width: 9px)")
    assert narrow.declarations == declarations("margin: 1px !important")
    assert narrow.declarations[0].important


@pytest.mark.parametrize("css", ["p", "p { margin: 0", "@media x { p { margin: 0 }"])
def test_a_style_sheet_that_does_not_end_is_an_error(css: str) -> None:
    with pytest.raises(ValueError, match="block"):
        list(rules(css))
