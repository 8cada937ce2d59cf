"""Subject, text and HTML -> the bytes of a mail, the same ones every time. Pure."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime
from hashlib import sha256
from urllib.parse import quote

from monitor.notify.headers import header_text, split_mailbox, wire_address
from monitor.records import Digest, Message

DEFAULT_SENDER_NAME = "News monitor"


def build_message(digest: Digest, *, sender: str, subject: str, text: str, html: str) -> Message:
    """Return the mail of ``digest``: dated by its slot, named by digest, recipient and slot.

    Raises ``ValueError`` for a sender or recipient that is not a mail address.
    """
    name, sender_address = split_mailbox(sender)
    _, recipient = split_mailbox(digest.recipient)
    mail_from, rcpt_to = wire_address(sender_address), wire_address(recipient)
    identity = _identity(digest, rcpt_to)
    domain = mail_from.rpartition("@")[2]
    message_id = f"<{digest.slot:%Y%m%dT%H%M%SZ}.{identity}@{domain}>"
    mail = EmailMessage(policy=_policy(mail_from, rcpt_to))
    mail["From"] = Address(name or DEFAULT_SENDER_NAME, addr_spec=mail_from)
    mail["To"] = Address(addr_spec=rcpt_to)
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


def _policy(*addresses: str) -> EmailPolicy[EmailMessage]:
    """Headers are ASCII unless a local part is not: that one no encoding can express."""
    plain = all(address.isascii() for address in addresses)
    return SMTP.clone(cte_type="7bit") if plain else SMTPUTF8


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
    subject = quote(f"unsubscribe {header_text(name, 60)}", safe="")
    return f"<mailto:{quote(sender, safe='@')}?subject={subject}>"
