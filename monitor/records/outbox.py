"""Messages on their way, and what is kept of them for ever after."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.records.digests import Digest, DigestKind
from monitor.records.times import Timed


class ContentType(StrEnum):
    """What the bytes of a message are; each way takes one of them."""

    MAIL = "message/rfc822"
    PAGE = "text/html"
    NOTE = "text/plain"
    JSON = "application/json"
    ATOM = "application/atom+xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one recipient gets, final: ``raw`` is what goes out on every attempt.

    ``recipient`` is a mail address or the name of a channel; ``raw`` is of ``content_type``.
    """

    message_id: str
    sender: str
    recipient: str
    subject: str
    raw: bytes = field(repr=False)
    content_type: str = ContentType.MAIL


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template as it was used: its name, such as ``digest.html``, and its source."""

    name: str
    source: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A message and what it was made of: with both it can be made again, byte for byte.

    ``digest`` is the digest as it was told: what found no room in the message is among its
    ``cut``. ``templates`` are all that were used; none for what is not made from templates.
    ``sender`` as it was given, with its name; empty: as in the message.
    """

    message: Message
    digest: Digest
    templates: tuple[Template, ...] = ()
    sender: str = ""


class OutboxState(StrEnum):
    """``ready`` and ``waiting`` go out; ``sending`` is claimed; ``sent`` and ``dead`` are final."""

    READY = "ready"
    SENDING = "sending"
    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxItem(Timed):
    """A message on its way. ``uncertain``: an attempt ended without an answer, so it may repeat.

    ``run``: the number of the digest it brings, by which the archive knows it.
    """

    id: int
    message: Message
    state: OutboxState
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    uncertain: bool = False
    last_error: str | None = None
    sent_at: datetime | None = None
    run: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedLine(Timed):
    """A digest in the list of the archive. ``state`` None: its message was forgotten since."""

    run: int
    digest: str
    recipient: str
    kind: DigestKind
    slot: datetime
    created_at: datetime
    subject: str
    state: OutboxState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Archived:
    """A digest as it was made, with all that is needed to make it again.

    ``sender`` as it was given, ``content_type`` as in the message; ``sha256`` is that of its bytes;
    ``raw`` None: the bytes were forgotten since. ``version``: of the program that made it.
    """

    line: ArchivedLine
    digest: Digest
    sender: str
    content_type: str
    message_id: str
    sha256: bytes
    version: str
    templates: tuple[Template, ...] = ()
    raw: bytes | None = field(default=None, repr=False)
