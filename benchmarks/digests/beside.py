"""The same digest made by us, and by the simple method: plain jinja2, then ``EmailMessage``.

The simple method shares our view of the digest and our templates. It has no sandbox, takes
whatever size comes out, and leaves encodings, header text and boundaries to the library.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from jinja2 import DictLoader, Environment, select_autoescape

from benchmarks.digests.cost import Meter, html_bytes
from benchmarks.digests.newsroom import opened
from benchmarks.digests.stages import digest_due, shown
from monitor.notify.mime import build_message
from monitor.notify.palette import DARK, LIGHT
from monitor.notify.render import render
from monitor.notify.sandbox import FILTERS
from monitor.notify.templating import Templating
from monitor.notify.view import DigestView
from monitor.records import Digest, Template

REPEATS = 3
"""Mails that each side makes in a turn."""
PARTS = ("whole", "templates", "mime")
"""``whole`` is from the digest to bytes; the others are parts of it, on what is told in full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """CPU seconds of each of the `PARTS`, and bytes of the HTML, of both sides."""

    ours: dict[str, float]
    simple: dict[str, float]
    ours_html: int
    simple_html: int


class Side(Protocol):
    """One of the two, as a whole and in its parts."""

    def mail(self, digest: Digest, sender: str) -> bytes:
        """Return the mail."""

    def parts(self, said: DigestView) -> tuple[str, str]:
        """Return text and HTML of what is shown."""

    def packed(self, digest: Digest, sender: str, subject: str, text: str, html: str) -> bytes:
        """Return the mail of both parts."""


class Ours:
    """As the step does it, with new templates for each message."""

    def mail(self, digest: Digest, sender: str) -> bytes:
        """Return the mail."""
        return render(digest, sender=sender, templating=Templating.shipped()).message.raw

    def parts(self, said: DigestView) -> tuple[str, str]:
        """Return text and HTML of what is shown."""
        templates = Templating.shipped()
        html = templates.render("digest.html", digest=said, light=LIGHT, dark=DARK)
        return templates.render("digest.txt", digest=said), html

    def packed(self, digest: Digest, sender: str, subject: str, text: str, html: str) -> bytes:
        """Return the mail of both parts."""
        return build_message(digest, sender=sender, subject=subject, text=text, html=html).raw


class Simple:
    """As the manuals of jinja2 and ``email`` show it, with one environment for all messages."""

    def __init__(self, templates: Sequence[Template]) -> None:
        self._environment = Environment(
            loader=DictLoader({each.name: each.source for each in templates}),
            autoescape=select_autoescape(["html"]),
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        self._environment.filters |= FILTERS

    def mail(self, digest: Digest, sender: str) -> bytes:
        """Return the mail."""
        said = shown(digest)
        return self.packed(digest, sender, said.subject, *self.parts(said))

    def parts(self, said: DigestView) -> tuple[str, str]:
        """Return text and HTML of what is shown."""
        html = self._environment.get_template("digest.html")
        text = self._environment.get_template("digest.txt")
        return text.render(digest=said), html.render(digest=said, light=LIGHT, dark=DARK)

    def packed(self, digest: Digest, sender: str, subject: str, text: str, html: str) -> bytes:
        """Return the mail of both parts."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = sender, digest.recipient, subject
        mail.set_content(text)
        mail.add_alternative(html, subtype="html")
        return mail.as_bytes()


def measure_beside(built: Path) -> Beside:
    """Let both sides make the digest that is due, in turns; each has made it once before."""
    with opened(built) as app:
        digest, sender = digest_due(app), app.settings.mail.sender
    used = render(digest, sender=sender).templates
    sides: tuple[Side, ...] = (Ours(), Simple(used))
    sizes = [html_bytes(side.mail(digest, sender)) for side in sides]
    meters = [Meter() for _ in sides]
    for _ in range(REPEATS):
        for side, meter in zip(sides, meters, strict=True):
            _make(side, meter, digest, sender)
    ours, simple = (meter.spent for meter in meters)
    return Beside(ours=ours, simple=simple, ours_html=sizes[0], simple_html=sizes[1])


def _make(side: Side, meter: Meter, digest: Digest, sender: str) -> None:
    meter.on("whole", lambda: side.mail(digest, sender))
    said = shown(digest)
    text, html = meter.on("templates", lambda: side.parts(said))
    meter.on("mime", lambda: side.packed(digest, sender, said.subject, text, html))
