"""What is to be said of the settings of the pages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from monitor.config import Settings
from monitor.config.web import WebSettings
from monitor.errors import ConfigError

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def remarks(settings: Settings) -> Iterator[tuple[str, str]]:
    """What is to be said of ``web``, each with how bad it is: error, warning or note."""
    web = settings.web
    if web is None:
        return
    yield from _key(web)
    yield from _address(web)
    if web.listen[0] not in _LOOPBACK:
        yield (
            "warning",
            f"listens on {web.listen[0]}: its pages are not encrypted on the way; listen on"
            " 127.0.0.1 behind a proxy that speaks https, unless this is a container",
        )


def _key(web: WebSettings) -> Iterator[tuple[str, str]]:
    if web.key_env is None and not web.key_file.exists():
        yield "note", f"the key {web.key_file} will be made at first need"
        return
    try:
        web.known_key()
    except ConfigError as error:
        yield "error", str(error)


def _address(web: WebSettings) -> Iterator[tuple[str, str]]:
    if web.public_url is None:
        yield "note", "has no public_url: mails have no links, and show commands instead"
        return
    parts = urlsplit(web.public_url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        yield (
            "warning",
            "public_url is not https: mail programs offer no one-click unsubscribing, and others"
            " on the way can read the links",
        )
    elif parts.hostname in _LOOPBACK:
        yield "note", "public_url is this machine: links work only in mails that are read here"
