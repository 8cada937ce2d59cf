"""The links of a mail on which its reader answers: pages of ours, each for one thing, signed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from monitor.config.web import WebSettings
from monitor.errors import ConfigError
from monitor.notify.tokens import Claim, Purpose, Signer, mark
from monitor.records import (
    Answers,
    ChannelKind,
    Digest,
    DigestEntry,
    MatchedStory,
    Story,
    Subscription,
    same_recipient,
)
from monitor.service.app import App

VERDICT, LEAVE, REST = "v", "u", "r"
"""Where the pages are, below the public address: before the token."""


def linked(app: App, digest: Digest, subscription: Subscription) -> Digest:
    """Return ``digest`` with a page to answer on for each entry, one to leave it, one for the rest.

    Unchanged where ``web.public_url`` is not configured, and for a channel of feeds: whoever reads
    those could answer for their owner. The same digest has the same links. Where the key that
    signs them cannot be had, it goes without them, and says why.
    """
    web = app.settings.web
    if web is None or web.public_url is None or _is_open(app, subscription):
        return digest
    try:
        links = Links(web.public_url, signer_of(web), subscription, digest.slot + web.links_last)
    except ConfigError as error:
        return replace(digest, warnings=(*digest.warnings, f"No links to answer on: {error}"))
    sections = (
        replace(section, entries=tuple(_answered(links, each) for each in section.entries))
        for section in digest.sections
    )
    return replace(digest, sections=tuple(sections), unsubscribe=links.leave(), rest=links.rest())


def farewell(reader: Subscription, expires_at: datetime) -> Claim:
    """Return what a link says that ends a digest for its reader."""
    return _of_reader(Purpose.UNSUBSCRIBE, reader, expires_at)


def remainder(reader: Subscription, expires_at: datetime) -> Claim:
    """Return what a link says that lists what a digest left out for its reader."""
    return _of_reader(Purpose.REST, reader, expires_at)


def _of_reader(purpose: Purpose, reader: Subscription, expires_at: datetime) -> Claim:
    return Claim(
        purpose=purpose,
        subscription=reader.id,
        reader_mark=mark_of(reader),
        expires_at=expires_at,
    )


def verdict(
    purpose: Purpose, reader: Subscription, told: MatchedStory, expires_at: datetime
) -> Claim:
    """Return what a link says on which a reader answers: of a story, for the topic it matched."""
    return Claim(
        purpose=purpose,
        subscription=reader.id,
        topic=told.match.topic_id,
        story=told.match.story_id,
        reader_mark=mark_of(reader),
        story_mark=mark_of(told.story),
        expires_at=expires_at,
    )


def mark_of(it: Subscription | Story) -> int:
    """Return what stays as long as the row is the same: a digest's name and a title may change.

    So may the spelling of an address.
    """
    if isinstance(it, Subscription):
        return mark(same_recipient(it.recipient))
    return mark(it.seen_at.isoformat())


def signer_of(web: WebSettings) -> Signer:
    """Return what makes and reads the links; raises ``ConfigError``."""
    return Signer(web.key())


def _is_open(app: App, subscription: Subscription) -> bool:
    channel = app.settings.channels.get(subscription.recipient)
    return channel is not None and channel.kind is ChannelKind.FEED


def _answered(links: Links, entry: DigestEntry) -> DigestEntry:
    return replace(entry, answers=links.answers(entry.lead))


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses of one reader's pages below ``base``, as long as they last."""

    base: str
    signer: Signer
    reader: Subscription
    expires_at: datetime

    def answers(self, told: MatchedStory) -> Answers:
        """Where the reader says of a story that more like it is wanted, or not."""
        return Answers(more=self._answer(Purpose.MORE, told), less=self._answer(Purpose.LESS, told))

    def leave(self) -> str:
        """Where the reader ends the digest."""
        return self._to(LEAVE, farewell(self.reader, self.expires_at))

    def rest(self) -> str:
        """Where the reader sees what the messages left out."""
        return self._to(REST, remainder(self.reader, self.expires_at))

    def _answer(self, purpose: Purpose, told: MatchedStory) -> str:
        return self._to(VERDICT, verdict(purpose, self.reader, told, self.expires_at))

    def _to(self, page: str, claim: Claim) -> str:
        return f"{self.base}/{page}/{self.signer.sign(claim)}"
