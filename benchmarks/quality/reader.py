"""A simulated reader of one topic: shown what the program would show, answering by the labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.quality.corpora import EPOCH, Labelled
from benchmarks.quality.measures import Bools, Floats
from benchmarks.quality.trial import Run
from monitor.matching.asking import most_telling
from monitor.matching.score import REACH
from monitor.records import Verdict

Choice = Callable[[Floats, float], int]
"""Which story to ask about: from the scores of those within reach, and the threshold."""


def best_match(scores: Floats, threshold: float) -> int:
    """Choose the best match: what a reader of a digest sees first."""
    return int(np.argmax(scores))


def telling(scores: Floats, threshold: float) -> int:
    """Choose as ``monitor topics ask`` does; the stories all came at one time."""
    chosen = most_telling([(score, EPOCH) for score in scores.tolist()], threshold)
    return 0 if chosen is None else chosen


@dataclass(slots=True, kw_only=True, eq=False)
class Reader:
    """The reader of one run. ``earlier`` are the stories of the pool to be asked about."""

    run: Run
    earlier: Bools
    verdicts: tuple[Verdict, ...] = ()
    _open: Bools = field(init=False)

    def __post_init__(self) -> None:
        self._open = self.earlier.copy()

    @property
    def later(self) -> Bools:
        """The judged stories that nobody is ever asked about."""
        return self.run.judged & ~self.earlier

    def answer(
        self, pool: Sequence[Labelled], scores: Floats, threshold: float, choose: Choice
    ) -> bool:
        """Answer about one story of the pool; False: there is nothing left to ask about.

        A story is asked about once, and only where it is a match or a near miss: the program
        shows no others.
        """
        shown = np.flatnonzero(self._open & (scores >= REACH * threshold) & (scores > 0))
        if not shown.size:
            return False
        asked = int(shown[choose(scores[shown], threshold)])
        self._open[asked] = False
        self.verdicts = (*self.verdicts, self._verdict(asked, pool[asked]))
        return True

    def _verdict(self, at: int, story: Labelled) -> Verdict:
        """Return what the labels say of a story; its number is that of ``as_stories``."""
        return Verdict(
            id=len(self.verdicts) + 1,
            topic_id=1,
            story_id=at + 1,
            url=None,
            title=story.title,
            text=story.text,
            language="en",
            wanted=bool(self.run.relevant[at]),
            origin="command",
            given_at=EPOCH,
        )


def reader_of(run: Run) -> Reader:
    """Return the reader of a run, its judged stories dealt into two halves by a fixed seed.

    Relevant and other stories are dealt one by one, so that each half has its part of both.
    """
    dealt = np.random.default_rng(run.at).permutation(np.flatnonzero(run.judged))
    relevant = run.relevant[dealt]
    earlier = np.zeros(run.judged.size, dtype=np.bool_)
    earlier[dealt[relevant][::2]] = True
    earlier[dealt[~relevant][::2]] = True
    return Reader(run=run, earlier=earlier)
