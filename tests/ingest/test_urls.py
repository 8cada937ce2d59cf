"""Many spellings, one address."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.ingest.urls import (
    canonical_url,
    content_key,
    digest,
    host_of,
    is_front_page,
    link_key,
    words_of,
)
from tests.ingest import reference

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Example.COM/Path", "http://example.com/Path"),
        ("http://example.com", "http://example.com/"),
        ("http://example.com:80/a", "http://example.com/a"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://example.com:80/a", "https://example.com:80/a"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://example.com/a#part", "https://example.com/a"),
        ("  https://example.com/a\n", "https://example.com/a"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/ä"),
        ("http://[2001:DB8::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("https://me:secret@example.com/a", "https://me:secret@example.com/a"),
    ],
)
def test_scheme_host_port_and_fragment_have_one_spelling(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("utm_source=rss&utm_medium=feed", ""),
        ("b=2&utm_source=rss&a=1", "?b=2&a=1"),
        ("fbclid=1&id=7&gclid=2&mc_cid=3&mc_eid=4", "?id=7"),
        ("UTM_Campaign=x&p=1", "?p=1"),
        ("at_medium=RSS&at_campaign=KARANGA", ""),
        ("a=1&a=1&b", "?a=1&a=1&b"),
        ("nothing=utm_source", "?nothing=utm_source"),
    ],
)
def test_tracking_goes_and_the_rest_keeps_its_order(query: str, kept: str) -> None:
    assert canonical_url(f"https://example.com/a?{query}") == f"https://example.com/a{kept}"


@pytest.mark.parametrize("garbage", ["", "http://[::1", "http://a:99999/", "mailto:me@x", "//x/y"])
def test_what_is_no_address_comes_back(garbage: str) -> None:
    assert canonical_url(garbage) == garbage


URLS = st.from_regex(
    r"https?://[A-Za-z.]{1,12}(:\d{1,4})?/[a-z/]{0,9}(\?[a-z=&_]{0,19})?", fullmatch=True
)


@given(URLS | st.text())
@example("http://example.com?a")
@example("https://\u017f.example/")
def test_the_canonical_form_is_final(url: str) -> None:
    assert canonical_url(canonical_url(url)) == canonical_url(url)


@given(st.text() | st.text().map("http://{}".format))
@example("http://" + "ü" * 500)
def test_nothing_raises_on_garbage(text: str) -> None:
    assert len(link_key(text)) == 16
    assert host_of(text) == host_of(text).lower()


def test_the_link_key_folds_what_servers_treat_alike() -> None:
    same = (
        "https://www.example.com/story/",
        "http://example.com/story",
        "https://example.com/story?utm_source=rss#top",
    )
    assert len({link_key(each) for each in same}) == 1


def test_the_link_key_tells_different_pages_apart() -> None:
    different = (
        "https://example.com/story",
        "https://example.com/story?page=2",
        "https://example.com/Story",
        "https://news.example.com/story",
        "https://example.com/",
    )
    assert len({link_key(each) for each in different}) == len(different)


def test_the_content_key_ignores_case_spacing_and_marks() -> None:
    assert content_key("Big News!", "It happened.") == content_key("big  news", "It\nhappened")
    assert content_key("Big", "News") != content_key("Big News", "")


@given(st.lists(st.text(), min_size=1, max_size=3), st.lists(st.text(), min_size=1, max_size=3))
def test_a_digest_is_of_its_parts(first: list[str], second: list[str]) -> None:
    assert (digest(*first) == digest(*second)) == (first == second)


def test_the_host_is_what_limits_are_counted_by() -> None:
    assert host_of("https://me:pw@News.Example:8443/x") == "news.example"
    assert host_of("not an address") == ""


def test_a_front_page_is_a_host_and_nothing_on_it() -> None:
    assert is_front_page("https://example.com/")
    assert not is_front_page("https://example.com/a/")
    assert not is_front_page("https://example.com/?p=1")
    assert not is_front_page("example.com")


LATIN = st.characters(max_codepoint=255) | st.sampled_from("aB_ .’‘“”–—…•")
TEXTS = (
    st.text(LATIN)
    | st.text(LATIN | st.sampled_from("\u0301\u0308\u0338ﬁŉİſⅣ①㎏ｱﾞ가\ud800\u200d"))
    | st.text(st.characters())
)


@given(TEXTS, TEXTS)
def test_the_quick_way_to_words_and_their_key_gives_what_the_plain_way_gives(
    title: str, text: str
) -> None:
    assert words_of(text) == reference.words_of(text)
    assert content_key(title, text) == reference.content_key(title, text)


def test_every_character_is_folded_as_the_plain_way_folds_it() -> None:
    texts = (f"a{chr(code)}B {chr(code)}" for code in range(0x110000))
    assert [text for text in texts if words_of(text) != reference.words_of(text)] == []


def test_every_two_western_characters_are_folded_as_the_plain_way_folds_them() -> None:
    signs = [bytes((byte,)).decode("cp1252", "replace") for byte in range(256)]
    texts = (one + other for one in signs for other in signs)
    assert [text for text in texts if words_of(text) != reference.words_of(text)] == []


def test_published_texts_have_the_keys_of_the_plain_way() -> None:
    paths = sorted(DATA.glob("*/dev.jsonl.gz"))
    if not paths:
        pytest.skip(f"no texts in {DATA}")
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line, _ in zip(lines, range(100), strict=False):
                text = str(json.loads(line).get("text") or "")
                assert words_of(text) == reference.words_of(text)


@given(URLS | st.from_regex(r"https?://[a-z.-]{0,9}[/!-~é ]{0,12}", fullmatch=True) | st.text())
@example("http://www.example.com")
@example("https://example.com/a;b//c?")
@example("http://-.example/%5B[")
@example("http://.:0/")
def test_an_address_has_the_key_of_the_plain_way(url: str) -> None:
    assert canonical_url(url) == reference.canonical_url(url)
    assert link_key(url) == reference.link_key(url)
    assert is_front_page(canonical_url(url)) == reference.is_front_page(url)
