"""What a document is, by how it begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.kind import format_of


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("<?xml version='1.0'?>\n<rss version='2.0'><channel>", "RSS 2.0"),
        ('<!-- x --><?xml-stylesheet href="a"?><rss version="0.91">', "RSS 0.91"),
        ("<!DOCTYPE rss [<!ENTITY a 'b'>]><rss>", "RSS"),
        ("<feed xmlns='http://www.w3.org/2005/Atom'>", "Atom"),
        ("<a:feed xmlns:a='http://purl.org/atom/ns#'>", "Atom 0.3"),
        ("<rdf:RDF xmlns='http://purl.org/rss/1.0/'>", "RSS 1.0 (RDF)"),
        ('\ufeff {"version": "https://jsonfeed.org/version/1.1"}', "JSON Feed"),
        ('{"a": 1}', "JSON"),
        ("<!doctype html>\n<HTML lang=en>", "a web page"),
        ("<opml version='2.0'>", "OPML"),
        ("", "unknown"),
        ("news", "unknown"),
        ("<svg>", "unknown"),
    ],
)
def test_each_format_is_named(head: str, told: str) -> None:
    assert format_of(head.encode(), None) == told


def test_the_encoding_does_not_matter() -> None:
    assert format_of("<rss version='2.0'>".encode("utf-16"), None) == "RSS 2.0"


@given(st.binary(max_size=200))
def test_any_bytes_have_a_name(body: bytes) -> None:
    assert format_of(body, None)
