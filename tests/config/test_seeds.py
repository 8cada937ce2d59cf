"""Seed files: what is no plain text is named with its kind, in a sentence, at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.seeds import READ
from monitor.matching.text import MAX_CHARS
from tests.config.builders import problem, settings

TOPIC = "name: Iraq\nseeds:\n  - text: Troops leave Iraq\n  - file: seed.txt\n"


def refused(folder: Path, body: bytes) -> str:
    """What is said of a seed file of these bytes."""
    (folder / "topics").mkdir(parents=True)
    (folder / "topics" / "seed.txt").write_bytes(body)
    told = problem(folder, topic=TOPIC)
    place = "topics/iraq.yaml:4: seeds[1].file: seed.txt "
    assert told.startswith(place)
    return told.removeprefix(place)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF"),
        (b"<!DOCTYPE html><title>x</title>", "an HTML page"),
        (b"\xef\xbb\xbf\n  <html lang=en>", "an HTML page"),
        (b"<?xml version='1.0'?><rss/>", "an XML document"),
        (b"{\\rtf1\\ansi x}", "an RTF document"),
        (b"PK\x03\x04\x14\x00", "an archive or an office document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an office document"),
        (b"\x1f\x8b\x08\x00", "a gzip archive"),
        (b"\x89PNG\r\n\x1a\n", "a picture"),
    ],
)
def test_a_file_that_is_no_plain_text_is_named_by_its_kind(
    tmp_path: Path, body: bytes, kind: str
) -> None:
    assert refused(tmp_path, body) == f"is {kind}, not plain text; save its text as UTF-8"


def test_any_other_bytes_are_told_with_the_first_that_is_no_text(tmp_path: Path) -> None:
    assert refused(tmp_path, b"ok\n\xfe\xfd").startswith("is not UTF-8 (byte 0xfe on line 2)")
    assert refused(tmp_path / "b", b"a\0b").startswith("holds NUL bytes")


def test_five_megabytes_are_refused_with_what_is_read_of_a_seed(tmp_path: Path) -> None:
    assert refused(tmp_path, b"word " * 1_000_000) == (
        "is larger than 1,000,000 bytes, and of a seed 100,000 characters are read; "
        "keep the part that tells the story"
    )


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path, b" \n\t") == "is empty; write an example of what you look for"


def test_what_is_said_to_be_read_is_what_matching_reads() -> None:
    assert READ == MAX_CHARS


def test_a_text_that_speaks_of_markup_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics" / "seed.txt").write_bytes(b"How <html> came about\nA history.")
    assert len(settings(tmp_path, topic=TOPIC).topics[0].seeds) == 2


def test_a_place_counts_the_seeds_that_are_at_hand(tmp_path: Path) -> None:
    topic = (
        "name: Iraq\nseeds:\n  - url: https://example.org/a\n  - text: Troops leave Iraq\n"
        "must:\n  - troops\n"
    )
    found = settings(tmp_path, topic=topic)
    assert found.place("Iraq", ("seeds", 0), {}).endswith("iraq.yaml:4: seeds[1]")
    assert found.place("Iraq", ("must", 0), {}).endswith("iraq.yaml:6: must[0]")
    assert found.place("Iraq", ("feeds",), {}).endswith("iraq.yaml:1: feeds")
