"""The plain way to what this room does quickly: slow, and the measure of what must come out.

Keys are stored in databases, so a quicker way has to give the same text and the same bytes.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

import gcld3
from selectolax.lexbor import LexborHTMLParser

from monitor.ingest.clean import MAX_TEXT
from monitor.ingest.language import HALF, MAX_CHARS, SURE
from monitor.ingest.urls import digest, host_of
from monitor.records import Entry, language_code

_MAX_HTML = 8 * MAX_TEXT
_SPACES = re.compile(r"[^\S\n ][^\S\n]*| [^\S\n]+")
_LINE_ENDS = str.maketrans({"\r": "\n", "\u0085": "\n", "\u2028": "\n", "\u2029": "\n"})
_UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u200b\u2060-\u2064\ufeff\u061c\u200e\u200f"
    "\u202a-\u202e\u2066-\u206f\ud800-\udfff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_BLOCK = re.compile(
    r"<(?=/?(?:address|article|aside|blockquote|br|caption|dd|div|dl|dt|fieldset|figcaption|figure"
    r"|footer|form|h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|table|td|th|tr|ul)\b)",
    re.IGNORECASE,
)
_OPEN_OR_CLOSE = re.compile(
    r"<(/?)(?!(?:br|hr|img|input|link|meta|source|wbr|li|p|td|tr)\b)([a-z]+)", re.IGNORECASE
)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>?")
_DROPPED = ["script", "style", "template", "noscript", "iframe", "object", "svg", "head"]
_DROPPED_START = re.compile(rf"<({'|'.join(_DROPPED)})\b", re.IGNORECASE)
_TRACKING = re.compile(
    r"utm_|at_(campaign|custom|medium|link)|(pk|mtm)_|(fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid"
    r"|twclid|ttclid|igshid|igsh|mc_cid|mc_eid|_hsenc|_hsmi|mkt_tok|vero_id|vero_conv|oly_anon_id"
    r"|oly_enc_id|wickedid|s_cid|cmpid|ncid|ocid|smid|guccounter|guce_referrer|guce_referrer_sig"
    r"|ref_src|xtor|_ga|_gl)(=|$)",
    re.IGNORECASE | re.ASCII,
)
_NOT_WORDS = re.compile(r"[^\w ]\W*| \W+")


def plain_text(markup: str) -> str:
    markup = " ".join(markup[:_MAX_HTML].split())
    if "<" not in markup:
        return clean_text(html.unescape(markup))
    broken = _BLOCK.sub("\n<", markup)
    return clean_text(_stripped(broken) if is_excessive(broken) else _parsed(broken))


def clean_text(text: str) -> str:
    lines = (line.strip() for line in _clean(text[:_MAX_HTML]).split("\n"))
    return "\n".join(line for line in lines if line)[:MAX_TEXT].rstrip()


def clean_line(text: str) -> str:
    return " ".join(_clean(text[:_MAX_HTML]).split())[:MAX_TEXT].rstrip()


def _clean(text: str) -> str:
    text = _UNWANTED.sub("", text.translate(_LINE_ENDS))
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text))


def _parsed(markup: str) -> str:
    tree = LexborHTMLParser(markup.encode("utf-8", "replace"))
    tree.strip_tags(_DROPPED)
    return tree.body.text(deep=True) if tree.body is not None else ""


def is_excessive(markup: str) -> bool:
    if (
        max(tag.partition(">")[0].count(" ") for tag in markup.split("<"))
        > 2_000
        < markup.count("=")
    ):
        return True
    tags, depth = markup.count("<"), _deepest(markup)
    return tags > 300 and (depth > 300 or depth * tags > 1_000_000)


def _deepest(markup: str) -> int:
    opened: Counter[str] = Counter()
    deepest = 0
    for slash, name in _OPEN_OR_CLOSE.findall(markup):
        opened[name] += -1 if slash and opened[name] else not slash
        deepest = max(deepest, opened.total())
    return deepest


def _stripped(markup: str) -> str:
    kept = []
    at = 0
    while (start := _DROPPED_START.search(markup, at)) is not None:
        kept.append(markup[at : start.start()])
        at = markup.lower().find(f"</{start[1].lower()}", start.end())
        if at < 0:
            break
    else:
        kept.append(markup[at:])
    return html.unescape(_TAG.sub("", "".join(kept)))


def words_of(text: str) -> str:
    return _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def content_key(title: str, text: str) -> bytes:
    return digest(words_of(title), words_of(text))


def canonical_url(url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        user, at, _ = parts.netloc.rpartition("@")
        host, port = host_of(url), parts.port
    except ValueError:
        return url
    if not parts.scheme or not host:
        return url
    host = f"[{host}]" if ":" in host else host
    if port is not None and port != {"http": 80, "https": 443}.get(parts.scheme):
        host = f"{host}:{port}"
    query = "&".join(each for each in parts.query.split("&") if each and not _TRACKING.match(each))
    return SplitResult(parts.scheme, user + at + host, parts.path or "/", query, "").geturl()


def link_key(url: str) -> bytes:
    _, separator, rest = canonical_url(url).partition("://")
    if not separator:
        return digest(url.strip())
    path, mark, query = rest.removeprefix("www.").partition("?")
    return digest(path.rstrip("/") + mark + query)


def is_front_page(url: str) -> bool:
    _, _, rest = canonical_url(url).partition("://")
    return rest.endswith("/") and rest.count("/") == 1


class Document:
    """Which ids and links of a document name one entry, and the keys of its entries."""

    def __init__(self, entries: Iterable[Entry], feed_url: str) -> None:
        self._own = link_key(feed_url)
        self._places: dict[str, set[bytes]] = defaultdict(set)
        self._bearers: dict[bytes, set[bytes]] = defaultdict(set)
        for entry in entries:
            link = link_key(entry.url) if entry.url else None
            if entry.guid:
                self._places[entry.guid].add(link or digest("title", words_of(entry.title)))
            if link:
                self._bearers[link].add(
                    digest("guid", entry.guid) if entry.guid else _content(entry)
                )

    def link(self, entry: Entry) -> bytes | None:
        if not entry.url or is_front_page(entry.url):
            return None
        link = link_key(entry.url)
        return link if link != self._own and len(self._bearers[link]) == 1 else None

    def keys(self, entry: Entry) -> tuple[bytes, ...]:
        link = self.link(entry)
        if entry.guid and len(self._places[entry.guid]) == 1:
            title = words_of(entry.title)
            moved = (digest("link+title", link.hex(), title),) if link and title else ()
            return (digest("guid", entry.guid), *moved)
        if link:
            return (digest("link", link.hex()),)
        return (_content(entry),)


def copy_key(entry: Entry) -> bytes:
    key = content_key(entry.title, entry.text)
    if len(entry.title) + len(entry.text) >= 80:
        return key
    return digest("short", key.hex(), entry.url or entry.guid or "")


def _content(entry: Entry) -> bytes:
    return digest("content", content_key(entry.title, entry.text).hex())


def detect(text: str) -> str | None:
    head = text[:MAX_CHARS]
    middle = len(head) // 2
    find = gcld3.NNetLanguageIdentifier(HALF, 4 * MAX_CHARS).FindLanguage
    whole, first, second = (
        find(part.encode(errors="replace")) for part in (head, head[:middle], head[middle:])
    )
    agreed = whole.language == first.language == second.language
    if not agreed or whole.probability < SURE or "-" in whole.language:
        return None
    return language_code(whole.language)
