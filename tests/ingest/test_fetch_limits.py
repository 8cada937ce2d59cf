"""Whatever a server does, a fetch ends in time, in memory, and without harm to others."""

from __future__ import annotations

import gc
import gzip
import threading
import time
import zlib
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import psutil
import pytest

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.fetch import Fetcher
from monitor.ingest.guard import Guard
from monitor.records import Request
from tests.ingest.servers import HOST, Visit, serve
from tests.ingest.test_fetch import BODY, ask, failure, fetching, settings

MIB = 1024 * 1024
SOON = timedelta(seconds=0.5)
HEAD = b"HTTP/1.1 200 OK\r\n"


def numbered(urls: Sequence[str]) -> list[Request]:
    return [Request(feed_id=number, url=url) for number, url in enumerate(urls)]


def slow_headers(visit: Visit) -> None:
    visit.send(HEAD)
    visit.drip(b"X-Slow: 1\r\n")


def slow_body(visit: Visit) -> None:
    visit.send(HEAD + b"Content-Length: 1000000\r\n\r\n")
    visit.drip(b"x")


def slow_chunks(visit: Visit) -> None:
    visit.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    visit.drip(b"1\r\nx\r\n")


def endless_early_hints(visit: Visit) -> None:
    visit.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def slow_redirects(visit: Visit) -> None:
    visit.stopping.wait(0.2)
    visit.answer(302, Location="/again")


def silent(visit: Visit) -> None:
    visit.stopping.wait()


@pytest.mark.parametrize(
    "answer",
    [slow_headers, slow_body, slow_chunks, endless_early_hints, slow_redirects, silent],
    ids=lambda answer: answer.__name__,
)
def test_the_deadline_is_for_the_whole_fetch(answer: object) -> None:
    assert callable(answer)
    started = time.monotonic()
    error = failure(answer, timeout=SOON)
    assert "no complete answer within 0.5 s" in str(error)
    assert not error.permanent
    assert 0.4 < time.monotonic() - started < 3


def gibibyte_of_zeros() -> bytes:
    """A gibibyte, packed: after a full flush the same mebibyte packs to the same bytes."""
    packer = zlib.compressobj(wbits=31)
    first, *_, last = (
        packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2)
    )
    return first + last * 1023


@pytest.mark.parametrize("coding", ["gzip", "gzip, gzip"])
def test_a_bomb_is_cut_at_the_limit_in_little_memory(coding: str) -> None:
    body = gibibyte_of_zeros()
    if coding == "gzip, gzip":
        body = gzip.compress(body)
    answer = partial(Visit.answer, body=body, Content_Encoding=coding)
    with fetching(answer) as (fetcher, server):
        before = psutil.Process().memory_info().rss
        with pytest.raises(FetchError, match=r"larger than 10,485,760 bytes"):
            fetcher.fetch(ask(server.url()))
        assert psutil.Process().memory_info().rss - before < 48 * MIB


def test_an_endless_plain_body_is_cut_at_the_limit() -> None:
    def endless(visit: Visit) -> None:
        visit.send(HEAD + b"\r\n")
        while not visit.stopping.is_set():
            visit.send(bytes(MIB))

    assert "larger than 3,000,000 bytes" in str(failure(endless, max_bytes=3_000_000))


def test_each_request_gets_its_own_answer_in_order_of_completion() -> None:
    def answer(visit: Visit) -> None:
        if visit.path == "/slow":
            server.wait_for_visits(4)
            visit.stopping.wait(0.1)
        if visit.path == "/missing":
            visit.answer(404)
        else:
            visit.answer(body=visit.path.encode())

    with fetching(answer, per_host=9) as (fetcher, server):
        paths = ["/slow", "/a", "/missing", "/b"]
        urls = [*map(server.url, paths), "http://10.0.0.1/", "nonsense"]
        answers = list(fetcher.fetch_many(numbered(urls)))
    by_number = {request.feed_id: answer for request, answer in answers}
    assert sorted(by_number) == list(range(6))
    assert answers[-1][0].feed_id == 0
    assert [getattr(by_number[number], "body", None) for number in (0, 1, 3)] == [
        b"/slow",
        b"/a",
        b"/b",
    ]
    assert isinstance(by_number[2], FetchError)
    assert isinstance(by_number[4], AddressRefused)
    assert isinstance(by_number[5], FetchError)


def test_no_requests_give_no_answers() -> None:
    with Fetcher(Guard(), settings()) as fetcher:
        assert list(fetcher.fetch_many(())) == []


def test_at_most_two_requests_at_once_go_to_one_host() -> None:
    def answer(visit: Visit) -> None:
        visit.stopping.wait(0.02)
        visit.answer(body=BODY)

    with fetching(answer) as (fetcher, server):
        answers = list(fetcher.fetch_many(numbered([server.url()] * 20)))
    assert len(answers) == 20
    assert server.busiest == 2


