"""What the harness measures: rankings, simple methods, and a reader who answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from benchmarks.quality import verdicts as room
from benchmarks.quality.corpora import Labelled, as_stories, load
from benchmarks.quality.measures import Floats, Ranking, cost
from benchmarks.quality.reader import Reader, best_match, reader_of, telling
from benchmarks.quality.simple import weighed
from benchmarks.quality.trial import Trial, build_trial
from monitor.matching.background import Background
from monitor.matching.vectors import Vectorizer
from tests.matching.labelled import corpora

SCORES = np.array([0.9, 0.8, 0.7, 0.6])
RELEVANT = np.array([True, False, True, False])
RANKING = Ranking(SCORES, RELEVANT)


def trial(folder: Path, noise: int = 0) -> Trial:
    found, _ = load(corpora(folder, noise=noise), ["fnc1", "allsides"])
    return build_trial(found)


def quiet(_: str) -> None:
    """Progress that nobody watches."""


def test_average_precision_is_the_mean_precision_at_each_relevant_story() -> None:
    assert RANKING.average_precision() == pytest.approx((1 + 2 / 3) / 2)


def test_cost_is_misses_plus_weighted_false_alarms_at_most_one() -> None:
    assert cost(*RANKING.errors_at(0.85)) == pytest.approx(0.5)
    assert cost(*RANKING.errors_at(0.75)) == 1
    assert cost(*RANKING.errors_at(2.0)) == 1


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=1, max_size=12))
def test_least_cost_is_that_of_the_best_threshold(stories: list[tuple[int, bool]]) -> None:
    scores = np.array([score / 5 for score, _ in stories] + [0.4, 0.4])
    ranking = Ranking(scores, np.array([each for _, each in stories] + [True, False]))
    tried = [cost(*ranking.errors_at(threshold)) for threshold in (*scores, 2.0)]
    assert ranking.least_cost() == pytest.approx(min(tried))


def test_least_cost_does_not_part_stories_of_one_score() -> None:
    assert Ranking(np.array([0.5, 0.5]), np.array([True, False])).least_cost() == 1


def test_a_detection_curve_holds_the_least_misses_within_so_many_false_alarms() -> None:
    assert RANKING.misses_at(np.array([0.1, 0.5, 1.0])).tolist() == [0.5, 0.0, 0.0]


def test_simple_methods_are_those_of_the_library(tmp_path: Path) -> None:
    """Weighing chosen columns of one count is what its own vectorizer does."""
    drawn = trial(tmp_path, noise=4100)
    pool = [replace(each, title=f"{each.title} the {each.text}") for each in drawn.pool[:500]]
    background = drawn.unranked[:50]
    library = (TfidfVectorizer(), TfidfVectorizer(sublinear_tf=True, stop_words="english"))
    for rows, method in zip(weighed(pool, background), library, strict=False):
        method.fit([f"{each.title} {each.text}" for each in background])
        theirs = method.transform([f"{each.title} {each.text}" for each in pool])
        assert abs(rows.pool @ rows.pool.T - theirs @ theirs.T).max() < 1e-9


def test_the_reader_is_asked_once_about_each_story_within_reach(tmp_path: Path) -> None:
    drawn = trial(tmp_path)
    scores = np.where(drawn.runs[0].relevant, 0.16, 0.14)
    reader = answered(drawn, scores)
    asked = [each.story_id - 1 for each in reader.verdicts]
    assert len(set(asked)) == len(asked) > 0
    assert set(asked) == set(np.flatnonzero(reader.earlier & (scores > 0.15)))


def test_the_reader_answers_by_the_labels(tmp_path: Path) -> None:
    drawn = trial(tmp_path)
    reader = answered(drawn, np.full(len(drawn.pool), 0.5))
    assert {each.wanted for each in reader.verdicts} == {True, False}
    for each in reader.verdicts:
        assert each.wanted == drawn.runs[0].relevant[each.story_id - 1]
        assert each.text == drawn.pool[each.story_id - 1].text


def test_what_is_judged_later_was_never_asked_about(tmp_path: Path) -> None:
    drawn = trial(tmp_path)
    reader = answered(drawn, np.full(len(drawn.pool), 0.5))
    assert not reader.later[[each.story_id - 1 for each in reader.verdicts]].any()
    assert not reader.later[reader.run.at]
    assert (reader.later & reader.run.relevant).sum() == 2


def answered(drawn: Trial, scores: Floats) -> Reader:
    """The reader of the first run, asked until nothing is left, which must come to pass."""
    reader = reader_of(drawn.runs[0])
    answers = (reader.answer(drawn.pool, scores, 0.2, best_match) for _ in drawn.pool)
    assert not all(answers)
    return reader


def test_the_most_telling_story_is_the_one_that_the_product_would_ask_about() -> None:
    assert telling(np.array([0.9, 0.2, 0.33]), 0.2) == 2
    assert best_match(np.array([0.1, 0.9, 0.23]), 0.2) == 1


def test_answers_move_profile_and_threshold_as_the_product_would(tmp_path: Path) -> None:
    """A verdict's row is looked up in the pool, which has to be what reading it again gives."""
    drawn = trial(tmp_path)
    stories = as_stories(drawn.pool)
    reader = answered(drawn, np.full(len(drawn.pool), 0.5))
    remembering = room.Remembering(Background.prior(), stories)
    read_again: csr_matrix = Vectorizer(Background.prior()).verdict_rows(reader.verdicts)
    assert abs(remembering.verdict_rows(reader.verdicts) - read_again).max() < 1e-12


def test_verdicts_are_measured_after_each_number_of_answers(tmp_path: Path) -> None:
    figures = room.verdicts(trial(tmp_path), quiet)
    full = figures["full"]
    assert isinstance(full, dict)
    assert [row["seeds"] for row in full["seeds"]] == [1, 4]
    assert set(full["asked"]) == {"best match", "most telling"}
    for rows in full["asked"].values():
        assert [row["asked"] for row in rows] == [0, 1, 3, 10, 30]
        assert [row["answers"] for row in rows[:3]] == [0, 1, 3]
        assert rows[0]["wanted"] == 0
        assert {"later", "all"} <= set(rows[0])


def test_a_corpus_of_many_topics_is_followed_from_one_seed_of_each() -> None:
    many = [f"event:{n:02}" for n in range(room.FEW_TOPICS)]
    assert len(room.followed(build_trial({"fnc1": six_of_each(many)}).runs)) == len(many)
    few = many[1:]
    assert len(room.followed(build_trial({"fnc1": six_of_each(few)}).runs)) == 5 * len(few)


def six_of_each(labels: list[str]) -> list[Labelled]:
    return [
        Labelled(
            id=f"{label}-{n}", corpus="fnc1", title="", text="harbour", labels=frozenset([label])
        )
        for label in labels
        for n in range(6)
    ]
