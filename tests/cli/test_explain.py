"""`monitor explain` as a person reads it: hit, or why not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import ADVISORY, FOOTBALL, rss, write_config
from tests.cli.test_commands import call
from tests.servers import feed_server

NEAR = ("Harvest in Iraq", "Growers of dates and apples said that the frost spared their trees.")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hit, a near miss and another were matched, and one of a week ago was backlog."""
    with feed_server() as server:
        recent = datetime.now(UTC) - timedelta(hours=1)
        server.pages["wire.rss"] = rss([ADVISORY, NEAR, FOOTBALL], at=recent)
        old = ("From an archive", ADVISORY[1])
        server.pages["old.rss"] = rss([old], at=recent - timedelta(days=7))
        urls = [server.url("wire.rss"), server.url("old.rss")]
        path = write_config(tmp_path_factory.mktemp("explain"), feeds=urls, host=server.host)
        topic = path.parent / "topics" / "advisory.yaml"
        topic.write_text(f"{topic.read_text()}threshold: 0.6\n")
        call("poll", "-c", path)
        call("match", "-c", path)
    return path


def page(config: Path, words: str) -> str:
    return call("explain", words, "advisory", "-c", config).stdout


def test_a_near_miss_says_what_is_short_what_would_do_and_what_it_lacks(config: Path) -> None:
    told = page(config, NEAR[0])
    assert "advisory: no match, 0." in told
    assert "in the topic's file would let this score in" in told
    lacks = told[told.index("Heaviest words of the topic that the story lacks: ") :]
    assert "Kadhimi 0." in lacks
    assert "Iraq 0." not in lacks


def test_a_hit_says_nothing_of_what_it_lacks(config: Path) -> None:
    told = page(config, ADVISORY[0])
    assert "advisory: match, score" in told
    assert "lacks" not in told
    assert "Since then" not in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("an archive", "It was in its feed before that was watched: such stories are learned from"),
        (FOOTBALL[0], "UTC, and was out of this topic's reach."),
    ],
)
def test_a_story_without_a_match_says_what_became_of_it(
    config: Path, words: str, said: str
) -> None:
    assert said in page(config, words)


def test_what_changed_since_a_decision_is_told_with_the_decision_of_now(config: Path) -> None:
    topic = config.parent / "topics" / "advisory.yaml"
    before = topic.read_text()
    rules = "must: [orchard]\nnever: [Biden]\n"
    topic.write_text(f"{before.replace('0.6', '0.99')}{rules}")
    told = page(config, ADVISORY[0])
    topic.write_text(before)
    assert "refused by never: 'Biden'\nrefused by must: 'orchard'" in told
    assert "Since then: the topic was changed or learned; threshold 0.6000 -> 0.9900." in told


def test_what_was_never_decided_would_match_but_did_not(config: Path) -> None:
    topic = config.parent / "topics" / "advisory.yaml"
    before = topic.read_text()
    topic.write_text(before.replace("threshold: 0.6", "threshold: 0.2"))
    told = page(config, "an archive")
    topic.write_text(before)
    assert "advisory: would match, score" in told
