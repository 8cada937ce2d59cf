"""How feeds fare, what was asked of them, and what their owner decides, on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from monitor.records import MOVES_CONFIRMED, Move, PollStatus, Rhythm
from monitor.store import feeds, outcomes, stories
from monitor.store.database import Database, open_database
from tests.builders import ADVISORY, rss, write_config
from tests.cli.test_commands import call, told
from tests.servers import feed_server
from tests.store.builders import new_story, outcome

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WIRE, POST, NEWS = (f"https://{name}.example/feed" for name in ("wire", "post", "news"))


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Three feeds, none of them asked yet."""
    path = write_config(tmp_path, feeds=[WIRE, POST, NEWS], host="127.0.0.1:1")
    call("status", "-c", path)
    return path


@contextmanager
def database(config: Path) -> Iterator[Database]:
    db = open_database(f"sqlite:///{config.with_name('monitor.db')}")
    yield db
    db.close()


def happened(config: Path, feed_id: int, now: datetime, status: PollStatus, **changes: Any) -> None:
    """A poll that ended so an hour ago."""
    polled = {"checked_at": now - HOUR, "next_check_at": now + HOUR, **changes}
    with database(config) as db:
        outcomes.record(db, outcome(feed_id, status, **polled))


def hold(config: Path, now: datetime, *names: str) -> None:
    held = tuple(new_story(name, held=True) for name in names)
    with database(config) as db:
        stories.add_new(db, outcome(1, checked_at=now - HOUR, next_check_at=now + HOUR), held)


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [re.sub(r" {2,}", " | ", line.strip()) for line in result.stdout.splitlines()]


# ---------------------------------------------------------------- list


def test_the_list_tells_number_pace_rhythm_and_health_the_most_urgent_first(
    config: Path, now: datetime
) -> None:
    rhythm = Rhythm(stories=24.0, seconds=2 * 86_400.0)
    happened(config, 1, now, PollStatus.READ, title="Example Wire", rhythm=rhythm)
    error = "the answer is a web page, not a feed"
    happened(config, 2, now, PollStatus.FAILED, error=error)

    title, _, first, second, third = lines(call("feeds", "list", "-c", config))
    assert title == "Feeds: 1 failing, 1 new, 1 fine"
    assert first == f"2 | post.example/feed | 2 h | in 59 min | failing since 1 h ago: {error}"
    assert second == "3 | news.example/feed | now | not read yet"
    assert third == "1 | Example Wire | 2 h | in 59 min | about 12 stories a day | fine"


def test_all_that_is_wrong_with_a_feed_is_told_with_what_to_do(config: Path, now: datetime) -> None:
    move = Move(url="https://new.example/feed", times=MOVES_CONFIRMED)
    hold(config, now, "a", "b")
    happened(config, 1, now, PollStatus.READ, move=move, gap=True, seconds=12.0)

    (line,) = lines(call("feeds", "list", "--ill", "-c", config))[2:]
    assert line.partition(" | stories held")[2].split("; ") == [
        " 1 h ago: 2 old stories came again at once and wait "
        "(`monitor feeds release 1`, or with --discard)",
        "moved: for good, to https://new.example/feed (write the new address into feeds.yaml)",
        "stories probably missed 1 h ago: two polls in a row shared no story",
        "slow: the last answer took 12 s",
    ]


def test_programs_get_the_conditions_one_by_one(config: Path, now: datetime) -> None:
    happened(config, 2, now, PollStatus.GONE, error="410")
    happened(config, 3, now, PollStatus.FAILED, error="429", rest_until=now + HOUR)

    first, second, third = told("feeds", "list", "-c", config)
    assert [each["health"] for each in (first, second, third)] == ["new", "gone", "failing"]
    assert [each["state"] for each in third["conditions"]] == ["failing", "put off"]
    assert set(third["conditions"][0]) == {"state", "told", "at", "remedy"}
    assert (first["asked_every_seconds"], third["asked_every_seconds"]) == (None, 7200)
    assert [each["id"] for each in told("feeds", "list", "--ill", "-c", config)] == [2, 3]


def test_status_counts_and_shows_the_same_words(config: Path, now: datetime) -> None:
    happened(config, 2, now, PollStatus.GONE, error="410")
    page = call("status", "-c", config).output

    assert "Feeds: 1 gone, 2 new" in page
    assert re.search(r"post\.example/feed +1 h ago +gone 1 h ago: its server says for good", page)
    assert told("status", "-c", config)["feeds"] == told("feeds", "list", "-c", config)


