"""Seed references of a topic's file -> example texts."""

from __future__ import annotations

from pathlib import Path

from monitor.config.files import MAX_BYTES, TooLarge, Unreadable, decoded, read_regular
from monitor.config.models import SeedReference
from monitor.records import Seed

READ = 100_000
"""Characters of a seed that are read: those that matching analyses of any text."""
SNIFFED = 200
"""Bytes at the start of a file that tell its kind."""

_KINDS = {
    b"%pdf-": "a PDF",
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
    b"<?xml": "an XML document",
    b"{\\rtf": "an RTF document",
    b"pk\x03\x04": "an archive or an office document",
    b"\xd0\xcf\x11\xe0": "an office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89png": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"gif8": "a picture",
}
"""The first bytes, in lower case, of what is often taken for a text."""


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
    try:
        body = read_regular(path)
    except TooLarge as error:
        told = f"is larger than {MAX_BYTES:,} bytes, and of a seed {READ:,} characters are read"
        raise Unreadable(f"{told}; keep the part that tells the story") from error
    _check_kind(body)
    return decoded(body)


def _check_kind(body: bytes) -> None:
    """Name the common kinds of files that hold more than their text."""
    start = body[:SNIFFED].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for mark, kind in _KINDS.items():
        if start.startswith(mark):
            raise Unreadable(f"is {kind}, not plain text; save its text as UTF-8")
