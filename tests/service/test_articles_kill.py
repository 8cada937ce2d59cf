"""SIGKILL while a story waits for its page: the page is read, and the story matched once by it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from monitor.records import ArticleState
from monitor.service.articles import LEASE
from monitor.store import matches, stories
from tests.builders import ADVISORY, MORNING
from tests.servers import FeedServer
from tests.service.press import BODY, MINUTE, Press, configured, page, press
from tests.service.stage import FAR, run
from tests.service.victim import Job
from tests.service.walking import opened

LATER = (MORNING + LEASE + MINUTE, MORNING + LEASE + 2 * MINUTE)
SAMPLE = 12


class PageScene:
    """One story of which the topic wants the page."""

    def __init__(self, folder: Path, feeds: FeedServer, printed: Press) -> None:
        folder.mkdir()
        self.folder = folder
        printed.pages["/1"] = page(BODY)
        self.config = configured(folder, feeds, printed, [ADVISORY], topic="full_text: always")

    def run(self, hours: tuple[datetime, ...], at: int = FAR) -> int | None:
        """Walk in a process of its own; how many moments there were, or None if it died."""
        job = Job(folder=self.folder, hours=hours, armed=hours, at=at, telling=False)
        moments = run(job)
        return None if moments is None else len(moments)


def check(folder: Path, feeds: FeedServer, die_at: int) -> None:
    """Kill at ``die_at``, come back when claims have run out, and see what became of the story."""
    with press() as printed:
        scene = PageScene(folder, feeds, printed)
        assert scene.run((MORNING,), die_at) is None, "this moment was meant to be the last"
        assert scene.run(LATER) is not None
        asked = len(printed.server.visits)
    assert asked in (1, 2), f"killed at moment {die_at}: {asked} requests"
    with opened(scene.config, LATER[-1]) as app:
        story = stories.get(app.database, 1)
        (found,) = matches.of_story(app.database, 1)
    assert story is not None
    assert story.article is ArticleState.READ, f"killed at moment {die_at}"
    assert found.score > 0.8, "it was matched by the text of the feed"
    assert found.matched_at in (MORNING, *LATER)


def moments(folder: Path, feeds: FeedServer) -> int:
    """How many moments there are to die at in a walk."""
    with press() as printed:
        counted = PageScene(folder, feeds, printed).run((MORNING,))
    assert counted is not None
    return counted


def test_a_kill_at_sampled_moments_costs_no_page_and_matches_no_story_twice(
    tmp_path: Path, feeds: FeedServer
) -> None:
    count = moments(tmp_path / "probe", feeds)
    for part in range(SAMPLE):
        die_at = 1 + part * count // SAMPLE
        check(tmp_path / str(die_at), feeds, die_at)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_kill_at_every_moment_costs_no_page_and_matches_no_story_twice(
    tmp_path: Path, feeds: FeedServer
) -> None:
    for die_at in range(1, moments(tmp_path / "probe", feeds) + 1):
        check(tmp_path / str(die_at), feeds, die_at)
