"""What a request says: who asks, what was known before, and to its own host alone what proves it.

Pure.
"""

from __future__ import annotations

import re
from base64 import b64encode

from monitor.errors import FetchError
from monitor.ingest.target import Target
from monitor.records import Request

_ACCEPT = (
    b"application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    b"application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
OURS = frozenset(
    {
        "host",
        "connection",
        "content-length",
        "transfer-encoding",
        "accept-encoding",
        "if-none-match",
        "if-modified-since",
    }
)
"""Headers that no owner sets: another value would break the exchange or lose stories."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

Headers = list[tuple[bytes, bytes]]


def headers_of(request: Request, home: Target, target: Target, user_agent: str) -> Headers:
    """Return what is said to ``target`` on behalf of ``request``, whose own address is ``home``.

    The owner's headers and login go to the origin of ``home`` alone, whatever redirects say.
    Raises ``FetchError`` for a header that cannot be sent.
    """
    said = {b"user-agent": user_agent.encode("latin-1", "replace"), b"accept": _ACCEPT}
    own = _own(request, home)
    if own and target.origin == home.origin:
        said.update(own)
    asked = [(b"Host", target.authority), *said.items()]
    asked += ((b"Accept-Encoding", b"gzip"), (b"Connection", b"close"))
    validators = request.validators
    if validators.etag is not None:
        asked.append((b"If-None-Match", validators.etag))
    if validators.last_modified is not None:
        asked.append((b"If-Modified-Since", validators.last_modified))
    return asked


def basic(user: str, password: str) -> bytes:
    """Return the value of an Authorization header (RFC 7617)."""
    return b"Basic " + b64encode(f"{user}:{password}".encode())


def _own(request: Request, home: Target) -> dict[bytes, bytes]:
    access, own = request.access, {}
    if access.user is not None:
        own[b"authorization"] = basic(access.user, access.password or "")
    elif home.login is not None:
        own[b"authorization"] = basic(*home.login)
    for name, value in access.headers:
        _check(home.host, name, value)
        own[name.lower().encode()] = value.strip().encode("latin-1")
    return own


def _check(host: str, name: str, value: str) -> None:
    """Raise ``FetchError`` without a word of ``value``: it may be a secret."""
    if not _NAME.fullmatch(name):
        raise FetchError(f"{host}: {name[:40]!r} is no name of a header", permanent=True)
    if name.lower() in OURS:
        raise FetchError(f"{host}: the header {name} cannot be set; leave it out", permanent=True)
    if not _VALUE.fullmatch(value):
        raise FetchError(
            f"{host}: the value of the header {name} has signs that no header can carry",
            permanent=True,
        )
