"""The polling benchmark at toy size: both contenders do the same work, and all of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping

import pytest

from benchmarks.polling.cost import Cost, cost_of
from benchmarks.polling.documents import ITEMS, make_feed
from benchmarks.polling.report import as_json, as_table
from benchmarks.polling.rounds import Measurement, Results, measure
from benchmarks.polling.scenarios import SCENARIOS
from monitor.ingest.parse import parse_feed
from monitor.records import Entry

FEEDS = 3
KINDS_AND_LENGTHS = 20
"""So many feeds hold every kind, both with full texts and with summaries."""
BUSY = "import time\nwhile time.process_time() < 0.3: pass"


@pytest.fixture(scope="module")
def toy() -> Results:
    """One round over three feeds."""
    pytest.importorskip("reader", reason="the library reader, which is measured beside, is absent")
    return measure(FEEDS, 1, tuple(SCENARIOS), lambda _what: None)


def test_both_store_every_story_at_the_first_poll(toy: Results) -> None:
    assert stories(toy, "first") == {"ours": FEEDS * ITEMS, "reader": FEEDS * ITEMS}


@pytest.mark.parametrize("scenario", ["unchanged_304", "unchanged_no_validators"])
def test_neither_stores_anything_from_an_unchanged_feed(toy: Results, scenario: str) -> None:
    assert stories(toy, scenario) == {"ours": 0, "reader": 0}


def test_both_store_only_the_new_story_where_one_in_thirty_is_new(toy: Results) -> None:
    assert stories(toy, "one_new_item") == {"ours": FEEDS, "reader": FEEDS}


def test_every_poll_costs_cpu_and_time(toy: Results) -> None:
    costs = [made.cost for pair in toy.rounds[0].values() for made in pair.values()]
    assert len(costs) == 2 * len(SCENARIOS)
    assert all(cost.cpu > 0 and cost.wall > 0 for cost in costs)


def test_the_work_of_a_child_that_has_ended_is_counted() -> None:
    cost = cost_of(lambda: subprocess.run([sys.executable, "-c", BUSY], check=True))
    assert 0.29 < cost.cpu < 3


def test_the_work_of_a_child_that_lives_on_is_counted() -> None:
    lives_on = [sys.executable, "-c", f"{BUSY}\nprint('done', flush=True)\ninput()"]
    with subprocess.Popen(lives_on, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        cost = cost_of(child.stdout.readline)
        child.stdin.write(b"end\n")
    assert 0.27 < cost.cpu < 3


def test_the_ratio_is_the_median_of_the_ratios_of_the_rounds() -> None:
    cpu_of_ours_and_reader = [(1.0, 5.0), (2.0, 4.0), (1.0, 30.0)]
    figures = as_json(results(cpu_of_ours_and_reader), ["first"])["polling"]["scenarios"]["first"]
    assert figures["ratios"] == [5.0, 2.0, 30.0]
    assert figures["ratio"] == 5.0
    assert (figures["ours_ms"], figures["reader_ms"]) == (100.0, 500.0)


def test_the_table_names_a_difference_in_the_work_done() -> None:
    same = as_table(as_json(results([(1.0, 2.0)]), ["first"]))
    fewer = as_table(as_json(results([(1.0, 2.0)], read_by_reader=270), ["first"]))
    assert "not the same work" not in same
    assert "first poll: not the same work, +30 stories with ours" in fewer


@pytest.mark.parametrize("number", range(KINDS_AND_LENGTHS))
def test_the_second_edition_of_a_feed_has_one_item_more_on_top_and_lacks_the_oldest(
    number: int,
) -> None:
    first, second = (entries(body) for body in make_feed(1, number).editions)
    assert len(first) == len(second) == ITEMS
    assert second[1:] == first[:-1]
    assert second[0] not in first


def test_feeds_are_the_same_bytes_for_the_same_seed_only() -> None:
    assert make_feed(1, 4) == make_feed(1, 4)
    assert make_feed(1, 4) != make_feed(2, 4)


def test_feeds_weigh_what_real_ones_weigh() -> None:
    sizes = [len(make_feed(1, number).editions[0]) for number in range(KINDS_AND_LENGTHS)]
    assert 60_000 < sum(sizes) / len(sizes) < 90_000
    assert sum(size > 100_000 for size in sizes) == len(sizes) / 2


def test_json_is_one_object(toy: Results) -> None:
    figures = json.loads(json.dumps(as_json(toy, tuple(SCENARIOS))))
    assert list(figures) == ["polling"]
    assert list(figures["polling"]["scenarios"]) == list(SCENARIOS)


def stories(toy: Results, scenario: str) -> Mapping[str, int]:
    return {name: made.stories for name, made in toy.rounds[0][scenario].items()}


def results(cpu: list[tuple[float, float]], *, read_by_reader: int = 300) -> Results:
    """Ten feeds polled once a round, for so many seconds of CPU each."""
    return Results(
        feeds=10,
        mean_size=80_000,
        rounds=tuple(
            {
                "first": {
                    "ours": Measurement(Cost(ours, ours), 300),
                    "reader": Measurement(Cost(reader, reader), read_by_reader),
                }
            }
            for ours, reader in cpu
        ),
    )


def entries(body: bytes) -> tuple[Entry, ...]:
    return parse_feed(body, "application/xml", "https://site.example/feed").entries
