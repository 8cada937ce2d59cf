"""Digest -> Message: one subject, one text, one HTML part of equal care. Pure.

    digest -> view -> templates -> MIME

The HTML part is kept under 100 kB, since large providers cut a mail there: where it would be
larger, each story is told in fewer words, and where that is not enough, the lowest ranked ones
are cut, which the mail says.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

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


def render(digest: Digest, *, sender: str, templating: Templating | None = None) -> Rendered:
    """Return the final mail and what it was made of: the same input gives the same bytes.

    ``sender`` is an address or ``Name <address>``; ``templating`` None: the shipped templates. A
    template of the owner's that fails is among the warnings of the digest. Raises ``ValueError``
    for an address that cannot stand in a mail and for an unknown zone.
    """
    templates = templating or Templating.shipped()
    told, shown, html = _fitted(digest, templates)
    text = _text(shown, templates)
    if faults := _new_faults(digest, templates):
        warned = replace(digest, warnings=(*digest.warnings, *faults))
        return render(warned, sender=sender, templating=templates)
    message = build_message(told, sender=sender, subject=shown.subject, text=text, html=html)
    return Rendered(message=message, digest=told, templates=templates.used)


def render_text(digest: Digest, templating: Templating | None = None) -> str:
    """Return the plain text part, lines of at most 76 columns but for addresses."""
    templates = templating or Templating.shipped()
    return _text(_fitted(digest, templates)[1], templates)


def render_html(digest: Digest, templating: Templating | None = None) -> str:
    """Return the HTML part."""
    return _fitted(digest, templating or Templating.shipped())[2]


def _fitted(digest: Digest, templating: Templating) -> tuple[Digest, DigestView, str]:
    """The fullest telling whose HTML fits: with fewer words, then with fewer stories."""
    for detail in DETAILS:
        made = _made(digest, detail, templating)
        if _fits(made):
            return made
    stories = sum(len(section.entries) for section in digest.sections)
    too_many = bisect_left(
        range(2, stories + 1),
        True,
        key=lambda n: not _fits(_made(keep_best(digest, n), DETAILS[-1], templating)),
    )
    return _made(keep_best(digest, 1 + too_many), DETAILS[-1], templating)


def _made(digest: Digest, detail: Detail, templating: Templating) -> tuple[Digest, DigestView, str]:
    shown = view(digest, subject_of(digest), detail)
    return digest, shown, _html(shown, templating)


def _fits(made: tuple[Digest, DigestView, str]) -> bool:
    return len(made[2].encode()) <= MAX_HTML


def _html(shown: DigestView, templating: Templating) -> str:
    return templating.render("digest.html", digest=shown, light=LIGHT, dark=DARK)


def _text(shown: DigestView, templating: Templating) -> str:
    return templating.render("digest.txt", digest=shown)


def _new_faults(digest: Digest, templating: Templating) -> tuple[str, ...]:
    return tuple(each for each in templating.faults if each not in digest.warnings)
