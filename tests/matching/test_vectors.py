from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer

from monitor.matching.background import Background
from monitor.matching.features import (
    BATCH,
    COLUMNS,
    Document,
    columns_of,
    count_rows,
    document_of,
)
from monitor.matching.text import analyzer_for
from monitor.matching.vectors import Vectorizer
from monitor.records import Story
from tests.matching.builders import RAGGED, STEADY, story

TEXTS = ["Troops leave the harbour", "A storm closes the harbour, and the harbour stays closed", ""]


def terms_of(document: Document) -> list[str]:
    return analyzer_for(document.language).terms(document.title, document.text)


HASHING = HashingVectorizer(analyzer=terms_of, n_features=COLUMNS, alternate_sign=False, norm=None)


def rows_of(*stories: Story) -> np.ndarray:
    dense: np.ndarray = Vectorizer(Background.prior()).rows(stories).toarray()
    return dense


def test_rows_have_unit_length_and_empty_stories_none() -> None:
    lengths = np.linalg.norm(rows_of(*[story(text) for text in TEXTS]), axis=1)
    assert np.allclose(lengths, [1, 1, 0])


def test_no_stories_make_no_rows() -> None:
    assert Vectorizer(Background.prior()).rows([]).shape == (0, COLUMNS)


def test_a_row_depends_on_its_story_alone() -> None:
    german, english = story("Hafen und Hafen", language="de"), story("harbour storm")
    together = rows_of(german, english, german)
    assert (together[1] == rows_of(english)[0]).all()
    assert (together[0] == rows_of(german)[0]).all()
    assert (together[2] == together[0]).all()


def test_weights_are_those_of_scikit_learn_with_a_vocabulary() -> None:
    """The feature space changes columns, not numbers."""
    stories = [story(text, title="storm") for text in TEXTS]
    ours = Vectorizer(Background.prior()).rows(stories)
    theirs = TfidfVectorizer(analyzer=lambda each: terms_of(document_of(each)), sublinear_tf=True)
    theirs.fit(stories)
    columns = columns_of(theirs.get_feature_names_out())
    theirs.idf_ = Background.prior().idf()[columns]
    assert np.allclose(ours[:, columns].toarray(), theirs.transform(stories).toarray())


@STEADY
@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=5, unique=True))
def test_a_term_has_the_column_where_it_is_counted(terms: list[str]) -> None:
    stems = [stem for term in terms for stem in terms_of(document_of(story(term)))]
    counted = count_rows([document_of(story(" ".join(terms)))])
    assert set(columns_of(stems).tolist()) == set(counted.indices.tolist())


@STEADY
@given(st.lists(st.tuples(RAGGED, RAGGED, st.sampled_from(["en", "de", "ja"])), max_size=4))
def test_counts_are_those_of_the_hashing_vectorizer(texts: list[tuple[str, str, str]]) -> None:
    documents = [Document(language, title, text) for title, text, language in texts]
    ours = count_rows(documents)
    assert ours.shape == (len(documents), COLUMNS)
    if documents:
        assert_same(ours, HASHING.transform(documents))


def test_however_many_documents_there_are_each_has_its_row() -> None:
    rows = count_rows([Document("en", "", f"harbour w{n}") for n in range(BATCH + 1)])
    assert rows.shape == (BATCH + 1, COLUMNS)
    expected = [sorted(columns_of(["harbour", f"w{n}"]).tolist()) for n in (0, BATCH)]
    assert [rows[at].indices.tolist() for at in (0, BATCH)] == expected


def test_no_text_and_no_document_have_no_counts() -> None:
    assert count_rows([]).nnz == count_rows([Document("en", "", "")]).nnz == 0


def assert_same(ours: csr_matrix, theirs: csr_matrix) -> None:
    """The same numbers in the same places, in the same order, of the same types."""
    for part in ("data", "indices", "indptr"):
        one, other = getattr(ours, part), getattr(theirs, part)
        assert one.dtype == other.dtype
        assert one.tolist() == other.tolist()
