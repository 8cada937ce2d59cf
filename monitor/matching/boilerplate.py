"""What in an example text is not its story: the furniture of web pages. Pure.

English words mostly, for those are what pages in any language are built with. Of 9,700 articles
(docs/quality.md) none is taken for a gate; lines are found in 24 in a hundred of AllSides, which
indeed has them, and in 4 of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

LONG_LINE = 12
"""Words from which a line is a sentence, which may well be about cookies."""
LIST_LINES = 5
LIST_WORDS = 4
"""So many lines in a row of at most so many words are a list of links, not a text."""
GATE_WORDS = 150
"""Words from which a page is more than a door."""
SHARED_WORDS = 4
"""Words from which a line that several texts have is no chance."""

_LEGAL = re.compile(
    r"\ball rights reserved\b|\u00a9|\(c\) ?(?:19|20)\d\d|\bcopyright (?:\S+ ){0,2}(?:19|20)\d\d"
    r"|\balle rechte vorbehalten\b|\btous droits r\u00e9serv\u00e9s\b"
    r"|\btodos los derechos reservados\b",
    re.IGNORECASE,
)
"""What no story says, in however long a line."""
_FURNITURE = re.compile(
    r"\bcookies?\b|\bprivacy (?:policy|notice|settings)\b|\bterms (?:of (?:use|service)|and cond)"
    r"|\b(?:sign|log) ?(?:in|up|out)\b|\bregister (?:now|here|for free)\b|\bcreate an account\b"
    r"|\bsubscrib(?:e|er|ers|ing)\b|\bsubscription\b|\bnewsletters?\b|^advertisement$"
    r"|\bshare (?:this|on|via)\b|^(?:read|see|load|show) more\b|\bread more:|\brelated (?:articles|"
    r"stories|topics)\b|\bfollow us\b|\bskip to (?:main )?content\b|\bclick here\b|\bmost (?:read|"
    r"popular)\b|\bdownload (?:our|the) app\b|\bback to top\b|\benable javascript\b|\bad ?blocker\b"
    r"|\bdatenschutz\b|\babonnieren\b|\banmelden\b|\bse connecter\b",
    re.IGNORECASE,
)
_GATES = re.compile(
    r"\bsign ?in\b|\blog ?in\b|\bpasswords?\b|\buser ?name\b|\bforgot\b|\bcaptcha\b"
    r"|\bverify (?:that )?you are (?:a )?human\b|\bare you a robot\b|\benable javascript\b"
    r"|\baccess denied\b|\bpage not found\b|\b404\b|\b403\b|\bforbidden\b|\bjust a moment\b"
    r"|\bcookies?\b|\bconsent\b|\baccept all\b|\bprivacy (?:policy|settings)\b"
    r"|\bbefore you continue\b|\bsubscribe to (?:read|continue)\b|\balready a subscriber\b"
    r"|\bcreate an account\b|\bremember me\b|\bbrowser\b|\bkeep reading\b|\bto continue\b",
    re.IGNORECASE,
)
_GATE_TITLE = re.compile(
    r"(?:sign ?in|log ?in|log in or sign up|access denied|(?:error )?40[34]\b.*|page not found"
    r"|not found|forbidden|just a moment\W*|attention required\W*.*|are you a robot\W*"
    r"|before you continue.*|subscribe to (?:read|continue).*|privacy (?:settings|preferences)"
    r"|cookie (?:settings|consent|policy))",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAGS = 4
"""Tags from which a text is taken for HTML."""


def furniture(text: str) -> tuple[str, ...]:
    """Return the lines that speak of the page instead of its subject, in their order."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    listed = set(_lists(lines))
    return tuple(line for at, line in enumerate(lines) if at in listed or _is_furniture(line))


def _is_furniture(line: str) -> bool:
    is_short = len(line.split()) < LONG_LINE
    return bool(_LEGAL.search(line) or (is_short and _FURNITURE.search(line)))


def _lists(lines: Sequence[str]) -> Iterator[int]:
    """Yield the positions of lines in a list of links: many in a row, short, without a full stop.

    A text of nothing but such lines is one that was broken into short lines.
    """
    for is_short, run in groupby(range(len(lines)), lambda at: _is_link(lines[at])):
        found = list(run)
        if is_short and LIST_LINES <= len(found) < len(lines):
            yield from found


def _is_link(line: str) -> bool:
    return len(line.split()) <= LIST_WORDS and line[-1] not in ".!?:;,\"'\u201d\u2019"


def shared_lines(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the lines of some length that several texts have, in the order of the first."""
    seen: dict[str, int] = {}
    for text in texts:
        for line in dict.fromkeys(each.strip() for each in text.splitlines()):
            if len(line.split()) >= SHARED_WORDS:
                seen[line] = seen.get(line, 0) + 1
    return tuple(line for line, count in seen.items() if count > 1)


def is_gate(title: str, text: str) -> bool:
    """Whether a text is what stands before a page: a login, consent, robot or error page."""
    words = len(f"{title} {text}".split())
    if words >= GATE_WORDS:
        return False
    if _GATE_TITLE.fullmatch(title.strip() or text.strip()):
        return True
    found = {each.lower() for each in _GATES.findall(f"{title}\n{text}")}
    return len(found) >= 2 + words // 50


def has_markup(text: str) -> bool:
    """Whether a text is HTML, of which the tags would be read as words."""
    return len(_TAG.findall(text[:100_000])) >= _TAGS
