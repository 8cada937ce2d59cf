"""`monitor topics lint` as a person and a program read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import write_config
from tests.cli.test_commands import call, told


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path, feeds=["https://example.org/feed"], host="127.0.0.1:9")


def test_where_nothing_is_wrong_it_says_so(config: Path) -> None:
    result = call("topics", "lint", "-c", config)
    assert (result.exit_code, result.stdout) == (0, "Nothing to better was found.\n")
    assert told("topics", "lint", "-c", config) == []


def test_warnings_are_no_failure_and_errors_are(config: Path) -> None:
    topic = config.parent / "topics" / "cup.yaml"
    topic.write_text("name: cup\nseeds: [{text: Cup}]\n")
    page = call("topics", "lint", "-c", config)
    assert page.exit_code == 0
    assert page.stdout.startswith(f"warning topic cup: {topic}:2: seeds: only 1 usable word; ")
    topic.write_text("name: cup\nseeds: [{text: Cup}]\nmust: [cup]\nnever: [cup]\n")
    assert call("topics", "lint", "-c", config).exit_code == 1
    assert call("topics", "lint", "advisory", "-c", config).exit_code == 0


def test_programs_get_level_place_and_remedy(config: Path) -> None:
    topic = config.parent / "topics" / "cup.yaml"
    topic.write_text("name: cup\nseeds: [{text: it is what it is}]\n")
    result = call("topics", "lint", "-c", config, "--json")
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert found == {
        "topic": "cup",
        "level": "error",
        "place": f"{topic}:2: seeds[0]",
        "what": "contains no usable word",
        "remedy": "give a text of a few sentences",
    }


def test_an_unknown_topic_is_said_with_those_that_are_known(config: Path) -> None:
    result = call("topics", "lint", "x", "-c", config)
    assert result.exit_code == 1
    assert "no topic named 'x'; the topics are: advisory" in result.stderr
