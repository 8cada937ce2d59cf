"""From what a document says of an entry to what an entry holds. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from hashlib import blake2b
from urllib.parse import urljoin

from monitor.ingest.clean import clean_line
from monitor.records import language_code

MAX_TITLE = 1_000
_MAX_GUID = 1_000
_MAX_URL = 4_096
_PLAIN_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+/[!\"$-:<->@-~]*(?:\?[!\"$-:<->@-~]+)?")
"""What is absolute, clean and spelt as completing it would spell it."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(?![a-z])")


def title_line(title: str) -> str:
    """Return ``title`` on one line of at most ``MAX_TITLE`` characters."""
    return clean_line(title)[:MAX_TITLE].rstrip()


def richest(texts: Iterable[str]) -> str:
    """Return the longest text, the first of equals; ``""`` where there is none."""
    return max(texts, key=len, default="")


def guid(value: object) -> str | None:
    """Return an id as it stands, cleaned; a huge one as its hash; None where there is none."""
    if not isinstance(value, (str, int, float)) or isinstance(value, bool):
        return None
    text = clean_line(str(value))
    if len(text) > _MAX_GUID:
        return "blake2b:" + blake2b(text.encode(), digest_size=16).hexdigest()
    return text or None


def absolute(link: object, url: str) -> str | None:
    """Return ``link`` as an absolute http(s) address, completed by ``url``; None for others."""
    if not isinstance(link, str) or not link.strip():
        return None
    if len(link) <= _MAX_URL and _PLAIN_ADDRESS.fullmatch(link):
        return link
    try:
        joined = urljoin(url, clean_line(link))
    except ValueError:
        return None
    known = joined.lower().startswith(("http://", "https://"))
    return joined if known and len(joined) <= _MAX_URL else None


def language_tag(value: object) -> str | None:
    """Return the language that a tag begins with, whatever follows; None where there is none."""
    match = _LANGUAGE.match(value.strip().lower()) if isinstance(value, str) else None
    return language_code(match[0]) if match else None
