"""A redirect for ever is believed when it was said often enough; a temporary one never."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import AddressRefused, FetchError, ParseError
from monitor.ingest.moves import move_after, move_failed
from monitor.records import Feed, Move
from tests.ingest.builders import feed

OLD = "https://news.example/feed.xml"
NEW = "https://new.example/feed.xml"
NEXT = "https://next.example/feed.xml"
UNMOVED = Move()


def moved(*targets: str | None, move: Move = UNMOVED) -> Feed:
    """The feed after answers that led to ``targets``."""
    it = replace(feed(url=OLD), move=move)
    for target in targets:
        it = replace(it, move=move_after(it.move, target, it.address))
    return it


def test_the_third_redirect_in_a_row_is_believed() -> None:
    assert [moved(*[NEW] * n).address for n in range(5)] == [OLD, OLD, OLD, NEW, NEW]


@pytest.mark.parametrize("between", [None, NEXT], ids=["none or a temporary one", "another"])
def test_they_must_be_in_a_row_and_to_one_address(between: str | None) -> None:
    assert moved(NEW, NEW, between, NEW).address == OLD


def test_a_redirect_to_the_address_itself_is_no_move() -> None:
    assert moved(OLD, OLD, OLD).move == Move()


def test_a_confirmed_address_is_kept_as_long_as_it_answers() -> None:
    assert moved(*[NEW] * 3, *[None] * 100).address == NEW


def test_one_that_redirects_for_ever_itself_is_replaced_when_it_said_so_as_often() -> None:
    found = [moved(*[NEW] * 3, *[NEXT] * n).address for n in range(5)]
    assert found == [NEW, NEW, NEW, NEXT, NEXT]


def test_and_is_kept_meanwhile_and_where_it_takes_that_back() -> None:
    assert moved(*[NEW] * 3, NEXT, NEXT, None, NEXT, NEXT).address == NEW


def test_it_may_move_back() -> None:
    assert moved(*[NEW] * 3, *[OLD] * 3).address == OLD


GONE: list[Exception] = [
    FetchError("x", status=404),
    FetchError("x", status=410),
    AddressRefused("x"),
]
PASSING: list[Exception] = [
    FetchError("x", status=503),
    FetchError("x", status=403),
    FetchError("x"),
    ParseError(),
]


@pytest.mark.parametrize("error", GONE)
def test_a_confirmed_address_that_is_gone_or_refused_is_forgotten(error: Exception) -> None:
    assert move_failed(moved(*[NEW] * 3), error) == Move()


@pytest.mark.parametrize("error", PASSING)
def test_one_that_merely_fails_is_kept_for_a_day(error: Exception) -> None:
    it = moved(*[NEW] * 3)
    found = [move_failed(replace(it, failures=n), error) for n in range(6)]
    assert found == [it.move] * 4 + [Move()] * 2


@pytest.mark.parametrize("error", GONE + PASSING)
def test_what_is_not_confirmed_yet_is_not_to_blame(error: Exception) -> None:
    it = moved(NEW, NEW)
    assert move_failed(replace(it, failures=20), error) == it.move
