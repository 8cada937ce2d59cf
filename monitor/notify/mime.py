"""Subject, text and HTML -> the bytes of a mail, the same ones every time. Pure."""

from __future__ import annotations

from email.header import Header
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from email.utils import quote as quote_name
from hashlib import sha256
from urllib.parse import quote

from monitor.notify.headers import header_text, split_mailbox, wire_address
from monitor.records import Digest, Message

DEFAULT_SENDER_NAME = "News monitor"
_MAX_NAME = 60


class _Policy(EmailPolicy):
    """Writes each header itself: one line, or encoded words where the text is not ASCII.

    ``email`` would begin many lines with a fold, and lose or double spaces where it mixes plain
    and encoded words (python/cpython#92081). All texts here are bounded, so no line is too long.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        if len(value.splitlines()) > 1:
            raise ValueError(f"a line break in the header {name}: {value!r}")
        written = value if self.utf8 or value.isascii() else _in_ascii(name, value)
        return f"{name}: {written}{self.linesep}".encode()


def _in_ascii(name: str, value: str) -> str:
    if isinstance(value, AddressHeader):
        (mailbox,) = value.addresses
        return f"{_encoded_words(name, mailbox.display_name)} <{mailbox.addr_spec}>"
    return _encoded_words(name, value)


def _encoded_words(name: str, text: str) -> str:
    return Header(text, "utf-8", header_name=name).encode(linesep="\r\n")


def build_message(digest: Digest, *, sender: str, subject: str, text: str, html: str) -> Message:
    """Return the mail of ``digest``: dated by its slot, named by digest, recipient and slot.

    Raises ``ValueError`` for a sender or recipient that is not a mail address.
    """
    name, sender_address = split_mailbox(sender)
    name = name or DEFAULT_SENDER_NAME
    _, recipient = split_mailbox(digest.recipient)
    mail_from, rcpt_to = wire_address(sender_address), wire_address(recipient)
    identity = _identity(digest, rcpt_to)
    domain = mail_from.rpartition("@")[2]
    message_id = f"<{digest.slot:%Y%m%dT%H%M%SZ}.{identity}@{domain}>"
    mail = EmailMessage(policy=_policy(mail_from, rcpt_to))
    mail["From"] = f'"{quote_name(header_text(name, _MAX_NAME))}" <{mail_from}>'
    mail["To"] = rcpt_to
    mail["Subject"] = header_text(subject)
    mail["Date"] = format_datetime(digest.slot)
    mail["Message-ID"] = message_id
    mail["List-Id"] = _list_id(digest.name, domain)
    mail["List-Unsubscribe"] = _unsubscribe(digest.name, mail_from)
    mail["Auto-Submitted"] = "auto-generated"
    _set_body(mail, text, html, boundary=f"=_{identity}")
    return Message(
        message_id=message_id,
        sender=mail_from,
        recipient=rcpt_to,
        subject=str(mail["Subject"]),
        raw=mail.as_bytes(),
    )


def _identity(digest: Digest, recipient: str) -> str:
    facts = "\0".join((digest.name, recipient, digest.slot.isoformat()))
    return sha256(facts.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _policy(*addresses: str) -> _Policy:
    """Headers are ASCII unless a local part is not: that one no encoding can express."""
    plain = all(address.isascii() for address in addresses)
    return _Policy(linesep="\r\n", cte_type="7bit", utf8=not plain)


def _set_body(mail: EmailMessage, text: str, html: str, *, boundary: str) -> None:
    """Both parts in an encoding in which neither the boundary nor a long line can occur."""
    mail.set_content(text, cte=_encoding(text))
    mail.add_alternative(html, subtype="html", cte=_encoding(html))
    mail.set_boundary(boundary)


def _encoding(text: str) -> str:
    """Quoted-printable stays readable in a file; base64 is shorter for other scripts."""
    encoded = text.encode()
    foreign = sum(byte > 0x7F for byte in encoded)
    return "quoted-printable" if 6 * foreign < len(encoded) else "base64"


def _list_id(name: str, domain: str) -> str:
    label = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
    unique = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"<{label[:32].strip('-') or 'digest'}-{unique}.{domain.strip('[]')}>"


def _unsubscribe(name: str, sender: str) -> str:
    subject = quote(f"unsubscribe {header_text(name, 30)}", safe="")
    return f"<mailto:{quote(sender, safe='@')}?subject={subject}>"
