"""Mail addresses: one rule for the files that name them and for the mails that carry them. Pure.

Legal is what RFC 5321 and RFC 6531 call a mailbox: quoted local parts, letters of any script on
both sides, address literals. What could be more than one address, or look like another one, is not.
"""

from __future__ import annotations

import ipaddress
import re

_MAX_LOCAL_PART = 64
_MAX_ADDRESS = 254
"""Octets of a local part and of a whole address: RFC 5321, 4.5.3.1, with erratum 1690."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]+"
_DOT_ATOM = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED = re.compile(r'"(?:[ !#-\[\]-~\u00a1-\U0010ffff]|\\[ -~])+"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_MAILBOX = re.compile(r'(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^<>]*))\s*<(?P<address>.+)>')


def address_fault(address: str) -> str | None:
    """Return why ``address`` is no bare mailbox, with what to do; None for one that is.

    Display names, comments, controls and route addresses make one that is none, and so do
    characters that cannot be seen and what mail programs would decode.
    """
    local, at, domain = address.rpartition("@")
    if not (at and local and domain):
        return "it needs something on both sides of an @; write one like reader@example.org"
    if not address.isprintable():
        return "it holds a character that cannot be seen; type it anew"
    if "=?" in address:
        return "it holds =?, which mail programs take for the begin of encoded text"
    if len(local.encode()) > _MAX_LOCAL_PART or len(address.encode()) > _MAX_ADDRESS:
        return f"it is longer than {_MAX_LOCAL_PART} bytes before its @, or {_MAX_ADDRESS} in all"
    if not (_DOT_ATOM.fullmatch(local) or _QUOTED.fullmatch(local)):
        return 'what is before its @ needs quotes, "like this"@...; or write the address alone'
    if not _valid_domain(domain):
        return "what is behind its @ is no domain; write one like example.org, or its xn-- form"
    return None


def valid_address(address: str) -> bool:
    """Whether ``address`` is a bare mailbox that can stand in an envelope and a header."""
    return address_fault(address) is None


def split_mailbox(text: str) -> tuple[str, str]:
    """Split ``Name <address>`` or a bare address into (name, address); else ``ValueError``.

    A name in quotes comes without them. It is text, not yet safe for a header.
    """
    text = text.strip()
    if "<" not in text or valid_address(text):  # quotes may hold a bracket
        return "", _checked(text)
    found = _MAILBOX.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r:.60} is no sender; write Name <address>")
    quoted, plain, address = found.groups()
    name = plain.strip() if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return name, _checked(address)


def wire_address(address: str) -> str:
    """Return a valid address with its domain in ASCII, so that most servers can take it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{_ascii_domain(domain)}"


def same_recipient(recipient: str) -> str:
    """Return what two spellings of one recipient have in common: an address, or a channel's name.

    Small and capital letters are told apart by hardly any server (RFC 5321, 2.4), nor is a domain
    by how it is written.
    """
    return (wire_address(recipient) if "@" in recipient else recipient).lower()


def _checked(address: str) -> str:
    fault = address_fault(address)
    if fault is not None:
        raise ValueError(f"{address!r:.60} is no mail address: {fault}")
    return address


def _valid_domain(domain: str) -> bool:
    if domain.startswith("["):
        return _valid_literal(domain)
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
