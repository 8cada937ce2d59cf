"""Which feed is meant, which feeds of a list are new here, and what keeps the others out."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.config import FeedSettings, Settings
from monitor.config.editing import feed_entry
from monitor.errors import ConfigError
from monitor.ingest import opml
from monitor.ingest.urls import canonical_url, host_of
from monitor.records import FeedSpec
from monitor.service.app import App
from monitor.service.views import find_feed


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What a list brings: ``new`` entries; addresses that are ``known``; what was ``refused``, with
    the reason; ``pages`` without a feed. ``fault``: what is wrong with the list itself.
    """

    new: tuple[FeedSettings, ...]
    known: tuple[str, ...]
    refused: tuple[str, ...]
    pages: tuple[str, ...]
    fault: str | None


def plan_import(settings: Settings, body: bytes) -> ImportPlan:
    """Compare an OPML document with the feeds there are; raise ``ParseError``."""
    found = opml.read(body)
    present = known_addresses(settings)
    new: list[FeedSettings] = []
    known: list[str] = []
    refused: list[str] = []
    for listed in found.feeds:
        try:
            entry = _entry(listed)
        except ConfigError as error:
            refused.append(f"{listed.title or host_of(listed.url) or 'a feed'}: {error}")
            continue
        if canonical_url(entry.url) in present:
            known.append(entry.url)
        else:
            new.append(entry)
    return ImportPlan(
        new=tuple(new),
        known=tuple(known),
        refused=tuple(refused),
        pages=found.pages,
        fault=found.fault,
    )


def known_addresses(settings: Settings) -> frozenset[str]:
    """The canonical addresses of the feeds there are, also of those switched off."""
    return frozenset(canonical_url(feed.url) for feed in settings.feeds)


def _entry(listed: opml.Listed) -> FeedSettings:
    url = _as_web_address(listed.url)
    return feed_entry(url, title=listed.title, tags=listed.tags, enabled=listed.enabled)


def _as_web_address(url: str) -> str:
    """Return what ``feed:https://...`` and ``feed://...`` stand for, which some programs write."""
    scheme, _, rest = url.partition(":")
    if scheme.lower() != "feed":
        return url
    rest = rest.removeprefix("//")
    return rest if "://" in rest else f"http://{rest}"


def asked_for(app: App, text: str) -> FeedSpec:
    """The feed that ``text`` means: one of feeds.yaml by address or title, else an address.

    Last, one of the database by number or by the title it gave itself; :class:`NotFound`.
    """
    specs = app.settings.feed_specs()
    named = [spec for spec in specs if spec.title and spec.title.casefold() == text.casefold()]
    if named:
        return named[0]
    url = address(text)
    if url is not None:
        same = (spec for spec in specs if canonical_url(spec.url) == canonical_url(url))
        return next(same, FeedSpec(url=url))
    found = find_feed(app, text).spec
    return next((spec for spec in specs if spec.url == found.url), found)


def address(text: str) -> str | None:
    """The web address that a person means; without a scheme, https. None: it is none."""
    typed = text.strip()
    if not typed.lower().startswith(("http://", "https://")):
        host, _, _ = typed.partition("/")
        if "." not in host or " " in typed or "://" in typed:
            return None
        typed = f"https://{typed}"
    return feed_entry(typed).url
