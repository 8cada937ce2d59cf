"""The single values of a feed that is not open to all: headers, a proxy.

Their words never repeat a value: it may be a secret that stands in the wrong place.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from monitor.config.addresses import parts_of
from monitor.config.values import EnvName

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e]{1,2000}")
_OURS = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "keep-alive",
        "te",
        "trailer",
        "upgrade",
        "expect",
        "range",
        "proxy-authorization",
        "proxy-connection",
    }
)
"""With another value the exchange would break, or lose stories: any ``If-`` header is one too."""
_SECRET = frozenset({"authorization", "cookie"})


def check_header_names(headers: dict[str, str]) -> dict[str, str]:
    """Refuse what is no header, and those that would break or bend the exchange."""
    seen: set[str] = set()
    for name in headers:
        folded = name.lower()
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r:.60} is no name of a header; write one like X-Key")
        if folded in _OURS or folded.startswith("if-"):
            raise ValueError(f"the header {name} is set by this program; remove it")
        if folded in seen:
            raise ValueError(f"the header {name} stands here twice; remove one")
        seen.add(folded)
    return headers


def check_headers(headers: dict[str, str]) -> dict[str, str]:
    """The same, and refuse what proves who asks: this file is shown and shared."""
    for name, value in check_header_names(headers).items():
        if name.lower() in _SECRET:
            raise ValueError(f"{name} is a secret; name its variable in secret_headers")
        if not _VALUE.fullmatch(value.strip()):
            raise ValueError(f"the value of {name} is empty, too long or not ASCII; correct it")
    return headers


def check_proxy(value: str) -> str:
    """Return the address of a proxy, ``http://user@host:port``; a password is refused."""
    parts = parts_of(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no proxy; write one like http://proxy.example.org:3128")
    if parts.password is not None:
        raise ValueError("holds a password; write proxy_password_env or proxy_password_file")
    if parts.path.strip("/") or parts.query or parts.fragment or not value.isprintable():
        raise ValueError("has more than a host and a port; write http://proxy.example.org:3128")
    return value.rstrip("/")


Headers = Annotated[dict[str, str], AfterValidator(check_headers)]
SecretHeaders = Annotated[dict[str, EnvName], AfterValidator(check_header_names)]
Proxy = Annotated[str, AfterValidator(check_proxy)]
