"""No spelling of an address, no name and no redirect leads to what is not public."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence

import pytest

from monitor.errors import AddressRefused, FetchError
from monitor.ingest.fetch import Fetcher
from monitor.ingest.guard import Guard
from tests.ingest.servers import HOST, Server, Visit, serve
from tests.ingest.test_dial import answering
from tests.ingest.test_fetch import BODY, ask, settings

NEIGHBOUR = "127.0.0.2"
SPELLINGS = {
    "loopback": "127.0.0.1",
    "another loopback": "127.255.0.1",
    "decimal": "2130706433",
    "hexadecimal": "0x7f000001",
    "hexadecimal parts": "0x7f.0x0.0x0.0x1",
    "octal parts": "0177.1",
    "short": "127.1",
    "short, hexadecimal": "0x7f.1",
    "unspecified": "0.0.0.0",
    "nought": "0",
    "ideographic dots": "127。0。0。1",
    "IPv6": "[::1]",
    "IPv6, unspecified": "[::]",
    "mapped": "[::ffff:127.0.0.1]",
    "mapped, hexadecimal": "[::ffff:7f00:1]",
    "mapped, in full": "[0:0:0:0:0:FFFF:7F00:0001]",
    "compatible": "[::127.0.0.1]",
    "translated": "[::ffff:0:127.0.0.1]",
    "NAT64": "[64:ff9b::127.0.0.1]",
    "NAT64 of a site": "[64:ff9b:1::127.0.0.1]",
    "6to4": "[2002:7f00:1::]",
    "Teredo": "[2001:0:7f00:1::80ff:fffe]",
    "ISATAP": "[::5efe:127.0.0.1]",
    "ISATAP, global prefix": "[2a00:1450::5efe:127.0.0.1]",
    "private": "10.0.0.1",
    "cloud metadata": "169.254.169.254",
    "cloud metadata, decimal": "2852039166",
    "link-local": "[fe80::1]",
    "unique local": "[fd00::1]",
    "a name": "localhost",
    "a name in capitals": "LOCALHOST",
}
NO_ADDRESS = {
    "dot behind it": "127.0.0.1.",
    "octal, three digits": "0177.0.0.1",
    "full-width digits": "１２７.０.０.１",
    "full-width letters": "ｌｏｃａｌｈｏｓｔ",
    "circled letter": "ⓛocalhost",
    "soft hyphen": "loc\u00adalhost",
    "zone": "[fe80::1%25lo]",
    "zone, bare": "[::1%lo]",
    "NUL, escaped": "127.0.0.1%00",
    "five parts": "127.0.0.0.1",
    "too large": "4294967297",
}
"""Refused too, by whichever of parser, resolver and guard comes first."""


@pytest.fixture
def inside() -> Iterator[Server]:
    """What nobody is to reach."""
    with serve(lambda visit: visit.answer(body=BODY)) as server:
        yield server


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS)
def test_no_spelling_of_a_private_address_is_reached(host: str, inside: Server) -> None:
    with Fetcher(Guard(), settings()) as fetcher, pytest.raises(AddressRefused) as caught:
        fetcher.fetch(ask(inside.url(host=host)))
    assert caught.value.permanent
    assert inside.visits == []


@pytest.mark.parametrize("host", SPELLINGS.values(), ids=SPELLINGS)
def test_nor_by_a_redirect(host: str, inside: Server) -> None:
    def answer(visit: Visit) -> None:
        visit.answer(301, Location=inside.url(host=host).encode())

    with serve(answer) as server, Fetcher(Guard(server.allowed), settings()) as fetcher:
        with pytest.raises(AddressRefused):
            fetcher.fetch(ask(server.url()))
        assert len(server.visits) == 1
    assert inside.visits == []


@pytest.mark.parametrize("host", NO_ADDRESS.values(), ids=NO_ADDRESS)
def test_what_only_looks_like_an_address_is_not_reached_either(host: str, inside: Server) -> None:
    with Fetcher(Guard(), settings()) as fetcher, pytest.raises(FetchError):
        fetcher.fetch(ask(inside.url(host=host)))
    assert inside.visits == []


@pytest.mark.parametrize("host", ["127.1", "2130706433", "[::ffff:127.0.0.1]", "127.0.0.1."])
def test_another_spelling_of_an_allowed_address_is_not_allowed(host: str, inside: Server) -> None:
    with Fetcher(Guard(inside.allowed), settings()) as fetcher:
        assert fetcher.fetch(ask(inside.url())).body == BODY
        with pytest.raises(FetchError):
            fetcher.fetch(ask(inside.url(host=host)))
    assert len(inside.visits) == 1


class OnlyHostIsPublic(Guard):
    """A guard of a world in which one loopback address is the only public one."""

    def check(self, host: str, port: int, address: str) -> None:
        if address != HOST:
            raise AddressRefused(f"{host} is at {address}")


@pytest.mark.parametrize("order", [1, -1], ids=["private first", "public first"])
def test_of_a_name_with_a_public_and_a_private_address_only_the_public_one_is_dialled(
    order: int, inside: Server
) -> None:
    with socket.create_server((NEIGHBOUR, inside.port)) as private:
        private.setblocking(False)
        resolve = answering([NEIGHBOUR, HOST][::order])
        with Fetcher(OnlyHostIsPublic(), settings(), resolve=resolve) as fetcher:
            assert fetcher.fetch(ask(inside.url(host="mixed.example"))).body == BODY
        with pytest.raises(BlockingIOError):
            private.accept()


def test_a_name_is_looked_up_once_for_judging_and_dialling(inside: Server) -> None:
    name_server = answering([HOST], [NEIGHBOUR])
    looked_up: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        looked_up.append(host)
        return await name_server(host, port)

    with Fetcher(OnlyHostIsPublic(), settings(), resolve=resolve) as fetcher:
        assert fetcher.fetch(ask(inside.url(host="rebind.example"))).body == BODY
        assert looked_up == ["rebind.example"]
        with pytest.raises(AddressRefused):
            fetcher.fetch(ask(inside.url(host="rebind.example")))
    assert len(inside.visits) == 1


def test_a_name_that_changes_its_answer_between_two_hops_is_judged_again(inside: Server) -> None:
    def answer(visit: Visit) -> None:
        visit.answer(302, Location=inside.url(host="rebind.example"))

    with serve(answer) as server:
        guard = Guard(frozenset({("rebind.example", server.port)}))
        with (
            Fetcher(guard, settings(), resolve=answering([HOST])) as fetcher,
            pytest.raises(AddressRefused),
        ):
            fetcher.fetch(ask(server.url(host="rebind.example")))
    assert inside.visits == []
