"""The measurement: both sides take turns on the same stories, which neither has seen before."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from benchmarks.scoring.contenders import NOW, Obvious, Ours, stories_of, strings_of
from benchmarks.scoring.corpus import Corpus, Text
from monitor.matching.score import Matcher
from monitor.records import MatchState

T = TypeVar("T")

STAGED = 100
"""The number of topics for which the stages and the growth with stories are measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """CPU seconds of both sides on the same stories, and what each found.

    ``ours`` are matches with reasons, ``hits`` those among them that reach the threshold;
    ``theirs`` are pairs alike.
    """

    stories: int
    ours_cpu: float
    theirs_cpu: float
    ours: int
    hits: int
    theirs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """CPU seconds of the stages of one batch: texts to rows, the product, decisions and reasons."""

    analysis: float
    product: float
    reasons: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """``turns`` by number of topics; ``growth``: seconds per story of a tenth and of a whole batch.

    ``ours_ready`` and ``theirs_ready`` are the CPU seconds until the first story can be scored:
    learning or fitting, and the topics; ``built`` those of a matcher by number of topics.
    """

    mean_chars: float
    stories: int
    turns: dict[int, list[Turn]]
    stages: list[Stages]
    growth: list[tuple[float, float]]
    ours_ready: float
    theirs_ready: float
    built: dict[int, float]


def measure(
    corpus: Corpus, sizes: Sequence[int], rounds: int, progress: Callable[[str], None]
) -> Results:
    """Measure so many rounds; every turn has its own part of the stories."""
    parts = _parts(corpus.stories, rounds * (len(sizes) + 2))
    progress("learning and fitting")
    ours, ours_ready = _timed(lambda: Ours(corpus))
    theirs, theirs_ready = _timed(lambda: Obvious(corpus))
    made = {size: _timed(partial(ours.matcher, size)) for size in sizes}
    staged = ours.matcher(min(STAGED, max(sizes)))
    results = Results(
        mean_chars=sum(len(each.text) for each in corpus.stories) / len(corpus.stories),
        stories=len(parts[0]),
        turns={size: [] for size in sizes},
        stages=[],
        growth=[],
        ours_ready=ours_ready,
        theirs_ready=theirs_ready,
        built={size: seconds for size, (_, seconds) in made.items()},
    )
    for number in range(1, rounds + 1):
        progress(f"round {number} of {rounds}")
        for size in sizes:
            turn = _turn(parts.pop(), made[size][0], theirs, size)
            results.turns[size].append(turn)
        results.stages.append(_stages(parts.pop(), ours, staged))
        results.growth.append(_growth(parts.pop(), staged))
    return results


def _parts(texts: Sequence[Text], count: int) -> list[Sequence[Text]]:
    size = len(texts) // count
    if not size:
        raise ValueError(f"{len(texts)} stories are too few for {count} turns; take fewer rounds")
    return [texts[at * size : (at + 1) * size] for at in range(count)]


def _turn(texts: Sequence[Text], matcher: Matcher, theirs: Obvious, topics: int) -> Turn:
    stories, strings = stories_of(texts), strings_of(texts)
    matches, ours_cpu = _timed(lambda: matcher.match(stories, NOW))
    alike, theirs_cpu = _timed(lambda: theirs.match(strings, topics))
    return Turn(
        stories=len(texts),
        ours_cpu=ours_cpu,
        theirs_cpu=theirs_cpu,
        ours=len(matches),
        hits=sum(match.state is MatchState.HIT for match in matches),
        theirs=alike,
    )


def _stages(texts: Sequence[Text], ours: Ours, matcher: Matcher) -> Stages:
    """Only the first look at the stories is as in life; later ones find all words known."""
    stories = stories_of(texts)
    _, analysis = _timed(lambda: ours.vectorizer.rows(stories))
    _, again = _timed(lambda: ours.vectorizer.rows(stories))
    _, scores = _timed(lambda: matcher.scores(stories))
    _, match = _timed(lambda: matcher.match(stories, NOW))
    return Stages(
        analysis=analysis, product=max(0.0, scores - again), reasons=max(0.0, match - scores)
    )


def _growth(texts: Sequence[Text], matcher: Matcher) -> tuple[float, float]:
    """Return the seconds per story of a tenth and of the whole, after all words were met."""
    stories = stories_of(texts)
    matcher.match(stories, NOW)
    _, whole = _timed(lambda: matcher.match(stories, NOW))
    tenths = [stories[at::10] for at in range(10)]
    _, tenth = _timed(lambda: [matcher.match(each, NOW) for each in tenths if each])
    return tenth / len(stories), whole / len(stories)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started = time.process_time()
    made = work()
    return made, time.process_time() - started
