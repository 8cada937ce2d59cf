"""Polling against servers that misbehave: nothing lost, nothing doubled, nobody starved."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.service import poll as room
from monitor.service.poll import poll
from monitor.store import feeds, stories
from tests.builders import ADVISORY, FOOTBALL, MORNING, ORCHARD, rss, write_config
from tests.ingest.servers import HOST, Server, Visit, serve
from tests.service.walking import opened, told

HOUR = timedelta(hours=1)
WIRE = rss([ADVISORY, FOOTBALL, ORCHARD], at=MORNING)
TAG = b'"wire-1"'
ONE_ROUND = timedelta(0)


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


def one_at_a_time(config: Path) -> Path:
    """The same configuration with one request at a time to a host."""
    config.write_text(config.read_text().replace("polling:\n", "polling:\n  per_host: 1\n"))
    return config


def test_a_host_with_many_feeds_gives_way_after_a_few_of_them(tmp_path: Path) -> None:
    paths = [f"/{number}" for number in range(7)]
    with serve(lambda visit: visit.answer(body=WIRE)) as server:
        config = one_at_a_time(configured(tmp_path, server, *paths))
        with opened(config, MORNING) as app:
            assert poll(app, MORNING, at_most=ONE_ROUND).counts["read"] == 2
            assert poll(app, MORNING, at_most=ONE_ROUND).counts["read"] == 2
            assert poll(app, MORNING).counts["read"] == 3, "without a limit all that are due"
    assert server.paths == paths


def test_a_poll_that_is_broken_off_leaves_its_feeds_due(tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        if visit.path == "/late" and server.paths.count("/late") == 2:
            visit.stopping.wait()
        visit.answer(200, body=WIRE)

    def hang_up(_what: str, _done: int) -> None:
        raise KeyboardInterrupt

    with serve(answer) as server:
        config = configured(tmp_path, server, "/prompt", "/late")
        with opened(config, MORNING, owner="first") as app:
            poll(app, MORNING)
            app.progress = hang_up
            with pytest.raises(KeyboardInterrupt):
                poll(app, MORNING + HOUR)
        with opened(config, MORNING, owner="second") as app:
            assert told(poll(app, MORNING + HOUR)) == {"unchanged": 1}
    assert server.paths[-1] == "/late"


def test_feeds_that_failed_last_come_after_the_healthy_ones(tmp_path: Path) -> None:
    def answer(visit: Visit) -> None:
        visit.answer(503 if visit.path == "/broken" else 200, body=WIRE)

    with serve(answer) as server:
        config = one_at_a_time(configured(tmp_path, server, "/broken", "/healthy"))
        with opened(config, MORNING) as app:
            for hour in range(2):
                poll(app, MORNING + hour * HOUR)
    assert server.paths == ["/broken", "/healthy", "/healthy", "/broken"]


PORTUGUESE = (
    "Soldados já não estão na base",
    "O ministério informou na terça-feira que os últimos soldados deixaram a base perto da "
    "fronteira e que a entrega das instalações será concluída até ao fim do ano.",
)
TEMPLATE = rss([PORTUGUESE, ("Base vazia", "")], at=MORNING).replace(
    b"<channel>", b"<channel><language>en-us</language>"
)


@pytest.mark.parametrize(
    ("owner", "told_of_prose", "told_of_headline"),
    [("", "pt", "en"), ("    language: gl\n", "gl", "gl")],
    ids=["sure words beat the document, a headline does not", "the owner beats both"],
)
def test_a_story_is_stored_in_the_language_it_speaks(
    tmp_path: Path, owner: str, told_of_prose: str, told_of_headline: str
) -> None:
    with serve(lambda visit: visit.answer(body=TEMPLATE)) as server:
        config = configured(tmp_path, server)
        listed = config.with_name("feeds.yaml")
        listed.write_text(listed.read_text() + owner)
        with opened(config, MORNING) as app:
            poll(app, MORNING)
            found = {story.title: story.language for story in stories.latest(app.database, 10)}
    assert found == {PORTUGUESE[0]: told_of_prose, "Base vazia": told_of_headline}


def test_a_feed_whose_lease_ends_while_it_waits_for_its_host_is_not_asked_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PARSING", timedelta(0))
    monkeypatch.setattr(room, "LOOK_AGAIN", timedelta(seconds=0.1))
    monkeypatch.setattr(room, "IN_A_ROW", 5)
    paths = [f"/{number}" for number in range(5)]

    def answer(visit: Visit) -> None:
        visit.stopping.wait(0.6)
        visit.answer(body=WIRE)

    with serve(answer) as server:
        config = one_at_a_time(configured(tmp_path, server, *paths))
        shortest = "polling:\n  timeout: 2s\n  concurrency: 200\n"
        config.write_text(config.read_text().replace("polling:\n", shortest))
        with opened(config, MORNING) as app:
            assert room.poll_a_while(app, MORNING).counts["read"] == 5
    assert server.paths == paths


def test_what_the_database_refuses_of_one_feed_costs_no_other_one(tmp_path: Path) -> None:
    refuse = (
        f"CREATE TRIGGER refuse BEFORE INSERT ON stories WHEN NEW.title = '{FOOTBALL[0]}' "
        "BEGIN SELECT RAISE(ABORT, 'no football here'); END"
    )
    pages = {"/a": ADVISORY, "/b": FOOTBALL, "/c": ORCHARD}

    def answer(visit: Visit) -> None:
        visit.answer(body=rss([pages[visit.path]], at=MORNING), ETag=TAG)

    with serve(answer) as server:
        config = configured(tmp_path, server, *pages)
        with opened(config, MORNING) as app:
            with app.database.write() as connection:
                connection.exec_driver_sql(refuse)
            assert told(room.poll(app, MORNING)) == {"read": 2, "failed": 1, "new": 2}
            _, refused, _ = feeds.all_feeds(app.database)
            with app.database.write() as connection:
                connection.exec_driver_sql("DROP TRIGGER refuse")
            again = room.poll(app, MORNING + 24 * HOUR)
    assert "no football here" in (refused.last_error or "")
    assert refused.validators.etag is None, "it has to come again"
    assert told(again) == {"read": 1, "unchanged": 2, "new": 1}
