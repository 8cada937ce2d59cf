"""SIGKILL between and inside the steps: nothing is lost, and nothing comes twice unexplained.

Every SQL statement (before, after), commit, SMTP call and rename is a moment to die at. The plain
run takes a sample of them; ``pytest -m slow`` takes each.
"""

from __future__ import annotations

import multiprocessing
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import ADVISORY, FOOTBALL, MORNING, ORCHARD, rss, write_config
from tests.servers import FeedServer, MailServer
from tests.service import victim
from tests.service.walking import opened

HOUR = timedelta(hours=1)
WALKS = (MORNING, MORNING + HOUR)
RECOVERY = (MORNING + HOUR, MORNING + 2 * HOUR, MORNING + 30 * HOUR)
FAR = 10_000


@pytest.fixture(scope="module")
def nursery() -> multiprocessing.context.ForkServerContext:
    """Forks victims from a process that has everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.service.preload"])
    return context


class Scene:
    """One story about the topic and two that are not, waiting in a feed."""

    def __init__(self, folder: Path, feeds: FeedServer, nursery: object, mail: str) -> None:
        self.folder, self.nursery = folder, nursery
        feeds.pages["wire.rss"] = rss([ADVISORY, FOOTBALL, ORCHARD], at=MORNING - HOUR)
        self.config = write_config(
            folder, feeds=[feeds.url("wire.rss")], host=feeds.host, mail=mail
        )

    def run(self, moments: tuple[object, ...], die_at: int) -> int | None:
        """Walk in a process of its own; the moments counted, or None if it died by its own hand."""
        left = self.folder / "left"
        left.unlink(missing_ok=True)
        process = self.nursery.Process(  # type: ignore[attr-defined]
            target=victim.main, args=(self.config, moments, die_at, left)
        )
        process.start()
        process.join(60)
        assert process.exitcode in (0, -9), process.exitcode
        return die_at - int(left.read_text()) if left.exists() else None


def moments_of(scene: Scene) -> int:
    """How many moments there are to die at in two walks."""
    counted = scene.run(WALKS, FAR)
    assert counted is not None
    assert counted > 40
    return counted


def check_smtp(
    tmp_path: Path, feeds: FeedServer, mails: MailServer, nursery: object, die_at: int
) -> None:
    """Kill at ``die_at``, recover, and count the mails."""
    folder = tmp_path / str(die_at)
    folder.mkdir()
    mails.raw.clear()
    mail = f"smtp: {{host: 127.0.0.1, port: {mails.port}, security: none}}"
    scene = Scene(folder, feeds, nursery, mail)
    assert scene.run(WALKS, die_at) is None, "this moment was meant to be the last"
    assert scene.run(RECOVERY, FAR) is not None
    assert mails.raw, f"killed at moment {die_at}: the story was lost"
    assert all(ADVISORY[0] in each.as_string() for each in mails.mails)
    if len(mails.raw) > 1:
        assert len(mails.raw) == 2, f"killed at moment {die_at}: {len(mails.raw)} mails"
        assert mails.raw[0] == mails.raw[1], "a repeat must be the same bytes"
        with opened(scene.config, RECOVERY[-1]) as app:
            from monitor.store import outbox

            (item,) = outbox.listing(app.database)
            assert item.uncertain, "a repeat must be said to be one"


def check_folder(tmp_path: Path, feeds: FeedServer, nursery: object, die_at: int) -> None:
    """Kill at ``die_at``, recover, and count the files: a folder can keep exactly once."""
    folder = tmp_path / str(die_at)
    folder.mkdir()
    scene = Scene(folder, feeds, nursery, "folder: outbox")
    assert scene.run(WALKS, die_at) is None
    assert scene.run(RECOVERY, FAR) is not None
    assert len(list((folder / "outbox").glob("*.eml"))) == 1, f"killed at moment {die_at}"


def probe(tmp_path: Path, feeds: FeedServer, nursery: object, mail: str) -> int:
    """The number of moments of an undisturbed pair of walks."""
    folder = tmp_path / "probe"
    folder.mkdir()
    return moments_of(Scene(folder, feeds, nursery, mail))


SAMPLE = 16


def test_a_kill_at_sampled_moments_loses_nothing_and_doubles_nothing_unexplained(
    tmp_path: Path, feeds: FeedServer, mails: MailServer, nursery: object
) -> None:
    mail = f"smtp: {{host: 127.0.0.1, port: {mails.port}, security: none}}"
    count = probe(tmp_path, feeds, nursery, mail)
    for part in range(SAMPLE):
        check_smtp(tmp_path, feeds, mails, nursery, 1 + part * count // SAMPLE)


def test_a_kill_around_delivery_to_a_folder_leaves_exactly_one_file(
    tmp_path: Path, feeds: FeedServer, nursery: object
) -> None:
    count = probe(tmp_path, feeds, nursery, "folder: outbox")
    for die_at in range(count - 14, count - 1, 2):
        check_folder(tmp_path, feeds, nursery, die_at)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_kill_at_every_moment_loses_nothing_and_doubles_nothing_unexplained(
    tmp_path: Path, feeds: FeedServer, mails: MailServer, nursery: object
) -> None:
    mail = f"smtp: {{host: 127.0.0.1, port: {mails.port}, security: none}}"
    for die_at in range(1, probe(tmp_path, feeds, nursery, mail) + 1):
        check_smtp(tmp_path, feeds, mails, nursery, die_at)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_kill_at_every_moment_leaves_exactly_one_file_in_a_folder(
    tmp_path: Path, feeds: FeedServer, nursery: object
) -> None:
    for die_at in range(1, probe(tmp_path, feeds, nursery, "folder: outbox") + 1):
        check_folder(tmp_path, feeds, nursery, die_at)
