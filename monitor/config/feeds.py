"""What may stand in ``feeds.yaml``: the feeds, and how to come to those not open to all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, model_validator

from monitor.config.access import Headers, Proxy, SecretHeaders
from monitor.config.addresses import WebAddress
from monitor.config.secrets import read_secret, read_variable
from monitor.config.strict import Strict, exactly_one
from monitor.config.values import Duration, EnvName, Filled, Language, Line, OwnPath, Switch
from monitor.records import Access, FullText


class FeedSettings(Strict):
    """One feed. Without ``interval``, ``polling.interval`` counts."""

    url: WebAddress
    title: Line | None = None
    tags: tuple[Line, ...] = ()
    interval: Duration | None = None
    language: Language | None = None
    enabled: Switch = True
    headers: Headers = Field(default_factory=dict)
    secret_headers: SecretHeaders = Field(default_factory=dict)
    user: Line | None = None
    password_env: EnvName | None = None
    password_file: OwnPath | None = None
    proxy: Proxy | None = None
    proxy_password_env: EnvName | None = None
    proxy_password_file: OwnPath | None = None
    full_text: FullText | None = None

    @model_validator(mode="after")
    def _check_login(self) -> Self:
        if self.user is not None:
            exactly_one(self, "password_env", "password_file")
        elif self.password_env or self.password_file:
            raise ValueError("has a password but no user; add user")
        return self

    @model_validator(mode="after")
    def _check_proxy(self) -> Self:
        if self.proxy_password_env or self.proxy_password_file:
            exactly_one(self, "proxy_password_env", "proxy_password_file")
            if self.proxy is None or urlsplit(self.proxy).username is None:
                raise ValueError("has a password but no user for its proxy; add user@ to proxy")
        return self

    @model_validator(mode="after")
    def _check_headers(self) -> Self:
        shown = {name.lower() for name in self.headers}
        for name in self.secret_headers:
            if name.lower() in shown:
                raise ValueError(f"has {name} in headers and secret_headers; remove one")
            if name.lower() == "authorization" and self.user is not None:
                raise ValueError("has a user and a header Authorization; remove one")
        return self

    def access(self, place: str, environ: Mapping[str, str] = os.environ) -> Access:
        """Read what this feed's server wants to see now.

        Raises ``ConfigError`` for a secret that is missing; it begins with ``place``.
        """
        secret_headers = (
            (name, read_variable(f"{place}.secret_headers.{name}", variable, environ))
            for name, variable in self.secret_headers.items()
        )
        revealed = [(name, secret.get_secret_value()) for name, secret in secret_headers]
        password = read_secret(f"{place}.password", self.password_env, self.password_file, environ)
        return Access(
            headers=(*self.headers.items(), *revealed),
            user=self.user,
            password=password.get_secret_value() if password else None,
            proxy=self._proxy_with_login(place, environ),
        )

    def _proxy_with_login(self, place: str, environ: Mapping[str, str]) -> str | None:
        secret = read_secret(
            f"{place}.proxy_password", self.proxy_password_env, self.proxy_password_file, environ
        )
        if self.proxy is None or secret is None:
            return self.proxy
        user, at, rest = self.proxy.partition("@")
        return f"{user}:{quote(secret.get_secret_value(), safe='')}{at}{rest}"


class FeedsFile(Strict):
    """``feeds.yaml``."""

    feeds: Annotated[tuple[FeedSettings, ...], Filled]
