"""Message -> a web server of the owner's choice, signed. How an attempt ended:

    2xx                             no error
    4xx but for 408, 425 and 429    DeliveryError(permanent=True)
    other answers, no connection    DeliveryError: later, and not before its Retry-After
    no answer, or only a gateway's  DeliveryError(ambiguous=True): it may have been taken

Signed as Standard Webhooks 1.0.0 has it: https://www.standardwebhooks.com.
"""

from __future__ import annotations

import asyncio
import hmac
import ssl
from base64 import b64decode, b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from http import HTTPStatus

import httpx

from monitor.errors import DeliveryError
from monitor.notify.lines import shorten
from monitor.records import Message

ENCODED = "whsec_"
"""Begins a secret whose bytes are written in base64."""

_LONGEST_REST = timedelta(days=1)
_NOT_NOW = frozenset({408, 425, 429})
"""Of 4xx: what may be taken another time."""
_GATEWAYS = frozenset({502, 504})
"""Said by one who passed the message on, and does not know what became of it."""
_BUSY = frozenset({429, 502, 503, 504})
"""Said to whoever asks, whatever is sent."""


def signing_key(secret: str) -> bytes:
    """Return the key of a secret: base64 after ``whsec_``, or plain text; else ``ValueError``."""
    if not secret.startswith(ENCODED):
        return secret.encode()
    try:
        return b64decode(secret.removeprefix(ENCODED), validate=True)
    except ValueError:
        pass  # without its cause, which may hold a part of the secret
    raise ValueError(f"what follows {ENCODED} is no base64; copy the whole secret")


def sign(key: bytes, message_id: str, timestamp: int, raw: bytes) -> str:
    """Return the value of ``webhook-signature``: HMAC-SHA256 of id, timestamp and body."""
    signed = f"{message_id}.{timestamp}.".encode() + raw
    return f"v1,{b64encode(hmac.digest(key, signed, 'sha256')).decode()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Where to post, and with which key to sign.

    ``timeout``: seconds for a whole attempt; ``connect_timeout``: of these, to get a connection.
    """

    url: str = field(repr=False)
    key: bytes = field(repr=False)
    user_agent: str
    timeout: float = 30.0
    connect_timeout: float = 10.0


class WebhookTransport:
    """Posts each message to one address, which may be a private one: it is the owner's choice.

    No redirect is followed, no proxy of the environment used, and of an answer the head alone is
    read. Errors name the host only: what follows it in an address is often a secret.
    """

    def __init__(
        self,
        settings: WebhookSettings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """``now`` dates each attempt; ``trust``: whose certificates to believe, by default httpx's.

        Raises ``ValueError`` for an address that cannot be one.
        """
        try:
            self._url = httpx.URL(settings.url)
            self._server = f"webhook {self._url.host}"  # which fails for an xn-- that is none
        except (httpx.InvalidURL, UnicodeError):
            raise ValueError("is no web address that can be asked; correct its host") from None
        self._settings = settings
        self._now = now
        self._given = trust

    def send(self, message: Message) -> None:
        """Post the message's bytes."""
        asyncio.run(self._send(message))

    def check(self) -> None:
        """Connect, verify who answers where it is https, and send nothing."""
        asyncio.run(self._check())

    async def _send(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self._settings.timeout):
                answer = await self._post(message)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise self._unreachable(error) from error
        except (httpx.TransportError, TimeoutError) as error:
            raise self._unanswered(error) from error
        if not answer.is_success:
            raise self._refused(answer)

    async def _post(self, message: Message) -> httpx.Response:
        request = httpx.Request(
            "POST",
            self._url,
            headers=self._headers(message),
            content=message.raw,
            extensions={"timeout": {"connect": self._settings.connect_timeout}},
        )
        # Straight on the transport: a client would log the address, and read what it is answered.
        async with httpx.AsyncHTTPTransport(verify=self._trust) as transport:
            answer = await transport.handle_async_request(request)
            await answer.aclose()
        return answer

    def _headers(self, message: Message) -> dict[str, str]:
        timestamp = int(self._now().timestamp())
        signature = sign(self._settings.key, message.message_id, timestamp, message.raw)
        return {
            "content-type": message.content_type,
            "user-agent": self._settings.user_agent,
            "webhook-id": message.message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature,
        }

    async def _check(self) -> None:
        tls = self._trust if self._url.scheme == "https" else None
        port = self._url.port or (443 if tls else 80)
        try:
            async with asyncio.timeout(self._settings.connect_timeout):
                _, line = await asyncio.open_connection(self._url.host, port, ssl=tls)
        except (OSError, UnicodeError) as error:
            raise self._unreachable(error) from error
        line.close()
        with suppress(OSError):
            await line.wait_closed()

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return self._given or httpx.create_ssl_context()

    def _unreachable(self, error: Exception) -> DeliveryError:
        return DeliveryError(
            f"{self._server}: no connection ({_reason(error)}), nothing was sent: check that it"
            " runs, and its address under channels",
            unreachable=True,
        )

    def _unanswered(self, error: Exception) -> DeliveryError:
        return DeliveryError(
            f"{self._server}: no answer ({_reason(error)}); the message may have arrived, and will"
            " be sent again with the same id",
            ambiguous=True,
            unreachable=True,
        )

    def _refused(self, answer: httpx.Response) -> DeliveryError:
        status = answer.status_code
        permanent = 400 <= status < 500 and status not in _NOT_NOW
        return DeliveryError(
            f"{self._server} answered {_named(status)}; {_advice(status, permanent=permanent)}",
            permanent=permanent,
            ambiguous=status in _GATEWAYS,
            retry_after=_rest(answer.headers.get("retry-after", ""), self._now()),
            unreachable=status in _BUSY,
        )


def _advice(status: int, *, permanent: bool) -> str:
    if permanent:
        return "correct its address under channels, or what it expects, and send again"
    if 300 <= status < 400:
        return "redirects are not followed: write the address that it leads to under channels"
    return "it will be tried again later"


def _named(status: int) -> str:
    """``503 Service Unavailable``; words of the server's own are not repeated."""
    with suppress(ValueError):
        return f"{status} {HTTPStatus(status).phrase}"
    return str(status)


def _rest(value: str, now: datetime) -> timedelta | None:
    """Read a Retry-After, seconds or a date (RFC 9110, 10.2.3), as a wait of a day at most."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:9]), _LONGEST_REST.total_seconds()))
    with suppress(ValueError):
        until = parsedate_to_datetime(value)
        wait = until.replace(tzinfo=until.tzinfo or UTC) - now
        return min(max(wait, timedelta(0)), _LONGEST_REST)
    return None


def _reason(error: BaseException) -> str:
    """What lies at the root: the errors on top of it say less, how a time-out ends it nothing."""
    while isinstance(below := error.__cause__ or error.__context__, Exception):
        error = below
    return shorten(str(error) or type(error).__name__, 200)
