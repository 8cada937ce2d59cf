"""What may stand in a header or an envelope. Pure.

``email`` before Python 3.11.10 decodes an encoded word found in plain header text and writes the
line breaks inside it to the wire (CVE-2024-6923). So text of strangers loses its encoded words
here, whatever the Python.
"""

from __future__ import annotations

import ipaddress
import re

from monitor.notify.lines import clean_line, shorten

MAX_HEADER_TEXT = 200
_MAX_LOCAL_PART = 64
_MAX_ADDRESS = 254
"""Octets of a local part and of a whole address: RFC 5321, 4.5.3.1."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~]|\\[ -~])+"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_MAILBOX = re.compile(r"(?P<name>[^<>]*)<(?P<address>[^<>]+)>")


def header_text(text: str, limit: int = MAX_HEADER_TEXT) -> str:
    """Return ``text`` such that nothing in it can end, start or encode a header.

    One line of at most ``limit`` characters, without controls, bidi controls and encoded words.
    """
    return shorten(clean_line(text).replace("=?", "= ?"), limit)


def valid_address(address: str) -> bool:
    """Whether ``address`` is a bare mailbox that can stand in an envelope and a header.

    Quoted local parts, international addresses and address literals are legal (RFC 5321, 6531);
    display names, comments, controls and route addresses are not.
    """
    local, at, domain = address.rpartition("@")
    if not at or clean_line(address) != address or "=?" in address:
        return False
    if len(local.encode()) > _MAX_LOCAL_PART or len(address.encode()) > _MAX_ADDRESS:
        return False
    if not (_DOT_ATOM.fullmatch(local) or _QUOTED.fullmatch(local)):
        return False
    return _valid_literal(domain) if domain.startswith("[") else _valid_domain(domain)


def split_mailbox(text: str) -> tuple[str, str]:
    """Split ``Name <address>`` or a bare address into (name, address); else ``ValueError``."""
    found = _MAILBOX.fullmatch(text.strip())
    name = header_text(found["name"].strip().strip('"')) if found else ""
    address = found["address"].strip() if found else text.strip()
    if not valid_address(address):
        raise ValueError(
            f"not a mail address: {clean_line(text)!r}; write it as name@example.org"
            " or Name <name@example.org>"
        )
    return name, address


def wire_address(address: str) -> str:
    """Return a valid address with its domain in ASCII, so that most servers can take it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii_domain(domain)}"


def _valid_domain(domain: str) -> bool:
    try:
        labels = _ascii_domain(domain).split(".")
    except UnicodeError:
        return False
    return all(_LABEL.fullmatch(label) for label in labels)


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    encoded = domain.encode("idna")
    if encoded.decode("idna") != domain.lower():  # the codec folds "straße.example" to "strasse"
        raise UnicodeError(f"the domain {domain!r} has no exact form in ASCII")
    return encoded.decode("ascii")


def _valid_literal(domain: str) -> bool:
    inner = domain.removeprefix("[").removesuffix("]")
    if "%" in inner:  # the scope of an IPv6 address may hold anything
        return False
    try:
        if inner.startswith("IPv6:"):
            ipaddress.IPv6Address(inner.removeprefix("IPv6:"))
        else:
            ipaddress.IPv4Address(inner)
    except ValueError:
        return False
    return domain.endswith("]")
