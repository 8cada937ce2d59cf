from __future__ import annotations

import tracemalloc
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from monitor.matching.features import column_of
from monitor.matching.split import split
from monitor.matching.table import TokenColumns
from monitor.matching.text import Analyzer
from tests.matching.builders import RAGGED, STEADY

CAPITALS = ["US", "us", "Us", "USA", "usa", "WHO", "who", "U.S.", "u.s", "US,us", "Iraq", "IRAQ's"]
OTHERS = ["b.c", "d,e.F", "2,500", "caf\u00e9", "don\u2019t", "x" * 16, "x" * 17, "X" * 70]


class CountingAnalyzer(Analyzer):
    """Remembers how often it was asked for each token."""

    def __init__(self) -> None:
        super().__init__("en")
        self.asked: Counter[str] = Counter()

    def words(self, token: str) -> tuple[tuple[str, str], ...]:
        self.asked[token] += 1
        return super().words(token)


def table(places: int, analyzer: Analyzer | None = None) -> TokenColumns:
    return TokenColumns(analyzer or Analyzer("en"), column_of, places)


def found(columns: TokenColumns, text: str) -> list[tuple[int, int]]:
    """The number of each token that has terms, with the column of each term, in order."""
    numbers, their_columns = columns.find(split([text])[0])
    return sorted(zip(numbers.tolist(), their_columns.tolist(), strict=True))


def worked_out(text: str) -> list[tuple[int, int]]:
    analyzer = Analyzer("en")
    return sorted(
        (number, column_of(stem))
        for number, token in enumerate(split([text])[0])
        for stem, _ in analyzer.words(token.decode("utf-8", "surrogatepass"))
    )


@STEADY
@given(st.lists(st.lists(st.sampled_from([*CAPITALS, *OTHERS]) | RAGGED).map(" ".join), max_size=6))
def test_a_table_answers_as_if_every_token_were_worked_out(texts: list[str]) -> None:
    small, large = table(places=2), table(places=1024)
    for text in texts:
        assert found(small, text) == found(large, text) == worked_out(text)


def test_a_word_is_worked_out_once_in_whatever_capitals() -> None:
    analyzer = CountingAnalyzer()
    columns = table(1024, analyzer)
    for text in ["Harbour", "harbour HARBOUR", "harbour, \u201charbour\u201d"]:
        found(columns, text)
    assert analyzer.asked.total() == 1


def test_a_token_without_a_place_is_remembered_too() -> None:
    analyzer = CountingAnalyzer()
    columns = table(1024, analyzer)
    for _ in range(3):
        found(columns, "caf\u00e9 administrations US O'Neill")
    assert analyzer.asked.total() == 4


def test_memory_is_bounded() -> None:
    columns = table(places=1024)
    tracemalloc.start()
    for number in range(0, 50_000, 500):
        tokens = [f"w{n}x w{n}é w{n}{'é' * 1000}" for n in range(number, number + 500)]
        found(columns, " ".join(tokens))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 4_000_000
