"""From markup to plain clean text. Pure.

What comes out holds no markup, no control, bidi or invisible characters and no surrogates, so it
may be stored, logged, mailed and shown.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter

MAX_TEXT = 64 * 1024
"""Characters of a plain text that are kept."""

_MAX_HTML = 8 * MAX_TEXT
_MAX_DEPTH = 300
_MAX_NODES = 1_000_000
_MAX_ATTRIBUTES = 2_000

_SPACES = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")
"""Blanks to be replaced by one space; a single space is none, which halves the time."""

_LINE_ENDS = str.maketrans({"\r": "\n", "\u0085": "\n", "\u2028": "\n", "\u2029": "\n"})
_UNWANTED = re.compile(
    "["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls
    "\u00ad\u200b\u2060-\u2064\ufeff"  # invisible inside words
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # direction
    "\ud800-\udfff\ufff9-\ufffb\ufffe\uffff"  # no characters
    "\U000e0000-\U000e007f"  # tags: text that nobody sees
    "]"
)
_HALF_WIDTH_MARKS = ("\uff9e", "\uff9f")
"""Letters as they stand, marks as soon as a text is folded for comparison (NFKC)."""
_LONG_RUN = re.compile(r"(?:[^\w\s\x00-\x7f]|[\uff9e\uff9f]){31,}")
_MAX_MARKS = 30  # https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format
_BLOCK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|caption|dd|div|dl|dt|fieldset|figcaption|figure"
    r"|footer|form|h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|table|td|th|tr|ul)\b)",
    re.IGNORECASE,
)
_OPEN_OR_CLOSE = re.compile(
    r"<(/?)(?!(?:br|hr|img|input|link|meta|source|wbr|li|p|td|tr)\b)([a-z]+)", re.IGNORECASE
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>?")
_DROPPED = ("script", "style", "template", "noscript", "iframe", "object", "svg", "head")
_DROPPED_START = re.compile(rf"<({'|'.join(_DROPPED)})\b", re.IGNORECASE)


def plain_text(markup: str) -> str:
    """Return the text of HTML: entities decoded once, one line per block, no blank lines.

    At most ``MAX_TEXT`` characters. Markup that would cost the HTML parser more than linear time
    (deep nesting, heaps of attributes) is stripped of its tags without being understood.
    """
    markup = " ".join(markup[:_MAX_HTML].split())
    if "<" in markup:
        broken = _BLOCK.sub("\n<", markup)
        text = _strip_tags(broken) if is_excessive(broken) else _parsed_text(broken)
    else:
        text = html.unescape(markup)
    return clean_text(text)


def clean_text(text: str) -> str:
    """Return plain text cleaned: single spaces, no blank lines, at most ``MAX_TEXT`` characters."""
    text = _clean(text[:_MAX_HTML])
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)[:MAX_TEXT].rstrip()


def clean_line(text: str) -> str:
    """Return plain text cleaned, on one line."""
    return " ".join(_clean(text[:_MAX_HTML]).split())[:MAX_TEXT].rstrip()


def _clean(text: str) -> str:
    text = _UNWANTED.sub("", text.translate(_LINE_ENDS))
    return _SPACES.sub(" ", _composed(text))


def _composed(text: str) -> str:
    """Return ``text`` in NFC, with at most ``_MAX_MARKS`` marks in a row where order is lacking.

    To bring marks into their order takes time quadratic in their number: 3 s for 64,000, during
    which no other thread runs.
    """
    if unicodedata.is_normalized("NFC", text) and not any(m in text for m in _HALF_WIDTH_MARKS):
        return text
    return unicodedata.normalize("NFC", _LONG_RUN.sub(_shortened, text))


def _shortened(run: re.Match[str]) -> str:
    kept = []
    marks = 0
    for sign in run[0]:
        is_mark = unicodedata.combining(sign) or sign in _HALF_WIDTH_MARKS
        marks = marks + 1 if is_mark else 0
        if marks <= _MAX_MARKS:
            kept.append(sign)
    return "".join(kept)


def _parsed_text(markup: str) -> str:
    from selectolax.lexbor import LexborHTMLParser

    # Surrogates have no UTF-8 and the parser takes nothing else.
    tree = LexborHTMLParser(markup.encode("utf-8", "replace"))
    tree.strip_tags(list(_DROPPED))
    return tree.body.text(deep=True) if tree.body is not None else ""


def is_excessive(markup: str) -> bool:
    """Whether ``markup`` may cost the HTML parser much more than linear time or memory.

    Nesting does, heaps of attributes on one tag, and formatting left open over many blocks.
    """
    if markup.count("=") > _MAX_ATTRIBUTES and _most_attributes(markup) > _MAX_ATTRIBUTES:
        return True
    tags = markup.count("<")
    if tags <= _MAX_DEPTH:
        return False
    depth = _deepest(markup)
    return depth > _MAX_DEPTH or depth * tags > _MAX_NODES


def _deepest(markup: str) -> int:
    """Return how many elements are open at most, closing tags taken for their own kind only."""
    opened: Counter[str] = Counter()
    depth = deepest = 0
    for slash, name in _OPEN_OR_CLOSE.findall(markup):
        if not slash:
            opened[name] += 1
            depth += 1
            deepest = max(deepest, depth)
        elif opened[name]:
            opened[name] -= 1
            depth -= 1
    return deepest


def _most_attributes(markup: str) -> int:
    """Return a bound on the attributes of any one tag: the blanks of the blankest."""
    return max(tag.partition(">")[0].count(" ") for tag in markup.split("<"))


def _strip_tags(markup: str) -> str:
    """Return ``markup`` without tags, in linear time whatever it holds."""
    kept = []
    at = 0
    lowered = markup.lower()
    while (start := _DROPPED_START.search(markup, at)) is not None:
        kept.append(markup[at : start.start()])
        at = lowered.find(f"</{start[1].lower()}", start.end())
        if at < 0:
            break
    else:
        kept.append(markup[at:])
    return html.unescape(_TAG.sub("", "".join(kept)))
