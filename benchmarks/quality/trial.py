"""The tracking task of one folder of corpora: what is ranked, from which seeds, judged how.

Everything drawn is drawn by a fixed seed per corpus, so a missing corpus changes no other draw.
A change is judged on several draws; a constant is chosen on one half of the topics and judged on
the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from random import Random

import numpy as np

from benchmarks.quality.corpora import Labelled, by_label
from benchmarks.quality.measures import Bools
from monitor.matching.text import analyzer_for

TRACKED = {
    "t17": "topic",
    "ecbplus": "event",
    "fnc1": "event",
    "news_cluster": "event",
    "uci_headlines": "story",
}
"""The corpora whose topics are tracked, and the kind of label that is a topic there."""

NOISE = {"reuters21578": 2000, "allsides": 4000}
"""How many stories of each background corpus are ranked among the others."""

LEARNED = {"reuters21578": 1, "allsides": 2}
"""The mix of the stories that the background learns from, which are never ranked."""

UNLABELLED = {"t17": "allsides"}
"""Topics of the first have stories in the second that no label tells: not judged there."""

HALVES = ("A", "B")

LEAST_STORIES = 6
SEEDS = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One seed of one topic: which stories are relevant, and which are judged at all.

    ``at`` is the seed's place in the pool, where it is not judged.
    """

    corpus: str
    topic: str
    seed: Labelled
    at: int
    relevant: Bools
    judged: Bools


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """The ranked pool, its runs, and unlabelled stories to learn from, in the order drawn."""

    pool: Sequence[Labelled]
    runs: Sequence[Run]
    unranked: Sequence[Labelled]

    @property
    def topics(self) -> int:
        """How many topics the runs come from."""
        return len({(run.corpus, run.topic) for run in self.runs})

    def snippets(self) -> Trial:
        """Return the same trial on titles and first words."""
        runs = [replace(run, seed=run.seed.snippet()) for run in self.runs]
        return Trial(
            pool=[each.snippet() for each in self.pool],
            runs=runs,
            unranked=[each.snippet() for each in self.unranked],
        )


def build_trial(
    corpora: Mapping[str, Sequence[Labelled]], *, draw: int = 0, half: str | None = None
) -> Trial:
    """Return the trial of the corpora that are there.

    Another ``draw`` has other seeds, another pool and another background. A ``half`` of
    ``HALVES`` keeps half of the topics of each corpus, with the seeds that they have in the whole.
    """
    shuffled = {name: _shuffled(name, corpora.get(name, ()), draw) for name in NOISE}
    pool = [record for name in TRACKED for record in corpora.get(name, ())]
    pool += [record for name, size in NOISE.items() for record in shuffled[name][:size]]
    rest = {name: shuffled[name][size:] for name, size in NOISE.items()}
    runs = [run for name in TRACKED if name in corpora for run in _runs(name, pool, draw)]
    kept = runs if half is None else _half(runs, half)
    return Trial(pool=pool, runs=kept, unranked=_interleaved(rest))


def _random(what: str, draw: int) -> Random:
    return Random(f"{what}, draw {draw}" if draw else what)


def _shuffled(name: str, records: Sequence[Labelled], draw: int) -> list[Labelled]:
    drawn = list(records)
    _random(name, draw).shuffle(drawn)
    return drawn


def _half(runs: Sequence[Run], half: str) -> list[Run]:
    """Return the runs of every other topic of each corpus, in the order of the labels' hashes."""
    topics: dict[str, set[str]] = {}
    for run in runs:
        topics.setdefault(run.corpus, set()).add(run.topic)
    kept = {
        (corpus, topic)
        for corpus, labels in topics.items()
        for topic in sorted(labels, key=_digest)[HALVES.index(half) :: len(HALVES)]
    }
    return [run for run in runs if (run.corpus, run.topic) in kept]


def _digest(label: str) -> bytes:
    return sha256(label.encode()).digest()


def _interleaved(rest: Mapping[str, list[Labelled]]) -> list[Labelled]:
    """Return the stories in the mix of ``LEARNED``, for as long as every corpus lasts."""
    present = {name: records for name, records in rest.items() if records}
    rounds = min((len(present[name]) // LEARNED[name] for name in present), default=0)
    return [
        record
        for at in range(rounds)
        for name, records in present.items()
        for record in records[at * LEARNED[name] : (at + 1) * LEARNED[name]]
    ]


def _runs(corpus: str, pool: Sequence[Labelled], draw: int) -> list[Run]:
    random = _random(f"seeds of {corpus}", draw)
    own = np.array([record.corpus == corpus for record in pool])
    judged = np.array([record.corpus != UNLABELLED.get(corpus) for record in pool])
    runs = []
    for label, positions in sorted(by_label(pool, TRACKED[corpus]).items()):
        relevant = np.zeros(len(pool), dtype=np.bool_)
        relevant[positions] = True
        relevant &= own
        usable = [at for at in np.flatnonzero(relevant).tolist() if _has_terms(pool[at])]
        if relevant.sum() < LEAST_STORIES or len(usable) < SEEDS:
            continue
        for seed in random.sample(usable, SEEDS):
            others = judged.copy()
            others[seed] = False
            runs.append(
                Run(
                    corpus=corpus,
                    topic=label,
                    seed=pool[seed],
                    at=seed,
                    relevant=relevant,
                    judged=others,
                )
            )
    return runs


def _has_terms(record: Labelled) -> bool:
    """Whether a story can be a seed in either form: a few have no word beyond stop words."""
    snippet = record.snippet()
    return bool(analyzer_for("en").terms(snippet.title, snippet.text))
