"""A name is looked up once, judged, and dialled at the address that was judged."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.dial import Resolver
from monitor.ingest.fetch import Fetcher
from monitor.ingest.guard import Guard
from tests.ingest.servers import HOST, serve
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


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of ``secure.example``, signed by itself."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl to make a certificate with")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", path,
         "-out", path.with_suffix(".crt"), "-subj", "/CN=secure.example",
         "-addext", "subjectAltName=DNS:secure.example"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def secure_port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer((HOST, 0), _Hello) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_tls_is_verified_against_the_name_not_the_address(
    certificate: Path, secure_port: int
) -> None:
    trusting = ssl.create_default_context(cafile=certificate)
    names = frozenset({("secure.example", secure_port), ("other.example", secure_port)})
    with Fetcher(
        Guard(names), settings(), resolve=answering([HOST]), ssl_context=trusting
    ) as fetcher:
        assert fetcher.fetch(ask(f"https://secure.example:{secure_port}/")).body == BODY
        with pytest.raises(FetchError, match=r"other\.example"):
            fetcher.fetch(ask(f"https://other.example:{secure_port}/"))


def test_a_certificate_that_nobody_vouches_for_is_refused(secure_port: int) -> None:
    guard = Guard(frozenset({("secure.example", secure_port)}))
    with (
        Fetcher(guard, settings(), resolve=answering([HOST])) as fetcher,
        pytest.raises(FetchError, match="certificate"),
    ):
        fetcher.fetch(ask(f"https://secure.example:{secure_port}/"))
