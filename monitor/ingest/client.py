"""One hop of a conditional GET: what is asked, and what each answer means."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import NoReturn
from urllib.parse import unquote

import httpcore
import httpx

from monitor.errors import FetchError
from monitor.ingest.cadence import parse_retry_after
from monitor.ingest.decode import Decoder
from monitor.ingest.dial import GuardedBackend
from monitor.records import Fetched, Request, Validators

_ACCEPT = (
    b"application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    b"application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ASK_AGAIN = frozenset({408, 425, 429})
_CONNECT_SECONDS = 10.0
_NONE = Validators()
_WIRE_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    ssl.SSLError,
    OSError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchSettings:
    """Limits of fetching: ``timeout`` for a whole fetch, redirects and body included;
    ``max_bytes`` of an unpacked body; ``concurrency`` fetches at once, ``per_host`` to one host.
    """

    user_agent: str
    timeout: timedelta = timedelta(seconds=30)
    max_bytes: int = 10 * 1024 * 1024
    concurrency: int = 50
    per_host: int = 2


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer was: look there."""

    url: str


class Transport(httpx.AsyncBaseTransport):
    """A connection of its own for every request, dialled by the guarded backend.

    A pool would rescan its idle connections on every request and save little: feeds live on
    different hosts and are read minutes apart.
    """

    def __init__(self, backend: GuardedBackend, ssl_context: ssl.SSLContext | None) -> None:
        self._backend = backend
        self._given = ssl_context

    @cached_property
    def _ssl_context(self) -> ssl.SSLContext:
        # Loading the authorities takes 60 ms: once, and only where https is read.
        return self._given or httpx.create_ssl_context(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``; raises ``FetchError`` and the errors of httpcore."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        connection = httpcore.AsyncHTTPConnection(
            origin=url.origin,
            ssl_context=self._ssl_context if url.scheme == b"https" else None,
            network_backend=self._backend,
        )
        try:
            answer = await connection.handle_async_request(
                httpcore.Request(
                    request.method,
                    url,
                    headers=request.headers.raw,
                    extensions=request.extensions,
                )
            )
        except BaseException:
            await connection.aclose()
            raise
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer, connection)
        )


class _Body(httpx.AsyncByteStream):
    """The raw body of one answer; closing it closes the connection."""

    def __init__(self, answer: httpcore.Response, connection: httpcore.AsyncHTTPConnection) -> None:
        self._answer = answer
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._connection.aclose()


class Client:
    """Asks for one address and reads the answer.

    The transport is used without ``httpx.AsyncClient``: nothing then keeps cookies, follows
    redirects, reads the environment, decodes a body or logs an address with its password.
    """

    def __init__(self, transport: Transport, settings: FetchSettings) -> None:
        self._transport = transport
        self._settings = settings

    async def hop(self, request: Request, url: str) -> Fetched | Redirect:
        """Ask ``url`` on behalf of ``request``; raise ``FetchError``."""
        target = _parse(url)
        try:
            return await self._ask(request, target)
        except _WIRE_ERRORS as error:
            detail = str(error)[:200] or type(error).__name__
            raise FetchError(f"{target.host}: the connection failed ({detail})") from error

    async def _ask(self, request: Request, url: httpx.URL) -> Fetched | Redirect:
        asked = httpx.Request(
            "GET",
            url,
            headers=self._headers(request, url),
            extensions={"timeout": {"connect": _CONNECT_SECONDS}},
        )
        answer = await self._transport.handle_async_request(asked)
        try:
            return await self._read(request, url, answer)
        finally:
            await answer.aclose()

    def _headers(self, request: Request, url: httpx.URL) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"User-Agent", self._settings.user_agent.encode("latin-1", "replace")),
            (b"Accept", _ACCEPT),
            (b"Accept-Encoding", b"gzip"),
            (b"Connection", b"close"),
        ]
        if request.validators.etag is not None:
            headers.append((b"If-None-Match", request.validators.etag))
        if request.validators.last_modified is not None:
            headers.append((b"If-Modified-Since", request.validators.last_modified))
        # Only what stands in the address itself: a redirect does not inherit it.
        if url.userinfo:
            headers.append((b"Authorization", b"Basic " + b64encode(_login(url))))
        return headers

    async def _read(
        self, request: Request, url: httpx.URL, answer: httpx.Response
    ) -> Fetched | Redirect:
        if answer.status_code in _REDIRECTS and "location" in answer.headers:
            return Redirect(_join(url, answer.headers["location"]))
        sent = request.validators
        if answer.status_code == HTTPStatus.NOT_MODIFIED and sent != _NONE:
            return _fetched(url, answer, keep=sent)
        if answer.status_code != HTTPStatus.OK:
            _refuse(url, answer)
        return _fetched(url, answer, body=await self._body(url, answer))

    async def _body(self, url: httpx.URL, answer: httpx.Response) -> bytes:
        try:
            decoder = Decoder(answer.headers.get("content-encoding", ""), self._settings.max_bytes)
            async for chunk in answer.aiter_raw():
                decoder.feed(chunk)
            return decoder.finish()
        except FetchError as error:
            raise FetchError(f"{url.host}: {error}") from error


def _parse(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise FetchError(f"not a valid address ({error})", permanent=True) from error
    if parsed.scheme in ("http", "https") and not parsed.host:
        raise FetchError("the address names no host", permanent=True)
    return parsed


def _join(url: httpx.URL, location: str) -> str:
    try:
        return str(url.join(location))
    except httpx.InvalidURL as error:
        raise FetchError(f"{url.host}: redirects to no valid address ({error})") from error


def _login(url: httpx.URL) -> bytes:
    return f"{unquote(url.username)}:{unquote(url.password or '')}".encode()


def _fetched(
    url: httpx.URL,
    answer: httpx.Response,
    *,
    body: bytes | None = None,
    keep: Validators = _NONE,
) -> Fetched:
    raw = {name.lower(): value for name, value in reversed(answer.headers.raw)}
    return Fetched(
        url=str(url.copy_with(userinfo=b"")),  # relative links are completed with it
        status=answer.status_code,
        headers=dict(answer.headers.items()),
        validators=Validators(
            etag=raw.get(b"etag") or keep.etag,
            last_modified=raw.get(b"last-modified") or keep.last_modified,
        ),
        body=body,
    )


def _refuse(url: httpx.URL, answer: httpx.Response) -> NoReturn:
    status = answer.status_code
    retry_after = parse_retry_after(
        answer.headers.get("retry-after", ""), answer.headers.get("date"), datetime.now(UTC)
    )
    raise FetchError(
        f"{url.host} answered {status} {_phrase(status)}".rstrip(),
        permanent=400 <= status < 500 and status not in _ASK_AGAIN,
        status=status,
        retry_after=retry_after,
    )


def _phrase(status: int) -> str:
    if status == HTTPStatus.NOT_MODIFIED:
        return "Not Modified although nothing was said of an earlier answer"
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
