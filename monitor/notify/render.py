"""Digest -> Message: one subject, one text, one HTML part of equal care. Pure.

    digest -> view -> templates -> MIME

The HTML part is kept under 100 kB, since large providers cut a mail there: where it would be
larger, each story is told in fewer words, and where that is not enough, the lowest ranked ones
are cut, which the mail says.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import NamedTuple

from monitor.notify.channel import message_of
from monitor.notify.compose import keep_best
from monitor.notify.mime import build_message
from monitor.notify.palette import DARK, LIGHT
from monitor.notify.subject import subject_of
from monitor.notify.templating import Templating
from monitor.notify.told import DETAILS, Detail
from monitor.notify.view import DigestView, view
from monitor.records import ContentType, Digest, Rendered

MAX_HTML = 100_000
"""Bytes of the HTML part. Gmail cuts at 102 kB."""


class _Room(NamedTuple):
    """Bytes of HTML as sent, and stories: none is told in 500 bytes with link, source, reason."""

    size: int
    stories: int
    in_mail: bool


_MAIL = _Room(size=MAX_HTML, stories=200, in_mail=True)
_PAGE = _Room(size=800_000, stories=1600, in_mail=False)


class _Telling(NamedTuple):
    """A digest told in so many words; ``html`` is empty where it cannot fit."""

    digest: Digest
    shown: DigestView
    html: str


def render(digest: Digest, *, sender: str, templating: Templating | None = None) -> Rendered:
    """Return the final mail and what it was made of: the same input gives the same bytes.

    ``sender`` is an address or ``Name <address>``; ``templating`` None: the shipped templates. A
    template of the owner's that fails is among the warnings of the digest. Raises ``ValueError``
    for an address that cannot stand in a mail and for an unknown zone.
    """
    templates = templating or Templating.shipped()
    made = _fitted(digest, templates, _MAIL)
    text = _text(made.shown, templates)
    if faults := _new_faults(digest, templates):
        return render(_warned(digest, faults), sender=sender, templating=templates)
    message = build_message(
        made.digest, sender=sender, subject=made.shown.subject, text=text, html=made.html
    )
    return Rendered(message=message, digest=made.digest, templates=templates.used, sender=sender)


def page(digest: Digest, *, templating: Templating | None = None) -> Rendered:
    """Return the digest as a page of its own, for a folder, and what it was made of.

    It has no sender, and room for eight times as much as a mail; else as `render`.
    """
    templates = templating or Templating.shipped()
    made = _fitted(digest, templates, _PAGE)
    if faults := _new_faults(digest, templates):
        return page(_warned(digest, faults), templating=templates)
    message = message_of(made.digest, made.html.encode(), ContentType.PAGE)
    return Rendered(message=message, digest=made.digest, templates=templates.used)


def render_text(digest: Digest, templating: Templating | None = None) -> str:
    """Return the plain text part, lines of at most 76 columns but for addresses."""
    templates = templating or Templating.shipped()
    return _text(_fitted(digest, templates, _MAIL).shown, templates)


def render_html(digest: Digest, templating: Templating | None = None) -> str:
    """Return the HTML part."""
    return _fitted(digest, templating or Templating.shipped(), _MAIL).html


def _fitted(digest: Digest, templating: Templating, room: _Room) -> _Telling:
    """The fullest telling whose HTML fits: with fewer words, then with fewer stories.

    What was cut to fit is told as if it had been all, so that it is told the same again.
    """
    most = keep_best(digest, room.stories)
    for detail in DETAILS:
        made = _told(most, detail, templating, room)
        if made.html:
            return made
    stories = sum(len(section.entries) for section in most.sections)
    if stories <= 1:
        shown = view(most, subject_of(most), DETAILS[-1], in_mail=room.in_mail)
        return _Telling(most, shown, _html(shown, templating))
    more = bisect_left(
        range(2, stories + 1),
        True,
        key=lambda size: not _told(keep_best(most, size), DETAILS[-1], templating, room).html,
    )
    return _fitted(keep_best(most, 1 + more), templating, room)


def _told(digest: Digest, detail: Detail, templating: Templating, room: _Room) -> _Telling:
    """Without HTML where that would not fit, which mostly shows before it is rendered."""
    shown = view(digest, subject_of(digest), detail, in_mail=room.in_mail)
    least = sum(entry.size for section in shown.sections for entry in section.entries)
    html = _html(shown, templating) if least <= room.size else ""
    as_sent = len(html.encode()) + html.count("\n")  # lines end with CRLF
    return _Telling(digest, shown, html if as_sent <= room.size else "")


def _warned(digest: Digest, faults: tuple[str, ...]) -> Digest:
    return replace(digest, warnings=(*digest.warnings, *faults))


def _html(shown: DigestView, templating: Templating) -> str:
    return templating.render("digest.html", digest=shown, light=LIGHT, dark=DARK)


def _text(shown: DigestView, templating: Templating) -> str:
    return templating.render("digest.txt", digest=shown)


def _new_faults(digest: Digest, templating: Templating) -> tuple[str, ...]:
    return tuple(each for each in templating.faults if each not in digest.warnings)
