"""The addresses of the files: of people, servers, pages and the database.

A wrong one is a ``ValueError``. Addresses that may hold a secret (of pages and of the database) are
never repeated in its words.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from unicodedata import normalize
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
)

from monitor.config.values import check_text
from monitor.records import address_fault, split_mailbox

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?")
_HOST_PORT = re.compile(
    rf"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>{_HOST.pattern})):(?P<port>\d{{1,5}})"
)


def check_address(value: str) -> str:
    """Return a bare mail address, composed as RFC 6532 wants it; refuse anything else."""
    address = normalize("NFC", value)
    fault = address_fault(address)
    if fault is not None:
        raise ValueError(f"{value!r:.60} is no mail address: {fault}")
    return address


def check_channel(value: str) -> str:
    """Refuse what cannot name a channel: small letters, digits and hyphens."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,49}", value):
        raise ValueError(
            f"{value!r:.60} is no name of a channel; write"
            " small letters, digits and hyphens, such as team-chat"
        )
    return value


def check_recipient(value: str) -> str:
    """Refuse what is neither a mail address nor the name of a channel."""
    return check_address(value) if "@" in value else check_channel(value)


def check_mailbox(value: str) -> str:
    """Refuse what is neither ``a@b`` nor ``Name <a@b>``."""
    mailbox = normalize("NFC", value)
    split_mailbox(mailbox)
    return mailbox


def parse_host_port(value: object) -> tuple[str, int]:
    """Read ``127.0.0.1:8080``, ``feeds.local:80`` or ``[::1]:8080``."""
    found = _HOST_PORT.fullmatch(value) if isinstance(value, str) else None
    if found is None or not 0 < int(found["port"]) < 65_536:
        raise ValueError(f"{value!r:.60} is no exact host:port; write one like 127.0.0.1:8080")
    return (found["six"] or found["host"]).lower(), int(found["port"])


def format_host_port(value: tuple[str, int]) -> str:
    """Write a host and port as they are read."""
    host, port = value
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_host(value: str) -> str:
    """Refuse what cannot be the name or address of a server."""
    if not (_HOST.fullmatch(value) or re.fullmatch(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", value)):
        raise ValueError(f"{value!r:.60} is no host; write a name like mail.example.org")
    return value


def check_url(value: str) -> str:
    """Return an http(s) address with lower-case scheme and host; anything else is refused."""
    parts = parts_of(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("is no web address; write one that begins with https:// or http://")
    if parts.username is not None or parts.password is not None:
        raise ValueError("holds a user or password; remove them, addresses are stored and logged")
    if re.search(r"[\s\x00-\x20\x7f\\]", value) or len(value) > 2_000:
        raise ValueError("holds a blank or control character, or is over 2,000 long; correct it")
    return urlunsplit(parts._replace(netloc=parts.netloc.lower(), fragment=""))


def check_contact(value: str) -> str:
    """Refuse what cannot stand in the comment of a User-Agent header."""
    if not re.fullmatch(r"[\x20-\x7e]{0,200}", value) or set(value) & set("()\\"):
        raise ValueError("is no contact; write a mail or web address in ASCII")
    return value.strip()


def parts_of(value: str) -> SplitResult:
    """Take an address apart; refuse one whose host or port is not valid."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError as error:
        raise ValueError("is no web address: its host or port is not valid; correct it") from error
    return parts


def check_database(value: str, info: ValidationInfo) -> str:
    """Return an address whose SQLite path is absolute; a password inside is refused."""
    if value.startswith("sqlite:"):
        folder: Path = info.context["folder"]  # type: ignore[index]
        return _sqlite(value, folder)
    parts = parts_of(value)
    if parts.scheme != "postgresql" or not parts.path.strip("/"):
        raise ValueError(
            "is no database; write sqlite:///monitor.db or postgresql://user@host/database"
        )
    if parts.password is not None or "password" in parse_qs(parts.query):
        raise ValueError("holds a password; write database_password_env or database_password_file")
    return value


def _sqlite(value: str, folder: Path) -> str:
    path = value.removeprefix("sqlite:///")
    if path == value or not path or path == ":memory:" or "?" in value or not path.isprintable():
        raise ValueError("is no SQLite file; write sqlite:///monitor.db, beside this file")
    return f"sqlite:///{folder / path}"


Mailbox = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=400),
    AfterValidator(check_text),
    AfterValidator(check_mailbox),
]
MailAddress = Annotated[str, AfterValidator(check_address)]
Recipient = Annotated[str, AfterValidator(check_recipient)]
HostPort = Annotated[
    tuple[str, int], PlainValidator(parse_host_port), PlainSerializer(format_host_port)
]
Host = Annotated[str, AfterValidator(check_host)]
WebAddress = Annotated[str, AfterValidator(check_url)]
DatabaseAddress = Annotated[str, AfterValidator(check_database)]
Contact = Annotated[str, AfterValidator(check_contact)]
