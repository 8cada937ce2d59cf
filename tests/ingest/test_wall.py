"""Walls and other things that come in place of a story's page."""

from __future__ import annotations

import pytest

from monitor.ingest.wall import LONGEST_WALL, fault_of, is_page, is_wall

STORY = "The harbour council weighed the plans for a breakwater on Tuesday. "


@pytest.mark.parametrize(
    "said",
    [
        "Before you go on: we use cookies and ask for your choice.",
        "Wir verwenden Cookies. Alle akzeptieren oder Einstellungen ändern.",
        "Nous utilisons des cookies pour mesurer l'audience.",
        "UTILIZAMOS COOKIES para mejorar.",
        "Utilizziamo i cookie per capire chi legge.",
        "Wij gebruiken cookies om te zien wie leest.",
        "Vi använder cookies på den här sidan.",
        "Używamy plików cookie w tym serwisie.",
        "Already a subscriber? Go to your account.",
        "Nur für Abonnenten: der ganze Artikel.",
        "Cet article est réservé aux abonnés.",
        "Artículo solo para suscriptores.",
        "Please enable JavaScript to see this page.",
    ],
)
def test_a_few_words_that_ask_for_something_are_a_wall(said: str) -> None:
    assert is_wall(said)


def test_a_story_about_cookies_is_no_wall() -> None:
    about = "The court ruled that a banner saying we use cookies is not enough. "
    assert not is_wall(about + STORY * 30)
    assert len(about + STORY * 30) > LONGEST_WALL


def test_a_short_story_is_no_wall() -> None:
    assert not is_wall(STORY)


@pytest.mark.parametrize(
    ("text", "own", "fault"),
    [
        (STORY * 3, STORY, None),
        (STORY, STORY, "says no more"),
        (STORY, STORY * 3, "says no more"),
        ("", "", "no text"),
        ("Please log in to read on.", "A few words.", "asks for"),
    ],
    ids=["longer", "the same", "shorter", "empty", "wall"],
)
def test_a_page_is_used_only_where_it_says_more_than_the_feed(
    text: str, own: str, fault: str | None
) -> None:
    found = fault_of(text, own)
    assert found is None if fault is None else fault in (found or "")


@pytest.mark.parametrize(
    ("content_type", "body", "page"),
    [
        ("text/html; charset=utf-8", b"", True),
        ("Application/XHTML+XML", b"", True),
        ("application/pdf", b"<html>", False),
        ("image/png", b"", False),
        ("", b"\n <!doctype html>", True),
        ("", b"%PDF-1.7", False),
    ],
)
def test_what_is_a_page_its_server_says_or_else_its_first_sign(
    content_type: str, body: bytes, page: bool
) -> None:
    assert is_page(content_type, body) is page
