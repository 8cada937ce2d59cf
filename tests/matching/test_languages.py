"""Which languages are more to the program than words as they stand."""

from __future__ import annotations

import pytest

from monitor.matching.languages import is_known


@pytest.mark.parametrize("language", ["en", "de", "eu", "uk", "ja"])
def test_a_language_with_stems_a_prior_or_pairs_is_known(language: str) -> None:
    """Basque has a stemmer and no prior, Ukrainian a prior and no stemmer, Japanese pairs."""
    assert is_known(language)


@pytest.mark.parametrize("language", ["xx", "dk", "jp", "cz", "sw"])
def test_a_country_or_a_language_without_all_of_these_is_not(language: str) -> None:
    assert not is_known(language)
