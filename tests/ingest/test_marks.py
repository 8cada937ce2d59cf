"""What is remembered of a document's items comes back as it was, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.ingest.marks import MAX_MARKS, Mark, pack, unpack

PARTS = st.none() | st.binary(min_size=8, max_size=8).filter(any)
MARKS = st.builds(Mark, st.binary(min_size=16, max_size=16), PARTS, PARTS, PARTS, PARTS)


def mark(number: int) -> Mark:
    return Mark(number.to_bytes(16, "big"), b"the guid", None, b"the link", b"the text")


@given(st.lists(MARKS, max_size=40))
def test_marks_come_back_as_they_were(marks: list[Mark]) -> None:
    assert unpack(pack(marks)) == tuple(marks)


def test_a_mark_takes_less_than_fifty_bytes() -> None:
    assert len(pack([mark(n) for n in range(30)])) < 30 * 50


@given(st.lists(MARKS, min_size=1, max_size=5), st.data())
def test_what_was_damaged_is_no_marks(marks: list[Mark], data: st.DataObject) -> None:
    packed = bytearray(pack(marks))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    assert unpack(bytes(packed)) == ()


@given(st.lists(MARKS, min_size=1, max_size=5), st.data())
def test_what_was_cut_off_is_no_marks(marks: list[Mark], data: st.DataObject) -> None:
    packed = pack(marks)
    assert unpack(packed[: data.draw(st.integers(0, len(packed) - 1))]) == ()


@given(st.binary())
def test_garbage_is_no_marks(garbage: bytes) -> None:
    assert unpack(garbage) == ()


def test_nothing_stored_is_no_marks() -> None:
    assert unpack(None) == ()


def test_another_version_is_no_marks(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = pack([mark(1)])
    monkeypatch.setattr("monitor.ingest.marks._VERSION", b"marks 0")
    assert unpack(packed) == ()


def test_a_document_of_too_many_items_is_not_remembered_at_all() -> None:
    most = [mark(n) for n in range(MAX_MARKS)]
    assert unpack(pack(most)) == tuple(most)
    assert unpack(pack([*most, mark(MAX_MARKS)])) == ()
