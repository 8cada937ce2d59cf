"""What programs read as JSON: the keys are a promise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import ADVISORY, FOOTBALL, rss, write_config
from tests.cli.test_commands import call, told
from tests.servers import feed_server


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two feeds were polled, one in vain, and the digest could tell one story."""
    with feed_server() as server:
        recent = datetime.now(UTC) - timedelta(hours=1)
        server.pages["wire.rss"] = rss([ADVISORY, FOOTBALL], at=recent)
        feeds = [server.url("wire.rss"), server.url("gone.rss")]
        path = write_config(tmp_path_factory.mktemp("shapes"), feeds=feeds, host=server.host)
        call("poll", "-c", path)
        call("match", "-c", path)
    return path


STORY = (
    "id url title text article article_note source feed_url feed_tags language "
    "published_at seen_at edited_at backlog"
)
MATCH = "score threshold state veto terms rest background_version matched_at"
TOPIC = "name language seeds not must any never feeds tags alerts_per_week"
FEED = (
    "id title url tags enabled interval_seconds health last_checked_at last_success_at "
    "next_check_at failing_since failures last_error last_status skipped_entries"
)
WATCHED = (
    f"{FEED} conditions asked_every_seconds stories_per_day address story_at gone_at held held_at "
    "gaps gap_at last_seconds"
)


def keys(names: str) -> set[str]:
    return set(names.split())


def test_status_has_the_same_keys_whatever_there_is_to_tell(config: Path) -> None:
    state = told("status", "-c", config)
    assert set(state) == keys(
        "feeds topics topics_without_seed digests outbox messages stories background service"
    )
    assert [set(each) for each in state["feeds"]] == [keys(WATCHED)] * 2
    assert [each["health"] for each in state["feeds"]] == ["fine", "failing"]
    assert state["outbox"] == dict.fromkeys(keys("ready sending waiting sent dead"), 0)
    assert set(state["topics"][0]) == keys(f"{TOPIC} threshold hits_in_7_days near_in_7_days")


def test_matches_and_explanations_share_their_shapes(config: Path) -> None:
    (hit,) = told("matches", "-c", config)
    explained = told("explain", ADVISORY[0], "advisory", "-c", config)
    assert set(hit) == keys("topic match story")
    assert set(explained) == keys(
        "topic match stored now changes fate scored_at refusals missing story"
    )
    assert (set(hit["match"]), set(hit["story"])) == (keys(MATCH), keys(STORY))
    assert explained["stored"] == hit["match"]
    assert explained["story"] == hit["story"]


def test_a_preview_gives_the_stories_by_topic(config: Path) -> None:
    (digest,) = told("digest", "preview", "-c", config)
    (section,) = digest["sections"]
    (story,) = section["stories"]
    assert (section["topic"], story["story"]["title"]) == ("advisory", ADVISORY[0])
    assert len(digest["feeds_failing"]) == 1
    assert set(digest["feeds_failing"][0]) == keys("name since error count")
    assert [digest[f"feeds_{what}"] for what in ("missed", "held", "gone", "silent")] == [[]] * 4


def test_nothing_in_any_json_is_ours_alone(config: Path) -> None:
    """Hashes and validators serve the program; the texts of the seeds are in their files."""
    for words in (
        ("status",), ("topics", "list"), ("topics", "show", "advisory"), ("matches",),
        ("explain", ADVISORY[0], "advisory"), ("digest", "preview"),
    ):  # fmt: skip
        found = dict(flattened(told(*words, "-c", config)))
        assert not [name for name in found if name.endswith(("_key", "_hash", "etag", "_version"))
                    and not name.endswith("background_version")]  # fmt: skip
        assert not [name for name in found if "seeds" in name and name.endswith(".text")]


def flattened(value: Any, path: str = "") -> list[tuple[str, object]]:
    """Every scalar of a document with the path of its keys."""
    if isinstance(value, dict):
        return [it for key, each in value.items() for it in flattened(each, f"{path}.{key}")]
    if isinstance(value, list):
        return [it for each in value for it in flattened(each, path)]
    return [(path, value)]


def test_json_is_ascii_where_the_terminal_is_not_utf_8(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = config.parent / "topics" / "zone.yaml"
    topic.write_text("name: Größe\nseeds: [{text: a larger zone}]\n", encoding="utf-8")
    from click.testing import CliRunner

    from monitor.cli import main

    page = CliRunner(charset="latin-1").invoke(
        main, ["topics", "list", "--json", "-c", str(config)]
    )
    topic.unlink()
    assert page.stdout_bytes.isascii()
    assert json.loads(page.stdout)[1]["name"] == "Größe"
