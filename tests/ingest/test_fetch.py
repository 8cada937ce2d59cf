"""What is asked of a server, and what its answers mean."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.fetch import Fetcher, FetchSettings
from monitor.ingest.guard import Guard
from monitor.records import Fetched, Request, Validators
from tests.ingest.servers import HOST, Answer, Server, Visit, serve

BODY = b"<rss/>"
ETAG = 'W/"caf\xe9 \xff,\'x"'.encode("latin-1")
MODIFIED = b"Sat, 14 Mar 2026 9:05:00 +0100 (odd)"


def settings(**changes: object) -> FetchSettings:
    given: dict[str, object] = {"user_agent": "newsmonitor/1 (+mailto:desk@news.example)"}
    return FetchSettings(**{**given, **changes})  # type: ignore[arg-type]


@contextmanager
def fetching(answer: Answer, **changes: object) -> Iterator[tuple[Fetcher, Server]]:
    """A fetcher that may reach one server, and that server."""
    with serve(answer) as server, Fetcher(Guard(server.allowed), settings(**changes)) as fetcher:
        yield fetcher, server


def ask(url: str, validators: Validators | None = None) -> Request:
    return Request(feed_id=1, url=url, validators=validators or Validators())


async def only_loopback(host: str, port: int) -> tuple[str, ...]:
    """A name server that knows one address and no name."""
    if host == HOST:
        return (HOST,)
    raise FetchError(f"{host}: the name does not resolve")


def fetch(answer: Answer, validators: Validators | None = None, **changes: object) -> Fetched:
    with fetching(answer, **changes) as (fetcher, server):
        return fetcher.fetch(ask(server.url(), validators))


def failure(answer: Answer, validators: Validators | None = None, **changes: object) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetch(answer, validators, **changes)
    return caught.value


def test_a_body_comes_with_its_headers_and_validators() -> None:
    fetched = fetch(
        lambda visit: visit.answer(
            body=BODY, Content_Type="text/xml", ETag=ETAG, Last_Modified=MODIFIED
        )
    )
    assert fetched.body == BODY
    assert not fetched.unchanged
    assert fetched.status == 200
    assert fetched.headers["content-type"] == "text/xml"
    assert fetched.validators == Validators(etag=ETAG, last_modified=MODIFIED)


def test_a_request_says_who_asks_and_nothing_it_need_not() -> None:
    with fetching(lambda visit: visit.answer(body=BODY, Set_Cookie="id=1")) as (fetcher, server):
        for _ in range(2):
            fetcher.fetch(ask(server.url("/a?b=1")))
    for visit in server.visits:
        assert visit.path == "/a?b=1"
        assert visit.headers["user-agent"] == b"newsmonitor/1 (+mailto:desk@news.example)"
        assert visit.headers["accept-encoding"] == b"gzip"
        assert visit.headers["host"] == f"{HOST}:{server.port}".encode()
        for header in ("cookie", "referer", "authorization", "if-none-match", "if-modified-since"):
            assert header not in visit.headers


def test_validators_go_back_byte_for_byte() -> None:
    sent = Validators(etag=ETAG, last_modified=MODIFIED)
    with fetching(lambda visit: visit.answer(304)) as (fetcher, server):
        fetched = fetcher.fetch(ask(server.url(), sent))
    (visit,) = server.visits
    assert visit.headers["if-none-match"] == ETAG
    assert visit.headers["if-modified-since"] == MODIFIED
    assert fetched.unchanged
    assert fetched.validators == sent


def test_a_304_refreshes_the_validators_it_carries_and_keeps_the_others() -> None:
    sent = Validators(etag=b'"1"', last_modified=MODIFIED)
    fetched = fetch(lambda visit: visit.answer(304, ETag='"2"'), sent)
    assert fetched.validators == Validators(etag=b'"2"', last_modified=MODIFIED)


def test_a_200_without_validators_has_none() -> None:
    sent = Validators(etag=b'"1"', last_modified=MODIFIED)
    assert fetch(lambda visit: visit.answer(body=BODY), sent).validators == Validators()


def test_a_validator_without_a_value_is_none() -> None:
    sent = Validators(etag=ETAG)
    fetched = fetch(lambda visit: visit.answer(body=BODY, ETag="", Last_Modified=""))
    assert fetched.validators == Validators()
    assert fetch(lambda visit: visit.answer(304, ETag=""), sent).validators == sent


def test_a_304_that_was_not_asked_for_is_a_failure() -> None:
    assert failure(lambda visit: visit.answer(304)).status == 304


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(204, False), (206, False), (300, False), (400, True), (401, True), (404, True), (408, False),
     (410, True), (425, False), (429, False), (500, False), (503, False), (599, False)],
)  # fmt: skip
def test_other_statuses_are_failures_that_may_be_permanent(status: int, permanent: bool) -> None:
    error = failure(lambda visit: visit.answer(status))
    assert (error.status, error.permanent) == (status, permanent)
    assert str(error).startswith(f"{HOST} answered {status}")


def test_retry_after_is_passed_on() -> None:
    error = failure(lambda visit: visit.answer(429, Retry_After="3600"))
    assert error.retry_after == timedelta(hours=1)
    error = failure(
        lambda visit: visit.answer(
            503,
            Retry_After="Sat, 14 Mar 2026 12:10:00 GMT",
            Date="Sat, 14 Mar 2026 12:00:00 GMT",
        )
    )
    assert error.retry_after == timedelta(minutes=10)


def test_gzip_is_unpacked() -> None:
    packed = gzip.compress(BODY)
    assert fetch(lambda visit: visit.answer(body=packed, Content_Encoding="gzip")).body == BODY


def test_deflate_that_was_not_asked_for_is_read() -> None:
    packed = zlib.compress(BODY)
    assert fetch(lambda visit: visit.answer(body=packed, Content_Encoding="deflate")).body == BODY


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip, gzip", "klingon"])
def test_other_codings_are_failures(coding: str) -> None:
    assert "coding" in str(failure(lambda visit: visit.answer(body=BODY, Content_Encoding=coding)))


def test_a_gzip_body_cut_in_half_is_a_failure() -> None:
    packed = gzip.compress(bytes(range(256)) * 100)
    half = packed[: len(packed) // 2]
    assert "cut off" in str(failure(lambda visit: visit.answer(body=half, Content_Encoding="gzip")))


@pytest.mark.parametrize(
    "head",
    [b"Content-Length: 100\r\n", b"Transfer-Encoding: chunked\r\n"],
    ids=["shorter than it says", "chunks without an end"],
)
def test_an_incomplete_body_is_a_failure(head: bytes) -> None:
    body = b"6\r\n" + BODY + b"\r\n" if b"chunked" in head else BODY
    error = failure(lambda visit: visit.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n" + body))
    assert "connection failed" in str(error)
    assert not error.permanent


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    assert fetch(lambda visit: visit.send(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)).body == BODY


@pytest.mark.parametrize(
    "noise",
    [b"", b"\x00\x01\x02", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
     b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000],
    ids=["nothing", "bytes", "ssh", "bad header", "endless headers"],
)  # fmt: skip
def test_what_is_not_http_is_a_failure(noise: bytes) -> None:
    assert not failure(lambda visit: visit.send(noise)).permanent


# ---------------------------------------------------------------- redirects


def redirects(visit: Visit) -> None:
    """/301 to /308 lead to /end, /loop to itself, /n leads to /n-1 and /0 is the end."""
    name = visit.path.strip("/")
    if name in ("301", "302", "303", "307", "308"):
        visit.answer(int(name), Location="/end?moved=1")
    elif name == "loop":
        visit.answer(302, Location="/loop")
    elif name.isdigit() and name != "0":
        visit.answer(302, Location=f"/{int(name) - 1}")
    else:
        visit.answer(body=BODY)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_with_the_validators(status: int) -> None:
    with fetching(redirects) as (fetcher, server):
        fetched = fetcher.fetch(ask(server.url(f"/{status}"), Validators(etag=ETAG)))
        assert fetched.url == server.url("/end?moved=1")
    assert [visit.headers["if-none-match"] for visit in server.visits] == [ETAG, ETAG]


def test_ten_redirects_are_followed_and_no_more() -> None:
    with fetching(redirects) as (fetcher, server):
        assert fetcher.fetch(ask(server.url("/10"))).url == server.url("/0")
        for path in ("/11", "/loop"):
            with pytest.raises(FetchError, match="more than 10 redirects"):
                fetcher.fetch(ask(server.url(path)))


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "gopher://news.example/", "data:text/xml,x", "ftp://news.example/",
     "http://127.0.0.1:1/", "http://[::1]:1/", "http://169.254.169.254/latest/", "http://0/",
     "http://2130706433:1/", "http://0x7f.1:1/", "http://[::ffff:127.0.0.1]:1/",
     "http://[64:ff9b::7f00:1]:1/", "//10.0.0.1/"],
)  # fmt: skip
def test_a_redirect_is_judged_like_a_first_address(target: str) -> None:
    error = failure(lambda visit: visit.answer(302, Location=target))
    assert isinstance(error, AddressRefused)
    assert error.permanent


def test_the_allowed_port_of_a_host_does_not_open_its_others() -> None:
    with serve(redirects) as inside:
        error = failure(lambda visit: visit.answer(302, Location=inside.url()))
    assert isinstance(error, AddressRefused)
    assert inside.visits == []


@pytest.mark.parametrize("target", ["http://", "http://[x", "", "http://a:b:c/", "\xff\xfe"])
def test_a_redirect_to_nowhere_is_a_failure(target: str) -> None:
    with (
        serve(lambda visit: visit.answer(302, Location=target)) as server,
        Fetcher(Guard(server.allowed), settings(), resolve=only_loopback) as fetcher,
        pytest.raises(FetchError),
    ):
        fetcher.fetch(ask(server.url()))


# ---------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    "url",
    ["", "news.example/feed", "http://", "http://[", "http://\x00/", "http://a b/", "file:///x"],
)
def test_what_is_no_address_is_a_failure(url: str) -> None:
    with (
        Fetcher(Guard(), settings(), resolve=only_loopback) as fetcher,
        pytest.raises(FetchError),
    ):
        fetcher.fetch(ask(url))


def test_login_in_an_address_is_used_and_never_told() -> None:
    def answer(visit: Visit) -> None:
        if visit.path == "/moved":
            visit.answer(302, Location=elsewhere.url())
        else:
            visit.answer(500)

    with serve(lambda visit: visit.answer(500)) as elsewhere, serve(answer) as server:
        guard = Guard(server.allowed | elsewhere.allowed)
        with Fetcher(guard, settings()) as fetcher:
            for path in ("/feed?token=geheim", "/moved"):
                url = f"http://me:geheim@{HOST}:{server.port}{path}"
                with pytest.raises(FetchError) as caught:
                    fetcher.fetch(ask(url))
                assert "geheim" not in str(caught.value)
    assert server.visits[0].headers["authorization"] == b"Basic bWU6Z2VoZWlt"
    assert "authorization" not in elsewhere.visits[0].headers


def test_login_in_an_address_does_not_reach_the_links_of_its_stories() -> None:
    with fetching(lambda visit: visit.answer(body=BODY)) as (fetcher, server):
        fetched = fetcher.fetch(ask(f"http://me:pw@{HOST}:{server.port}/feed"))
    assert fetched.url == server.url("/feed")
