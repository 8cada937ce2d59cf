"""What leaves this room is text and nothing else."""

from __future__ import annotations

import gzip
import html
import json
import re
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.clean import MAX_TEXT, clean_line, clean_text, is_excessive, plain_text
from tests.ingest import reference

HOSTILE = st.text(
    st.characters() | st.sampled_from("<>/&;#\x00\x1b\r\n\u2028\u202e\u200b\ud800\ufeff"),
    max_size=300,
)
SIMPLE = [
    *("<p>", "</p>", "<br>", "<br />", "</br>", "<hr/>", "<div class='a b'>", "</div>", "<h2>"),
    *("</h2>", "<h3>", "<ul>", "<li>", "</li>", "</ul>", "<blockquote cite=x/>", "</blockquote>"),
    *("<dl>", "<dt>", "<dd>", "</dl>", "<a href='/x?y=1&amp;z' rel=nofollow>", "</a>", "<b>"),
    *("</b>", "<EM>", "</em>", '<img src="a.jpg" alt="x" hidden/>', "<span >", "</span>", "<i>"),
    *("</i>", "<q>", "<sup>", "</sup>", "<figure>", "<figcaption>", "</figure>", "<nav>", "<time>"),
]
ODD = [
    *("<table>", "<tr>", "<td>", "</table>", "<select>", "<option>", "<pre>", "<textarea>", "<!--"),
    *(
        "-->",
        "<script>",
        "</script>",
        "<style>",
        "</style>",
        "<svg>",
        "</svg>",
        "<title>",
        "<body>",
    ),
    *(
        "</body>",
        "</html>",
        "<head>",
        "<a title='a>b'>",
        '<p class="a',
        '">',
        "<x-y>",
        "<p/",
        "<p-x>",
    ),
    *("<ſpan>", "<b\n>", "<?x?>", "<![CDATA[", "]]>", "<form>", "<button>", "<plaintext>", "< p>"),
    *('<p a="b"c>', "<p a = b>", "<template>", "<noscript>", "<math>", "<image>", "<frameset>"),
]
REFERENCES = [
    *("&amp;", "&lt;", "&gt;b>", "&nbsp;", "&rsquo;", "&eacute;", "&#8212;", "&#x2019;", "&#128;"),
    *("&#0;", "&#10;", "&#xA0;", "&amp;lt;", "&amp", "&notit;", "&unknown;", "&#128512;", "&#x1f;"),
    *("&#65534;", "&#131070;", "&#xFDD0;", "&", "&;", "&#;", "&copy", "&NotEqualTilde;"),
]
WORDS = [
    *("a", "word", " ", "  ", "\n", "\t", "\r\n", "\xa0", "\u2003", "\u2000", "\x1c", "\x85", "\0"),
    *(
        "é",
        "e\u0301",
        "\u0301",
        "“",
        "…",
        "国防",
        "\u202e",
        "\u200b",
        "\xad",
        "\ud800",
        "\U000e0041",
    ),
    *(">", '"', "'", "=", "/", "\ufffd", "\u1100\u1161", "\u0344", "ﬁ", "İ", "ß", "\x7f"),
]
MARKUP = st.lists(
    st.sampled_from(SIMPLE + WORDS[:6] + REFERENCES[:9])
    | st.sampled_from(SIMPLE + ODD + REFERENCES + WORDS)
    | st.text(max_size=5),
    max_size=25,
).map("".join)
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
UNWANTED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\u2028]")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\nTwo"),
        ("wor<b>d</b>s stay <i>whole</i>", "words stay whole"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ("<p>hard\n  wrapped\tline</p>", "hard wrapped line"),
        ("Fish &amp; chips &#8212; &eacute;t&#xe9;", "Fish & chips — été"),
        ("<p>&lt;b&gt; is a tag</p>", "<b> is a tag"),
        ("AT&amp;T", "AT&T"),
        ("a &lt; b", "a < b"),
        ("<script>alert('x')</script>seen<style>p{}</style>", "seen"),
        ("seen<template>hidden</template><noscript>x</noscript>", "seen"),
        ("<!-- a > b -->seen", "seen"),
        ('<img alt="a > b" src=x>seen', "seen"),
        ("<p>never closed", "never closed"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("", ""),
        ("   <p> </p>  ", ""),
    ],
)
def test_markup_becomes_text(markup: str, text: str) -> None:
    assert plain_text(markup) == text


def test_entities_are_decoded_once() -> None:
    assert plain_text("<p>write &amp;lt;b&amp;gt;</p>") == "write &lt;b&gt;"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("  two\n lines ", "two lines"),
        ("next\u2028line\u0085here", "next line here"),
        ("nul\x00 esc\x1b[31m bell\x07", "nul esc[31m bell"),
        ("\u202egnp.exe", "gnp.exe"),
        ("so\u00adft zero\u200bwidth", "soft zerowidth"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("e\u0301", "\u00e9"),
        ("<b>as it is</b> &amp;", "<b>as it is</b> &amp;"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
    ],
)
def test_a_line_is_cleaned_of_what_is_not_text(text: str, line: str) -> None:
    assert clean_line(text) == line


def test_a_text_keeps_its_lines_and_loses_the_blank_ones() -> None:
    assert clean_text(" one \r\n\r\n two\rthree ") == "one\ntwo\nthree"


