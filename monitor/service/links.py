"""The links of a mail on which its reader answers: pages of ours, each for one thing, signed."""

from __future__ import annotations

from dataclasses import replace
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

VERDICT, LEAVE = "v", "u"
"""Where the pages are, below the public address: before the token."""


def linked(app: App, digest: Digest, subscription: Subscription) -> Digest:
    """Return ``digest`` with a page to answer on for each entry, and one to leave it.

    Unchanged where ``web.public_url`` is not configured, and for a channel of feeds: whoever reads
    those could answer for their owner. The same digest has the same links. Where the key that
    signs them cannot be had, it goes without them, and says why.
    """
    web = app.settings.web
    if web is None or web.public_url is None or _is_open(app, subscription):
        return digest
    try:
        links = _Links(web, subscription, digest.slot)
    except ConfigError as error:
        return replace(digest, warnings=(*digest.warnings, f"No links to answer on: {error}"))
    sections = (
        replace(section, entries=tuple(map(links.answered, section.entries)))
        for section in digest.sections
    )
    return replace(digest, sections=tuple(sections), unsubscribe=links.leave())


def farewell(reader: Subscription, expires_at: datetime) -> Claim:
    """Return what a link says that ends a digest for its reader."""
    return Claim(
        purpose=Purpose.UNSUBSCRIBE,
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


class _Links:
    """The links of one message to one recipient."""

    def __init__(self, web: WebSettings, subscription: Subscription, slot: datetime) -> None:
        self._base = web.public_url
        self._signer = signer_of(web)
        self._reader = subscription
        self._expires_at = slot + web.links_last

    def answered(self, entry: DigestEntry) -> DigestEntry:
        more, less = (self._answer(entry, each) for each in (Purpose.MORE, Purpose.LESS))
        return replace(entry, answers=Answers(more=more, less=less))

    def _answer(self, entry: DigestEntry, purpose: Purpose) -> str:
        return self._to(VERDICT, verdict(purpose, self._reader, entry.lead, self._expires_at))

    def leave(self) -> str:
        return self._to(LEAVE, farewell(self._reader, self._expires_at))

    def _to(self, page: str, claim: Claim) -> str:
        return f"{self._base}/{page}/{self._signer.sign(claim)}"
