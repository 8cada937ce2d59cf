"""Digest -> Message: one subject, one text, one HTML part of equal care. Pure.

    digest -> view -> templates -> MIME

The HTML part is kept under 100 kB, since large providers cut a mail there: where it would be
larger, each story is told in fewer words.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from monitor.notify.headers import header_text
from monitor.notify.lines import fill
from monitor.notify.mime import build_message
from monitor.notify.palette import DARK, LIGHT
from monitor.notify.view import Detail, DigestView, title_of, view
from monitor.notify.wording import count
from monitor.records import Digest, Rendered

MAX_HTML = 100_000
MAX_SUBJECT = 90

_DETAILS = (
    Detail(snippet=300, terms=6, echoes=6),
    Detail(snippet=140, terms=4, echoes=3),
    Detail(snippet=0, terms=2, echoes=0),
)
"""From full to terse."""


def render(digest: Digest, *, sender: str) -> Rendered:
    """Return the final mail and what it was made of: the same input gives the same bytes.

    ``sender`` is an address or ``Name <address>``. Raises ``ValueError`` for an address that
    cannot stand in a mail and for an unknown zone.
    """
    shown, html = _fitted(digest)
    message = build_message(
        digest, sender=sender, subject=shown.subject, text=_text(shown), html=html
    )
    return Rendered(message=message, digest=digest)


def render_text(digest: Digest) -> str:
    """Return the plain text part, lines of at most 76 characters but for addresses."""
    return _text(_fitted(digest)[0])


def render_html(digest: Digest) -> str:
    """Return the HTML part."""
    return _fitted(digest)[1]


def subject_of(digest: Digest) -> str:
    """Return the title of the best story and how many more there are, at most 90 characters."""
    leads = [entry.lead for section in digest.sections for entry in section.entries]
    more = len(leads) - 1
    suffix = f" (+{count(more, 'more', 'more')})" if more else ""
    title = header_text(title_of(leads[0]), MAX_SUBJECT - len(suffix))
    return f"{title}{suffix}"


def _fitted(digest: Digest) -> tuple[DigestView, str]:
    """The fullest view whose HTML fits, and that HTML; the tersest where none does."""
    subject = subject_of(digest)
    for detail in _DETAILS:
        shown = view(digest, subject, detail)
        html = _html(shown)
        if len(html.encode()) <= MAX_HTML:
            break
    return shown, html


def _html(shown: DigestView) -> str:
    return _templates().get_template("digest.html").render(digest=shown, light=LIGHT, dark=DARK)


def _text(shown: DigestView) -> str:
    return _templates().get_template("digest.txt").render(digest=shown)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("monitor.notify"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["fill"] = fill
    environment.filters["count"] = count
    return environment
