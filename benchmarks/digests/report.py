"""From measurements to one JSON object and to tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any, TypeVar

from benchmarks.digests.beside import PARTS, Beside
from benchmarks.digests.rounds import Crowd, Results, Served
from benchmarks.digests.stages import STAGES

Turn = TypeVar("Turn")

_SERVED = (
    f"{'matches':>10} {'CPU ms':>8} {'cost':>7} {'told':>6} {'cut':>6}"
    f" {'HTML bytes':>11} {'mail bytes':>11}"
)
_CROWDS = (
    f"{'recipients':>10} {'CPU ms each':>12} {'cost each':>10} {'quiet tick ms':>14}"
    f" {'after a match ms':>17}"
)
_BESIDE = (
    f"{'ours by simple':>15} {'whole':>7} {'templates':>10} {'MIME':>6}"
    f" {'HTML bytes: ours':>17} {'simple':>9}"
)


def as_json(results: Results, memory: Mapping[str, float]) -> dict[str, Any]:
    """Return the figures: medians of the rounds, ratios taken within each round.

    ``cost`` is against the first case of its table; ``simple`` holds how many times the CPU of the
    simple method ours takes.
    """
    return {
        "digests": {
            "rounds": len(results.stages),
            "matches": _cases(results.served, _served),
            "recipients": _cases(results.crowds, _crowd),
            "shares": _shares(results.stages),
            "simple": {name: _beside(turns) for name, turns in results.beside.items()},
            "peak_mb": {name: round(peak) for name, peak in memory.items()},
        }
    }


def _cases(
    cases: Mapping[str, list[Turn]], figures: Callable[[list[Turn], list[Turn]], dict[str, Any]]
) -> dict[str, Any]:
    first = next(iter(cases.values()))
    return {name: figures(turns, first) for name, turns in cases.items()}


def _served(turns: Sequence[Served], first: Sequence[Served]) -> dict[str, Any]:
    last = turns[-1]
    return {
        "cpu_ms": _ms(median(turn.cpu for turn in turns)),
        "cost": _ratio([turn.cpu for turn in turns], [turn.cpu for turn in first]),
        "told": last.told,
        "cut": last.cut,
        "html_bytes": last.html,
        "mail_bytes": last.mail,
    }


def _crowd(turns: Sequence[Crowd], first: Sequence[Crowd]) -> dict[str, Any]:
    each, alone = ([turn.due / turn.recipients for turn in some] for some in (turns, first))
    return {
        "each_ms": _ms(median(each)),
        "each_cost": _ratio(each, alone),
        "quiet_tick_ms": _ms(median(turn.quiet for turn in turns)),
        "tick_after_match_ms": _ms(median(turn.woken for turn in turns)),
    }


def _shares(stages: Sequence[Mapping[str, float]]) -> dict[str, float]:
    each = {name: median(spent[name] for spent in stages) for name in STAGES}
    return {name: round(seconds / sum(each.values()), 3) for name, seconds in each.items()}


def _beside(turns: Sequence[Beside]) -> dict[str, Any]:
    ratios = {
        part: _ratio([turn.ours[part] for turn in turns], [turn.simple[part] for turn in turns])
        for part in PARTS
    }
    last = turns[-1]
    return {**ratios, "html_bytes": {"ours": last.ours_html, "simple": last.simple_html}}


def _ratio(some: Sequence[float], others: Sequence[float]) -> float:
    return round(median(one / other for one, other in zip(some, others, strict=True)), 2)


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 2)


def as_table(figures: Mapping[str, Any]) -> str:
    """Return what :func:`as_json` made as text for people."""
    return "\n".join(_lines(figures["digests"]))


def _lines(digests: Mapping[str, Any]) -> Iterator[str]:
    yield f"median of {digests['rounds']} rounds"
    yield _SERVED
    yield from (_served_row(name, each) for name, each in digests["matches"].items())
    yield _CROWDS
    yield from (_crowd_row(name, each) for name, each in digests["recipients"].items())
    yield _BESIDE
    yield from (_beside_row(name, each) for name, each in digests["simple"].items())
    shares = ", ".join(f"{name} {share:.0%}" for name, share in digests["shares"].items())
    yield f"where the time of the first goes: {shares}"
    peaks = ", ".join(f"{name} {peak}" for name, peak in digests["peak_mb"].items())
    yield f"peak memory in a fresh process, MB: {peaks or 'not told by this system'}"


def _served_row(name: str, each: Mapping[str, Any]) -> str:
    return (
        f"{name:>10} {each['cpu_ms']:8.1f} {each['cost']:6.1f}x"
        f" {each['told']:6} {each['cut']:6} {each['html_bytes']:11,} {each['mail_bytes']:11,}"
    )


def _crowd_row(name: str, each: Mapping[str, Any]) -> str:
    return (
        f"{name:>10} {each['each_ms']:12.1f} {each['each_cost']:9.2f}x"
        f" {each['quiet_tick_ms']:14.2f} {each['tick_after_match_ms']:17.1f}"
    )


def _beside_row(name: str, each: Mapping[str, Any]) -> str:
    sizes = each["html_bytes"]
    return (
        f"{name:>15} {each['whole']:6.1f}x {each['templates']:9.1f}x {each['mime']:5.1f}x"
        f" {sizes['ours']:17,} {sizes['simple']:9,}"
    )
