"""The text of a story's page: what it is about, without what stands around it."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from monitor.errors import ParseError
from monitor.ingest.clean import MAX_TEXT
from monitor.ingest.pool import ParserPool
from tests.ingest.test_pool import workers

PARAGRAPHS = [
    f"The harbour council met for the {n}th time to weigh the plans for a breakwater, which "
    "fishermen say would keep the winter swell away from the inner basin of the old port."
    for n in range(4, 12)
]
TEASERS = "".join(
    f"<div class='teaser'><a href='/{n}'><h4>Another headline {n}</h4></a><p>A teaser ...</p></div>"
    for n in range(20)
)


def page(*paragraphs: str, around: str = TEASERS) -> bytes:
    body = "".join(f"<p>{each}</p>" for each in paragraphs)
    return (
        "<html><head><title>Harbour</title><script>var teaser = 1</script></head><body>"
        "<nav><a href='/'>Front page</a><a href='/sea'>Sea</a></nav>"
        f"<article><h1>Breakwater</h1>{body}</article><aside>{around}</aside>"
        "<footer>All rights reserved</footer></body></html>"
    ).encode()


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(1) as shared:
        yield shared


def read(pool: ParserPool, body: bytes, content_type: str = "text/html; charset=utf-8") -> str:
    return pool.read_article(body, content_type, "https://news.example/1")


def test_the_text_is_that_of_the_article_alone(pool: ParserPool) -> None:
    text = read(pool, page(*PARAGRAPHS))
    assert all(each in text for each in PARAGRAPHS)
    for beside in ("teaser", "Front page", "rights reserved", "headline"):
        assert beside not in text


def test_a_text_is_clean_whatever_the_page_holds(pool: ParserPool) -> None:
    odd = "Ships\u202e wait\x07 outside\u200b &amp; the <b>crew</b> waits too. "
    text = read(pool, page(odd, *PARAGRAPHS))
    assert "Ships wait outside & the crew waits too." in text


@pytest.mark.parametrize("charset", ["windows-1252", "utf-8", "utf-16"])
def test_a_page_is_read_in_the_encoding_it_was_sent_in(pool: ParserPool, charset: str) -> None:
    body = page("Die Fähre fährt über die Brücke von Århus, sagt der Käpitän.", *PARAGRAPHS)
    text = read(pool, body.decode().encode(charset), f"text/html; charset={charset}")
    assert "Die Fähre fährt über die Brücke von Århus" in text


def test_a_text_is_cut_where_that_of_a_feed_would_be(pool: ParserPool) -> None:
    assert 0 < len(read(pool, page(*PARAGRAPHS * 200))) <= MAX_TEXT


def test_of_a_page_without_end_the_first_two_million_characters_are_read(pool: ParserPool) -> None:
    late = page(*PARAGRAPHS, "x " * 1_100_000, "The last words of the page.")
    assert "The last words" not in read(pool, late)


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"\x00\xff" * 99, b"<p>" * 9])
def test_a_page_without_text_has_none(pool: ParserPool, body: bytes) -> None:
    assert len(read(pool, body)) < 200


@pytest.mark.parametrize(
    "body",
    [b"<div>" * 50_000, b"<a " + b" ".join(b"b%d=1" % n for n in range(9_000)) + b">x</a>"],
    ids=["nested", "heaps of attributes"],
)
def test_a_page_that_would_keep_its_reader_busy_is_refused_unread(
    pool: ParserPool, body: bytes
) -> None:
    with pytest.raises(ParseError, match="nested too deep"):
        read(pool, body)


def test_the_extractor_is_loaded_by_the_first_page_and_not_by_feeds() -> None:
    others = workers()
    with ParserPool(1) as pool:
        pool.parse(b"<rss version='2.0'><channel><title>A</title></channel></rss>", None, "")
        (worker,) = (each for each in workers() if each not in others)
        assert not loads_lxml(worker)
        read(pool, page(*PARAGRAPHS))
        assert loads_lxml(worker)
        assert worker.memory_info().rss < 80 * 1024 * 1024


def loads_lxml(worker: psutil.Process) -> bool:
    return any("lxml" in each.path for each in worker.memory_maps())
