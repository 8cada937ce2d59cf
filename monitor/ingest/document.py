"""Reading a feed document without what is known of it.

cut -> leave out the known items -> parse the rest -> say which entry is which item
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from monitor.ingest.slices import cut
from monitor.records import ParsedFeed

Parse = Callable[[bytes, str | None, str], ParsedFeed]
"""From body, content type and address to a feed; raises ``ParseError``."""

_OF_SLICES = "text/xml; charset=utf-8"


def read(
    body: bytes, content_type: str | None, url: str, known: frozenset[bytes], parse: Parse
) -> ParsedFeed:
    """Return what ``parse`` reads of a document, without the items whose hash is ``known``.

    ``known`` are the ``raw`` of entries and the ``known`` that a former reading of this feed gave.
    Entries have a ``raw`` where the document is ``strict`` and can be cut: only then an item left
    out changes nothing for the others. The same item twice is two entries, known or not alike.
    """
    slices = cut(body, content_type)
    if slices is None:
        return parse(body, content_type, url)
    left_out = tuple(mark for mark in slices.hashes if mark in known)
    if left_out:
        rest = parse(slices.without(known), _OF_SLICES, url)
        unread = tuple(mark for mark in slices.hashes if mark not in known)
        if _is_of(unread, rest):
            return replace(_marked(rest, unread), known=left_out)
    whole = parse(body, content_type, url)
    return _marked(whole, slices.hashes) if _is_of(slices.hashes, whole) else whole


def _is_of(hashes: tuple[bytes, ...], feed: ParsedFeed) -> bool:
    """Whether the entries of ``feed`` are the items with ``hashes``, each for itself."""
    return feed.strict and not feed.skipped and len(feed.entries) == len(hashes)


def _marked(feed: ParsedFeed, hashes: tuple[bytes, ...]) -> ParsedFeed:
    entries = zip(feed.entries, hashes, strict=True)
    return replace(feed, entries=tuple(replace(entry, raw=raw) for entry, raw in entries))
