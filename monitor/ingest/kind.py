"""What format a document is in, by how it begins. Pure."""

from __future__ import annotations

import re

from monitor.ingest.charset import decode

_HEAD = 10_000
_PROLOGUE = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>", re.S | re.I)
_ROOT = re.compile(r"<(?:([\w.-]+):)?([A-Za-z][\w.-]*)([^>]*)")
_VERSION = re.compile(r"""\bversion\s*=\s*["']([\w.]{1,10})["']""")


def format_of(body: bytes, content_type: str | None) -> str:
    """Return ``RSS 2.0``, ``Atom``, ``JSON Feed``, ``a web page`` and the like, or ``unknown``."""
    text = decode(body[:_HEAD], content_type).lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        return "JSON Feed" if "jsonfeed.org" in text else "JSON"
    at = 0
    while found := _PROLOGUE.match(text, at):
        at = found.end()
    root = _ROOT.match(text, at)
    return _named(root[2].lower(), root[3]) if root else "unknown"


def _named(root: str, attributes: str) -> str:
    if root == "rss":
        version = _VERSION.search(attributes)
        return f"RSS {version[1]}" if version else "RSS"
    if root == "feed":
        return "Atom 0.3" if "purl.org/atom" in attributes else "Atom"
    names = {"rdf": "RSS 1.0 (RDF)", "channel": "CDF", "opml": "OPML", "html": "a web page"}
    return names.get(root, "unknown")
