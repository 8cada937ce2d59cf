"""How a topic looks in a terminal: what it promises, how that came, what it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING

from rich.markup import escape

from monitor.cli.output import console, put
from monitor.cli.tables import terms_table, threshold_words
from monitor.records import Term, TopicSpec

RELATED_SHOWN = 8

if TYPE_CHECKING:
    from monitor.service.profiles import Profile


def print_profile(it: Profile) -> None:
    """The facts about a topic, each in words where it is absent, and its heaviest terms."""
    spec, out = it.topic.spec, console()
    put(
        out,
        f"[bold]{escape(spec.name)}[/bold]",
        f"threshold: {threshold_words(it.threshold, spec.alerts_per_week)}",
        *_history(it),
        f"promise: {_promise(spec)}",
        f"verdicts: {escape(_verdicts(it))}",
        f"language: {spec.language}",
        *map(escape, _conditions(spec)),
        f"related words: {escape(_related(it.related))}",
        "",
        terms_table(out, "Heaviest terms, of a whole of 1", it.terms),
    )


def _related(terms: Sequence[Term]) -> str:
    """What was added to the topic's own words, and how much of the whole it is."""
    if not terms:
        return "none are known"
    share = sum(term.share for term in terms)
    some = ", ".join(term.text for term in terms[:RELATED_SHOWN])
    return f"{share:.0%} of the whole; the heaviest: {some}"


def _history(it: Profile) -> Iterator[str]:
    """Against which background, since when, and what it was before."""
    from monitor.service.learn import FIRST

    if not it.background_version:
        yield f"background: none yet; the first one is made of {FIRST} stories ({it.read} so far)"
        return
    yield f"background: {it.background_version}, made of {it.learned:,} stories"
    if it.threshold.since is None:
        yield "since: it is chosen when the service runs next, or by `monitor match`"
        return
    yield f"since: {at(it.threshold.since)}"
    for each in it.moves:
        before = each.threshold
        if before.value != it.threshold.value and before.since is not None:
            told = f"{before.value:.4f}, chosen {at(before.since)}"
            yield f"before: {told} against background {each.background_version}"
            return
    yield "before: it never had another value"


def at(moment: datetime) -> str:
    """A time in UTC to the minute."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _promise(spec: TopicSpec) -> str:
    if spec.threshold is not None:
        return "none; the topic's file sets the threshold itself"
    if spec.alerts_per_week is not None:
        return f"{spec.alerts_per_week:g} alerts a week, as the topic's file asks"
    return "the default, few others beside its own (alerts_per_week in its file sets how many)"


def _verdicts(it: Profile) -> str:
    given = it.topic.verdicts
    if not given:
        return "none yet (`monitor verdict STORY yes` or `no` gives one)"
    yes = sum(each.wanted for each in given)
    return (
        f"{yes} yes, {len(given) - yes} no, the last {at(given[-1].given_at)}"
        f" (`monitor topics verdicts {quote(it.topic.spec.name)}` lists them)"
    )


def _conditions(spec: TopicSpec) -> Iterator[str]:
    for name, words in (("must", spec.must), ("any", spec.any), ("never", spec.never)):
        if words:
            yield f"{name}: {', '.join(words)}"
    for name, seeds in (("seed", spec.seeds), ("not", spec.not_seeds)):
        for seed in seeds:
            yield f"{name}: {seed.origin}, {len(seed.text)} characters"
