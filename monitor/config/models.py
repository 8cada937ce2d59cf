"""What may stand in the three kinds of files. An unknown key is an error everywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from monitor.config.addresses import (
    Contact,
    DatabaseAddress,
    Host,
    HostPort,
    Mailbox,
    WebAddress,
)
from monitor.config.channels import ChannelName, ChannelSettings
from monitor.config.digests import DigestSettings
from monitor.config.secrets import read_secret
from monitor.config.strict import Strict, exactly_one
from monitor.config.values import (
    Duration,
    EnvName,
    Filled,
    Language,
    Line,
    Name,
    OwnPath,
    Size,
    format_duration,
)
from monitor.config.web import WebSettings
from monitor.records import FullText

_LONGEST_CEILING = timedelta(days=1)
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class PollingSettings(Strict):
    """How feeds are read."""

    interval: Duration = timedelta(minutes=30)
    floor: Duration = timedelta(minutes=5)
    ceiling: Duration = timedelta(hours=4)
    first_poll_keeps: Duration = timedelta(days=1)
    concurrency: Annotated[int, Field(strict=True, ge=1, le=200)] = 20
    per_host: Annotated[int, Field(strict=True, ge=1, le=10)] = 2
    timeout: Duration = timedelta(seconds=30)
    max_body: Size = 10 * 2**20
    allow_addresses: tuple[HostPort, ...] = ()
    contact: Contact = ""

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        if self.interval < self.floor:
            raise ValueError(below_floor(self.interval, self.floor))
        if self.interval > self.ceiling:
            raise ValueError(_above_ceiling(self.interval, self.ceiling))
        if self.ceiling > _LONGEST_CEILING:
            raise ValueError(_ceiling_too_long(self.ceiling))
        return self


def below_floor(interval: timedelta, floor: timedelta) -> str:
    """Say both numbers and both remedies."""
    wanted, allowed = format_duration(interval), format_duration(floor)
    return (
        f"an interval of {wanted} is below polling.floor ({allowed}); "
        f"write {allowed} or more, or lower polling.floor to {wanted}"
    )


def _above_ceiling(interval: timedelta, ceiling: timedelta) -> str:
    wanted, allowed = format_duration(interval), format_duration(ceiling)
    return (
        f"an interval of {wanted} is above polling.ceiling ({allowed}); "
        f"write {allowed} or less, or raise polling.ceiling to {wanted}"
    )


def _ceiling_too_long(ceiling: timedelta) -> str:
    wanted, allowed = format_duration(ceiling), format_duration(_LONGEST_CEILING)
    return (
        f"a ceiling of {wanted} is above {allowed}; write {allowed} or less, "
        "and give a feed that is to be looked at more rarely an interval of its own"
    )


class MatchingSettings(Strict):
    """How stories are compared with topics."""

    language: Language = "en"


class SmtpSettings(Strict):
    """The mail server. The password is referred to, never written here."""

    host: Host
    security: Literal["starttls", "tls", "none"] = "starttls"
    port: Annotated[int, Field(strict=True, ge=1, le=65_535)] = Field(
        default_factory=lambda given: _PORTS.get(given.get("security", ""), 587)
    )
    user: Line | None = None
    password_env: EnvName | None = None
    password_file: OwnPath | None = None
    ca_file: OwnPath | None = None

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        references = (self.password_env, self.password_file)
        if self.user is None and references == (None, None):
            return self
        if self.user is None:
            raise ValueError("has a password but no user; add user")
        exactly_one(self, "password_env", "password_file")
        if self.security == "none":
            raise ValueError("would send a password unprotected; write security: starttls or tls")
        return self

    def password(self, environ: Mapping[str, str] = os.environ) -> SecretStr | None:
        """Read the password now; None without ``user``. Raises ``ConfigError``."""
        key = "mail.smtp.password"
        return read_secret(key, self.password_env, self.password_file, environ)


class MailSettings(Strict):
    """Where digests go: into a folder, or to a mail server where ``smtp`` is given."""

    sender: Mailbox = Field("News monitor <monitor@localhost>", alias="from")
    folder: OwnPath = Field(Path("outbox"), validate_default=True)
    templates: OwnPath | None = None
    smtp: SmtpSettings | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if {"folder", "smtp"} <= self.model_fields_set:
            raise ValueError("has folder and smtp; write exactly one of them")
        return self


class MonitorFile(Strict):
    """``monitor.yaml``."""

    database: DatabaseAddress = Field("sqlite:///monitor.db", validate_default=True)
    database_password_env: EnvName | None = None
    database_password_file: OwnPath | None = None
    feeds: OwnPath = Field(Path("feeds.yaml"), validate_default=True)
    topics: OwnPath = Field(Path("topics"), validate_default=True)
    polling: PollingSettings = PollingSettings()
    matching: MatchingSettings = MatchingSettings()
    keep: Duration = timedelta(days=90)
    keep_digests: Duration = timedelta(days=730)
    digests: tuple[DigestSettings, ...] = ()
    channels: dict[ChannelName, ChannelSettings] = Field(default_factory=dict)
    web: WebSettings | None = None
    mail: MailSettings = Field(default_factory=dict, validate_default=True)

    @model_validator(mode="after")
    def _check_password(self) -> Self:
        references = (self.database_password_env, self.database_password_file)
        if references == (None, None):
            return self
        exactly_one(self, "database_password_env", "database_password_file")
        if self.database.startswith("sqlite:"):
            raise ValueError("has a password for a SQLite file, which has none; remove it")
        if urlsplit(self.database).username is None:
            raise ValueError("has a password for a database without user; add user@ to its address")
        return self


class SeedReference(Strict):
    """An example text: in a file, written here, or a page to fetch."""

    file: Line | None = None
    text: str | None = None
    url: WebAddress | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        exactly_one(self, "file", "text", "url")
        return self


class TopicFile(Strict):
    """``topics/*.yaml``: one topic."""

    name: Name
    seeds: Annotated[tuple[SeedReference, ...], Filled]
    not_seeds: tuple[SeedReference, ...] = Field((), alias="not")
    must: tuple[Line, ...] = ()
    any: tuple[Line, ...] = ()
    never: tuple[Line, ...] = ()
    feeds: tuple[Line, ...] = ()
    tags: tuple[Line, ...] = ()
    language: Language | None = None
    alerts_per_week: Annotated[float, Field(strict=True, gt=0, le=10_000)] | None = None
    threshold: Annotated[float, Field(strict=True, ge=0, le=1)] | None = None
    full_text: FullText = FullText.NEVER

    @model_validator(mode="after")
    def _check_threshold(self) -> Self:
        if self.threshold is not None and self.alerts_per_week is not None:
            raise ValueError("has threshold and alerts_per_week; remove one of them")
        return self
