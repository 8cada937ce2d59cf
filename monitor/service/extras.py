"""Libraries that only some need: who asks for them, and whether they are installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from monitor.config import Settings
from monitor.errors import ConfigError
from monitor.records import ChannelKind, FullText


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """What is to be installed for a part of the service.

    ``asking`` says in words who wants it, empty: nobody; ``library`` what is not installed without
    it; ``instead`` what else its owner can do.
    """

    name: str
    part: str
    modules: tuple[str, ...]
    asking: Callable[[Settings], str]
    library: str
    instead: str

    def is_installed(self) -> bool:
        """Whether its libraries are there; none is loaded for that."""
        return all(find_spec(name) is not None for name in self.modules)

    def lack(self, settings: Settings) -> str | None:
        """Say who asks for it in vain and what to do; None: nothing is amiss."""
        asking = self.asking(settings)
        if not asking or self.is_installed():
            return None
        return (
            f"{asking}, and {self.library} is not installed; install newsmonitor[{self.name}],"
            f" or {self.instead}"
        )


def require(settings: Settings, *extras: Extra) -> None:
    """Raise ``ConfigError`` where one of ``extras`` is asked for and not installed."""
    if lacks := tuple(filter(None, (extra.lack(settings) for extra in extras))):
        raise ConfigError(lacks)


def _full_texts(settings: Settings) -> str:
    asked = (FullText.NEAR, FullText.ALWAYS)
    feeds = (f"feed {feed.url}" for feed in settings.feeds if feed.full_text in asked)
    topics = (f"topic {it.file.name}" for it in settings.topics if it.file.full_text in asked)
    named = ", ".join((*feeds, *topics))
    return f"full_text is asked for by {named}" if named else ""


def _pushes(settings: Settings) -> str:
    wanting = (name for name, it in settings.channels.items() if it.kind is ChannelKind.APPRISE)
    named = ", ".join(f"channels.{name}" for name in wanting)
    return f"apprise is asked for by {named}" if named else ""


def _pages(settings: Settings) -> str:
    return "web is configured" if settings.web is not None else ""


FULL_TEXTS = Extra(
    name="fulltext",
    part="full texts",
    modules=("trafilatura", "lxml_html_clean"),
    asking=_full_texts,
    library="what reads pages",
    instead="write full_text: never",
)
APPRISE = Extra(
    name="apprise",
    part="channels",
    modules=("apprise",),
    asking=_pushes,
    library="it",
    instead="remove the channel",
)
WEB = Extra(
    name="web",
    part="web",
    modules=("starlette", "uvicorn"),
    asking=_pages,
    library="what serves its pages",
    instead="remove web",
)
ALL = (FULL_TEXTS, APPRISE, WEB)
