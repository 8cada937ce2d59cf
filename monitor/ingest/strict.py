"""A fast way through feed documents that are well-formed and of a known shape.

Gives what feedparser would give, or nothing: whatever that has ways of its own with (Atom 0.3,
markup inside of elements, odd dates) is left to it. An entry is read from its own element alone, so
that it is the same whatever stands beside it.

Called only inside a worker process.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any
from xml.etree.ElementTree import Element, ParseError, iterparse

from monitor.ingest import vocabulary
from monitor.ingest.dates import certain_date
from monitor.ingest.shape import (
    Document,
    Rules,
    attributes_of,
    has_other_ways,
    is_rdf,
    language_of,
    mended,
)
from monitor.ingest.vocabulary import InDoubtError

_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")
_MARKUP = ("text/html", "application/xhtml+xml")


def read(text: str, rules: Rules) -> dict[str, Any] | None:
    """Return ``feed`` and ``entries`` as feedparser would; None: that is not certain."""
    if "<!DOCTYPE" in text:
        return None
    try:
        return _read(Document(*_parsed(text), rules))
    except (InDoubtError, ParseError, ValueError, RecursionError):
        return None


class _AtOnce(StringIO):
    """Piece by piece, expat would look through a long tag from its beginning with each piece."""

    def read(self, _: int | None = -1) -> str:
        return super().read()


def _parsed(text: str) -> tuple[Element, list[tuple[str, str]]]:
    """Return the root of a document and the namespaces it declares, in order."""
    # Without a DOCTYPE there are no entities to expand, and expat takes linear time.
    events: Any = iterparse(_AtOnce(text), events=("start-ns",))  # noqa: S314
    declared = [(prefix or "", address or "") for _, (prefix, address) in events]
    return events.root, declared


def _read(document: Document) -> dict[str, Any]:
    root = document.root
    channel, items = document.shape()
    language = language_of(root, None)
    spoken = language if channel is root else language_of(channel, language)
    entries = [_Entry(document, item, spoken).read() for item in items]
    if is_rdf(root):  # its items stand behind the channel, and its language is not the feed's
        return {"feed": _head(document, channel, "", None), "entries": entries}
    beside = "entry" if document.is_atom else "item"
    return {"feed": _head(document, channel, beside, language), "entries": entries}


def _head(
    document: Document, channel: Element, beside: str, language: str | None
) -> dict[str, Any]:
    """Return what is read of the feed itself; ``beside``: what its items are called."""
    head: dict[str, Any] = {"language": language} if language else {}
    summed_up = False
    for element in channel:
        name = document.names[element.tag]
        if name in vocabulary.TITLES and "title_detail" not in head:
            head["title_detail"] = document.construct(element, "text", None)
        elif name in vocabulary.LANGUAGES:
            head["language"] = document.value(element)
        elif name in vocabulary.SUMMARIES and not summed_up:
            document.construct(element, "text", None)
            summed_up = name not in vocabulary.DESCRIPTIONS
        elif name in vocabulary.PICTURES:
            document.require_pictures((element,))
        elif name != beside:
            document.require_silent(element.iter(), vocabulary.HEAD)
    return head


class _Entry:
    """One item: its elements, in order, become what feedparser would make of them."""

    def __init__(self, document: Document, item: Element, language: str | None) -> None:
        if has_other_ways(item):
            raise InDoubtError
        self._document = document
        self._item = item
        self._language = language_of(item, language)
        self._found: dict[str, Any] = {}
        self._is_titled = False
        self._has_content = False

    def read(self) -> dict[str, Any]:
        """Return what feedparser would have of the item, or raise ``InDoubtError``."""
        if about := self._item.get(_ABOUT):
            self._found["id"] = about
        for element in self._item:
            name = self._document.names[element.tag]
            _READERS.get(name, _Entry.silent)(self, element, name)
        return self._found

    def title(self, element: Element, _: str) -> None:
        """The first title that says something stays."""
        title = self._document.construct(element, "text", self._language)
        if not self._is_titled:
            self._found["title_detail"] = title
        self._is_titled = self._is_titled or bool(title["value"])

    def media_title(self, element: Element, _: str) -> None:
        """The title of a picture is none of the item's, if that has one."""
        self._document.value(element)
        if not self._is_titled:
            raise InDoubtError

    def id(self, element: Element, _: str) -> None:
        """An id that is an address stands in for a link."""
        attributes = attributes_of(element)
        value = self._document.text(element)
        is_link = attributes.get("ispermalink", "true") == "true"
        self._found["id"] = mended(self._document.link(value) if is_link and value else value)
        if is_link:
            self._found.setdefault("link", self._found["id"])

    def link(self, element: Element, _: str) -> None:
        """Of several links to the story itself the last one counts."""
        attributes = attributes_of(element)
        if len(element) or not attributes.keys().isdisjoint(("url", "uri")):
            raise InDoubtError
        link = {"rel": attributes.get("rel", "alternate").lower()}
        if "href" in attributes:
            link["href"] = self._document.link(attributes["href"])
            kind = attributes.get("type", "application/xml" if link["rel"] == "self" else "html")
            if link["rel"] == "alternate" and vocabulary.TYPES.get(kind.lower()) in _MARKUP:
                self._found["link"] = link["href"]
        else:
            text = self._document.text(element)
            value = mended(self._document.link(text) if text else "").replace("&amp;", "&")
            self._found["link"] = _REFERENCE.sub(r"&\1", value)
            link |= {"href": self._found["link"]} if value else {}
        self._found.setdefault("links", []).append(link)

    def summary(self, element: Element, name: str) -> None:
        """A second summary is the content, where there is none."""
        if "summary" in self._found and not self._has_content:
            self.content(element, "content")
            return
        kind = vocabulary.SUMMARIES[name]
        detail = self._document.construct(element, kind, self._language)
        self._found |= {"summary": detail["value"], "summary_detail": detail}

    def content(self, element: Element, name: str) -> None:
        """A content is the summary as well, where there is none before it."""
        kind = vocabulary.CONTENTS[name]
        content = self._document.construct(element, kind, self._language)
        self._has_content = True
        self._found.setdefault("content", []).append(content)
        self._found.setdefault("summary", content["value"])

    def language(self, element: Element, _: str) -> None:
        """The last one counts."""
        self._found["language"] = self._document.value(element)

    def date(self, element: Element, name: str) -> None:
        """The last one of each kind counts, even if it is empty."""
        value = self._document.value(element)
        date = certain_date(value)
        if value and date is None:
            raise InDoubtError
        self._found[vocabulary.DATES[name]] = date

    def group(self, element: Element, _: str) -> None:
        """What is said of pictures in a group is said of the item."""
        for each in element:
            name = self._document.names[each.tag]
            if not name.startswith("media_"):
                raise InDoubtError
            _READERS.get(name, _Entry.silent)(self, each, name)

    def source(self, element: Element, _: str) -> None:
        """The source has a title of its own, after which that of the item may change."""
        self._document.require_silent(list(element.iter())[1:], vocabulary.SOURCE)
        self._is_titled = False

    def silent(self, element: Element, _: str) -> None:
        """Nothing is read."""
        self._document.require_silent(element.iter(), vocabulary.SILENT)


_READERS: dict[str, Callable[[_Entry, Element, str], None]] = {
    **dict.fromkeys(vocabulary.TITLES, _Entry.title),
    **dict.fromkeys(vocabulary.IDS, _Entry.id),
    **dict.fromkeys(vocabulary.DATES, _Entry.date),
    **dict.fromkeys(vocabulary.SUMMARIES, _Entry.summary),
    **dict.fromkeys(vocabulary.CONTENTS, _Entry.content),
    **dict.fromkeys(vocabulary.LANGUAGES, _Entry.language),
    **dict.fromkeys(vocabulary.GROUPS, _Entry.group),
    "link": _Entry.link,
    "media_title": _Entry.media_title,
    "source": _Entry.source,
}
