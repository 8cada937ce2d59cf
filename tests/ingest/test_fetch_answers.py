"""What is told of an answer beside its body, and which heads of answers are read at all."""

from __future__ import annotations

import gzip
import time
from datetime import timedelta

import pytest

from monitor.errors import FetchError
from monitor.ingest.fetch import Fetcher
from monitor.ingest.guard import Guard
from monitor.records import Fetched, Validators
from tests.ingest.servers import HOST, Visit, serve
from tests.ingest.test_fetch import BODY, ETAG, MODIFIED, ask, failure, fetch, fetching, settings

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n"


def after(seconds: float, status: int = 200) -> Fetched | FetchError:
    """What is told of an answer that takes its time."""

    def answer(visit: Visit) -> None:
        visit.stopping.wait(seconds)
        visit.answer(status, body=BODY)

    with fetching(answer) as (fetcher, server):
        try:
            return fetcher.fetch(ask(server.url()))
        except FetchError as error:
            return error


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_and_a_failure_tell_how_long_they_took(status: int) -> None:
    told = after(0.2, status).seconds
    assert told is not None
    assert 0.2 <= told < 5


def test_a_deadline_that_passed_tells_how_long_it_was() -> None:
    error = failure(lambda visit: visit.drip(b""), timeout=timedelta(seconds=0.3))
    assert error.seconds is not None
    assert 0.3 <= error.seconds < 5


def test_waiting_for_a_busy_host_is_not_counted_as_time_of_an_answer() -> None:
    def answer(visit: Visit) -> None:
        visit.stopping.wait(0.2)
        visit.answer(body=BODY)

    with fetching(answer, per_host=1) as (fetcher, server):
        answers = list(fetcher.fetch_many([ask(server.url())] * 4))
    assert all(isinstance(each, Fetched) and each.seconds < 0.6 for _, each in answers)


def test_the_seconds_of_redirects_are_added_up() -> None:
    def answer(visit: Visit) -> None:
        visit.stopping.wait(0.1)
        if visit.path == "/end":
            visit.answer(body=BODY)
        else:
            visit.answer(302, Location="/end")

    assert 0.2 <= fetch(answer).seconds < 5


def test_what_was_never_asked_took_no_time() -> None:
    with Fetcher(Guard(), settings()) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.fetch(ask("http://"))
    assert caught.value.seconds is None


def test_the_size_is_that_of_the_body_on_the_wire() -> None:
    packed = gzip.compress(bytes(100_000))
    assert fetch(lambda v: v.answer(body=packed, Content_Encoding="gzip")).size == len(packed)
    assert fetch(lambda visit: visit.answer(body=BODY)).size == len(BODY)
    assert fetch(lambda visit: visit.answer(304), Validators(etag=ETAG)).size == 0


# ---------------------------------------------------------------- moved for good


def chain(visit: Visit) -> None:
    """/301/302 answers 301 and leads to /302, and so on; / is the end."""
    status, _, rest = visit.path.strip("/").partition("/")
    if status:
        visit.answer(int(status), Location=f"/{rest}")
    else:
        visit.answer(body=BODY)


@pytest.mark.parametrize("path", ["/301", "/308", "/301/308", "/308/301/301"])
def test_a_feed_has_moved_where_every_redirect_was_permanent(path: str) -> None:
    with fetching(chain) as (fetcher, server):
        assert fetcher.fetch(ask(server.url(path))).moved_to == server.url("/")


@pytest.mark.parametrize("path", ["/", "/302", "/301/302", "/307/308", "/301/303/301"])
def test_it_has_not_where_there_was_none_or_one_was_not(path: str) -> None:
    with fetching(chain) as (fetcher, server):
        assert fetcher.fetch(ask(server.url(path))).moved_to is None


def test_a_304_can_come_from_where_a_feed_has_moved_to() -> None:
    def answer(visit: Visit) -> None:
        visit.answer(*((301,) if visit.path == "/old" else (304,)), Location="/new")

    with fetching(answer) as (fetcher, server):
        fetched = fetcher.fetch(ask(server.url("/old"), Validators(etag=ETAG)))
        assert (fetched.unchanged, fetched.moved_to) == (True, server.url("/new"))


def test_the_new_address_never_holds_a_login() -> None:
    def answer(visit: Visit) -> None:
        if visit.path == "/old":
            visit.answer(301, Location=f"http://a:b@{HOST}:{server.port}/new")
        else:
            visit.answer(body=BODY)

    with fetching(answer) as (fetcher, server):
        fetched = fetcher.fetch(ask(server.url("/old", host=f"me:pw@{HOST}")))
    assert fetched.moved_to == fetched.url == server.url("/new")


# ---------------------------------------------------------------- validators


