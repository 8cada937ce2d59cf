"""What may stand under ``web``: the small pages of the service, and the key that signs links."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from monitor.config.addresses import HostPort, WebAddress
from monitor.config.secrets import read_secret
from monitor.config.strict import Strict
from monitor.config.values import Duration, EnvName, OwnPath
from monitor.errors import ConfigError

KEY_BYTES = 32
"""Of randomness in a key that is made; a given one has at least so many characters."""


def check_public(value: str) -> str:
    """Return the address without a slash at its end.

    Refuse one with a question behind it, and a host that browsers ask for under another name.
    """
    parts = urlsplit(value)
    if parts.query:
        raise ValueError("has a ? in it; write only the address below which the pages are")
    if not parts.netloc.isascii():
        raise ValueError("has a host in other letters; write it as browsers send it, xn--...")
    return value.rstrip("/")


def check_life(value: timedelta) -> timedelta:
    """Refuse a time that is shorter than a link needs to be read, or as good as for ever."""
    if not timedelta(days=1) <= value <= timedelta(days=730):
        raise ValueError("is no time for links to last; write from 1d to 730d")
    return value


class WebSettings(Strict):
    """Where the pages are served, and under which address readers reach them."""

    listen: HostPort = ("127.0.0.1", 8321)
    public_url: Annotated[WebAddress, AfterValidator(check_public)] | None = None
    links_last: Annotated[Duration, AfterValidator(check_life)] = timedelta(days=60)
    key_env: EnvName | None = None
    key_file: OwnPath = Field(Path("web.key"), validate_default=True)

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if self.key_env is not None and "key_file" in self.model_fields_set:
            raise ValueError("has key_env and key_file; write one of them")
        return self

    def key(
        self,
        environ: Mapping[str, str] = os.environ,
        fresh: Callable[[int], str] = secrets.token_urlsafe,
    ) -> bytes:
        """Return the key that signs links; raises ``ConfigError``.

        Without ``key_env`` it stands in ``key_file``, which is made where there is none:
        ``fresh`` gives as text so many random bytes.
        """
        if self.key_env is None and not self.key_file.exists():
            _make(self.key_file, fresh(KEY_BYTES))
        return self.known_key(environ)

    def known_key(self, environ: Mapping[str, str] = os.environ) -> bytes:
        """Return the key that is there, and make none; raises ``ConfigError``."""
        file = self.key_file if self.key_env is None else None
        secret = read_secret("web.key", self.key_env, file, environ)
        key = secret.get_secret_value().encode() if secret is not None else b""
        if len(key) < KEY_BYTES:
            place = self.key_env or f"{self.key_file}"
            told = f"web.key: what {place} holds is shorter than {KEY_BYTES} characters;"
            raise ConfigError((f"{told} write {KEY_BYTES} random ones or more",))
        return key


def _make(path: Path, text: str) -> None:
    """Write a new key, whole or not at all, for its owner alone; one that is there stays."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(f"{text}\n")
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # another process was first: its key counts
                os.link(name, path)
        finally:
            Path(name).unlink()
    except OSError as error:
        told = f"web.key_file: {path} cannot be made ({error.strerror or error})"
        raise ConfigError((f"{told}; name a place this user may write to",)) from error
