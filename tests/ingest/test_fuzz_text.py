"""Whatever stands in a text, what is kept of it is clean, and is found in linear time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.ingest.clean import MAX_TEXT, clean_line, clean_text, plain_text
from monitor.ingest.fields import MAX_TITLE
from monitor.ingest.language import detect
from monitor.ingest.urls import canonical_url, content_key, host_of, is_front_page, link_key
from tests.fuzz.promises import assert_clean, text

QUICK = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
SLOWLY_MADE = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))

SIGNS = st.characters() | st.sampled_from(
    "<>/&;#!-='\" \t\r\n\x00\x1b\x7f\x85\xad\u0301\u0316\u061c\u200b\u200f\u2028\u202e\u2066"
    "\ufeff\uff9e\ufffe\ufffa\U000e0041\ud800\udfff"
)
PIECES = st.sampled_from(
    ["<p>", "</p>", "<b>", "<br/>", "<script>", "</script>", "<!--", "-->", "<![CDATA[", "&lt;",
     "&#x202e;", "&#0;", "&#xD800;", "&#1114112;", "&nbsp;", "&NotEqualTilde;", "<svg><title>",
     "<plaintext>", "<textarea>", "<math><mtext><mglyph>", "<template>", "<frameset>"]
)  # fmt: skip
MARKUP = st.lists(st.text(SIGNS, max_size=30) | PIECES, max_size=12).map("".join)


@QUICK
@given(MARKUP.map(lambda each: each.encode("utf-8", "surrogatepass")) | st.binary(max_size=200))
def test_any_text_becomes_clean_and_clean_text_stays_as_it_is(data: bytes) -> None:
    text(data)


WORDS = st.text("abcdefgh", min_size=1, max_size=6)
TAGS = st.sampled_from(["p", "div", "b", "i", "a", "li", "ul", "span", "td", "blockquote", "h2"])


def wrapped(tag: str, inner: list[str]) -> str:
    """Elements of one kind around what is inside, the first word with an attribute to hide in."""
    return f"<{tag} title='x > {inner[0][:3]}' onclick=\"y('<z>')\">{' '.join(inner)}</{tag}>"


TREES = st.recursive(
    WORDS, lambda inner: st.builds(wrapped, TAGS, st.lists(inner, min_size=1, max_size=3))
)


@QUICK
@given(
    WORDS, TREES, st.sampled_from(["", "<script>if (a<b) {}</script>", "<!-- <b> -->", "<style>"])
)
def test_of_markup_nothing_is_left(word: str, tree: str, more: str) -> None:
    found = plain_text(f"<p>{word}</p>{tree}{more}")
    assert found.startswith(word)
    assert not set(found) & set("<>='\"{}()")


ATOMS = st.sampled_from(
    ["<", ">", "&", ";", "<p>", "</p>", "<b>", "<a ", "a=", "<!--", "--", "<![CDATA[", "<script>",
     "<script ", "</", "<div>", "</div>", "<b a=1>", "<table>", "<tr>", "<svg>", "&lt;", "&#",
     "&#x", "&amp", "'", '"', "<p\n", "<?", "\u0301", "\u0316", "\uff9e", "\ufdfa", "\u1f82",
     "\n", " ", "\u00a0", "\u2028", "\u200b", "\u202e", "e", "word ", "<option>", "<select>",
     "<form>", "<font>", "<nobr>", "<i>", "<li>", "<dd>", "<h1>", "<template>", "=<"]
)  # fmt: skip
LONG = 500_000


@pytest.mark.parametrize("clean", [plain_text, clean_text, clean_line])
@SLOWLY_MADE
@given(atoms=st.lists(ATOMS, min_size=1, max_size=3), often=st.sampled_from([1, 7, 1_000_000]))
@example(atoms=["\u0301", "\u0316"], often=1_000_000)
def test_no_repetition_costs_more_than_its_length(
    clean: Callable[[str], str], atoms: list[str], often: int
) -> None:
    """``often`` atoms of the first kind, then of the second ..., again and again."""
    period = "".join(atom * min(often, LONG // len(atoms) // len(atom)) for atom in atoms)
    given_text = (period * (LONG // len(period)))[:LONG]
    started = time.process_time()
    clean(given_text)
    assert time.process_time() - started < 2, f"{atoms} x {often}"


@SLOWLY_MADE
@given(st.lists(ATOMS, min_size=1, max_size=3))
@example(["\u0301", "\uff9e"])
def test_no_clean_text_is_slow_to_tell_from_others(atoms: list[str]) -> None:
    period = "".join(atoms)
    kept = plain_text(period * (2 * MAX_TEXT // len(period)))
    started = time.process_time()
    content_key(kept[:MAX_TITLE], kept)
    detect(kept)
    assert time.process_time() - started < 0.5


ADDRESSES = st.one_of(
    st.text(SIGNS, max_size=60),
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "HTTPS", "javascript", "file", "h\u0131ttp", ""]),
        st.text(st.characters() | st.sampled_from("[]:@%.\u3002\uff0e\u00df\u0130"), max_size=30),
        st.sampled_from(["", ":", ":80", ":99999", ":-1", ":\u0663", ":0x50"]),
        st.text(SIGNS | st.sampled_from("?&=/%#"), max_size=30).map("/{}".format),
    ),
)  # fmt: skip


@QUICK
@given(ADDRESSES)
def test_no_address_breaks_its_reading(address: str) -> None:
    canonical = canonical_url(address)
    assert canonical_url(canonical) == canonical
    assert host_of(canonical) == host_of(address)
    assert len(link_key(address)) == 16
    assert is_front_page(address) in (True, False)


@QUICK
@given(st.text(SIGNS, max_size=80), st.text(SIGNS, max_size=80))
def test_any_title_and_text_have_a_key_and_the_same_one_cleaned_twice(
    title: str, body: str
) -> None:
    once, line = clean_text(body), clean_line(title)
    assert len(content_key(title, body)) == 16
    assert content_key(clean_line(line), clean_text(once)) == content_key(line, once)
    assert_clean(once)
