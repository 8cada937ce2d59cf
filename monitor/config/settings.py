"""The owner's files as one validated whole, and what the other rooms are handed of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import yaml

from monitor.config.channels import ChannelSettings
from monitor.config.digests import DigestSettings, RecipientSettings
from monitor.config.document import Document, Loc
from monitor.config.feeds import FeedSettings
from monitor.config.models import (
    MailSettings,
    MatchingSettings,
    MonitorFile,
    PollingSettings,
    TopicFile,
)
from monitor.config.secrets import read_secret
from monitor.config.web import WebSettings
from monitor.records import Access, ChannelKind, FeedSpec, Plan, Seed, TopicSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSettings:
    """A topic's file with its seeds read; a seed that is a page is its address."""

    source: Document
    file: TopicFile
    seeds: tuple[Seed | str, ...]
    not_seeds: tuple[Seed | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What `load` made of ``monitor.yaml``, ``feeds.yaml`` and ``topics/*.yaml``.

    Every path is absolute. Secrets are not in here: they are read where they are used.
    """

    path: Path
    main: MonitorFile
    feeds: tuple[FeedSettings, ...]
    topics: tuple[TopicSettings, ...]
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # asked for at every poll of every feed
        object.__setattr__(self, "_places", {feed.url: n for n, feed in enumerate(self.feeds)})

    @property
    def polling(self) -> PollingSettings:
        """How feeds are read."""
        return self.main.polling

    @property
    def matching(self) -> MatchingSettings:
        """How stories are compared."""
        return self.main.matching

    @property
    def keep(self) -> timedelta:
        """How long a story is kept."""
        return self.main.keep

    @property
    def digests(self) -> tuple[DigestSettings, ...]:
        """Who gets what, when."""
        return self.main.digests

    @property
    def channels(self) -> Mapping[str, ChannelSettings]:
        """The ways out beside mail, by their names."""
        return self.main.channels

    @property
    def web(self) -> WebSettings | None:
        """The pages of the service; None: there are none."""
        return self.main.web

    @property
    def mail(self) -> MailSettings:
        """Where digests go."""
        return self.main.mail

    def place(self, topic: str, loc: Loc, pages: Mapping[str, Seed]) -> str:
        """Return where something of a topic stands: ``topics/a.yaml:3: seeds[0]``.

        ``loc`` counts the seeds as :meth:`topic_specs` does, those of missing ``pages`` left out.
        """
        settings = next(each for each in self.topics if each.file.name == topic)
        seeds = {"seeds": settings.seeds, "not": settings.not_seeds}.get(str(loc[0]), ())
        there = [n for n, seed in enumerate(seeds) if _at_hand((seed,), pages)]
        if len(loc) > 1 and isinstance(loc[1], int) and there:
            loc = (loc[0], there[loc[1]])
        return settings.source.problem(loc, "").removesuffix(": ")

    def digest(self, name: str) -> DigestSettings:
        """Return the digest of that name; ``KeyError`` where there is none."""
        return {each.name: each for each in self.digests}[name]

    def plans(self) -> tuple[Plan, ...]:
        """Return how each recipient of each digest is served, in the order of the file."""
        return tuple(
            self._plan(digest, recipient)
            for digest in self.digests
            for recipient in digest.recipients
        )

    def plan(self, digest: str, recipient: str) -> Plan:
        """Return how one recipient of one digest is served; ``KeyError`` where there is none."""
        settings = self.digest(digest)
        served = {each.to: each for each in settings.recipients}[recipient]
        return self._plan(settings, served)

    def _plan(self, digest: DigestSettings, recipient: RecipientSettings) -> Plan:
        channel = self.main.channels.get(recipient.to)
        kind = channel.kind if channel is not None else ChannelKind.MAIL
        return digest.plan(recipient, kind, tuple(topic.file.name for topic in self.topics))

    def topic_names(self) -> frozenset[str]:
        """Return the names of all topics, also of those whose seeds are not at hand yet."""
        return frozenset(topic.file.name for topic in self.topics)

    def feed_specs(self) -> tuple[FeedSpec, ...]:
        """Return the feeds as records, in the order of the file."""
        return tuple(
            FeedSpec(
                url=feed.url,
                title=feed.title or "",
                tags=feed.tags,
                interval=feed.interval or self.polling.interval,
                paced=feed.interval is None,
                enabled=feed.enabled,
                language=feed.language,
                full_text=feed.full_text,
            )
            for feed in self.feeds
        )

    def seed_urls(self) -> tuple[str, ...]:
        """Return the addresses of the pages that are seeds, each once."""
        seeds = (seed for topic in self.topics for seed in (*topic.seeds, *topic.not_seeds))
        return tuple(dict.fromkeys(seed for seed in seeds if isinstance(seed, str)))

    def topic_specs(self, pages: Mapping[str, Seed]) -> tuple[TopicSpec, ...]:
        """Return the topics as records, seed pages taken from ``pages`` by their address.

        A page that is missing there is left out, and a topic that has no seed left with it.
        """
        specs = (self._topic_spec(topic, pages) for topic in self.topics)
        return tuple(spec for spec in specs if spec.seeds)

    def _topic_spec(self, topic: TopicSettings, pages: Mapping[str, Seed]) -> TopicSpec:
        file = topic.file
        return TopicSpec(
            name=file.name,
            seeds=_at_hand(topic.seeds, pages),
            not_seeds=_at_hand(topic.not_seeds, pages),
            must=file.must,
            any=file.any,
            never=file.never,
            feeds=watched_feeds(file.feeds, self.feeds),
            tags=file.tags,
            language=file.language or self.matching.language,
            alerts_per_week=file.alerts_per_week,
            threshold=file.threshold,
            full_text=file.full_text,
        )

    def access(self, url: str, environ: Mapping[str, str] = os.environ) -> Access:
        """Return headers, login and proxy of the feed with that address, secrets read now.

        Of an address that is no feed's: nothing. Raises ``ConfigError`` for a secret that is
        missing; it names file and feed.
        """
        n = self._places.get(url)
        if n is None:
            return Access()
        return self.feeds[n].access(f"{self.main.feeds}: feeds[{n}]", environ)

    def database_url(self, environ: Mapping[str, str] = os.environ) -> str:
        """Return the database's address with its password in it; raises ``ConfigError``."""
        main = self.main
        secret = read_secret(
            "database_password", main.database_password_env, main.database_password_file, environ
        )
        if secret is None:
            return main.database
        user, at, rest = main.database.partition("@")
        return f"{user}:{quote(secret.get_secret_value(), safe='')}{at}{rest}"

    def allowed_addresses(self) -> frozenset[tuple[str, int]]:
        """Return the hosts and ports that may be reached although they are not public."""
        return frozenset(self.polling.allow_addresses)

    def user_agent(self, version: str) -> str:
        """Return how this program names itself to servers."""
        contact = self.polling.contact
        return f"newsmonitor/{version} ({contact})" if contact else f"newsmonitor/{version}"

    def show(self) -> str:
        """Return what was understood as YAML, every default filled in, secrets only by name."""
        main = self.main.model_dump(mode="json", by_alias=True, exclude_none=True)
        if self.mail.smtp is not None:
            del main["mail"]["folder"]
        main["feeds"] = [each.model_dump(mode="json", exclude_none=True) for each in self.feeds]
        main["topics"] = [_shown(topic) for topic in self.topics]
        return yaml.safe_dump(main, sort_keys=False, allow_unicode=True, width=100)


def watched_feeds(named: tuple[str, ...], feeds: tuple[FeedSettings, ...]) -> tuple[str, ...]:
    """Return the addresses of the feeds that are named by address or title."""
    return tuple(feed.url for feed in feeds if feed.url in named or feed.title in named)


def _at_hand(seeds: tuple[Seed | str, ...], pages: Mapping[str, Seed]) -> tuple[Seed, ...]:
    found = (pages.get(seed) if isinstance(seed, str) else seed for seed in seeds)
    return tuple(seed for seed in found if seed is not None)


def _shown(topic: TopicSettings) -> dict[str, object]:
    shown: dict[str, object] = topic.file.model_dump(mode="json", by_alias=True, exclude_none=True)
    shown["seeds"] = [_shown_seed(seed) for seed in topic.seeds]
    shown["not"] = [_shown_seed(seed) for seed in topic.not_seeds]
    return shown


def _shown_seed(seed: Seed | str) -> dict[str, object]:
    if isinstance(seed, str):
        return {"url": seed}
    return {"from": seed.origin, "title": seed.title, "characters": len(seed.text)}
