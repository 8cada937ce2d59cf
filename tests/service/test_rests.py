"""What a host says holds for itself, and not for those that redirect there: rests, and ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.errors import FetchError
from monitor.records import PollStatus, Request
from monitor.service.poll import poll
from monitor.store import outcomes
from tests.manners import DAY, HOUR, MINUTE, Entry, Run, stories, world
from tests.service.hosts import hosting, saying, serving, to

SHARED, HOSTILE = "127.0.0.21", "127.0.0.22"
TIRED = saying(429, (b"Retry-After", b"86400"))


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A host of many owners' feeds, of which one leads to a host that wants no requests."""
    with world([SHARED, HOSTILE]) as made:
        away = to(made, 302, HOSTILE, "/first/there")
        made.scripts[SHARED] = hosting({"first": away, "honest": serving(stories(HOUR))})
        made.scripts[HOSTILE] = TIRED
        entries = [Entry(made.url(SHARED, f"/{name}/feed"), "1h") for name in ("first", "honest")]
        yield Run(made, tmp_path, entries)


def test_where_a_feed_redirects_to_cannot_put_the_other_feeds_of_its_host_to_rest(run: Run) -> None:
    run.play(6 * HOUR)
    assert len(run.world.visits("honest")) >= 5
    assert len(run.world.visits("first")) == 2, "itself it waits for as long as it was told"


def test_the_host_it_redirects_to_rests_for_its_own_feeds_after_a_restart_too(run: Run) -> None:
    run.play(MINUTE)
    run.entries = [*run.entries, Entry(run.world.url(HOSTILE, "/own/feed"))]
    run.play(DAY - HOUR)
    assert not run.world.visits("own")
    run.play(2 * HOUR)
    assert run.world.visits("own")


def test_a_request_that_only_led_to_a_resting_host_is_in_the_log(run: Run) -> None:
    with run._started() as app:
        with pytest.raises(FetchError):
            app.fetcher.fetch(Request(feed_id=0, url=run.entries[0].url))
        assert poll(app, run.now).counts["put_off"] == 1
        lines = {line.feed_id: line for line in outcomes.listing(app.database, limit=10)}
    assert len(run.world.visits("first", SHARED)) == 2
    assert lines[1].status is PollStatus.PUT_OFF
    assert "asked to be left alone" in (lines[1].error or "")


def test_where_a_feed_redirects_to_cannot_end_it(run: Run) -> None:
    run.world.scripts[HOSTILE] = saying(410)
    run.play(MINUTE)
    first = run.feeds()["first"]
    assert (first.gone_at, first.failures, first.last_status) == (None, 1, 410)
