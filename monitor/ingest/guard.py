"""Which addresses may be reached. Pure; judged on the resolved address of every hop."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from monitor.errors import AddressRefused

# Refused by name, so that the verdict does not change with the Python version's own tables.
_V4_REFUSED = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_V6_GLOBAL = IPv6Network("2000::/3")
_V6_REFUSED = tuple(
    IPv6Network(each)
    for each in (
        "2001::/23",  # protocol assignments (Teredo is judged before)
        "2001:db8::/32",  # documentation
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = 0x5EFE
_LOCAL_BIT = 0x0200_0000


def is_public(address: str) -> bool:
    """Whether ``address`` (an IP literal) is globally routable; False for anything else.

    An IPv6 address that embeds IPv4 ones (mapped, NAT64, 6to4, Teredo, ISATAP) is no more public
    than they are.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return _is_public_v4(parsed) if isinstance(parsed, IPv4Address) else _is_public_v6(parsed)


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _V4_REFUSED)


def _is_public_v6(address: IPv6Address) -> bool:
    embedded = _embedded(address)
    if embedded:
        return all(_is_public_v4(each) for each in embedded)
    if address not in _V6_GLOBAL or any(address in network for network in _V6_REFUSED):
        return False
    behind = _isatap(address)
    return behind is None or _is_public_v4(behind)


def _isatap(address: IPv6Address) -> IPv4Address | None:
    """Return where a tunnel inside of a site ends (RFC 5214, 6.1), under whatever prefix."""
    mark = int(address) >> 32 & 0xFFFF_FFFF & ~_LOCAL_BIT
    return IPv4Address(int(address) & 0xFFFF_FFFF) if mark == _ISATAP else None


def _embedded(address: IPv6Address) -> tuple[IPv4Address, ...]:
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    if address in _NAT64:
        return (IPv4Address(int(address) & 0xFFFFFFFF),)
    if address.sixtofour is not None:
        return (address.sixtofour,)
    return address.teredo or ()


class Guard:
    """Refuses what is not public, but for the exact ``(host, port)`` pairs of ``allowed``.

    A host is compared as the URL writes it: lower case, IDNA form, an IPv6 literal without
    brackets. An allowed pair may resolve to any address.
    """

    def __init__(self, allowed: frozenset[tuple[str, int]] = frozenset()) -> None:
        self._allowed = frozenset((host.lower().strip("[]"), port) for host, port in allowed)

    def check_scheme(self, scheme: str) -> None:
        """Raise ``AddressRefused`` for any scheme but http and https."""
        if scheme not in ("http", "https"):
            raise AddressRefused(f"scheme {scheme[:20]!r} refused; only http and https are read")

    def check(self, host: str, port: int, address: str) -> None:
        """Raise ``AddressRefused`` unless ``host:port`` may be reached at ``address``."""
        if (host.lower().strip("[]"), port) in self._allowed or is_public(address):
            return
        raise AddressRefused(
            f"{host}:{port} is at {address}, which is not a public address; "
            f"if you trust it, add {host}:{port} to polling.allow_addresses"
        )