# ---------------------------------------------------------------- log


def test_the_log_tells_each_request_the_newest_first(config: Path, now: datetime) -> None:
    at = datetime(2031, 5, 6, 12, 0, 30, tzinfo=UTC)
    read = {"http_status": 200, "seconds": 0.257, "size": 12_345}
    happened(config, 1, now, PollStatus.READ, checked_at=at, url="https://n.example/f", **read)
    failed = {"http_status": 503, "error": "it is busy", "url": POST}
    happened(config, 2, now, PollStatus.FAILED, checked_at=at + HOUR, **failed)

    head, *found = lines(call("feeds", "log", "-c", config))
    assert head.split() == [
        "at", "(UTC)", "|", "feed", "|", "outcome", "|", "HTTP", "|", "seconds", "|", "bytes",
        "|", "new", "|", "what", "happened",
    ]  # fmt: skip
    assert found == [
        "05-06 13:00:30 | post.example/feed | failed | 503 | it is busy",
        "05-06 12:00:30 | wire.example/feed | read | 200 | 0.26 | 12,345 | from https://n.example/f",
    ]


def test_the_log_counts_new_stories_for_programs_too(config: Path, now: datetime) -> None:
    with database(config) as db:
        stories.add_new(db, outcome(1, checked_at=now, url=WIRE), (new_story("a"), new_story("b")))

    (fetch,) = told("feeds", "log", "-c", config)
    assert fetch == {
        "feed_id": 1,
        "feed": "wire.example/feed",
        "url": WIRE,
        "at": now.isoformat(),
        "status": "read",
        "http_status": None,
        "seconds": None,
        "size": None,
        "new": 2,
        "error": None,
        "redirected_to": None,
    }


def test_the_log_is_narrowed_by_feed_failure_time_and_number(config: Path, now: datetime) -> None:
    happened(config, 1, now, PollStatus.FAILED, checked_at=now - 3 * DAY, error="old")
    happened(config, 1, now, PollStatus.READ)
    happened(config, 2, now, PollStatus.FAILED, error="young")

    def found(*words: str) -> list[tuple[int, str]]:
        fetches = told("feeds", "log", *words, "-c", config)
        return [(fetch["feed_id"], fetch["status"]) for fetch in fetches]

    assert found() == [(2, "failed"), (1, "read"), (1, "failed")]
    assert found("wire") == [(1, "read"), (1, "failed")]
    assert found("--failed") == [(2, "failed"), (1, "failed")]
    assert found("--since", "2d") == [(2, "failed"), (1, "read")]
    assert found("--limit", "1") == [(2, "failed")]


def test_an_empty_log_says_how_far_it_goes_back(config: Path) -> None:
    assert lines(call("feeds", "log", "-c", config)) == [
        "No such fetch is in the log, which goes back 14 days and 300 fetches a feed."
    ]


def test_a_span_that_cannot_be_read_is_refused(config: Path) -> None:
    result = call("feeds", "log", "--since", "soon", "-c", config)
    assert result.exit_code == 2
    assert "'soon' is no duration" in result.stderr


def test_a_walk_over_what_servers_do_is_told_line_by_line(tmp_path: Path) -> None:
    with feed_server() as server:
        server.pages["wire"] = rss([ADVISORY], at=datetime.now(UTC))
        server.pages["page"] = b"<!doctype html><html><body>Please sign in.</body></html>"
        server.statuses |= {"gone": 410, "old": 302}
        server.locations["old"] = server.url("wire")
        urls = [server.url(path) for path in ("wire", "page", "gone", "old")]
        config = write_config(tmp_path, feeds=urls, host=server.host)
        call("poll", "-c", config)
        call("feeds", "retry", server.url("wire"), "-c", config)
        call("poll", "-c", config)
        log = told("feeds", "log", "-c", config)

    assert (log[0]["feed_id"], log[0]["status"], log[0]["http_status"]) == (1, "unchanged", 304)
    first = {fetch["feed_id"]: fetch for fetch in log[1:]}
    assert [first[n]["status"] for n in (1, 2, 3, 4)] == ["read", "failed", "gone", "read"]
    assert [first[n]["http_status"] for n in (1, 2, 3, 4)] == [200, 200, 410, 200]
    assert [first[n]["new"] for n in (1, 2, 3, 4)] == [1, 0, 0, 1]
    assert "web page" in first[2]["error"]
    redirects = [first[n]["redirected_to"] for n in (1, 2, 3, 4)]
    assert redirects == [None, None, None, server.url("wire")]
    assert all(fetch["seconds"] >= 0 for fetch in log)
    assert first[1]["size"] == len(server.pages["wire"])


