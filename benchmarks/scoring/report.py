"""From measurements to one JSON object and to a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version
from statistics import median
from typing import Any

from benchmarks.scoring.rounds import STAGED, Results, Stages, Turn

_HEAD = (
    f"{'topics':>7} {'stories/s/core':>17} {'':>7} {'us/story':>14} {'per story':>24}\n"
    f"{'':7} {'ours':>8} {'sklearn':>8} {'ratio':>7} {'ours':>7} {'sklearn':>6}"
    f" {'matches':>8} {'hits':>7} {'sklearn':>7}"
)


def as_json(results: Results, memory: Mapping[str, float]) -> dict[str, Any]:
    """Return the figures: speeds and ratios are medians of the rounds."""
    topics = {str(size): _topics(turns) for size, turns in results.turns.items()}
    few, many = min(results.turns), max(results.turns)
    return {
        "scoring": {
            "stories": results.stories,
            "mean_chars": round(results.mean_chars),
            "rounds": len(results.stages),
            "sklearn": version("scikit-learn"),
            "topics": topics,
            "most_topics_cost": round(_cost(results, many) / _cost(results, few), 2),
            "tenth_of_batch_cost": round(median(a / b for a, b in results.growth), 2),
            "shares": _shares(results.stages),
            "ready_s": {
                "ours": round(results.ours_ready, 1),
                "sklearn": round(results.theirs_ready, 1),
                "matcher": {str(size): round(took, 2) for size, took in results.built.items()},
            },
            "peak_mb": {who: round(peak) for who, peak in memory.items()},
        }
    }


def _topics(turns: list[Turn]) -> dict[str, Any]:
    stories = sum(turn.stories for turn in turns)
    return {
        "ours_per_s": round(median(turn.stories / turn.ours_cpu for turn in turns)),
        "sklearn_per_s": round(median(turn.stories / turn.theirs_cpu for turn in turns)),
        "ratio": round(median(turn.theirs_cpu / turn.ours_cpu for turn in turns), 2),
        "ratios": [round(turn.theirs_cpu / turn.ours_cpu, 2) for turn in turns],
        "matches_per_story": round(sum(turn.ours for turn in turns) / stories, 3),
        "hits_per_story": round(sum(turn.hits for turn in turns) / stories, 3),
        "sklearn_per_story": round(sum(turn.theirs for turn in turns) / stories, 3),
    }


def _cost(results: Results, size: int) -> float:
    return median(turn.ours_cpu / turn.stories for turn in results.turns[size])


def _shares(stages: list[Stages]) -> dict[str, float]:
    each = {
        "analysis": median(stage.analysis for stage in stages),
        "product": median(stage.product for stage in stages),
        "reasons": median(stage.reasons for stage in stages),
    }
    return {name: round(seconds / sum(each.values()), 3) for name, seconds in each.items()}


def as_table(figures: Mapping[str, Any]) -> str:
    """Return what :func:`as_json` made as text for people."""
    scoring = figures["scoring"]
    head = (
        f"{scoring['stories']} stories a turn, mean {scoring['mean_chars']} characters; "
        f"scikit-learn {scoring['sklearn']}; median of {scoring['rounds']} interleaved rounds"
    )
    rows = [_row(size, each) for size, each in scoring["topics"].items()]
    return "\n".join([head, _HEAD, *rows, *_facts(scoring)])


def _row(size: str, each: Mapping[str, Any]) -> str:
    ours, theirs = each["ours_per_s"], each["sklearn_per_s"]
    return (
        f"{size:>7} {ours:8} {theirs:8} {each['ratio']:6.1f}x {1e6 / ours:7.0f} {1e6 / theirs:6.0f}"
        f" {each['matches_per_story']:8.2f} {each['hits_per_story']:7.2f}"
        f" {each['sklearn_per_story']:7.2f}"
    )


def _facts(scoring: Mapping[str, Any]) -> Iterator[str]:
    shares = ", ".join(f"{name} {share:.0%}" for name, share in scoring["shares"].items())
    ready = scoring["ready_s"]
    built = ", ".join(f"{size}: {took}" for size, took in ready["matcher"].items())
    yield f"most topics against fewest, cost of a story: {scoring['most_topics_cost']}x"
    yield f"a tenth of the stories at a time, cost of a story: {scoring['tenth_of_batch_cost']}x"
    yield f"where the time goes with {STAGED} topics: {shares}"
    yield f"before the first story, CPU s: ours {ready['ours']}, sklearn {ready['sklearn']}"
    yield f"to make a matcher, CPU s by topics: {built}"
    peaks = ", ".join(f"{who} {peak}" for who, peak in scoring["peak_mb"].items())
    yield f"peak memory in a fresh process, MB: {peaks or 'not told by this system'}"
