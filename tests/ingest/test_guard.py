"""Only public addresses are reached, and exactly what the owner allowed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import AddressRefused
from monitor.ingest.guard import Guard, is_public

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1:248:1893:25c8:1946", "2a00:1450::1")
NOT_PUBLIC = {
    "private": ("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1"),
    "loopback": ("127.0.0.1", "127.255.255.254", "::1"),
    "link-local": ("169.254.169.254", "fe80::1", "fe80::1%eth0"),
    "carrier-grade NAT": ("100.64.0.1", "100.127.255.255"),
    "multicast": ("224.0.0.1", "239.1.1.1", "ff02::1"),
    "reserved": ("240.0.0.1", "255.255.255.255", "192.0.0.8", "5f00::1", "100::1"),
    "documentation": ("192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"),
    "unspecified": ("0.0.0.0", "0.1.2.3", "::"),
    "mapped": ("::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    "compatible": ("::127.0.0.1", "::8.8.8.8"),
    "NAT64": ("64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "64:ff9b:1::8.8.8.8"),
    "6to4": ("2002:7f00:1::", "2002:a00:1::1"),
    "ISATAP": ("::5efe:8.8.8.8", "2a00:1450::5efe:10.0.0.1", "2a00:1450::200:5efe:127.0.0.1"),
    "Teredo": ("2001:0:7f00:1::1", "2001:0:808:808::80ff:fffe"),
    "no address": ("", "localhost", "127.1", "1", "8.8.8.8.", "0x8.8.8.8"),
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    assert is_public(address)
    Guard().check("news.example", 443, address)


@pytest.mark.parametrize(
    ("kind", "address"), [(kind, each) for kind, group in NOT_PUBLIC.items() for each in group]
)
def test_others_are_refused_for_good(kind: str, address: str) -> None:
    assert not is_public(address), kind
    with pytest.raises(AddressRefused) as refused:
        Guard().check("news.example", 80, address)
    assert refused.value.permanent


def test_an_address_that_embeds_a_public_one_is_as_public() -> None:
    assert is_public("::ffff:8.8.8.8")
    assert is_public("64:ff9b::8.8.8.8")
    assert is_public("2002:808:808::1")
    assert is_public("2001:0:808:808::f7f7:f7f7")  # server and client 8.8.8.8
    assert is_public("2a00:1450::5efe:8.8.8.8")


def test_the_exact_host_and_port_that_the_owner_allowed_may_lie_anywhere() -> None:
    guard = Guard(frozenset({("Intranet.example", 8080), ("[::1]", 80)}))
    guard.check("intranet.EXAMPLE", 8080, "10.1.2.3")
    guard.check("::1", 80, "::1")


@pytest.mark.parametrize(
    ("host", "port"), [("intranet.example", 80), ("x.intranet.example", 8080), ("10.1.2.3", 8080)]
)
def test_neither_another_port_nor_another_name_of_an_allowed_host_is_allowed(
    host: str, port: int
) -> None:
    guard = Guard(frozenset({("intranet.example", 8080)}))
    with pytest.raises(AddressRefused, match=f"add {host}:{port} to polling.allow_addresses"):
        guard.check(host, port, "10.1.2.3")


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "data", "", "HTTP"])
def test_only_http_and_https_are_read(scheme: str) -> None:
    with pytest.raises(AddressRefused, match="only http and https"):
        Guard().check_scheme(scheme)
    Guard().check_scheme("http")
    Guard().check_scheme("https")


@given(st.ip_addresses(v=4))
def test_no_embedding_makes_an_ipv4_address_more_public(address: object) -> None:
    for embedded in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(embedded) == is_public(str(address))


@given(st.text())
def test_garbage_is_not_public(text: str) -> None:
    assert not is_public("x" + text)