@given(HOSTILE)
def test_nothing_unwanted_survives(text: str) -> None:
    for cleaned in (plain_text(text), clean_text(text), clean_line(text)):
        assert not UNWANTED.search(cleaned)
        cleaned.encode("utf-8")
        assert unicodedata.is_normalized("NFC", cleaned)
    assert "\n" not in clean_line(text)


@given(HOSTILE)
def test_clean_text_is_clean(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_line(clean_line(text)) == clean_line(text)


@given(HOSTILE)
def test_no_element_survives(text: str) -> None:
    assert "<script" not in plain_text(f"a<script>{text}</script><p>b<script {text}").lower()


@pytest.mark.parametrize("clean", [plain_text, clean_text, clean_line])
def test_a_text_has_an_upper_limit(clean: object) -> None:
    assert callable(clean)
    assert len(clean("word " * 100_000)) <= MAX_TEXT


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 100_000 + "deep",
        "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">wide",
        "".join(f"<b a={n}>" for n in range(250)) + "<p>x" * 100_000,
        '<p a="x ' * 100_000,
        "<p a\n" * 100_000,
        " \x0b\n\xa0" * 150_000,
        "<script>" * 100_000,
        "<!--" * 100_000,
        "<" * 500_000,
        "<a <a <a " * 50_000,
        "&" * 500_000,
        "&lt;" * 100_000,
    ],
    ids=[
        "depth",
        "attributes",
        "open formatting",
        "quotes",
        "blanks in tags",
        "blanks",
        "scripts",
        "comments",
        "lt",
        "tags",
        "amp",
        "lts",
    ],
)
def test_hostile_markup_costs_little(markup: str) -> None:
    started = time.process_time()
    plain_text(markup)
    assert time.process_time() - started < 3


@pytest.mark.parametrize("marks", ["\u0301\u0316", "\u0301\uff9e"], ids=["combining", "half-width"])
def test_heaps_of_marks_on_one_letter_are_cut_before_they_cost_anything(marks: str) -> None:
    started = time.process_time()
    cleaned = clean_text("e" + marks * 200_000)
    assert unicodedata.normalize("NFKC", cleaned).startswith("\u00e9")
    assert time.process_time() - started < 1
    assert len(cleaned) <= 31


def test_marks_and_ornaments_of_honest_texts_stay() -> None:
    for honest in ("q\u0323\u0307", "\uff76\uff9e", "\u2014" * 60, "\U0001f600" * 60):
        assert clean_text(honest) == unicodedata.normalize("NFC", honest)


def test_markup_that_is_too_deep_still_gives_its_text() -> None:
    markup = "<div>" * 5_000 + "<p>deep &amp; down</p><script>no</script>" + "</div>" * 5_000
    assert plain_text(markup) == "deep & down"


@given(MARKUP | HOSTILE)
def test_the_quick_way_gives_what_the_plain_way_gives(text: str) -> None:
    assert plain_text(text) == reference.plain_text(text)
    assert clean_text(text) == reference.clean_text(text)
    assert clean_line(text) == reference.clean_line(text)
    assert is_excessive(text) == reference.is_excessive(text)


@given(st.lists(st.sampled_from(SIMPLE + WORDS[:4]), max_size=40).map("".join))
def test_tags_that_only_have_to_go_are_those_a_parser_drops(markup: str) -> None:
    assert plain_text(markup) == reference.plain_text(markup)


def test_every_reference_means_what_it_means_to_a_parser() -> None:
    numbers = [*range(10_000), *range(0xFDC0, 0x10010), *range(119_990, 131_080, 3)]
    written = [f"&#{n};" for n in numbers] + [f"&#x{n:x};" for n in numbers] + REFERENCES
    wrong = [
        each
        for each in (f"<p>a{one}b</p>" for one in written)
        if plain_text(each) != reference.plain_text(each)
    ]
    assert wrong == []


def published() -> Iterator[str]:
    """Real texts, and real feed documents as if they were markup."""
    for corpus in ("allsides", "t17", "wikitimes"):
        path = DATA / corpus / "dev.jsonl.gz"
        if path.is_file():
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line, _ in zip(lines, range(400), strict=False):
                    yield str(json.loads(line).get("text") or "")
    for path in sorted((DATA / "feeds" / "files").glob("*")):
        yield path.read_bytes()[:20_000].decode("utf-8", "replace")


def test_published_texts_come_out_as_the_plain_way_has_them() -> None:
    texts = list(published())
    if not texts:
        pytest.skip(f"no texts in {DATA}")
    for text in texts:
        assert clean_text(text) == reference.clean_text(text)
        for markup in (text, html.unescape(text)):
            assert plain_text(markup) == reference.plain_text(markup)


@pytest.mark.parametrize(
    "markup",
    [
        "<table><tr><td>cell</td></tr>first</table><p>after",
        "<p>lone \ud800 surrogate</p>",
        "<p>nul \0 inside</p>",
        '<img alt="a > b">seen',
        '<p title="a" b">seen',
        "<select><p>one<option>two</select>",
        "<title>not body</title><p>seen",
        "<textarea><b>raw</b></textarea>",
        "<ſection>x</ſection>",
    ],
)
def test_what_a_parser_does_more_with_is_left_to_it(markup: str) -> None:
    assert plain_text(markup) == reference.plain_text(markup)