# ---------------------------------------------------------------- which feed is meant


@pytest.mark.parametrize("text", ["2", POST, "POST.example/feed", "post", " Post "])
def test_a_feed_is_meant_by_number_address_title_or_a_piece(
    config: Path, now: datetime, text: str
) -> None:
    happened(config, 2, now, PollStatus.READ)
    assert [fetch["feed_id"] for fetch in told("feeds", "log", text, "-c", config)] == [2]


def test_a_whole_title_beats_a_piece_of_another(config: Path, now: datetime) -> None:
    happened(config, 1, now, PollStatus.READ, title="Morning News")
    happened(config, 2, now, PollStatus.READ, title="News")
    assert [fetch["feed_id"] for fetch in told("feeds", "log", "news", "-c", config)] == [2]


def test_a_whole_address_beats_a_piece_of_another(config: Path, now: datetime) -> None:
    feeds_file = config.with_name("feeds.yaml")
    feeds_file.write_text(f"{feeds_file.read_text()}  - url: {POST}/world\n")
    happened(config, 2, now, PollStatus.READ)
    assert [fetch["feed_id"] for fetch in told("feeds", "log", POST, "-c", config)] == [2]


def test_where_several_are_meant_they_are_named(config: Path) -> None:
    result = call("feeds", "retry", "example", "-c", config)
    assert result.exit_code == 1
    assert result.stderr == (
        "monitor: several feeds fit 'example', give the number of one: "
        "1: wire.example/feed; 2: post.example/feed; 3: news.example/feed\n"
    )


@pytest.mark.parametrize("text", ["nobody", "9", ""])
def test_where_none_is_meant_the_list_is_named(config: Path, text: str) -> None:
    result = call("feeds", "release", text, "-c", config)
    assert result.exit_code == 1
    assert "see `monitor feeds list`" in result.stderr


# ---------------------------------------------------------------- release and retry


def test_released_stories_are_matched_at_the_next_step(config: Path, now: datetime) -> None:
    hold(config, now, "a", "b")

    result = call("feeds", "release", "wire", "-c", config)
    assert result.output == "wire.example/feed: 2 stories released; the next step matches them\n"
    assert told("match", "-c", config)["match"]["stories"] == 2


def test_discarded_stories_are_never_matched(config: Path, now: datetime) -> None:
    hold(config, now, "a")

    result = call("feeds", "release", "1", "--discard", "-c", config)
    assert result.output == "wire.example/feed: 1 story discarded, and never mailed\n"
    assert told("match", "-c", config)["match"]["stories"] == 0


def test_where_nothing_waits_nothing_is_released(config: Path) -> None:
    result = call("feeds", "release", "1", "-c", config)
    assert result.exit_code == 1
    assert "wire.example/feed: no story waits" in result.stderr


def test_a_feed_that_was_gone_is_asked_again(config: Path, now: datetime) -> None:
    happened(config, 1, now, PollStatus.GONE, checked_at=datetime(2031, 5, 6, 12, tzinfo=UTC))

    result = call("feeds", "retry", "1", "-c", config)
    assert result.output == (
        "wire.example/feed: it was gone since 2031-05-06 12:00 UTC; "
        "it is due now (`monitor poll` asks it at once)\n"
    )
    with database(config) as db:
        claimed = feeds.claim_due(db, datetime.now(UTC), owner="a", lease=HOUR, limit=9)
    assert 1 in [feed.id for feed in claimed]


def test_a_feed_that_waits_after_failures_is_asked_at_once(config: Path, now: datetime) -> None:
    happened(config, 1, now, PollStatus.FAILED, error="no", next_check_at=now + DAY)

    assert "it was failing since" in call("feeds", "retry", "1", "-c", config).output
    assert told("feeds", "list", "-c", config)[0]["failures"] == 0


def test_a_feed_that_is_not_enabled_cannot_be_asked(config: Path) -> None:
    text = config.with_name("feeds.yaml").read_text()
    config.with_name("feeds.yaml").write_text(text.replace(WIRE, f"{WIRE}\n    enabled: false"))

    result = call("feeds", "retry", "1", "-c", config)
    assert result.exit_code == 1
    assert "not enabled in feeds.yaml" in result.stderr
