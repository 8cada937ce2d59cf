"""How a digest says things: counts, times, shares, snippets, safe links. Pure, English."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, tzinfo
from urllib.parse import urlsplit

from monitor.notify.lines import clean_line
from monitor.records import Match, Term

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MAX_LINK = 2048
_ADDRESS = re.compile(r"https?://(?:[^/\s@]*@)?([^\s?#@]+)[^\s]*", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")


def count(number: int, one: str, many: str = "") -> str:
    """``1 story``, ``1,482 stories``, ``no stories``."""
    noun = one if number == 1 else many or f"{one}s"
    return f"{number:,} {noun}" if number else f"no {noun}"


def local_time(moment: datetime, zone: tzinfo, *, today: datetime | None = None) -> str:
    """``Sat 26 Jul 2025, 07:00 CEST``; without the year where it is that of ``today``."""
    local = moment.astimezone(zone)
    same_year = today is not None and today.astimezone(zone).year == local.year
    day = f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"
    year = "" if same_year else f" {local.year}"
    return f"{day}{year}, {local:%H:%M} {_abbreviation(local)}"


def _abbreviation(local: datetime) -> str:
    """Zones without an abbreviation of their own are named by digits in the zone database."""
    name = local.tzname() or ""
    return f"UTC{name}" if name.startswith(("+", "-")) else name


def score_words(match: Match) -> str:
    """``score 0.46, threshold 0.27``."""
    return f"score {match.score:.2f}, threshold {match.threshold:.2f}"


def reason_words(match: Match, limit: int) -> str:
    """The heaviest ``limit`` terms with their shares of the score in percent; empty: none known.

    ``troops 31%, combat mission 22%, other words 47%``. Terms that speak against the topic have
    no share to show, so those shown and the others sum to 100 %.
    """
    positive = [term for term in match.terms if term.share > 0]
    shown = sorted(positive, key=lambda term: -term.share)[:limit]
    if not shown or match.score <= 0:
        return ""
    parts = [(_term(term), _percent(term, match.score)) for term in shown]
    others = 100 - sum(percent for _, percent in parts)
    if others > 0:
        parts.append(("other words", others))
    return ", ".join(f"{text} {percent}%" for text, percent in parts)


def _term(term: Term) -> str:
    return marked(clean_line(term.text)[:40])


def _percent(term: Term, score: float) -> int:
    return round(100 * term.share / score)


def safe_link(url: str | None) -> str | None:
    """Return ``url`` when it is an ordinary web address; anything else is not worth a link."""
    if not url or len(url) > _MAX_LINK or any(c.isspace() for c in url) or clean_line(url) != url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.hostname else None


def without_addresses(text: str) -> str:
    """Return ``text`` with web addresses cut to host and path: the rest may hold a password."""
    return _ADDRESS.sub(r"\1", clean_line(text))


def direction(text: str) -> str:
    """``rtl`` or ``ltr``, by the first character that has a direction."""
    for character in text:
        kind = unicodedata.bidirectional(character)
        if kind in {"L", "R", "AL"}:
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def has_rtl(text: str) -> bool:
    """Whether any of ``text`` runs from right to left."""
    return not text.isascii() and any(
        unicodedata.bidirectional(character) in {"R", "AL"} for character in text
    )


def marked(text: str) -> str:
    """Return ``text`` such that what follows it in an English sentence stays behind it.

    A number or full stop after right-to-left text would jump over it; a left-to-right mark keeps
    them apart, and other than an isolate needs no end that a line break could lose.
    """
    return f"{text}\u200e" if has_rtl(text) else text


def listed(names: Sequence[str], limit: int) -> str:
    """``A``, ``A and B``, ``A, B and 12 more``."""
    named = list(names[:limit])
    if len(names) > limit:
        named.append(f"{len(names) - limit:,} more")
    return " and ".join(filter(None, [", ".join(named[:-1]), *named[-1:]]))


def language_tag(language: str | None) -> str | None:
    """Return ``language`` when it has the form of a language tag (BCP 47)."""
    tag = language or ""
    return tag if len(tag) <= 35 and _LANGUAGE.fullmatch(tag) else None
