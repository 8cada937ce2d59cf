"""A name is looked up once, judged, and dialled at the address that was judged."""

from __future__ import annotations

import random
import socket
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.dial import Resolver
from monitor.ingest.fetch import Fetcher
from monitor.ingest.guard import Guard
from monitor.records import Access, Request
from tests.ingest.servers import HOST, Answer, Server, serve
from tests.ingest.test_fetch import BODY, ask, settings

SILENT = "127.0.0.2"  # on this machine, and nothing listens there


def answering(*answers: Sequence[str]) -> Resolver:
    """A name server that gives one answer after the other, then the last for ever."""
    waiting = list(answers)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return resolve


def test_a_public_name_with_a_private_address_is_refused() -> None:
    with (
        serve(lambda visit: visit.answer(body=BODY)) as server,
        Fetcher(Guard(), settings(), resolve=answering([HOST])) as fetcher,
        pytest.raises(AddressRefused, match=r"rebind.example:\d+ is at 127.0.0.1"),
    ):
        fetcher.fetch(ask(server.url(host="rebind.example")))
    assert server.visits == []


def test_a_name_is_looked_up_once_so_that_a_second_answer_changes_nothing() -> None:
    with serve(lambda visit: visit.answer(body=BODY)) as server:
        guard = Guard(frozenset({("rebind.example", server.port)}))
        resolve = answering([HOST], [SILENT])
        with Fetcher(guard, settings(), resolve=resolve) as fetcher:
            assert fetcher.fetch(ask(server.url(host="rebind.example"))).body == BODY
            with pytest.raises(FetchError, match="cannot be reached"):
                fetcher.fetch(ask(server.url(host="rebind.example")))


def test_every_address_of_a_name_is_judged() -> None:
    with (
        serve(lambda visit: visit.answer(body=BODY)) as server,
        Fetcher(Guard(), settings(), resolve=answering(["10.0.0.1", "::1", HOST])) as fetcher,
        pytest.raises(AddressRefused),
    ):
        fetcher.fetch(ask(server.url(host="mixed.example")))
    assert server.visits == []


def test_when_one_address_does_not_answer_the_next_is_tried() -> None:
    with serve(lambda visit: visit.answer(body=BODY)) as server:
        guard = Guard(frozenset({("two.example", server.port)}))
        with Fetcher(guard, settings(), resolve=answering([SILENT, HOST])) as fetcher:
            assert fetcher.fetch(ask(server.url(host="two.example"))).body == BODY


def test_what_stands_in_the_way_is_said() -> None:
    with serve(lambda visit: None) as server:
        closed = server.port
    with (
        Fetcher(Guard(server.allowed), settings()) as fetcher,
        pytest.raises(FetchError, match=rf"{closed} cannot be reached \(Connection refused\)"),
    ):
        fetcher.fetch(ask(server.url()))
    with (
        Fetcher(Guard(), settings(), resolve=answering([])) as fetcher,
        pytest.raises(FetchError, match="has no address"),
    ):
        fetcher.fetch(ask("http://empty.example/"))


@pytest.mark.parametrize("host", ["x" * 64 + ".example", "a..b"])
def test_a_name_that_does_not_resolve_is_a_passing_failure(host: str) -> None:
    with Fetcher(Guard(), settings()) as fetcher, pytest.raises(FetchError) as caught:
        fetcher.fetch(ask(f"http://{host}/"))
    assert not isinstance(caught.value, AddressRefused)


# ---------------------------------------------------------------- TLS


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


@contextmanager
def fetching_by_tls(
    answer: Answer, certificate: Path, *, trusted: bool = True, **changes: object
) -> Iterator[tuple[Fetcher, Server]]:
    """A server that speaks TLS under any name, and a fetcher that may ask three of them."""
    context = trusting(certificate) if trusted else None
    names = ("secure.example", "secure.example.", "other.example")
    with serve(answer, certificate=certificate) as server:
        guard = Guard(frozenset((name, server.port) for name in names))
        with Fetcher(
            guard, settings(**changes), resolve=answering([HOST]), ssl_context=context
        ) as fetcher:
            yield fetcher, server


def test_tls_is_verified_against_the_name_not_the_address(certificate: Path) -> None:
    with fetching_by_tls(lambda visit: visit.answer(body=BODY), certificate) as (fetcher, server):
        assert fetcher.fetch(ask(server.url(host="secure.example"))).body == BODY
        assert fetcher.fetch(ask(server.url(host="secure.example."))).body == BODY
        with pytest.raises(FetchError, match=r"other\.example"):
            fetcher.fetch(ask(server.url(host="other.example")))


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with (
        fetching_by_tls(lambda visit: None, certificate, trusted=False) as (fetcher, server),
        pytest.raises(FetchError, match="certificate"),
    ):
        fetcher.fetch(ask(server.url(host="secure.example")))


def test_a_large_body_comes_whole_through_tls(certificate: Path) -> None:
    body = random.Random(7).randbytes(3_000_000)
    with fetching_by_tls(lambda visit: visit.answer(body=body), certificate) as (fetcher, server):
        assert fetcher.fetch(ask(server.url(host="secure.example"))).body == body


def test_a_request_larger_than_a_record_of_tls_is_sent_whole(certificate: Path) -> None:
    access = Access(headers=(("X-Long", "x" * 40_000),))
    with fetching_by_tls(lambda visit: visit.answer(body=BODY), certificate) as (fetcher, server):
        fetcher.fetch(Request(feed_id=1, url=server.url(host="secure.example"), access=access))
    assert len(server.visits[0].headers["x-long"]) == 40_000


def test_a_body_without_a_length_ends_with_the_tls_connection(certificate: Path) -> None:
    with fetching_by_tls(
        lambda visit: visit.send(b"HTTP/1.0 200 OK\r\n\r\n" + BODY), certificate
    ) as (fetcher, server):
        assert fetcher.fetch(ask(server.url(host="secure.example"))).body == BODY


def test_a_server_that_never_shakes_hands_ends_at_the_deadline() -> None:
    with socket.create_server((HOST, 0)) as mute:
        port = mute.getsockname()[1]
        guard = Guard(frozenset({(HOST, port)}))
        with (
            Fetcher(guard, settings(timeout=timedelta(seconds=0.3))) as fetcher,
            pytest.raises(FetchError, match=r"no complete answer within 0\.3 s"),
        ):
            fetcher.fetch(ask(f"https://{HOST}:{port}/"))


def test_what_does_not_speak_tls_is_a_failure() -> None:
    with serve(lambda visit: visit.answer(body=BODY)) as server:
        url = server.url().replace("http:", "https:")
        with (
            Fetcher(Guard(server.allowed), settings()) as fetcher,
            pytest.raises(FetchError, match="connection failed"),
        ):
            fetcher.fetch(ask(url))
