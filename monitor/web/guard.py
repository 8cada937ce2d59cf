"""What stands before every page: who may ask, how, and what no answer is sent without."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.config.web import WebSettings

log = logging.getLogger(__name__)

_ALWAYS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_POLICY = (
    "default-src 'none'; style-src '{style}'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_HOST = re.compile(r"[^\s@/\\?#]+")
"""What a Host header may be made of: else it is not its name that is looked at."""
_HERE = ("localhost", "127.0.0.1", "::1")
_PORTS = {"http": 80, "https": 443}

Origin = tuple[str, str, int | None]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Under which names the pages may be asked for, and where in the path they begin."""

    hosts: frozenset[str]
    origin: Origin | None
    prefix: str

    @classmethod
    def of(cls, web: WebSettings) -> Addresses:
        """The addresses that the owner has configured, and this machine."""
        public = urlsplit(web.public_url or "")
        named = (web.listen[0], public.hostname, *_HERE)
        return cls(
            hosts=frozenset(each for each in named if each),
            origin=origin_of(web.public_url) if web.public_url else None,
            prefix=unquote(public.path),  # as the server tells the path of a request
        )


def origin_of(address: str) -> Origin | None:
    """Scheme, host and port of an address; None where it has none."""
    try:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.scheme, parts.hostname, port) if parts.hostname else None


def says_where(headers: Headers) -> bool:
    """Whether whoever sends a form says on which page it stood, as browsers do."""
    return "sec-fetch-site" in headers or "origin" in headers


class Guard:
    """An ASGI application around the pages. ``open_path`` may be posted to by no browser."""

    def __init__(self, pages: ASGIApp, addresses: Addresses, *, style: str, open_path: str) -> None:
        self._pages = pages
        self._addresses = addresses
        self._open_path = open_path
        self._headers = {**_ALWAYS, "Content-Security-Policy": _POLICY.format(style=style)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; nothing of what goes wrong inside is shown."""
        begun = False

        async def careful(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        inside = {**scope, "path": self._below_prefix(scope["path"])}
        try:
            await (self._refusal(inside) or self._pages)(inside, receive, careful)
        except ClientDisconnect:
            return
        except Exception:
            # never its address, which is a secret of the reader's
            log.exception("page failed", extra={"method": scope["method"]})
            if not begun:
                await PlainTextResponse("Something went wrong.\n", 500)(scope, receive, careful)

    def _below_prefix(self, path: str) -> str:
        """A path without the public one: some proxies take it away, others do not."""
        prefix = self._addresses.prefix
        return path[len(prefix) :] if prefix and path.startswith(f"{prefix}/") else path

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if "transfer-encoding" in headers and "content-length" in headers:
            # what one takes for the next request, a proxy in front may take for this one's body
            return PlainTextResponse("Of which length?\n", 400, {"Connection": "close"})
        if not self._is_ours(headers.get("host", "")):
            told = "This service is not known under that name; see web.public_url.\n"
            return PlainTextResponse(told, 421)
        if scope["method"] == "POST" and not self._may_post(scope["path"], headers):
            return PlainTextResponse("Only the page itself may send this form.\n", 403)
        return None

    def _is_ours(self, host: str) -> bool:
        found = origin_of(f"http://{host}") if _HOST.fullmatch(host) else None
        return found is not None and found[1] in self._addresses.hosts

    def _may_post(self, path: str, headers: Headers) -> bool:
        """Whether a form comes from our own page, as far as the browser says.

        With our Referrer-Policy browsers call the origin of our own forms ``null``. Mail providers
        unsubscribe (RFC 8058) without a browser, and then say nothing.
        """
        if not says_where(headers):
            return path.startswith(self._open_path)
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site not in (None, "same-origin"):
            return False
        return origin in (None, "null") or origin_of(origin) in self._origins(headers["host"])

    def _origins(self, host: str) -> Iterator[Origin | None]:
        yield self._addresses.origin
        yield origin_of(f"http://{host}")
