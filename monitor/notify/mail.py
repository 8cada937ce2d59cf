"""Message -> an SMTP server. The only SMTP.

The stored bytes go out as they are. How an attempt ended decides what the outbox does next:

    accepted         no error
    refused, 5xx     DeliveryError(permanent=True)
    not now, broken  DeliveryError: nothing was taken, try again later
    no answer        DeliveryError(ambiguous=True): all of it was sent, so it may have been taken
"""

from __future__ import annotations

import re
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from monitor.errors import DeliveryError
from monitor.notify.lines import shorten
from monitor.notify.session import Session, TlsSession
from monitor.records import Message, address_fault

_MENDABLE = frozenset({530, 534, 535, 538})
"""Refusals for want of a login or of encryption (RFC 4954): the configuration can be mended."""

_CLOSING = 421
"""The server is about to hang up: it will be no better for the next mail (RFC 5321, 3.8)."""

_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)


class Transport(Protocol):
    """A way out. Both methods raise ``DeliveryError``."""

    def send(self, message: Message) -> None:
        """Hand ``message`` over; when this returns, it was accepted."""

    def check(self) -> None:
        """Try all that sending needs, and send nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Where and how to hand mail over.

    ``timeout``: seconds for each answer, but for the one to the whole mail: ``final_timeout``.
    It is long, for a server that is still busy with a mail takes it all the same: who hangs up
    too soon sends it again and again. ``ca_file``: trust the certificates signed by these
    authorities instead of the system's.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    final_timeout: float = 300.0
    ca_file: Path | None = None


class SmtpTransport:
    """Hands mail to one SMTP server, one connection for each message.

    With TLS configured neither mail nor password goes out without it; a password goes out
    unencrypted to this machine only.
    """

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._server = f"mail server {settings.host}:{settings.port}"

    def send(self, message: Message) -> None:
        """Send the message's bytes to its recipient."""
        for address in (message.sender, message.recipient):
            fault = address_fault(address)
            if fault is not None:
                raise DeliveryError(
                    f"{shorten(address, 80)!r} is no mail address: {fault}", permanent=True
                )
        with self._session() as session:
            self._check_room(session, message)
            self._send_envelope(session, message)
            self._send_content(session, message.raw)

    def check(self) -> None:
        """Connect, encrypt, log in, and send nothing."""
        with self._session() as session:
            self._demand(session.noop(), "to answer", range(200, 300))

    @contextmanager
    def _session(self) -> Iterator[Session]:
        session: Session | None = None
        try:
            session = self._connect()
            session.ehlo_or_helo_if_needed()
            self._log_in(session)
            yield session
        except ssl.SSLError as error:
            raise DeliveryError(
                f"{self._server}: no verified TLS connection ({_reason(error)}), nothing was sent:"
                " correct host, port, security or ca_file under mail.smtp",
                unreachable=True,
            ) from error
        except (OSError, UnicodeError) as error:  # the latter for a host that no name can be
            raise DeliveryError(
                f"{self._server}: {self._told(_reason(error))}; no mail was handed over:"
                " check that the server runs, and host, port and security under mail.smtp",
                unreachable=True,
            ) from error
        finally:
            if session is not None:
                session.leave()

    def _connect(self) -> Session:
        settings = self._settings
        where, timeout = (settings.host, settings.port), settings.timeout
        if settings.security == "none":
            return Session(*where, timeout=timeout)
        context = self._trust()
        if settings.security == "tls":
            return TlsSession(*where, timeout=timeout, context=context)
        session = Session(*where, timeout=timeout)
        try:
            session.starttls(context=context)
        except BaseException:
            session.close()
            raise
        return session

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=self._settings.ca_file)
        except OSError as error:
            raise DeliveryError(
                f"cannot read certificates from {self._settings.ca_file}: {_reason(error)};"
                " correct mail.smtp.ca_file",
                unreachable=True,
            ) from error

    def _log_in(self, session: Session) -> None:
        user, password = self._settings.user, self._settings.password or ""
        if not user:
            return
        if self._settings.security == "none" and not session.is_local():
            raise DeliveryError(
                f"{self._server}: refused to send the password unencrypted; set mail.smtp.security"
                " to starttls or tls",
                unreachable=True,
            )
        try:
            session.login(user, password)
        except smtplib.SMTPServerDisconnected:
            raise
        except UnicodeError:
            reply = "user name and password can only be sent in ASCII"
        except (smtplib.SMTPException, ValueError) as error:  # the latter for no Base64
            reply = self._told(_reason(error))
        else:
            return
        # No cause: the server's answer and the encoder's error may hold the password.
        raise DeliveryError(
            f"{self._server} did not accept the login of {shorten(user, 80)}: {reply};"
            " correct mail.smtp.user or its password",
            unreachable=True,
        )

    def _check_room(self, session: Session, message: Message) -> None:
        """Ask nothing of a server that has said it would refuse."""
        size, limit = len(message.raw), session.size_limit()
        if limit is not None and size > limit:
            raise DeliveryError(
                f"{self._server} takes mails of {limit} bytes, this one has {size}; raise its"
                " limit, or lower the digest's cap for those to come",
                permanent=True,
            )
        if _is_international(message) and not session.has_extn("smtputf8"):
            raise DeliveryError(
                f"{self._server} does not take international addresses such as"
                f" {shorten(message.recipient, 80)}; use a server with SMTPUTF8"
            )

    def _send_envelope(self, session: Session, message: Message) -> None:
        options = ""
        if session.has_extn("size"):
            options += f" SIZE={len(message.raw)}"
        if _is_international(message):
            options += " BODY=8BITMIME SMTPUTF8"  # RFC 6531: who takes one takes the other
        accepted = range(200, 300)
        answer = session.ask(f"MAIL FROM:<{message.sender}>{options}")
        self._demand(answer, "the sender", accepted)
        answer = session.ask(f"RCPT TO:<{message.recipient}>")
        self._demand(answer, "the recipient", accepted)

    def _send_content(self, session: Session, raw: bytes) -> None:
        """Send the end of the mail by itself: only after it can the server have taken the mail."""
        self._demand(session.ask("DATA"), "the mail", range(354, 355))
        session.send(_LINE_START_DOT.sub(b"..", raw))
        try:
            session.send(b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")
            session.wait_for(self._settings.final_timeout)
            answer = session.getreply()
        except OSError as error:
            raise self._unanswered(_reason(error)) from error
        if answer[0] // 100 not in (2, 4, 5):
            raise self._unanswered("an answer that is no SMTP")
        self._demand(answer, "the mail", range(200, 300))

    def _demand(self, answer: tuple[int, bytes], what: str, accepted: range) -> None:
        code, reply = answer
        if code in accepted:
            return
        permanent = 500 <= code < 600 and code not in _MENDABLE
        advice = (
            "correct what it names and send again" if permanent else "it will be tried again later"
        )
        raise DeliveryError(
            f"{self._server} refused {what}: {code} {self._told(reply.decode(errors='replace'))};"
            f" {advice}",
            permanent=permanent,
            unreachable=code == _CLOSING or code in _MENDABLE,
        )

    def _unanswered(self, reason: str) -> DeliveryError:
        return DeliveryError(
            f"{self._server}: no answer after the whole mail was sent ({self._told(reason)});"
            " it may have arrived, and the same mail will be sent again",
            ambiguous=True,
            unreachable=True,
        )

    def _told(self, reply: str) -> str:
        """The server's words, bounded, and without the password should it repeat it."""
        for secret in _spellings(self._settings):
            reply = reply.replace(secret, "***")
        return shorten(reply, 200)


def _spellings(settings: SmtpSettings) -> list[str]:
    """The password as it stands and as it is sent: AUTH LOGIN and AUTH PLAIN."""
    if not settings.password:
        return []
    plain = f"\0{settings.user}\0{settings.password}"
    encoded = [b64encode(text.encode()).decode() for text in (plain, settings.password)]
    return [*encoded, settings.password]


def _is_international(message: Message) -> bool:
    return not (message.sender + message.recipient).isascii()


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        told = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
        return f"{error.smtp_code} {told}"
    words = error.strerror if isinstance(error, OSError) else None  # without the number
    return (words or str(error) or type(error).__name__).rstrip(".")
