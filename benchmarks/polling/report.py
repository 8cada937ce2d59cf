"""From measurements to a table and to one JSON object."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from importlib.metadata import version
from statistics import median
from typing import Any

from benchmarks.polling.rounds import Measurement, Results
from benchmarks.polling.scenarios import SCENARIOS

_HEAD = (
    f"{'':24} {'CPU ms/feed':>15} {'':>7} {'feeds/s/core':>15} {'wall ms/feed':>15}"
    f" {'new stories':>13}\n"
    f"{'':24} {'ours':>7} {'reader':>7} {'ratio':>7} {'ours':>7} {'reader':>7}"
    f" {'ours':>7} {'reader':>7} {'ours':>6} {'reader':>6}"
)


def as_json(results: Results, names: Collection[str]) -> dict[str, Any]:
    """Return the figures by scenario.

    ``*_ms`` is the CPU, ``*_wall_ms`` the time per feed, both the median of the rounds.
    ``ratio`` is how many times less CPU than reader, the median of the ratio of each round;
    ``stories`` what each stored in the last round.
    """
    return {
        "polling": {
            "feeds": results.feeds,
            "rounds": len(results.rounds),
            "mean_kb": round(results.mean_size / 1000, 1),
            "reader": version("reader"),
            "scenarios": {name: _scenario(results, name) for name in SCENARIOS if name in names},
        }
    }


def _scenario(results: Results, name: str) -> dict[str, Any]:
    rounds = [each[name] for each in results.rounds]
    return {
        "ours_ms": _per_feed(results, [each["ours"].cost.cpu for each in rounds]),
        "reader_ms": _per_feed(results, [each["reader"].cost.cpu for each in rounds]),
        "ratio": round(median(map(_ratio, rounds)), 2),
        "ratios": [round(_ratio(each), 2) for each in rounds],
        "ours_wall_ms": _per_feed(results, [each["ours"].cost.wall for each in rounds]),
        "reader_wall_ms": _per_feed(results, [each["reader"].cost.wall for each in rounds]),
        "stories": {who: made.stories for who, made in rounds[-1].items()},
    }


def _per_feed(results: Results, seconds: list[float]) -> float:
    return round(1000 * median(seconds) / results.feeds, 2)


def _ratio(pair: Mapping[str, Measurement]) -> float:
    return pair["reader"].cost.cpu / pair["ours"].cost.cpu


def as_table(figures: Mapping[str, Any]) -> str:
    """Return what :func:`as_json` made as text for people."""
    polling = figures["polling"]
    lines = [
        f"{polling['feeds']} feeds of 30 items, mean {polling['mean_kb']} KB; reader "
        f"{polling['reader']}; median of {polling['rounds']} interleaved rounds",
        _HEAD,
        *(_row(name, each) for name, each in polling["scenarios"].items()),
        *_differences(polling["scenarios"]),
    ]
    return "\n".join(lines)


def _row(name: str, each: Mapping[str, Any]) -> str:
    ours, reader = each["ours_ms"], each["reader_ms"]
    return (
        f"{SCENARIOS[name].title:24} {ours:7.2f} {reader:7.2f} {each['ratio']:6.1f}x"
        f" {1000 / ours:7.0f} {1000 / reader:7.0f}"
        f" {each['ours_wall_ms']:7.2f} {each['reader_wall_ms']:7.2f}"
        f" {each['stories']['ours']:6} {each['stories']['reader']:6}"
    )


def _differences(scenarios: Mapping[str, Any]) -> Iterator[str]:
    for name, each in scenarios.items():
        ours, reader = each["stories"]["ours"], each["stories"]["reader"]
        if ours != reader:
            yield f"{SCENARIOS[name].title}: not the same work, {ours - reader:+} stories with ours"
