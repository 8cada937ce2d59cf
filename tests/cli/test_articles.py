"""Where the text of a story came from, and what is missing to read pages: as a person reads it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import ADVISORY, FOOTBALL
from tests.cli.test_commands import call, told
from tests.servers import FeedServer, feed_server
from tests.service.press import BODY, Press, configured, page, press, rewrite, status


@pytest.fixture
def feeds() -> Iterator[FeedServer]:
    with feed_server() as server:
        yield server


@pytest.fixture
def printed() -> Iterator[Press]:
    with press() as server:
        yield server


@pytest.fixture
def config(tmp_path: Path, feeds: FeedServer, printed: Press) -> Path:
    recent = datetime.now(UTC) - timedelta(hours=1)
    items = [ADVISORY, FOOTBALL]
    return configured(tmp_path, feeds, printed, items, topic="full_text: always", at=recent)


def explained(config: Path, number: int) -> str:
    return " ".join(call("explain", number, "advisory", "-c", config).stdout.split())


def test_a_story_says_where_its_text_came_from_and_if_not_from_its_page_why(
    config: Path, printed: Press
) -> None:
    printed.pages |= {"/1": page(BODY), "/2": status(403)}
    told("once", "-c", config)
    assert "Its text was read from its page." in explained(config, 1)
    assert "Its text is that of the feed: 127.0.0.1 answered 403 Forbidden." in explained(config, 2)
    (matched,) = told("matches", "-c", config)
    assert (matched["story"]["article"], matched["story"]["article_note"]) == ("read", None)


def test_once_reads_the_pages_and_matches_by_them(config: Path, printed: Press) -> None:
    printed.pages |= {"/1": page(BODY), "/2": status(403)}
    done = told("once", "-c", config)
    assert done["match"] == {"stories": 2, "hits": 1, "near": 0, "vetoed": 0, "put_off": 2}
    assert done["articles"] == {"read": 1, "kept": 1, "waiting": 0}


def test_the_steps_one_by_one_do_the_same(config: Path, printed: Press) -> None:
    printed.pages["/1"] = page(BODY)
    told("poll", "-c", config)
    assert told("match", "-c", config)["match"]["put_off"] == 2
    assert "Its page is to be read first, for an hour at most." in explained(config, 1)
    assert told("articles", "-c", config)["match"]["hits"] == 1


def test_a_story_whose_page_nobody_asked_for_says_nothing_of_it(config: Path) -> None:
    rewrite(config, topic="")
    told("once", "-c", config)
    for word in ("its page", "its text"):
        assert word not in explained(config, 1).lower()


@pytest.fixture
def without_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)


@pytest.mark.usefixtures("without_extra")
def test_check_and_the_start_of_the_service_name_what_is_to_be_installed(config: Path) -> None:
    checked, started = call("check", "-c", config), call("run", "-c", config)
    assert (checked.exit_code, started.exit_code) == (1, 2)
    for said in (checked.output, started.output):
        assert "topic advisory" in " ".join(said.split())
        assert "newsmonitor[fulltext]" in said


@pytest.mark.usefixtures("without_extra")
def test_without_what_reads_pages_the_stories_are_matched_all_the_same(
    config: Path, printed: Press
) -> None:
    assert told("once", "-c", config)["match"]["hits"] == 1
    assert printed.server.visits == []


@pytest.mark.usefixtures("without_extra")
def test_nothing_is_missed_where_nobody_asks_for_full_texts(config: Path) -> None:
    rewrite(config, topic="")
    assert call("check", "-c", config).exit_code == 0
