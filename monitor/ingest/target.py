"""An address, taken apart once: whom to dial, what to ask for, what may be shown. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote

import httpcore
import httpx

from monitor.errors import FetchError

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Target:
    """Where one hop goes. ``url`` has no login: stories complete their links with it.

    ``origin``: scheme, host in IDNA form, port; ``host`` the same without the dot that may end a
    name; ``authority``: host and port as the Host header has them; ``asked``: all of it as httpcore
    wants it.
    """

    url: httpx.URL
    origin: tuple[str, str, int]
    authority: bytes
    asked: httpcore.URL
    login: tuple[str, str] | None = field(repr=False)

    @property
    def scheme(self) -> str:
        """The scheme in lower case; any, and maybe none."""
        return self.origin[0]

    @property
    def host(self) -> str:
        """The name that limits and rests are kept by."""
        return self.origin[1].rstrip(".")

    def join(self, location: str) -> Target:
        """Return where a redirect to ``location`` leads; raise ``FetchError``."""
        try:
            return _taken_apart(self.url.join(location))
        except (httpx.InvalidURL, ValueError) as error:
            raise FetchError(f"{self.host}: redirects to no valid address ({error})") from error


def same_origin(url: str, other: str) -> bool:
    """Whether both are addresses with the same scheme, host and port."""
    try:
        return parse(url).origin == parse(other).origin
    except FetchError:
        return False


def parse(url: str) -> Target:
    """Take ``url`` apart; raise ``FetchError`` for what is no address."""
    try:
        return _taken_apart(httpx.URL(url.strip()))
    except httpx.InvalidURL as error:
        detail = "" if "@" in url else f" ({error})"  # it may hold a part of a password
        raise FetchError(f"not a valid address{detail}", permanent=True) from None


def _taken_apart(url: httpx.URL) -> Target:
    scheme, raw_host = url.scheme, url.raw_host
    host = raw_host.decode("ascii")
    if scheme in _DEFAULT_PORTS and not host:
        raise FetchError("the address names no host", permanent=True)
    return Target(
        url=url.copy_with(userinfo=b"") if url.userinfo else url,
        origin=(scheme, host, url.port or _DEFAULT_PORTS.get(scheme, 0)),
        authority=url.netloc,
        asked=httpcore.URL(
            scheme=url.raw_scheme, host=raw_host, port=url.port, target=url.raw_path
        ),
        login=(unquote(url.username), unquote(url.password or "")) if url.userinfo else None,
    )
