"""Whatever comes over a wire or a pipe is within its limits, or one of our own errors."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.ingest import frames
from monitor.ingest.cadence import fresh_for, parse_retry_after
from monitor.ingest.charset import decode
from monitor.ingest.decode import Decoder
from monitor.ingest.target import parse
from tests.fuzz import promises
from tests.fuzz.seeds import DOCUMENTS
from tests.ingest.builders import NOW

QUICK = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
SLOWLY_MADE = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
LIMIT = 4_000


def packed(body: bytes, layers: int, level: int) -> bytes:
    for _ in range(layers):
        body = gzip.compress(body, level, mtime=0)
    return body


BODIES = st.binary(max_size=300) | st.integers(0, 3 * LIMIT).map(bytes)
PACKED = st.builds(packed, BODIES, st.integers(0, 3), st.sampled_from([0, 1, 9]))


@QUICK
@given(PACKED, st.integers(0, 10_000), st.binary(max_size=9), st.sampled_from(promises.CODINGS))
def test_a_damaged_body_is_an_error_or_within_its_limit(
    body: bytes, at: int, damage: bytes, coding: str
) -> None:
    at %= len(body) + 1
    with suppress(FetchError):
        decoder = Decoder(coding, LIMIT)
        decoder.feed(body[:at] + damage)
        decoder.feed(body[at + len(damage) :])
        assert len(decoder.finish()) <= LIMIT


@QUICK
@given(st.lists(st.integers(0, 3) | st.just(40), max_size=6), st.binary(max_size=20), st.data())
def test_members_of_any_size_unpack_to_all_of_them_or_to_an_error(
    sizes: list[int], rest: bytes, data: st.DataObject
) -> None:
    whole = b"".join(gzip.compress(bytes(size), mtime=0) for size in sizes) + rest
    cut = data.draw(st.integers(0, len(whole)))
    decoder = Decoder("gzip", LIMIT)
    with suppress(FetchError):
        decoder.feed(whole[:cut])
        decoder.feed(whole[cut:])
        assert decoder.finish() == bytes(sum(sizes)), "a body was taken for whole that is not"


@QUICK
@given(
    st.text(max_size=60) | st.lists(st.sampled_from(["gzip", "", "identity", "\t"])).map(",".join)
)
def test_any_content_encoding_is_read_or_refused(header: str) -> None:
    with suppress(FetchError):
        decoder = Decoder(header, LIMIT)
        decoder.feed(b"as it is")
        decoder.finish()


@QUICK
@given(st.integers(0, 7), st.sampled_from(DOCUMENTS), st.integers(0, 900), st.binary(max_size=30))
def test_any_bytes_in_any_charset_become_characters_that_xml_allows(
    kind: int, document: bytes, at: int, damage: bytes
) -> None:
    promises.charset(bytes([kind]) + document[:at] + damage + document[at:])


def frame_reader(data: bytes) -> Callable[[int], bytes]:
    """Reads from ``data`` as from a pipe that ends with it."""
    at = 0

    def exactly(count: int) -> bytes:
        nonlocal at
        if len(data) - at < count:
            raise EOFError
        at += count
        return data[at - count : at]

    return exactly


HEADERS = st.dictionaries(
    st.text(max_size=8), st.none() | st.integers() | st.text(max_size=20), max_size=4
)


@QUICK
@given(HEADERS, st.binary(max_size=50))
def test_a_frame_comes_out_as_it_went_in(header: dict[str, object], body: bytes) -> None:
    assert frames.read(frame_reader(frames.pack(header, body))) == (header, body)


@QUICK
@given(st.binary(max_size=40))
@example(b"\xff" * 40)
@example(b"\x00\x00\x00\x02\x00\x00\x00\x00{]")
def test_what_is_no_frame_is_the_end_of_the_stream_or_no_json(data: bytes) -> None:
    """A worker that writes anything else is replaced: ``pool`` takes both for its end."""
    with suppress(EOFError, ValueError):
        frames.read(frame_reader(data))


MOMENTS = st.datetimes(timezones=st.just(UTC)).map("{:%a, %d %b %Y %H:%M:%S GMT}".format)
HEADER_DATES = st.one_of(
    MOMENTS,
    st.integers().map(str),
    st.text("0123456789:, -+GMTadeFSun", max_size=40),
    st.sampled_from(
        ["Sat, 14 Mar 2026 12:10:00 +9999", "1 Jan 0001 00:00 +2359", "00 " * 9, "\u0661"]
    ),
)


@QUICK
@given(HEADER_DATES, st.none() | HEADER_DATES)
def test_any_retry_after_asks_for_a_span_or_for_nothing(value: str, date: str | None) -> None:
    span = parse_retry_after(value, date, NOW)
    assert span is None or span >= timedelta(0)


REPEATED = st.lists(
    st.sampled_from(
        [" ", "\t", ",", ";", "=", ":", "/", "?", "#", "%", "@", ".", "[", "]", "a", "0", "-", "+",
         "charset=", "Sat,", "GMT", "\u00fc.", "\u0301", "/../", "://", "\\", "'", '"', "(", ")"]
    ),
    min_size=1,
    max_size=3,
).map("".join)  # fmt: skip
LONGEST = 60_000
"""Nearly as long as a head may be."""


@SLOWLY_MADE
@given(st.sampled_from(["", "charset=", "http://", "max-age=", "Sat, 14 Mar "]), REPEATED)
@example("charset=", " ")
def test_no_header_costs_more_than_its_length(begin: str, repeated: str) -> None:
    value = begin + repeated * (LONGEST // len(repeated))
    started = time.process_time()
    decode(b"<rss/>", value)
    fresh_for({"cache-control": value, "expires": value, "date": value, "age": value}, NOW)
    parse_retry_after(value, value, NOW)
    with suppress(FetchError):
        parse("http://news.example/feed").join(value)
    with suppress(FetchError):
        Decoder(value, LIMIT)
    assert time.process_time() - started < 1
