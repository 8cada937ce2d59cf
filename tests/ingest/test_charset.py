"""Bytes become characters by what the web knows, and never by what else Python knows."""

from __future__ import annotations

import codecs
import time
import xml.sax

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.charset import decode, scrub


def declared(encoding: str, text: str = "<t>x</t>") -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>{text}'.encode("latin-1")


def test_without_any_hint_it_is_utf_8_and_else_windows_1252() -> None:
    assert decode("é“".encode(), None) == "é“"
    assert decode("é“".encode("cp1252"), None) == "é“"
    assert decode(b"\x81", None) == "\ufffd"


def test_the_declaration_is_believed_and_the_header_before_it() -> None:
    assert decode(declared("iso-8859-5", "<t>\xb0</t>"), None).endswith("<t>\u0410</t>")
    body = declared("iso-8859-5", "<t>\xe9</t>")
    assert decode(body, "text/xml; charset=iso-8859-2").endswith("<t>é</t>")


def test_utf_8_is_not_taken_for_a_one_byte_encoding_by_a_servers_default() -> None:
    body = "<t>“é”</t>".encode()
    assert decode(body, "text/xml; charset=ISO-8859-1") == "<t>“é”</t>"
    assert decode(declared("windows-1252") + body, None).endswith("<t>“é”</t>")


def test_a_byte_order_mark_is_believed_before_all() -> None:
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ):
        assert decode(mark + "<rss>é".encode(name), "text/xml; charset=koi8-r") == "<rss>é"


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_show_in_their_first_bytes(name: str) -> None:
    assert decode("<rss>é</rss>".encode(name), None) == "<rss>é</rss>"


@pytest.mark.parametrize(
    "name",
    ["undefined", "idna", "utf-7", "zip", "rot13", "unicode_escape", "punycode", "mbcs", "klingon",
     "utf-16", "\x00", "..", "x" * 5_000],
)  # fmt: skip
def test_other_names_are_as_if_nothing_was_said(name: str) -> None:
    body = declared(name, "<t>+AGE- \\u0061 é</t>".encode().decode("latin-1"))
    for content_type in (None, f"text/xml; charset={name}"):
        assert decode(body, content_type).endswith("<t>+AGE- \\u0061 é</t>")


def test_a_charset_that_does_not_fit_is_not_believed() -> None:
    assert decode("<t>é</t>".encode("cp1252"), "text/xml; charset=utf-8") == "<t>é</t>"


def test_a_charset_behind_a_heap_of_blanks_costs_nothing() -> None:
    started = time.process_time()
    assert decode(b"\xe9", f"text/xml; charset={' ' * 64_000}!") == "\xe9"
    assert decode(b"\xb0", "text/xml; charset = ' iso-8859-5'") == "\u0410"
    assert time.process_time() - started < 1


def test_narrow_names_mean_what_browsers_take_them_for() -> None:
    assert decode(b"\x93x\x94", "text/xml; charset=iso-8859-1") == "“x”"
    assert decode(b"\x93x\x94", "text/xml; charset=us-ascii") == "“x”"
    assert decode("㐀".encode("gb18030"), "text/xml; charset=gb2312") == "㐀"


@given(st.binary(max_size=200), st.none() | st.text(max_size=50))
def test_any_bytes_become_characters(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode(body, content_type), str)


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("\ufeff \n<?xml version='1.0' encoding='x'?>\n<a/>", "<a/>"),
        ("<a>\x00\x0b\x1f\ufffe\ud800</a>", "<a></a>"),
        ("<a>&#xD800;&#0;&#x1F;&#99999999999999999999;&#x110000;&#xFFFE</a>", "<a></a>"),
        ("<a>&#8211;&#x2014;&#000065;&#9;</a>", "<a>&#8211;&#x2014;&#000065;&#9;</a>"),
        ("<a>&amp;#0;</a>", "<a>&amp;#0;</a>"),
        ("<a>\ttab\r\nline</a>", "<a>\ttab\r\nline</a>"),
    ],
)
def test_scrubbing_removes_only_what_xml_forbids(text: str, scrubbed: str) -> None:
    assert scrub(text) == scrubbed


@given(st.text(st.characters(exclude_characters="<&]"), max_size=100), st.integers(0, 0x120000))
def test_scrubbed_text_is_taken_by_a_strict_parser(text: str, code: int) -> None:
    document = scrub(f"<a>{text}&#{code};&#x{code:X};</a>").encode("utf-8")
    xml.sax.parseString(document, xml.sax.ContentHandler())
