"""A feed document as its items and what is around them, without parsing it. Pure.

Comments, CDATA sections and instructions are stepped over, as every XML parser does. Whatever else
could make an item begin or end elsewhere is a reason not to cut.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from monitor.ingest.charset import decode
from monitor.ingest.ending import is_whole

_MAX_ITEMS = 2_000
_MAX_TOKENS = 20_000
_MAX_HEAD = 64 * 1024
"""Where the start tags around the items have to end: what may be gone back over is remembered, a
hundred bytes for each of the document, and 10 MB of blanks would take a gigabyte."""

_ATTRIBUTES = rb"""(?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*\s*"""
_BETWEEN = rb"(?:\s|<\?[^<>]*>|<!--[^<>-]*-->)*"
_ROOT = re.compile(_BETWEEN + rb"(<((?:[\w.-]+:)?RDF|rss|feed)" + _ATTRIBUTES + rb">)")
_CHANNEL = re.compile(_BETWEEN + rb"(<channel" + _ATTRIBUTES + rb">)")
_MARKUP = r"<(?:(/?){}(?=[\s/>])|!--|!\[CDATA\[|\?)"
_ITEM, _ENTRY = (re.compile(_MARKUP.format(name).encode()) for name in ("item", "entry"))
_ENDS = {b"<!--": b"-->", b"<![CDATA[": b"]]>", b"<?": b"?>"}
# A parser is given the document without these: here they must not hide a tag from it either.
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])
_BASE = b"xml:base"
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")


class _InDoubtError(Exception):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """A document in UTF-8, where its items begin and end, and the hash (16 bytes) of each.

    The hash is that of the item's bytes within the start tags around it: those give it namespaces,
    language and base address.
    """

    document: bytes
    spans: tuple[tuple[int, int], ...]
    hashes: tuple[bytes, ...]

    def without(self, known: Container[bytes]) -> bytes:
        """Return the document without the items whose hash is ``known``."""
        kept, at = [], 0
        for (start, end), mark in zip(self.spans, self.hashes, strict=True):
            if mark in known:
                kept.append(self.document[at:start])
                at = end
        return b"".join((*kept, self.document[at:]))


def cut(body: bytes, content_type: str | None) -> Slices | None:
    """Return an RSS, RDF or Atom document cut into items, or None where that is in doubt.

    In doubt are documents with a DOCTYPE, without items or with more than 2,000, with an item
    inside another, an empty or an unclosed one, and those that were cut off. So are those with a
    base address inside: feedparser may let it last beyond its element, and even its item. Takes
    linear time.
    """
    document = decode(body, content_type).encode("utf-8", "replace").translate(None, _CONTROLS)
    around = _around(document)
    if not around or not is_whole(document) or _has_no_characters(document):
        return None
    if document.count(_BASE) > around.count(_BASE):
        return None
    try:
        spans = tuple(_spans(document, _ENTRY if around.startswith(b"<feed") else _ITEM))
    except _InDoubtError:
        return None
    context = blake2b(around, digest_size=16).digest()
    hashes = tuple(_hash(document[start:end], context) for start, end in spans)
    return Slices(document=document, spans=spans, hashes=hashes) if spans else None


def _has_no_characters(document: bytes) -> bool:
    # Their first byte is found far quicker than they are, and hardly ever there.
    return b"\xef" in document and any(each in document for each in _NO_CHARACTERS)


def _hash(item: bytes, context: bytes) -> bytes:
    return blake2b(item, digest_size=16, key=context).digest()


def _around(document: bytes) -> bytes | None:
    """Return the start tags that are open around the items; None: not of a known kind."""
    root = _ROOT.match(document, 0, _MAX_HEAD)
    if root is None or root[2] != b"rss":
        return root[1] if root else None
    channel = _CHANNEL.match(document, root.end(), root.end() + _MAX_HEAD)
    return root[1] + channel[1] if channel else None


def _spans(document: bytes, token: re.Pattern[bytes]) -> Iterator[tuple[int, int]]:
    """Yield where each item begins and ends."""
    begin, items = -1, 0
    for tag in _tags(document, token):
        end = document.find(b">", tag.end()) + 1
        closes = tag[1] == b"/"
        rest = document[tag.end() : end - 1]
        if closes == (begin < 0) or not end or (rest.strip() if closes else rest[-1:] == b"/"):
            raise _InDoubtError
        if closes:
            yield begin, end
        begin = -1 if closes else tag.start()
        items += closes
    if begin >= 0 or items > _MAX_ITEMS:
        raise _InDoubtError


def _tags(document: bytes, token: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """Yield the tags of items that are tags, and not in what is stepped over."""
    at = 0
    for _ in range(_MAX_TOKENS):
        found = token.search(document, at)
        if found is None:
            return
        if found[1] is None:
            closing = _ENDS[found[0]]
            at = document.find(closing, found.end()) + len(closing)
            if at < len(closing):
                raise _InDoubtError
        else:
            at = found.end()
            yield found
    raise _InDoubtError
