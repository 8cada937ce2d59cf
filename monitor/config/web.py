"""What may stand under ``web``: the small pages of the service, and the key that signs links."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from monitor.config.addresses import HostPort, WebAddress
from monitor.config.strict import Strict
from monitor.config.values import EnvName, OwnPath


class WebSettings(Strict):
    """Where the pages are served, and under which address readers reach them."""

    listen: HostPort = ("127.0.0.1", 8321)
    public_url: WebAddress | None = None
    key_env: EnvName | None = None
    key_file: OwnPath = Field(Path("web.key"), validate_default=True)
