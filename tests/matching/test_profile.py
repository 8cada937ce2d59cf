from __future__ import annotations

import numpy as np
import pytest

from monitor.matching.background import Background
from monitor.matching.features import columns_of
from monitor.matching.profile import build_profile
from monitor.matching.vectors import Vectorizer
from monitor.records import TopicSpec
from tests.matching.builders import seeds

VECTORIZER = Vectorizer(Background.prior())


def weight(spec: TopicSpec, stem: str) -> float:
    return float(build_profile(spec, VECTORIZER).row.toarray()[0, columns_of([stem])[0]])


def test_a_profile_has_unit_length_whatever_its_seeds() -> None:
    for spec in (
        TopicSpec(name="one", seeds=seeds("harbour strike")),
        TopicSpec(name="two", seeds=seeds("harbour strike", "rail strike")),
        TopicSpec(name="not", seeds=seeds("harbour strike"), not_seeds=seeds("air strike")),
    ):
        assert np.isclose(np.linalg.norm(build_profile(spec, VECTORIZER).row.toarray()), 1)


def test_what_the_seeds_share_weighs_most() -> None:
    spec = TopicSpec(name="t", seeds=seeds("harbour strike", "railway strike"))
    assert weight(spec, "strike") > weight(spec, "railway") > 0


def test_a_long_seed_counts_no_more_than_a_short_one() -> None:
    spec = TopicSpec(name="t", seeds=seeds("zygote", "kumquat " * 500))
    assert np.isclose(weight(spec, "zygot"), weight(spec, "kumquat"))


def test_not_seeds_take_weight_away_but_never_below_zero() -> None:
    plain = TopicSpec(name="t", seeds=seeds("harbour strike"))
    less = TopicSpec(name="t", seeds=seeds("harbour strike"), not_seeds=seeds("air strike"))
    assert weight(less, "strike") < weight(plain, "strike")
    assert weight(less, "air") == 0


@pytest.mark.parametrize("empty", ["", "of the and", "!!! ?", "x"])
def test_seeds_without_a_usable_word_are_refused_by_name(empty: str) -> None:
    with pytest.raises(ValueError, match=r"topic 'blank': the seeds contain no usable word"):
        build_profile(TopicSpec(name="blank", seeds=seeds(empty)), VECTORIZER)


def test_a_topic_without_seeds_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="topic 'none'"):
        build_profile(TopicSpec(name="none", seeds=()), VECTORIZER)


def test_not_seeds_that_cancel_everything_are_refused_by_name() -> None:
    """Half of the ``not`` seeds is taken away, so only seeds that are half empty can vanish."""
    spec = TopicSpec(name="void", seeds=seeds("harbour", ""), not_seeds=seeds("harbour"))
    with pytest.raises(ValueError, match=r"topic 'void': the 'not' seeds cancel"):
        build_profile(spec, VECTORIZER)


def test_a_seed_of_five_megabytes_is_read_in_part() -> None:
    words = " ".join(f"word{n}" for n in range(600_000))
    assert build_profile(TopicSpec(name="t", seeds=seeds(words)), VECTORIZER).row.nnz < 20_000
