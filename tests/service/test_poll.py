"""Polling against servers that misbehave: nothing lost, nothing doubled, nobody starved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from monitor.service.poll import poll
from monitor.store import feeds, stories
from tests.builders import ADVISORY, FOOTBALL, MORNING, ORCHARD, rss, write_config
from tests.ingest.servers import HOST, Server, Visit, serve
from tests.service.walking import opened

HOUR = timedelta(hours=1)
WIRE = rss([ADVISORY, FOOTBALL, ORCHARD], at=MORNING)
TAG = b'"wire-1"'


def configured(folder: Path, server: Server, *paths: str) -> Path:
    """A configuration that polls ``paths`` of ``server``."""
    urls = [server.url(path) for path in paths or ("/feed",)]
    return write_config(folder, feeds=urls, host=f"{HOST}:{server.port}")


def test_what_a_cut_off_answer_lacked_comes_with_the_next_whole_one(tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        if visit.headers.get("if-none-match") == TAG:
            visit.answer(304)
        elif len(server.visits) == 1:  # no length: only the connection's end tells its end
            visit.send(b"HTTP/1.1 200 OK\r\nETag: " + TAG + b"\r\n\r\n" + WIRE[: len(WIRE) // 2])
        else:
            visit.answer(body=WIRE, ETag=TAG)

    with serve(answer) as server, opened(configured(tmp_path, server), MORNING) as app:
        found = [poll(app, MORNING + hour * HOUR).counts.get("new", 0) for hour in range(3)]
        titles = {story.title for story in stories.latest(app.database, 10)}
        (feed,) = feeds.all_feeds(app.database)
    assert titles == {ADVISORY[0], FOOTBALL[0], ORCHARD[0]}
    assert sum(found) == 3, "a half item must not be one story and the whole one another"
    assert feed.validators.etag == TAG
    assert feed.last_status == 304
