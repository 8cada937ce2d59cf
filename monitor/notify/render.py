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

from monitor.notify.compose import keep_best
from monitor.notify.mime import build_message
from monitor.notify.palette import DARK, LIGHT
from monitor.notify.subject import subject_of as subject_of
from monitor.notify.templating import Templating
from monitor.notify.told import DETAILS, Detail
from monitor.notify.view import DigestView, view
from monitor.records import Digest, Rendered

MAX_HTML = 100_000
"""Bytes of the HTML part. Gmail cuts at 102 kB."""
MAX_STORIES = 200
"""Stories in one mail, since none is told in 500 bytes with its link, source and reason."""


def render(digest: Digest, *, sender: str, templating: Templating | None = None) -> Rendered:
    """Return the final mail and what it was made of: the same input gives the same bytes.

    ``sender`` is an address or ``Name <address>``; ``templating`` None: the shipped templates. A
    template of the owner's that fails is among the warnings of the digest. Raises ``ValueError``
    for an address that cannot stand in a mail and for an unknown zone.
    """
    templates = templating or Templating.shipped()
    made = _fitted(digest, templates)
    text = _text(made.shown, templates)
    if faults := _new_faults(digest, templates):
        warned = replace(digest, warnings=(*digest.warnings, *faults))
        return render(warned, sender=sender, templating=templates)
    message = build_message(
        made.digest, sender=sender, subject=made.shown.subject, text=text, html=made.html
    )
    return Rendered(message=message, digest=made.digest, templates=templates.used, sender=sender)


def render_text(digest: Digest, templating: Templating | None = None) -> str:
    """Return the plain text part, lines of at most 76 columns but for addresses."""
    templates = templating or Templating.shipped()
    return _text(_fitted(digest, templates).shown, templates)


def render_html(digest: Digest, templating: Templating | None = None) -> str:
    """Return the HTML part."""
    return _fitted(digest, templating or Templating.shipped()).html


class _Telling(NamedTuple):
    """A digest told in so many words; ``html`` is empty where it cannot fit."""

    digest: Digest
    shown: DigestView
    html: str

    @property
    def fits(self) -> bool:
        as_sent = len(self.html.encode()) + self.html.count("\n")  # lines end with CRLF
        return 0 < as_sent <= MAX_HTML


def _fitted(digest: Digest, templating: Templating) -> _Telling:
    """The fullest telling whose HTML fits: with fewer words, then with fewer stories.

    What was cut to fit is told as if it had been all, so that it is told the same again.
    """
    most = keep_best(digest, MAX_STORIES)
    for detail in DETAILS:
        made = _told(most, detail, templating)
        if made.fits:
            return made
    stories = sum(len(section.entries) for section in most.sections)
    if stories <= 1:
        return _told(most, DETAILS[-1], templating, anyway=True)
    more = bisect_left(
        range(2, stories + 1),
        True,
        key=lambda size: not _told(keep_best(most, size), DETAILS[-1], templating).fits,
    )
    return _fitted(keep_best(most, 1 + more), templating)


def _told(
    digest: Digest, detail: Detail, templating: Templating, *, anyway: bool = False
) -> _Telling:
    shown = view(digest, subject_of(digest), detail)
    size = sum(entry.size for section in shown.sections for entry in section.entries)
    possible = anyway or size <= MAX_HTML
    return _Telling(digest, shown, _html(shown, templating) if possible else "")


def _html(shown: DigestView, templating: Templating) -> str:
    return templating.render("digest.html", digest=shown, light=LIGHT, dark=DARK)


def _text(shown: DigestView, templating: Templating) -> str:
    return templating.render("digest.txt", digest=shown)


def _new_faults(digest: Digest, templating: Templating) -> tuple[str, ...]:
    return tuple(each for each in templating.faults if each not in digest.warnings)
