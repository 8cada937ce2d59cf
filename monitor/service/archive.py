"""Digests that went out: shown again as they were, and made again to the last byte.

archived digest, sender, templates -> the way of the step that made it -> the same bytes, or why not
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import zip_longest

from monitor import __version__
from monitor.errors import MonitorError
from monitor.records import Archived, ArchivedLine, Rendered
from monitor.service.app import App
from monitor.service.views import NotFound
from monitor.service.ways import remake
from monitor.store import archive

_MAX_LINE = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """A digest made again: its bytes, None where that failed, and whether they are the same.

    ``differences`` says what is not the same and why, in sentences; it is empty where all is.
    """

    raw: bytes | None = field(default=None, repr=False)
    identical: bool
    differences: tuple[str, ...] = ()


def listing(
    app: App, *, digest: str | None, recipient: str | None, limit: int
) -> tuple[ArchivedLine, ...]:
    """Return the digests in the archive, newest first."""
    return archive.listing(app.database, digest=digest, recipient=recipient, limit=limit)


def show(app: App, run: int) -> Archived:
    """Return the digest of that number; raises ``NotFound``."""
    found = archive.get(app.database, run)
    if found is None:
        raise NotFound(f"there is no digest {run} in the archive; `monitor digest list` shows them")
    return found


def rebuild(app: App, run: int) -> Rebuilt:
    """Make the digest of that number again and compare it; raises ``NotFound``."""
    old = show(app, run)
    try:
        made = _made_again(old)
    except (MonitorError, ValueError) as error:
        return Rebuilt(
            identical=False, differences=(f"It cannot be made again: {error}.", *_other(old))
        )
    raw = made.message.raw
    if sha256(raw).digest() == old.sha256:
        return Rebuilt(raw=raw, identical=True)
    return Rebuilt(raw=raw, identical=False, differences=(*_first(old, raw), *_other(old)))


def bytes_of(app: App, run: int) -> tuple[bytes, tuple[str, ...]]:
    """Return what was sent, made again where it was forgotten; then also how that differs.

    Raises ``NotFound``, and ``MonitorError`` where it cannot be made again.
    """
    old = show(app, run)
    if old.raw is not None:
        return old.raw, ()
    again = rebuild(app, run)
    if again.raw is None:
        raise MonitorError(" ".join(again.differences))
    return again.raw, again.differences


def _made_again(old: Archived) -> Rendered:
    from monitor.notify.templating import Templating

    return remake(
        old.digest,
        content_type=old.content_type,
        sender=old.sender,
        templating=Templating.of(old.templates),
    )


def _first(old: Archived, raw: bytes) -> Iterator[str]:
    """Where the bytes begin to differ, as far as it can be known."""
    if old.raw is None:
        yield "It is not the same; the bytes that were sent are forgotten, so nobody knows where."
    elif sha256(old.raw).digest() != old.sha256:
        yield "The stored bytes are not those that were made: the database was changed."
    else:
        lines = zip_longest(old.raw.splitlines(), raw.splitlines(), fillvalue=b"")
        for number, (before, now) in enumerate(lines, start=1):
            if before != now:
                yield f"Line {number} was {_quoted(before)}, and is {_quoted(now)}."
                return


def _quoted(line: bytes) -> str:
    return repr(line[:_MAX_LINE].decode("utf-8", "replace"))


def _other(old: Archived) -> Iterator[str]:
    """What is not as it was when the digest was made."""
    if old.version != __version__:
        yield f"It was made by version {old.version} of this program; this is {__version__}."
    else:
        yield (
            "It was made by this version: look for a change of Python, of the time zones"
            " (tzdata) or of jinja2."
        )