def test_the_limit_per_host_holds_for_redirects_to_it_too() -> None:
    def target(visit: Visit) -> None:
        visit.stopping.wait(0.02)
        visit.answer(body=BODY)

    def moved(visit: Visit) -> None:
        visit.stopping.wait(0.1)
        visit.answer(302, Location=hub.url())

    names = [f"feed-{number}.example" for number in range(20)]
    with serve(target) as hub, serve(moved) as source:
        allowed = hub.allowed | {(name, source.port) for name in names}
        with Fetcher(Guard(frozenset(allowed)), settings(), resolve=to_loopback) as fetcher:
            urls = [source.url(host=name) for name in names]
            answers = list(fetcher.fetch_many(numbered(urls)))
    assert all(getattr(answer, "body", None) == BODY for _, answer in answers)
    assert source.busiest > 2
    assert hub.busiest == 2


async def to_loopback(host: str, port: int) -> Sequence[str]:
    return (HOST,)


def test_waiting_for_a_busy_host_is_not_held_against_a_feed() -> None:
    def answer(visit: Visit) -> None:
        visit.stopping.wait(0.2)
        visit.answer(body=BODY)

    with fetching(answer, per_host=1, timeout=SOON) as (fetcher, server):
        answers = list(fetcher.fetch_many(numbered([server.url()] * 6)))
    assert all(getattr(answer, "body", None) == BODY for _, answer in answers)


def test_a_host_that_hangs_does_not_hold_up_the_others() -> None:
    with serve(silent) as hanging, serve(lambda visit: visit.answer(body=BODY)) as healthy:
        guard = Guard(hanging.allowed | {("healthy.example", healthy.port)})
        with Fetcher(guard, settings(concurrency=4), resolve=to_loopback) as fetcher:
            urls = [hanging.url()] * 10 + [healthy.url(host="healthy.example")] * 10
            answers = fetcher.fetch_many(numbered(urls))
            first = [next(answers) for _ in range(10)]
            answers.close()  # type: ignore[attr-defined]
    assert all(getattr(answer, "body", None) == BODY for _, answer in first)


def test_a_slow_consumer_slows_the_fetching_down() -> None:
    with fetching(lambda v: v.answer(body=BODY), concurrency=3, per_host=9) as (fetcher, server):
        answers = fetcher.fetch_many(numbered([server.url()] * 30))
        next(answers)
        time.sleep(0.3)
        # Three may be under way or wait to be taken, beside the one that was.
        assert len(server.visits) <= 4
        assert sum(1 for _ in answers) == 29


def test_leaving_the_answers_cancels_what_is_under_way() -> None:
    def answer(visit: Visit) -> None:
        if visit.path == "/quick":
            visit.answer(body=BODY)
        else:
            slow_body(visit)
            gone.set()

    gone = threading.Event()
    with fetching(lambda v: watch(v, answer, gone), per_host=9) as (fetcher, server):
        for _ in fetcher.fetch_many(numbered([server.url("/quick"), server.url("/slow")])):
            server.wait_for_visits(2)
            break
        gc.collect()
        assert gone.wait(5), "the slow request goes on"
        assert fetcher.fetch(ask(server.url("/quick"))).body == BODY


def watch(visit: Visit, answer: object, gone: threading.Event) -> None:
    """Answer, and notice when the client leaves."""
    assert callable(answer)
    try:
        answer(visit)
    except OSError:
        gone.set()


def test_closing_ends_everything_at_once_in_every_thread() -> None:
    with fetching(silent) as (fetcher, server):
        answers: list[object] = []
        thread = threading.Thread(
            target=lambda: answers.extend(fetcher.fetch_many(numbered([server.url()] * 5)))
        )
        thread.start()
        server.wait_for_visits(2)
        started = time.monotonic()
        fetcher.close()
        thread.join(5)
        assert not thread.is_alive()
        assert time.monotonic() - started < 3
        assert answers == []
        with pytest.raises(FetchError, match="ending"):
            fetcher.fetch(ask(server.url()))
        fetcher.close()


def test_nothing_runs_before_the_first_fetch() -> None:
    before = threading.active_count()
    with Fetcher(Guard(), settings()):
        assert threading.active_count() == before


def test_rounds_leave_neither_connections_nor_threads() -> None:
    with fetching(lambda visit: visit.answer(body=BODY)) as (fetcher, server):
        fetcher.fetch(ask(server.url()))
        own = psutil.Process()
        before = own.num_fds()
        for _ in range(5):
            assert len(list(fetcher.fetch_many(numbered([server.url()] * 20)))) == 20
        assert own.num_fds() <= before + 2