@pytest.mark.parametrize("name", ["ETag", "Last_Modified"])
def test_a_validator_too_long_to_be_taken_back_is_not_kept(name: str) -> None:
    kept = fetch(lambda visit: visit.answer(200, BODY, **{name: b"x" * 1_000})).validators
    assert b"x" * 1_000 in (kept.etag, kept.last_modified)
    dropped = fetch(lambda visit: visit.answer(200, BODY, **{name: b"x" * 1_001})).validators
    assert dropped == Validators()


def test_a_304_with_such_a_validator_leaves_the_one_that_was_sent() -> None:
    sent = Validators(etag=ETAG, last_modified=MODIFIED)
    assert fetch(lambda visit: visit.answer(304, ETag="x" * 2_000), sent).validators == sent


# ---------------------------------------------------------------- heads


def test_several_headers_of_one_name_are_one_list() -> None:
    fetched = fetch(lambda visit: visit.send(HEAD + b"X-A: 1\r\nx-a: 2\r\n\r\n" + BODY))
    assert fetched.headers["x-a"] == "1, 2"


def test_a_location_is_read_as_utf8_where_it_is() -> None:
    def answer(visit: Visit) -> None:
        if visit.path.startswith("/old"):
            visit.answer(302, Location="/straße".encode())
        else:
            visit.answer(body=BODY)

    with fetching(answer) as (fetcher, server):
        assert fetcher.fetch(ask(server.url("/old"))).url == server.url("/stra%C3%9Fe")


def lines(size: int) -> bytes:
    """Headers of ``size`` bytes in all."""
    line = b"X-Long: " + b"x" * 90 + b"\r\n"
    whole, rest = divmod(size - 20, len(line))
    return line * whole + b"X-Rest: " + b"x" * (10 + rest) + b"\r\n"


def test_headers_of_an_honest_size_are_read() -> None:
    assert fetch(lambda visit: visit.send(HEAD + lines(60_000) + b"\r\n" + BODY)).body == BODY


@pytest.mark.parametrize("size", [66_000, 90_000, 140_000, 1_000_000])
def test_larger_headers_are_a_failure_that_says_so(size: int) -> None:
    error = failure(lambda visit: visit.send(HEAD + lines(size) + b"\r\n" + BODY))
    assert "headers are larger than 65,536 bytes" in str(error)
    assert not error.permanent


@pytest.mark.parametrize("parts", [(40_000, 40_000), (60_000, 1_000_000)])
def test_they_are_counted_all_together_however_they_come(parts: tuple[int, int]) -> None:
    def answer(visit: Visit) -> None:
        visit.send(HEAD + lines(parts[0]))
        visit.stopping.wait(0.1)
        visit.send(lines(parts[1]) + b"\r\n" + BODY)

    assert "headers are larger" in str(failure(answer))


def test_endless_early_hints_are_cut_off_long_before_the_deadline() -> None:
    def answer(visit: Visit) -> None:
        while not visit.stopping.is_set():
            visit.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" * 100)

    started = time.monotonic()
    assert "headers are larger" in str(failure(answer))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("hint", [b"100 Continue\r\n", b"103 Early Hints\r\nLink: </a>\r\n"])
def test_what_is_said_before_an_answer_is_passed_over(hint: bytes) -> None:
    said = b"HTTP/1.1 " + hint + b"\r\n"
    fetched = fetch(lambda visit: visit.send(said * 3 + HEAD + b"ETag: 1\r\n\r\n" + BODY))
    assert (fetched.status, fetched.body, fetched.validators.etag) == (200, BODY, b"1")


def test_another_protocol_is_not_switched_to() -> None:
    error = failure(
        lambda visit: visit.answer(101, Connection="Upgrade", Upgrade="websocket"),
        timeout=timedelta(seconds=5),
    )
    assert "127.0.0.1" in str(error)


def test_a_header_that_comes_byte_by_byte_ends_at_the_deadline() -> None:
    def answer(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        visit.drip(b"x", 0.05)

    started = time.monotonic()
    error = failure(answer, timeout=timedelta(seconds=0.5))
    assert "no complete answer within 0.5 s" in str(error)
    assert time.monotonic() - started < 3


def test_a_body_in_countless_tiny_pieces_neither_ends_late_nor_holds_up_others() -> None:
    def answer(visit: Visit) -> None:
        visit.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not visit.stopping.is_set():
            visit.send(b"1\r\nx\r\n" * 10_000)

    with serve(answer) as hostile, serve(lambda visit: visit.answer(body=BODY)) as honest:
        guard = Guard(hostile.allowed | honest.allowed)
        with Fetcher(guard, settings(timeout=timedelta(seconds=30), per_host=9)) as fetcher:
            asked = [ask(hostile.url())] + [ask(honest.url())] * 5
            answers = list(fetcher.fetch_many(asked))
    assert answers[-1][0].url == hostile.url()
    assert "pieces" in str(answers[-1][1])
    assert all(isinstance(each, Fetched) for _, each in answers[:-1])
