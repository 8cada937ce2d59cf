"""One hop of a conditional GET: it is asked, and this is what each answer means."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import NoReturn

import httpcore

from monitor.errors import FetchError
from monitor.ingest.cadence import parse_retry_after
from monitor.ingest.connect import CONNECT_SECONDS, Connector
from monitor.ingest.decode import Decoder
from monitor.ingest.headers import headers_of
from monitor.ingest.stream import MAX_HEAD, head_too_large
from monitor.ingest.target import Target
from monitor.records import Fetched, Request, Validators

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_EVER = frozenset({301, 308})
_ASK_AGAIN = frozenset({408, 425, 429})
_MAX_VALIDATOR = 1_000
"""A server that cannot take its own validator back would refuse every request from then on."""

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
    """The answer was: look there; ``permanent``: and never here again."""

    target: Target
    permanent: bool


class Client:
    """Asks one address and reads the answer.

    Nothing here keeps cookies, follows redirects, reads the environment, decodes more than it may
    or logs an address with its password: that is why it is no ``httpx.AsyncClient``.
    """

    def __init__(self, connector: Connector, settings: FetchSettings) -> None:
        self._connector = connector
        self._settings = settings

    async def hop(self, request: Request, home: Target, target: Target) -> Fetched | Redirect:
        """Ask ``target`` on behalf of ``request``, whose own address is ``home``.

        Raises ``FetchError``.
        """
        try:
            return await self._ask(request, home, target)
        except httpcore.ProxyError as error:
            raise FetchError(f"{target.host}: the proxy refused ({error})") from error
        except _WIRE_ERRORS as error:
            detail = str(error)[:200] or type(error).__name__
            raise FetchError(f"{target.host}: the connection failed ({detail})") from error

    async def _ask(self, request: Request, home: Target, target: Target) -> Fetched | Redirect:
        headers = headers_of(request, home, target, self._settings.user_agent)
        asked = httpcore.Request(
            b"GET",
            target.asked,
            headers=headers,
            extensions={"timeout": {"connect": CONNECT_SECONDS}},
        )
        connection = await self._connector.connect(target, request.access.proxy)
        try:
            answer = await connection.handle_async_request(asked)
            answer.extensions["network_stream"].head_is_read()
            return await self._read(request, target, answer)
        finally:
            await connection.aclose()

    async def _read(
        self, request: Request, target: Target, answer: httpcore.Response
    ) -> Fetched | Redirect:
        if sum(len(name) + len(value) + 4 for name, value in answer.headers) > MAX_HEAD:
            raise FetchError(f"{target.host}: {head_too_large()}")
        headers = _readable(answer.headers)
        if answer.status in _REDIRECTS and "location" in headers:
            return Redirect(target.join(headers["location"]), answer.status in _FOR_EVER)
        sent = request.validators
        if answer.status == HTTPStatus.NOT_MODIFIED and sent != _NONE:
            return _fetched(target, answer, headers, keep=sent)
        if answer.status != HTTPStatus.OK:
            _refuse(target.host, answer.status, headers)
        body, size = await self._body(target.host, answer, headers)
        return _fetched(target, answer, headers, body=body, size=size)

    async def _body(
        self, host: str, answer: httpcore.Response, headers: Mapping[str, str]
    ) -> tuple[bytes, int]:
        try:
            decoder = Decoder(headers.get("content-encoding", ""), self._settings.max_bytes)
            async for piece in answer.aiter_stream():
                decoder.feed(piece)
            return decoder.finish(), decoder.size
        except FetchError as error:
            raise FetchError(f"{host}: {error}", permanent=error.permanent) from error


def _readable(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the headers by lower-case name; several of one name are one list (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("ascii").lower(), _text(raw_value)
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


def _text(value: bytes) -> str:
    """Read a header as UTF-8 where it is, since addresses often are, otherwise as Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _fetched(
    target: Target,
    answer: httpcore.Response,
    headers: Mapping[str, str],
    *,
    body: bytes | None = None,
    size: int = 0,
    keep: Validators = _NONE,
) -> Fetched:
    return Fetched(
        url=str(target.url),
        status=answer.status,
        headers=headers,
        validators=Validators(
            etag=_validator(answer, b"etag") or keep.etag,
            last_modified=_validator(answer, b"last-modified") or keep.last_modified,
        ),
        body=body,
        size=size,
    )


def _validator(answer: httpcore.Response, name: bytes) -> bytes | None:
    """Return the first header of ``name`` byte for byte, unless it is too long to send back."""
    found = (value for each, value in answer.headers if each.lower() == name)
    value = next(found, b"")
    return value if len(value) <= _MAX_VALIDATOR else None


def _refuse(host: str, status: int, headers: Mapping[str, str]) -> NoReturn:
    retry_after = parse_retry_after(
        headers.get("retry-after", ""), headers.get("date"), datetime.now(UTC)
    )
    raise FetchError(
        f"{host} answered {status} {_phrase(status)}".rstrip(),
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
