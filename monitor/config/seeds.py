"""Seed references of a topic's file -> example texts."""

from __future__ import annotations

from pathlib import Path

from monitor.config.files import Unreadable, read_text
from monitor.config.models import SeedReference
from monitor.records import Seed


def read_seed(reference: SeedReference, folder: Path) -> Seed | str:
    """Return the text a reference stands for, or the address of a page that is fetched later.

    ``folder``: where the topic's file is; a seed file lies in it or below. Raises ``Unreadable``.
    """
    if reference.url is not None:
        return reference.url
    if reference.file is not None:
        return seed_from(_read_below(folder, reference.file), reference.file)
    return seed_from(reference.text or "", "text")


def seed_from(text: str, origin: str) -> Seed:
    """Make a seed of a text; the first of several lines is its title. Raises ``Unreadable``."""
    if "\0" in text:
        raise Unreadable("holds NUL bytes; a text is expected")
    lines = text.strip().splitlines()
    if not lines:
        raise Unreadable("is empty; write an example of what you look for")
    title, rest = lines[0].strip(), "\n".join(lines[1:]).strip()
    if not rest:
        return Seed(text=title, origin=origin)
    return Seed(title=title, text=rest, origin=origin)


def _read_below(folder: Path, name: str) -> str:
    try:
        path = (folder / name).resolve()
    except (OSError, RuntimeError) as error:  # a name too long, links in a circle
        raise Unreadable("leads nowhere; correct the path") from error
    # A topic that somebody passed on must not read, say, /etc/passwd into a page or a mail.
    if not path.is_relative_to(folder.resolve()):
        raise Unreadable(f"leads out of {folder}; copy the text into that folder")
    return read_text(path)
