"""Message -> a folder or an SMTP server. The only SMTP.

The stored bytes go out as they are. How an attempt ended decides what the outbox does next:

    accepted         no error
    refused, 5xx     DeliveryError(permanent=True)
    not now, broken  DeliveryError: nothing was taken, try again later
    no answer        DeliveryError(ambiguous=True): all of it was sent, so it may have been taken
"""

from __future__ import annotations

import ipaddress
import os
import random
import re
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol

from monitor.errors import DeliveryError
from monitor.notify.files import file_name, replace_file
from monitor.notify.headers import valid_address
from monitor.notify.lines import shorten
from monitor.records import Message

GIVE_UP_AFTER = timedelta(days=5)
"""How long a message is tried: the give-up time of RFC 5321, 4.5.4.1."""

_FIRST_WAIT = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(hours=4)
_GOODBYE = 5.0
"""Seconds to wait for the answer to QUIT: the message is settled by then."""

_MENDABLE = frozenset({530, 534, 535, 538})
"""Refusals for want of a login or of encryption (RFC 4954): the configuration can be mended."""

_LINE_START_DOT = re.compile(rb"^\.", re.MULTILINE)


class Transport(Protocol):
    """A way out. Both methods raise ``DeliveryError``."""

    def send(self, message: Message) -> None:
        """Hand ``message`` over; when this returns, it was accepted."""

    def check(self) -> None:
        """Try all that sending needs, and send nothing."""


def retry_wait(attempts: int, rng: random.Random) -> timedelta:
    """Return the wait after the ``attempts``-th failed attempt (from 1): 2 minutes to 4 hours.

    It doubles each time and is spread by a quarter either way, so that messages that failed
    together do not come back together.
    """
    doublings: int = min(max(attempts, 1) - 1, 30)
    wait = min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)
    return wait * rng.uniform(0.75, 1.25)


# ---------------------------------------------------------------- folder


class FolderTransport:
    """Writes each message as an ``.eml`` file; a repeat of a message is the same file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, message: Message) -> None:
        """Write the message, whole or not at all, and durably."""
        self._write(file_name(message), message.raw)

    def check(self) -> None:
        """Write an empty file and remove it."""
        name = f".check-{os.getpid()}"
        self._write(name, b"")
        with suppress(OSError):
            (self._path / name).unlink()

    def _write(self, name: str, content: bytes) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            replace_file(self._path / name, content)
        except OSError as error:
            raise DeliveryError(
                f"cannot write mail into {self._path}: {error.strerror or error};"
                " make room there, or make the folder writable"
            ) from error


# ---------------------------------------------------------------- SMTP


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """Where and how to hand mail over. ``timeout`` in seconds, for each answer.

    ``ca_file``: trust the certificates signed by these authorities instead of the system's.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 30.0
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
            if not valid_address(address):
                raise DeliveryError(
                    f"not a mail address: {shorten(address, 80)!r}; correct it in the"
                    " configuration",
                    permanent=True,
                )
        with self._session() as session:
            self._send_envelope(session, message)
            self._send_content(session, message.raw)

    def check(self) -> None:
        """Connect, encrypt, log in, and send nothing."""
        with self._session() as session:
            self._demand(session.noop(), "to answer", range(200, 300))

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        session: smtplib.SMTP | None = None
        try:
            session = self._connect()
            session.ehlo_or_helo_if_needed()
            self._log_in(session)
            yield session
        except ssl.SSLError as error:
            raise DeliveryError(
                f"{self._server}: no verified TLS connection ({_reason(error)}), nothing was sent:"
                " correct host, port, security or ca_file under mail.smtp"
            ) from error
        except OSError as error:
            raise DeliveryError(
                f"{self._server}: {self._told(_reason(error))}; the mail was not taken:"
                " check that the server runs and that mail.smtp names it"
            ) from error
        finally:
            if session is not None:
                _leave(session)

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        where, timeout = (settings.host, settings.port), settings.timeout
        if settings.security == "none":
            return smtplib.SMTP(*where, timeout=timeout)
        context = self._trust()
        if settings.security == "tls":
            return smtplib.SMTP_SSL(*where, timeout=timeout, context=context)
        session = smtplib.SMTP(*where, timeout=timeout)
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
                " correct mail.smtp.ca_file"
            ) from error

    def _log_in(self, session: smtplib.SMTP) -> None:
        user, password = self._settings.user, self._settings.password or ""
        if not user:
            return
        if self._settings.security == "none" and not _is_local(session):
            raise DeliveryError(
                f"{self._server}: refused to send the password unencrypted; set mail.smtp.security"
                " to starttls or tls"
            )
        try:
            session.login(user, password)
        except smtplib.SMTPAuthenticationError as error:
            reply = self._told(_reason(error))
        except UnicodeError:
            reply = "user name and password can only be sent in ASCII"
        else:
            return
        # No cause: the server's answer and the encoder's error may hold the password.
        raise DeliveryError(
            f"{self._server} did not accept the login of {shorten(user, 80)}: {reply};"
            " correct mail.smtp.user or its password"
        )

    def _send_envelope(self, session: smtplib.SMTP, message: Message) -> None:
        international = not (message.sender + message.recipient).isascii()
        if international and not session.has_extn("smtputf8"):
            raise DeliveryError(
                f"{self._server} does not take international addresses such as"
                f" {shorten(message.recipient, 80)}; use a server with SMTPUTF8"
            )
        options = ("SMTPUTF8", "BODY=8BITMIME") if international else ()
        accepted = range(200, 300)
        self._demand(session.mail(message.sender, options), "the sender", accepted)
        self._demand(session.rcpt(message.recipient), "the recipient", accepted)

    def _send_content(self, session: smtplib.SMTP, raw: bytes) -> None:
        """Send the end of the mail by itself: only after it can the server have taken the mail."""
        self._demand(session.docmd("DATA"), "the mail", range(354, 355))
        session.send(_LINE_START_DOT.sub(b"..", raw))
        try:
            session.send(b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")
            answer = session.getreply()
        except OSError as error:
            raise self._unanswered(_reason(error)) from error
        if answer[0] < 200:
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
        )

    def _unanswered(self, reason: str) -> DeliveryError:
        return DeliveryError(
            f"{self._server}: no answer after the whole mail was sent ({self._told(reason)});"
            " it may have arrived, and the same mail will be sent again",
            ambiguous=True,
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


def _reason(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        reply = error.smtp_error
        told = reply.decode(errors="replace") if isinstance(reply, bytes) else reply
        return f"{error.smtp_code} {told}"
    return str(error) or type(error).__name__


def _is_local(session: smtplib.SMTP) -> bool:
    if session.sock is None:
        return False
    return ipaddress.ip_address(session.sock.getpeername()[0].partition("%")[0]).is_loopback


def _leave(session: smtplib.SMTP) -> None:
    """Say goodbye; whatever comes of it, the mail's fate is known."""
    with suppress(OSError):
        if session.sock is not None:
            session.sock.settimeout(_GOODBYE)
            session.quit()
    session.close()
