"""Addresses as an entry holds them."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.ingest.fields import absolute
from tests.ingest import reference

FEED = "https://news.example/feeds/all.xml"


@pytest.mark.parametrize(
    ("link", "completed"),
    [
        ("https://a.example/1", "https://a.example/1"),
        ("HTTPS://A.example/1?b=2", "https://A.example/1?b=2"),
        ("/1", "https://news.example/1"),
        ("1", "https://news.example/feeds/1"),
        (" https://a.example/\n1 ", "https://a.example/ 1"),
        ("javascript:alert(1)", None),
        ("mailto:a@b.example", None),
        ("https://a.example/" + "1" * 5_000, None),
        ("http://[", None),
        ("", None),
        (None, None),
        (7, None),
    ],
)
def test_a_link_is_completed_by_the_address_of_its_document(
    link: object, completed: str | None
) -> None:
    assert absolute(link, FEED) == completed


@given(
    st.from_regex(r"https?://[A-Za-z.-]{1,6}(:8)?/?[ -~é\u202e]{0,12}", fullmatch=True) | st.text()
)
@example("https://a.example/b?")
@example("https://a.example/b;")
@example("https://a.example/b#")
@example("https://a.example/../b;x?c;#d")
def test_a_plain_address_is_what_completing_it_would_give(link: str) -> None:
    try:
        joined = urljoin(FEED, reference.clean_line(link)) if link.strip() else ""
    except ValueError:
        joined = ""
    assert absolute(link, FEED) == (
        joined if joined.lower().startswith(("http://", "https://")) else None
    )
