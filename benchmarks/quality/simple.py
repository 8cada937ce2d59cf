"""What simple methods reach in the same trial: the cosine of scikit-learn's TF-IDF.

Each is the obvious use of the library: words counted, weighed by what was fitted, rows of unit
length. The texts are split once for all of them; weighing chosen columns of those counts gives the
rows of a ``TfidfVectorizer`` that was fitted on the same stories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import Stemmer
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import (
    ENGLISH_STOP_WORDS,
    CountVectorizer,
    TfidfTransformer,
)

from benchmarks.quality.corpora import Labelled
from benchmarks.quality.judging import MEAN, curves, judge, summary
from benchmarks.quality.measures import Floats
from benchmarks.quality.trial import Trial

FIXED = 0.1
"""One threshold for all topics: the best for stems with hindsight."""

QUANTILE = 0.995
"""A topic's threshold is this quantile of its background scores."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighed:
    """The rows of pool and background by one simple method."""

    method: str
    pool: csr_matrix
    background: csr_matrix


def simple(trial: Trial, background_stories: int) -> dict[str, dict[str, object]]:
    """Return the figures of each method; none where there are no background stories to fit on."""
    learned = trial.unranked[:background_stories]
    if not learned:
        return {}
    return {each.method: _judged(trial, each) for each in weighed(trial.pool, learned)}


def weighed(pool: Sequence[Labelled], background: Sequence[Labelled]) -> Iterator[Weighed]:
    """Yield the rows of each method. The last has seen the whole pool: no program could."""
    words = CountVectorizer()
    counts = words.fit_transform([_text(each) for each in (*background, *pool)]).astype(float)
    names = words.get_feature_names_out()
    learned, ranked = counts[: len(background)], counts[len(background) :]

    known = learned.getnnz(axis=0) > 0
    defaults = TfidfTransformer().fit(learned[:, known])
    yield _weighed("scikit-learn's defaults", defaults, ranked[:, known], learned[:, known])

    content = np.flatnonzero(~np.isin(names, list(ENGLISH_STOP_WORDS)))
    both = np.intersect1d(np.flatnonzero(known), content)
    sublinear = TfidfTransformer(sublinear_tf=True).fit(learned[:, both])
    yield _weighed("sublinear, stop words", sublinear, ranked[:, both], learned[:, both])

    stems = _stems(names[content].tolist())
    learned, ranked = learned[:, content] @ stems, ranked[:, content] @ stems
    oracle = TfidfTransformer(sublinear_tf=True).fit(ranked)
    yield _weighed("stems too, IDF of the pool", oracle, ranked, learned)


def _weighed(
    method: str, fitted: TfidfTransformer, pool: csr_matrix, background: csr_matrix
) -> Weighed:
    return Weighed(method, fitted.transform(pool), fitted.transform(background))


def _text(record: Labelled) -> str:
    return f"{record.title} {record.text}"


def _stems(words: list[str]) -> csr_matrix:
    """Return the matrix that adds up the counts of words of one stem."""
    distinct, columns = np.unique(Stemmer.Stemmer("english").stemWords(words), return_inverse=True)
    ones = np.ones(len(words))
    return csr_matrix((ones, (np.arange(len(words)), columns)), (len(words), distinct.size))


def _judged(trial: Trial, rows: Weighed) -> dict[str, object]:
    seeds = rows.pool[[run.at for run in trial.runs]].T.tocsr()
    scores = (rows.pool @ seeds).toarray()
    sample = (rows.background @ seeds).toarray()
    thresholds: dict[str, Floats] = {
        "fixed": np.full(len(trial.runs), FIXED),
        "quantile": np.quantile(sample, QUANTILE, axis=0),
    }
    judged = judge(trial.runs, scores, thresholds)
    return {**summary(judged), "p_miss": curves(judged)[MEAN]}
