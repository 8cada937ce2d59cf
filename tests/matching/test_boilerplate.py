"""What is not the story of a text: found where it is, and not where a story speaks of it."""

from __future__ import annotations

import pytest

from monitor.matching.boilerplate import furniture, has_markup, is_gate, shared_lines
from tests.builders import ADVISORY, FOOTBALL, ORCHARD

STORY = "\n".join((*ADVISORY, *FOOTBALL, *ORCHARD))


@pytest.mark.parametrize(
    "line",
    [
        "We use cookies to make this site better.",
        "Sign in to read on",
        "Subscribe to our newsletter",
        "© 2026 Example Wire",
        "Copyright 2026 The Example Wire. All rights reserved. This text may not be broadcast.",
        "ADVERTISEMENT",
        "Related articles",
        "Skip to main content",
        "Datenschutz",
    ],
)
def test_a_line_about_the_page_is_found(line: str) -> None:
    assert furniture(f"{STORY}\n{line}\n{ORCHARD[1]}") == (line,)


@pytest.mark.parametrize(
    "line",
    [
        "The court found that the cookies of the shop were set before any of its visitors agreed.",
        "Officials would not say who signed the agreement, or when the troops would leave.",
        "Prices rose again.",
    ],
)
def test_a_sentence_of_the_story_is_not(line: str) -> None:
    assert furniture(f"{STORY}\n{line}") == ()


def test_many_short_lines_in_a_row_are_a_list_of_links() -> None:
    links = ["Home", "World", "Politics", "Business", "Sport"]
    assert furniture("\n".join([*links, STORY])) == tuple(links)
    assert furniture("\n".join([*links[:3], STORY])) == ()


def test_a_text_in_short_lines_is_no_list() -> None:
    assert furniture("Troops leave\nIraq this year\nas advisers\nstay behind\nin Erbil") == ()


def test_lines_that_several_texts_have_are_found_once() -> None:
    foot = "Reporting by the desk of the Example Wire"
    texts = (f"One.\n{foot}", f"Two.\n{foot}\n{foot}", "Three.\nshort one")
    assert shared_lines(texts) == (foot,)
    assert shared_lines([f"{foot}\n{foot}"]) == ()


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Sign in", "Welcome back to the wire."),
        ("403 Forbidden", "nginx"),
        ("Just a moment...", "Checking that the connection is safe."),
        ("", "Log in\nUser name\nPassword\nForgot it?"),
        ("Example Wire", "To continue, please accept all cookies or change your privacy settings."),
        ("Error", "Page not found. Sorry, your browser asked for what is no more."),
        ("The talks", "You have read three articles. Subscribe to continue. Already a subscriber?"),
    ],
)
def test_what_stands_before_a_page_is_a_gate(title: str, text: str) -> None:
    assert is_gate(title, text)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ADVISORY,
        ("", "Iraq"),
        ("Bank leaks passwords", "Thieves took the passwords of a million customers of the bank."),
        ("Sign in", f"{STORY} {STORY} {STORY}"),
    ],
)
def test_a_story_is_no_gate(title: str, text: str) -> None:
    assert not is_gate(title, text)


def test_markup_is_told_from_a_text_with_a_sign_in_it() -> None:
    assert has_markup("<p>One <b>two</b></p> three")
    assert not has_markup("a < b and c > d, <3 and <unknown> signs; 1<2>1")
