"""The peak of resident memory of each side, in a fresh process; only where ``/proc`` tells it."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.scoring.contenders import NOW, Obvious, Ours, stories_of, strings_of
from benchmarks.scoring.corpus import Corpus

_STATUS = Path("/proc/self/status")


def peaks(corpus: Corpus, topics: int) -> dict[str, float]:
    """Return the megabytes of each side after it scored all stories; empty: nobody can tell."""
    if not _STATUS.is_file():
        return {}
    return {who: _alone(who, corpus, topics) for who in WORK}


def _alone(who: str, corpus: Corpus, topics: int) -> float:
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_work, args=(theirs, who, corpus, topics))
    process.start()
    theirs.close()
    try:
        peak: float = ours.recv()
    finally:
        process.join()
    return peak


def _work(control: Connection, who: str, corpus: Corpus, topics: int) -> None:
    WORK[who](corpus, topics)
    control.send(_peak())


def _nothing(corpus: Corpus, topics: int) -> None:
    """Hold the imports and the texts alone, which both sides have in common."""


def _ours(corpus: Corpus, topics: int) -> None:
    Ours(corpus).matcher(topics).match(stories_of(corpus.stories), NOW)


def _sklearn(corpus: Corpus, topics: int) -> None:
    Obvious(corpus).match(strings_of(corpus.stories), topics)


WORK: dict[str, Callable[[Corpus, int], object]] = {
    "before": _nothing,
    "ours": _ours,
    "sklearn": _sklearn,
}


def _peak() -> float:
    """Return VmHWM, which unlike ``ru_maxrss`` knows nothing of the process that started this."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    raise LookupError(f"{_STATUS} has no line VmHWM")
