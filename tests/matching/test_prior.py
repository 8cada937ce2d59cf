"""The shipped table of word frequencies: what it may weigh, cost and say."""

from __future__ import annotations

import gzip
from importlib.resources import files

from monitor.matching.text import Analyzer

DATA = files("monitor.matching") / "data"
LINES = gzip.decompress((DATA / "prior-en.tsv.gz").read_bytes()).decode().splitlines()
STEMS = [line.split("\t")[0] for line in LINES]


def test_it_is_small() -> None:
    assert len((DATA / "prior-en.tsv.gz").read_bytes()) < 1_000_000


def test_stems_are_sorted_and_told_once() -> None:
    assert sorted(set(STEMS)) == STEMS


def test_stems_are_those_of_the_product() -> None:
    analyzer = Analyzer("en")
    words = ["troops", "advisory", "U.S.", "Iraqi", "militias", "2014"]
    assert {analyzer.terms("", word)[0] for word in words} <= set(STEMS)


def test_its_licence_names_origin_and_terms() -> None:
    licence = (DATA / "LICENSE-prior.txt").read_text("utf-8")
    assert "wordfreq 3.1.1" in licence
    assert "creativecommons.org/licenses/by-sa/4.0" in licence
