"""Digest -> a short note -> a chat or push service, by Apprise. The only Apprise.

Apprise says whether it was sent, not why it was not: a refusal and an answer that never came look
the same. So every failure is tried again, and counts as perhaps sent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from monitor.errors import DeliveryError
from monitor.notify.channel import cut_stories, entries_of, message_of
from monitor.notify.compose import keep_best
from monitor.notify.lines import shorten
from monitor.notify.subject import nothing_new
from monitor.notify.wording import count, safe_link
from monitor.notify.words import title_words
from monitor.records import ContentType, Digest, DigestEntry, Message, Rendered

if TYPE_CHECKING:
    from apprise import Apprise

MAX_STORIES = 20
MAX_NOTE = 1_800
"""Characters of a note: most chat services take so much at once."""

_MAX_TITLE = 150
_MAX_NAME = 60
_MAX_LINK = 500
_TALKATIVE = ("apprise", "urllib3")
"""They log addresses, which hold the keys of services."""


def as_note(digest: Digest) -> Rendered:
    """Return ``digest`` as a short plain text: the best stories that fit; the others are cut."""
    fitting = keep_best(digest, MAX_STORIES)
    while len(_text(fitting)) > MAX_NOTE:
        fitting = keep_best(fitting, len(entries_of(fitting)) - 1)
    message = message_of(fitting, _text(fitting).encode(), ContentType.NOTE)
    return Rendered(message=message, digest=fitting)


def _text(digest: Digest) -> str:
    parts = [_told(entry) for entry in entries_of(digest)] or [f"{nothing_new(digest)}."]
    if more := cut_stories(digest):
        matched = count(more, "more story", "more stories")
        parts.append(f"{matched} matched. To see them: monitor matches --cut")
    return "\n\n".join(parts) + "\n"


def _told(entry: DigestEntry) -> str:
    story, match = entry.lead.story, entry.lead.match
    link = safe_link(story.url) or ""
    facts = (shorten(entry.lead.topic, _MAX_NAME), shorten(story.source, _MAX_NAME))
    lines = (
        title_words(entry.lead, _MAX_TITLE).text,
        ", ".join(filter(None, (*facts, f"score {match.score:.2f}"))),
        link if len(link) <= _MAX_LINK else "",
    )
    return "\n".join(filter(None, lines))


class AppriseTransport:
    """Hands each message to the one service that ``address`` names; the address is a secret."""

    def __init__(self, address: str) -> None:
        """Raises ``ValueError`` for what is not exactly one address that Apprise knows."""
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        from apprise import Apprise, AppriseAsset

        self._service: Apprise = Apprise(asset=AppriseAsset(app_id="News monitor"))
        if not self._service.add(address) or len(self._service) != 1:
            raise ValueError(
                "holds no one address that Apprise knows; write a single one, such as tgram://..."
            )
        _split_what_is_long(self._service)

    def send(self, message: Message) -> None:
        """Send title and text; what is longer than the service takes goes in several parts."""
        from apprise import NotifyFormat

        try:
            sent = self._service.notify(
                title=message.subject, body=message.raw.decode(), body_format=NotifyFormat.TEXT
            )
        except Exception as error:
            raise _failed(message, type(error).__name__) from None  # its words may hold the address
        if not sent:
            raise _failed(message, "it does not say why")

    def check(self) -> None:
        """Do nothing more: whether a service answers can only be seen by sending."""


def _split_what_is_long(service: Apprise) -> None:
    """Where the owner says nothing else, a note too long for its service goes in parts."""
    from apprise import NotifyBase, OverflowMode

    for each in service:
        if isinstance(each, NotifyBase) and each.overflow_mode == OverflowMode.UPSTREAM:
            each.overflow_mode = OverflowMode.SPLIT


def _failed(message: Message, reason: str) -> DeliveryError:
    return DeliveryError(
        f"Apprise could not send to {message.recipient} ({reason}); it may have arrived all the"
        " same, and will be sent again: check that the service runs and that its address is right",
        ambiguous=True,
    )
