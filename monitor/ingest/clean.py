"""From markup to plain clean text. Pure.

What comes out holds no markup, no control, bidi or invisible characters and no surrogates, so it
may be stored, logged, mailed and shown.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

MAX_TEXT = 64 * 1024
"""Characters of a plain text that are kept."""

_MAX_HTML = 8 * MAX_TEXT
_MAX_DEPTH = 300
_MAX_NODES = 1_000_000
_MAX_ATTRIBUTES = 2_000

_PRINTABLE = bytes(range(0x20, 0x7F))
_SPACE = re.compile(r"\s")
_BLANK = re.compile(r"[^\S\n]")
_GAP = re.compile("  +")
_LINE_END = re.compile("[\r\x85\u2028\u2029]")
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

# What a parser makes nothing of but its absence: neither tables nor what hides or keeps its text.
_ATTRIBUTES = r"""(?: [^ "'<>/=]++(?:="[^"<>]*+"|='[^'<>]*+'|=[^ "'<>=`]++)?+)*+ ?/?"""
_SIMPLE_BLOCK = re.compile(
    r"</?(?:article|aside|blockquote|br|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|li"
    rf"|main|nav|ol|p|section|ul){_ATTRIBUTES}>",
    re.IGNORECASE | re.ASCII,
)
_SIMPLE_INLINE = re.compile(
    r"</?(?:a|abbr|b|cite|code|del|em|i|img|ins|mark|q|s|small|span|strong|sub|sup|time|u)"
    rf"{_ATTRIBUTES}>",
    re.IGNORECASE | re.ASCII,
)
_ODD_REFERENCE = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|nbsp|hellip|[mn]dash|[lr][sd]quo|[aeiou](?:acute|grave|circ|uml)"
    r"|#[0-9]{2,4}|#12[0-9]{4}|#[xX](?:[0-9a-fA-F]{2,3}|20[0-9a-fA-F]{2}));)"
)


def plain_text(markup: str) -> str:
    """Return the text of HTML: entities decoded once, one line per block, no blank lines.

    At most ``MAX_TEXT`` characters. Markup that would cost the HTML parser more than linear time
    (deep nesting, heaps of attributes) is stripped of its tags without being understood.
    """
    markup = markup[:_MAX_HTML]
    odd = _odd_characters(markup)
    markup = _single_spaced(markup, _SPACE.findall(odd)).strip()
    if "<" not in markup:
        return clean_text(html.unescape(markup))
    simple = None if _UNWANTED.search(odd) else _simple_text(markup)
    return clean_text(_any_text(markup) if simple is None else simple)


def clean_text(text: str) -> str:
    """Return plain text cleaned: single spaces, no blank lines, at most ``MAX_TEXT`` characters."""
    text = _clean(text[:_MAX_HTML])
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)[:MAX_TEXT].rstrip()


def clean_line(text: str) -> str:
    """Return plain text cleaned, on one line."""
    return " ".join(_clean(text[:_MAX_HTML]).split())[:MAX_TEXT].rstrip()


def _clean(text: str) -> str:
    odd = _odd_characters(text)
    if _LINE_END.search(odd):
        text = _LINE_END.sub("\n", text)
    if _UNWANTED.search(odd):
        text = _UNWANTED.sub("", text)
    return _composed(_single_spaced(text, _BLANK.findall(odd)))


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


def _odd_characters(text: str) -> str:
    """Return what is not printable ASCII: a search in these few is a search in all of ``text``."""
    return (
        text.encode("utf-8", "surrogatepass")
        .translate(None, _PRINTABLE)
        .decode("utf-8", "surrogatepass")
    )


def _single_spaced(text: str, blanks: Iterable[str]) -> str:
    for blank in set(blanks):
        text = text.replace(blank, " ")
    return _GAP.sub(" ", text) if "  " in text else text


def _simple_text(markup: str) -> str | None:
    """Return what a parser would, where tags only have to go; None where that is not certain."""
    text = _SIMPLE_INLINE.sub("", _SIMPLE_BLOCK.sub("\n", markup))
    return None if "<" in text or _ODD_REFERENCE.search(text) else html.unescape(text)


def _any_text(markup: str) -> str:
    broken = _BLOCK.sub("\n<", markup)
    return _strip_tags(broken) if is_excessive(broken) else _parsed_text(broken)


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
