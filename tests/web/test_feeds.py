"""The Atom files of channels: served as they are, by names of the owner's, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.service.links import linked
from tests.notify.builders import a_digest
from tests.service.walking import opened
from tests.web.site import LATER, Site, served_site

FEED = b"<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom'/>"
CHANNELS = "channels:\n  team: {feed: feeds/team}\n  pages: {folder: pages}\n"


@pytest.fixture
def folder(config: Path) -> Path:
    """The folder of the channel, with a feed in it and secrets around it."""
    with config.open("a") as file:
        file.write(CHANNELS)
    config.write_text(
        config.read_text().replace("[reader@example.org]", "[reader@example.org, team]")
    )
    folder = config.parent / "feeds" / "team"
    folder.mkdir(parents=True)
    (folder / "advisory.atom").write_bytes(FEED)
    (folder / ".advisory.atom").write_bytes(b"half written")
    (folder / "notes.txt").write_text("private")
    (folder / "linked.atom").symlink_to(config)
    (folder / "inner.atom").mkdir()
    (config.parent / "feeds" / "other.atom").write_bytes(b"not of this channel")
    (config.parent / "pages").mkdir()
    (config.parent / "pages" / "a.atom").write_bytes(b"of another kind")
    return folder


@pytest.fixture
def feeds(config: Path, folder: Path) -> Iterator[Site]:
    with opened(config, LATER) as app, served_site(app) as site:
        yield site


def test_a_feed_is_served_as_it_is(feeds: Site) -> None:
    answer = feeds.get("/feeds/team/advisory.atom")
    assert (answer.status_code, answer.content) == (200, FEED)
    assert answer.headers["content-type"] == "application/atom+xml"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_reader_that_has_it_already_is_told_so(feeds: Site, folder: Path) -> None:
    first = feeds.get("/feeds/team/advisory.atom")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for known in (tag, f'"other", W/{tag}'):
        again = feeds.get("/feeds/team/advisory.atom", **{"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    (folder / "advisory.atom").write_bytes(FEED + b"<!-- news -->")
    assert feeds.get("/feeds/team/advisory.atom", **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "team/none.atom",
        "team/.advisory.atom",
        "team/notes.txt",
        "team/linked.atom",
        "team/inner.atom",
        "team/",
        "team",
        "team/..%2fother.atom",
        "team/%2e%2e%2fother.atom",
        "../feeds/other.atom",
        "team/advisory.atom%00",
        "team/advisory%00.atom",
        "team/\u00e9.atom",
        "team/advisory.atom/",
        "pages/a.atom",
        "none/advisory.atom",
        "%2e/advisory.atom",
    ],
)
def test_nothing_else_can_be_had(feeds: Site, path: str) -> None:
    answer = feeds.get(f"/feeds/{path}")
    assert (answer.status_code, answer.text) in (
        (404, "There is no such feed.\n"),
        (404, "Not Found"),
    )


def test_a_folder_that_is_not_there_yet_has_no_feeds(feeds: Site, folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    assert feeds.get("/feeds/team/advisory.atom").status_code == 404


def test_only_reading_is_possible(feeds: Site) -> None:
    assert feeds.client(Origin="null").post("/feeds/team/advisory.atom").status_code == 405
    assert feeds.client().put("/feeds/team/advisory.atom").status_code == 405


def test_what_many_may_read_has_no_links_to_answer_on(feeds: Site) -> None:
    from monitor.store import subscriptions

    everyone = {each.recipient: each for each in subscriptions.everyone(feeds.app.database)}
    assert linked(feeds.app, a_digest(), everyone["team"]) == a_digest()
    assert linked(feeds.app, a_digest(), everyone["reader@example.org"]).unsubscribe
