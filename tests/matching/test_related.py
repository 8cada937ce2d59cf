"""Related words speak in a lower voice than the topic's own, and can be told from them."""

from __future__ import annotations

from importlib.resources import as_file, files

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from monitor.matching.background import Background
from monitor.matching.features import COLUMNS, column_of, columns_of
from monitor.matching.profile import build_profile
from monitor.matching.related import FAMILY_SHARE, LIKENESS_SHARE, Related, related_words
from monitor.matching.text import Analyzer
from monitor.matching.vectors import Vectorizer
from monitor.records import Seed, TopicSpec

VECTORIZER = Vectorizer(Background.prior())


@pytest.fixture(scope="module")
def english() -> Related:
    found = related_words("en")
    assert found is not None
    return found


def unit_row(weights: dict[int, float]) -> csr_matrix:
    columns = sorted(weights)
    cells = ([weights[each] for each in columns], columns, [0, len(columns)])
    return csr_matrix(cells, shape=(1, COLUMNS))


def weights(text: str, language: str = "en") -> tuple[dict[int, float], tuple[str, ...]]:
    spec = TopicSpec(name="t", seeds=(Seed(text=text),), language=language)
    profile = build_profile(spec, VECTORIZER)
    pairs = zip(profile.row.indices.tolist(), profile.row.data.tolist(), strict=True)
    return dict(pairs), profile.related


def test_a_word_brings_its_family_and_its_likes_in_a_lower_voice() -> None:
    found, related = weights("Iraq: troops leave the base at Erbil after the parliament's vote")

    own, family, like = (found[column_of(stem)] for stem in ("iraq", "iraqi", "soldier"))
    assert own > family > like > 0
    assert {"iraqi", "soldiers"} <= set(related)
    assert "iraq" not in related


def test_what_is_added_has_the_stated_length_at_most(english: Related) -> None:
    row = VECTORIZER.seed_rows([Seed(text="The parliament of Iraq and its troops")], "en")
    added = english.added_to(row)

    length = np.sqrt(added.multiply(added).sum())
    assert 0 < length <= FAMILY_SHARE + LIKENESS_SHARE
    assert added.data.min() > 0


@pytest.mark.parametrize(
    ("word", "length"), [("forbidden", 0.3), ("cyclone", 0.2)], ids=["families", "likes"]
)
def test_families_and_likes_have_their_own_lengths(
    english: Related, word: str, length: float
) -> None:
    """The one word has a family and no likes, the other likes and no family."""
    added = english.added_to(VECTORIZER.seed_rows([Seed(text=word)], "en"))

    assert np.linalg.norm(added.data) == pytest.approx(length)


def test_what_weighs_more_brings_more(english: Related) -> None:
    columns = columns_of(Analyzer("en").words(word)[0][0] for word in ("forbidden", "withdrew"))
    apart = [english.added_to(unit_row({column: 1.0})) for column in columns]
    both = english.added_to(unit_row(dict(zip(columns, (0.8, 0.6), strict=True))))

    parts = [both.multiply(each.astype(bool)).sum() for each in apart]
    strengths = [
        float((english.families[np.searchsorted(english.columns, [column])]).sum())
        for column in columns
    ]
    assert parts[0] / parts[1] == pytest.approx(0.8 * strengths[0] / (0.6 * strengths[1]))


def test_a_weight_is_the_cosine_of_the_table_less_the_least_likeness(english: Related) -> None:
    path = files("monitor.matching") / "data" / "related-en.npz"
    with as_file(path) as file, np.load(file, allow_pickle=False) as table:
        cosines, family = table["cosine"] / 100, table["family"]

    assert english.families.data.sum() == pytest.approx(2 * cosines[family].sum())
    assert english.likes.data.sum() == pytest.approx(2 * (cosines[~family] - 0.4).sum())


def test_a_text_of_unknown_words_gets_nothing(english: Related) -> None:
    row = VECTORIZER.seed_rows([Seed(text="zxqv wqpfj")], "en")

    assert english.added_to(row).shape == (1, COLUMNS)
    assert english.added_to(row).nnz == 0
    assert weights("zxqv wqpfj")[1] == ()


def test_a_language_without_a_table_gets_nothing() -> None:
    assert related_words("fi") is None
    assert weights("Eduskunta hyväksyi uuden lain", "fi")[1] == ()


def test_the_columns_of_the_table_are_those_that_the_analysis_gives_its_words(
    english: Related,
) -> None:
    """Else ``python -m benchmarks.related`` has to be run again."""
    analyzer = Analyzer("en")
    expected = columns_of(analyzer.words(word)[0][0] for word in english.words)

    assert np.array_equal(english.columns, expected)
    assert np.all(np.diff(english.columns) > 0)
    assert english.words_of(english.columns[:3]) == tuple(english.words[:3])


@pytest.mark.parametrize("name", ["families", "likes"])
def test_relations_are_mutual_and_never_of_a_word_with_itself(english: Related, name: str) -> None:
    matrix = getattr(english, name)

    assert abs(matrix - matrix.T).nnz == 0
    assert not matrix.diagonal().any()
    assert 0 < matrix.data.min() <= matrix.data.max() <= 1


def test_what_every_story_says_is_taken_out_of_a_profile() -> None:
    text = "People said the government would grow kumquats"
    row = VECTORIZER.seed_rows([Seed(text=text)], "en")
    before = dict(zip(row.indices.tolist(), row.data.tolist(), strict=True))
    after, _ = weights(text)
    rare, common = column_of("kumquat"), column_of("peopl")

    assert after.get(common, 0) / after[rare] < before[common] / before[rare]


def test_a_topic_of_nothing_but_common_words_stays_a_topic() -> None:
    found, _ = weights("people said")

    assert found
