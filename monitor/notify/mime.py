"""Subject, text and HTML -> the bytes of a mail, the same ones every time. Pure.

Every byte is ASCII unless a local part is not, every line ends with CRLF and is shorter than 998.
There is no Precedence, which RFC 2076 calls non-standard: those who answer automatically heed
Auto-Submitted (RFC 3834) and List-Id (RFC 5230, 4.6). No Content-Language either: the stories of
one digest are of several.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from hashlib import sha256

from monitor.notify.headers import (
    answering,
    encoded,
    header_line,
    header_text,
    list_id,
    mailbox,
    unsubscribe,
)
from monitor.records import Digest, DigestKind, Message, split_mailbox, wire_address

DEFAULT_SENDER_NAME = "News monitor"
_MAX_NAME = 60
_ASCII = bytes(range(0x80))


class _Unfolded(EmailPolicy):
    """Writes the headers of the parts, whose texts are all ours, in one line each."""

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}{self.linesep}".encode("ascii")


_POLICY = _Unfolded(linesep="\r\n", cte_type="7bit")


def build_message(digest: Digest, *, sender: str, subject: str, text: str, html: str) -> Message:
    """Return the mail of ``digest``: dated by its slot; its id follows from what it is.

    Raises ``ValueError`` for a sender or recipient that is not a mail address.
    """
    given_name, sender_address = split_mailbox(sender)
    name = header_text(given_name, _MAX_NAME) or DEFAULT_SENDER_NAME
    mail_from = wire_address(sender_address)
    rcpt_to = wire_address(split_mailbox(digest.recipient)[1])
    identity = _identity(digest, rcpt_to)
    domain = mail_from.rpartition("@")[2]
    message_id = f"<{digest.slot:%Y%m%dT%H%M%SZ}.{identity}@{domain}>"
    utf8 = not (mail_from + rcpt_to).isascii()  # an encoded word can express no address
    said = header_text(subject)
    headers = (
        ("From", mailbox(name, mail_from, utf8=utf8)),
        ("To", rcpt_to),
        ("Subject", said if utf8 else encoded("Subject", said)),
        ("Date", format_datetime(digest.slot)),
        ("Message-ID", message_id),
        *(answering(digest.first.message_id) if digest.first else ()),
        ("List-Id", list_id(digest.name, domain)),
        *unsubscribe(digest.unsubscribe, digest.name, mail_from),
        ("Auto-Submitted", "auto-generated"),
    )
    head = b"".join(header_line(*header) for header in headers)
    return Message(
        message_id=message_id,
        sender=mail_from,
        recipient=rcpt_to,
        subject=said,
        raw=head + _body(text, html, boundary=f"=_{identity}"),
    )


def _identity(digest: Digest, recipient: str) -> str:
    """What tells a mail from every other one; of a scheduled one it is never to change."""
    facts = [digest.name, recipient, digest.slot.isoformat()]
    if digest.kind is not DigestKind.SCHEDULED:
        facts += [digest.kind, digest.first.message_id if digest.first else ""]
    return sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _body(text: str, html: str, *, boundary: str) -> bytes:
    """Both parts in an encoding in which neither the boundary nor a long line can occur."""
    text, html = (part.encode(errors="replace").decode() for part in (text, html))
    mail = EmailMessage(policy=_POLICY)
    mail.set_content(text, cte=_encoding(text))
    mail.add_alternative(html, subtype="html", cte=_encoding(html))
    mail.set_boundary(boundary)
    return mail.as_bytes()


def _encoding(text: str) -> str:
    """Quoted-printable stays readable in a file; base64 is shorter for other scripts."""
    octets = text.encode()
    foreign = len(octets.translate(None, delete=_ASCII))
    return "quoted-printable" if 6 * foreign < len(octets) else "base64"
