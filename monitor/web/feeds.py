"""The Atom files of ``feed`` channels, each under the channel's name."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from starlette.responses import PlainTextResponse, Response

from monitor.config import Settings
from monitor.records import ContentType

_ENDING = ".atom"


@dataclass(frozen=True, slots=True)
class Feeds:
    """The folders of all channels of feeds, by channel. No path is made of what is asked for."""

    folders: Mapping[str, Path]

    @classmethod
    def of(cls, settings: Settings) -> Feeds:
        """The channels of feeds that the owner has configured."""
        feeds = {name: channel.feed for name, channel in settings.channels.items()}
        return cls({name: folder for name, folder in feeds.items() if folder is not None})

    def answer(self, channel: str, name: str, known: str) -> Response:
        """Answer with a file, or with 304 where its tag is among those of ``known``."""
        body = self._read(channel, name)
        if body is None:
            return PlainTextResponse("There is no such feed.\n", 404)
        tag = f'"{sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if tag in {each.strip().removeprefix("W/") for each in known.split(",")}:
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=ContentType.ATOM)

    def _read(self, channel: str, name: str) -> bytes | None:
        folder = self.folders.get(channel)
        if folder is None or not name.endswith(_ENDING) or name.startswith("."):
            return None
        try:
            if name not in os.listdir(folder):  # noqa: PTH208  # names, not paths
                return None
            return _content(folder / name)
        except OSError:
            return None


def _content(path: Path) -> bytes | None:
    """The bytes of a regular file; a link could lead anywhere."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        return file.read() if stat.S_ISREG(os.fstat(handle).st_mode) else None
