"""What may stand under ``channels``: ways out beside mail, each under a name of the owner's."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from monitor.config.addresses import WebAddress, check_channel
from monitor.config.secrets import read_secret
from monitor.config.strict import Strict, exactly_one
from monitor.config.values import EnvName, OwnPath
from monitor.errors import ConfigError
from monitor.records import ChannelKind


class ChannelSettings(Strict):
    """One way out: a webhook, an Apprise address (a secret), a folder of feeds, or of pages."""

    webhook: WebAddress | None = None
    secret_env: EnvName | None = None
    secret_file: OwnPath | None = None
    apprise_env: EnvName | None = None
    apprise_file: OwnPath | None = None
    feed: OwnPath | None = None
    folder: OwnPath | None = None

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        exactly_one(self, "webhook", "apprise_env", "apprise_file", "feed", "folder")
        if self.webhook is not None:
            exactly_one(self, "secret_env", "secret_file")
        elif self.secret_env or self.secret_file:
            raise ValueError("has a secret but no webhook; remove it")
        return self

    @property
    def kind(self) -> ChannelKind:
        """Return by which way this channel goes."""
        if self.webhook is not None:
            return ChannelKind.WEBHOOK
        if self.feed is not None:
            return ChannelKind.FEED
        return ChannelKind.APPRISE if self.folder is None else ChannelKind.FOLDER

    def secret(self, name: str, environ: Mapping[str, str] = os.environ) -> SecretStr:
        """Read what signs a webhook, or the Apprise address, now. ``name``: of this channel.

        Raises ``ConfigError`` where it is missing, and for a channel that has none.
        """
        if self.webhook is not None:
            key, variable, file = "secret", self.secret_env, self.secret_file
        else:
            key, variable, file = "apprise", self.apprise_env, self.apprise_file
        secret = read_secret(f"channels.{name}.{key}", variable, file, environ)
        if secret is None:
            raise ConfigError((f"channels.{name} has no secret",))
        return secret


ChannelName = Annotated[str, AfterValidator(check_channel)]
