"""A host that says it is asked too much is left alone, by all of its feeds, for as long as it says.

The clock of these tests stands still until it is moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from monitor.errors import FetchError, HostResting
from monitor.ingest.fetch import Fetcher
from monitor.ingest.guard import Guard
from monitor.ingest.rest import Rests
from monitor.records import Fetched
from tests.ingest.servers import HOST, Answer, Server, Visit, serve
from tests.ingest.test_fetch import BODY, ask, settings
from tests.ingest.test_fetch_limits import numbered, to_loopback

NAMES = ("busy.example", "other.example")


@dataclass
class Clock:
    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds

    def move(self, **span: float) -> None:
        self.seconds += timedelta(**span).total_seconds()


@dataclass
class Scene:
    fetcher: Fetcher
    server: Server
    clock: Clock = field(default_factory=Clock)

    def ask(self, path: str, host: str = "busy.example") -> Fetched | FetchError:
        try:
            return self.fetcher.fetch(ask(self.server.url(path, host)))
        except FetchError as error:
            return error

    @property
    def asked(self) -> list[str]:
        return self.server.paths


@contextmanager
def scene(answer: Answer) -> Iterator[Scene]:
    """One server under two names."""
    clock = Clock()
    with serve(answer) as server:
        guard = Guard(frozenset((name, server.port) for name in NAMES))
        with Fetcher(guard, settings(per_host=1), resolve=to_loopback, clock=clock) as fetcher:
            yield Scene(fetcher, server, clock)


def by_path(visit: Visit) -> None:
    """/429 and /503 answer so, with the Retry-After behind a second slash; /to/HOST leads there."""
    _, kind, *rest = visit.path.split("/")
    if kind in ("429", "503"):
        visit.answer(int(kind), **({"Retry_After": rest[0].encode()} if rest else {}))
    elif kind == "to":
        _, _, port = visit.headers["host"].decode().partition(":")
        visit.answer(302, Location=f"http://{rest[0]}:{port}/end")
    else:
        visit.answer(body=BODY)


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/429/30", timedelta(seconds=30)),
        ("/503/30", timedelta(seconds=30)),
        ("/429", timedelta(minutes=1)),
        ("/429/soon", timedelta(minutes=1)),
        ("/429/99999999", timedelta(days=1)),
    ],
)
def test_a_host_rests_for_as_long_as_it_asks(path: str, rest: timedelta) -> None:
    with scene(by_path) as here:
        refused = here.ask(path)
        assert isinstance(refused, FetchError)
        assert not isinstance(refused, HostResting)
        here.clock.move(seconds=rest.total_seconds() - 1)
        resting = here.ask("/feed")
        assert isinstance(resting, HostResting)
        assert resting.retry_after == timedelta(seconds=1)
        assert not resting.permanent
        assert "busy.example asked to be left alone" in str(resting)
        assert here.asked == [path]
        here.clock.move(seconds=1.5)
        assert isinstance(here.ask("/feed"), Fetched)


def test_the_other_feeds_of_a_round_are_not_asked_either() -> None:
    with scene(by_path) as here:
        urls = [here.server.url("/429/30", "busy.example")]
        urls += [here.server.url(f"/feed/{number}", "busy.example") for number in range(5)]
        urls += [here.server.url("/feed", "other.example")]
        answers = {
            request.feed_id: answer for request, answer in here.fetcher.fetch_many(numbered(urls))
        }
        assert [type(answers[number]) for number in range(7)] == [
            FetchError,
            *[HostResting] * 5,
            Fetched,
        ]
        assert sorted(here.asked) == ["/429/30", "/feed"]


def test_a_redirect_to_a_resting_host_is_not_followed() -> None:
    with scene(by_path) as here:
        here.ask("/429/30")
        assert isinstance(here.ask("/to/busy.example", "other.example"), HostResting)
        assert here.asked == ["/429/30", "/to/busy.example"]


def test_a_host_is_the_same_with_a_dot_behind_it_and_in_capitals() -> None:
    with scene(by_path) as here:
        here.ask("/429/30")
        assert isinstance(here.ask("/feed", "BUSY.example."), HostResting)


@pytest.mark.parametrize("path", ["/503", "/503/soon"])
def test_a_503_that_names_no_time_is_a_failure_of_one_feed(path: str) -> None:
    with scene(by_path) as here:
        here.ask(path)
        assert isinstance(here.ask("/feed"), Fetched)


def test_a_resting_host_costs_no_seconds_and_the_answer_before_it_some() -> None:
    with scene(by_path) as here:
        refused, resting = here.ask("/429/30"), here.ask("/feed")
        assert isinstance(refused, FetchError)
        assert isinstance(resting, HostResting)
        assert refused.seconds is not None
        assert refused.seconds > 0
        assert resting.seconds is None


# ---------------------------------------------------------------- what is remembered


def test_a_longer_rest_is_not_cut_short_by_a_shorter_one() -> None:
    rests = Rests(Clock())
    rests.begin(HOST, timedelta(hours=1))
    rests.begin(HOST, timedelta(seconds=5))
    assert rests.left(HOST) == timedelta(hours=1)


def test_no_more_hosts_are_remembered_than_there_is_room_for() -> None:
    clock = Clock()
    rests = Rests(clock)
    for number in range(30_000):
        rests.begin(f"{number}.example", timedelta(seconds=number + 1))
    left = sum(rests.left(f"{number}.example") is not None for number in range(30_000))
    assert 5_000 <= left <= 10_000
    assert rests.left("29999.example") == timedelta(seconds=30_000)
