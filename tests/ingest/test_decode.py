"""A body is unpacked completely or not at all, within fixed memory."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import FetchError
from monitor.ingest.decode import Decoder

MIB = 1024 * 1024


def decode(chunks: Iterable[bytes], coding: str = "gzip", limit: int = MIB) -> bytes:
    decoder = Decoder(coding, limit)
    for chunk in chunks:
        decoder.feed(chunk)
    return decoder.finish()


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def zeros(mebibytes: int, level: int = 9) -> bytes:
    packer = zlib.compressobj(level, wbits=31)
    pieces = [packer.compress(bytes(MIB)) for _ in range(mebibytes)]
    return b"".join([*pieces, packer.flush()])


@given(st.binary(max_size=5_000), st.integers(1, 700), st.integers(0, 2))
def test_what_was_packed_comes_out_however_it_was_cut(body: bytes, size: int, layers: int) -> None:
    packed = body
    for _ in range(layers):
        packed = gzip.compress(packed)
    assert decode(cut(packed, size), ", ".join(["gzip"] * layers)) == body


@given(st.binary(min_size=1, max_size=300), st.data())
def test_a_gzip_body_cut_off_anywhere_is_a_failure(body: bytes, data: st.DataObject) -> None:
    packed = gzip.compress(body)
    end = data.draw(st.integers(0, len(packed) - 1))
    with pytest.raises(FetchError, match="cut off"):
        decode([packed[:end]])


@given(st.binary(max_size=2_000), st.sampled_from(["gzip", "gzip, gzip"]))
def test_garbage_is_a_failure_and_nothing_else(body: bytes, coding: str) -> None:
    with pytest.raises(FetchError):
        decode([b"\x00" + body], coding)


def test_a_large_compressible_body_is_unpacked_to_its_last_byte() -> None:
    body = bytes(8 * MIB) + b"end"
    assert decode([gzip.compress(body)], limit=9 * MIB) == body


@pytest.mark.parametrize("coding", ["", "identity", "Identity , identity"])
def test_an_uncoded_body_is_left_alone(coding: str) -> None:
    assert decode([b"as ", b"it is"], coding) == b"as it is"


def test_x_gzip_is_gzip() -> None:
    assert decode([gzip.compress(b"old name")], "X-GZip") == b"old name"


def test_members_follow_each_other_and_padding_behind_them_is_ignored() -> None:
    assert decode([gzip.compress(b"one ") + gzip.compress(b"two") + bytes(512)]) == b"one two"


@given(st.integers(1, 60))
def test_a_member_is_found_however_the_chunks_are_cut(size: int) -> None:
    members = gzip.compress(b"one ") + gzip.compress(b"two ") + gzip.compress(b"three")
    assert decode(cut(members, size)) == b"one two three"
    assert decode(cut(members + bytes(7) + members, size)) == b"one two three"


def test_a_member_behind_a_body_that_fills_its_last_piece_is_found() -> None:
    whole = bytes(64 * 1024)
    first = gzip.compress(whole)
    assert decode([first, b"", gzip.compress(b"two")]) == whole + b"two"


def test_a_member_of_which_only_the_first_byte_came_is_cut_off() -> None:
    with pytest.raises(FetchError, match="cut off"):
        decode([gzip.compress(b"one"), b"\x1f"])


def test_what_follows_padding_is_padding() -> None:
    packed = gzip.compress(b"one") + bytes(5) + gzip.compress(b"two")
    assert {decode(cut(packed, size)) for size in range(1, len(packed) + 1)} == {b"one"}


def bare(body: bytes) -> bytes:
    """As many servers send what they call deflate."""
    return zlib.compress(body, wbits=-15)


@given(st.binary(max_size=3_000), st.integers(1, 700), st.sampled_from([zlib.compress, bare]))
def test_deflate_is_unpacked_with_its_head_and_without(
    body: bytes, size: int, pack: Callable[[bytes], bytes]
) -> None:
    assert decode(cut(pack(body), size), "deflate") == body


@given(st.binary(min_size=1, max_size=300), st.sampled_from([zlib.compress, bare]), st.data())
def test_a_deflate_body_cut_off_anywhere_is_a_failure(
    body: bytes, pack: Callable[[bytes], bytes], data: st.DataObject
) -> None:
    packed = pack(body)
    with pytest.raises(FetchError, match="cut off"):
        decode([packed[: data.draw(st.integers(0, len(packed) - 1))]], "deflate")


def test_codings_are_undone_from_the_last_to_the_first() -> None:
    packed = gzip.compress(zlib.compress(b"twice"))
    assert decode(cut(packed, 3), "deflate, gzip") == b"twice"


@pytest.mark.parametrize("wbits", [15, -15], ids=["zlib", "bare"])
def test_a_deflate_bomb_is_stopped_at_the_limit_in_little_memory(wbits: int) -> None:
    packer = zlib.compressobj(9, wbits=wbits)
    bomb = b"".join([*(packer.compress(bytes(MIB)) for _ in range(64)), packer.flush()])
    assert peak_while_refused(bomb, "deflate") < 4 * MIB


def test_a_body_in_very_many_pieces_is_refused() -> None:
    with pytest.raises(FetchError, match="more than 100,000 pieces"):
        decode([b"x"] * 100_001, "")


def test_heaps_of_empty_members_are_refused() -> None:
    with pytest.raises(FetchError, match="gzip members"):
        decode([gzip.compress(b"") * 1_000])


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, br", "compress", "klingon"])
def test_codings_that_were_not_asked_for_are_refused(coding: str) -> None:
    with pytest.raises(FetchError, match="not asked for"):
        Decoder(coding, MIB)


def test_at_most_two_codings_are_undone() -> None:
    with pytest.raises(FetchError, match="3 content codings"):
        Decoder("gzip, gzip, gzip", MIB)


@pytest.mark.parametrize("coding", ["gzip", ""])
def test_a_body_may_have_exactly_the_limit(coding: str) -> None:
    body = bytes(1_000)
    packed = gzip.compress(body) if coding else body
    assert decode([packed], coding, limit=1_000) == body
    with pytest.raises(FetchError, match="larger than 999 bytes"):
        decode([packed], coding, limit=999)


def test_a_bomb_is_stopped_at_the_limit_in_little_memory() -> None:
    assert peak_while_refused(zeros(64), "gzip") < 4 * MIB


def peak_while_refused(bomb: bytes, coding: str) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(FetchError, match="larger"):
            decode([bomb], coding, limit=MIB)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_inside_a_bomb_is_stopped_between_the_two() -> None:
    packed = gzip.compress(zeros(64, level=0))  # 64 MiB between the codings
    with pytest.raises(FetchError, match="larger"):
        decode([packed], "gzip, gzip", limit=MIB)
