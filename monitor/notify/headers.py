"""What may stand in a header, and the headers that tell mail programs what a digest is. Pure.

``email`` before Python 3.11.10 decodes an encoded word found in plain header text and writes the
line breaks inside it to the wire (CVE-2024-6923). So text of strangers loses its encoded words
here, whatever the Python, and ``email`` never gets to see a header of ours.
"""

from __future__ import annotations

import re
from email.header import Header
from email.utils import quote as quote_name
from hashlib import sha256
from urllib.parse import quote, urlsplit, urlunsplit

from monitor.notify.lines import clean_line, shorten

MAX_HEADER_TEXT = 200
_MAX_LINK = 900
"""A longer one would need a line of more than 998 bytes."""

_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,400}@[!-;=?-~]{1,400}>")


def header_text(text: str, limit: int = MAX_HEADER_TEXT) -> str:
    """Return ``text`` such that nothing in it can end, start or encode a header.

    One line of at most ``limit`` characters, without controls, bidi controls and encoded words.
    """
    return shorten(clean_line(text).replace("=?", "= ?"), limit)


def header_line(name: str, value: str) -> bytes:
    """Return one header as it goes out, folded where ``value`` is: CRLF and a blank.

    Raises ``ValueError`` for any other line break: it would begin a header of its own.
    """
    if len(value.replace("\r\n ", "").splitlines()) > 1:
        raise ValueError(f"a line break in the header {name}: {value!r}")
    return f"{name}: {value}\r\n".encode()


def encoded(name: str, text: str) -> str:
    """Return ``text`` as the value of header ``name`` in ASCII: as it is, or as encoded words."""
    if text.isascii():
        return text
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def mailbox(name: str, address: str, *, utf8: bool) -> str:
    """Return ``"name" <address>`` for a From header; other scripts as they are if ``utf8``."""
    shown = f'"{quote_name(name)}"' if utf8 or name.isascii() else encoded("From", name)
    return f"{shown} <{address}>"


def list_id(name: str, domain: str) -> str:
    """Return the List-Id of the digest ``name``: the same for all of its mails (RFC 2919).

    An address literal is no name space; ``localhost`` is the one for lists without.
    """
    label = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
    unique = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    space = "localhost" if domain.startswith("[") else domain
    return f"<{label[:32].strip('-') or 'digest'}-{unique}.{space}>"


def unsubscribe(link: str | None, name: str, sender: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that say how to end the digest ``name``: RFC 2369 and RFC 8058.

    The page at ``link``, if there is one, comes before a mail to ``sender``. One click is enough
    only over https: the POST carries what identifies the reader.
    """
    subject = quote(f"unsubscribe {header_text(name, 30)}", safe="")
    local, _, domain = sender.rpartition("@")
    mail = f"<mailto:{quote(local, safe='')}@{quote(domain, safe='')}?subject={subject}>"
    page = _uri(link) if link else ""
    if not page or len(page) > _MAX_LINK:
        return (("List-Unsubscribe", mail),)
    headers = (("List-Unsubscribe", f"<{page}>,\r\n {mail}"),)
    if not page.startswith("https://"):
        return headers
    return (*headers, ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))


def answering(message_id: str) -> tuple[tuple[str, str], ...]:
    """Return the headers that put a mail under another one; none for what is no Message-ID."""
    if not _MESSAGE_ID.fullmatch(message_id):
        return ()
    return (("In-Reply-To", message_id), ("References", message_id))


def _uri(link: str) -> str:
    """An address in ASCII, without what ends or parts the entries of a list of addresses."""
    parts = urlsplit(link)
    host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode()
    whole = urlunsplit(parts._replace(netloc=host))
    return quote(whole, safe="!#$%&'()*+/:;=?@[]~")
