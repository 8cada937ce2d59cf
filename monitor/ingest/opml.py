"""Lists of feeds as other readers write and read them: OPML 2.0 (https://opml.org/spec2.opml).

A feed in a folder has the folder's name as a tag; one with several tags stands in several folders,
as the readers with many users write it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from html import unescape
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from monitor.errors import ParseError
from monitor.ingest.charset import decode, scrub
from monitor.ingest.clean import clean_line
from monitor.ingest.fields import title_line
from monitor.ingest.urls import canonical_url

MAX_BYTES = 10 * 2**20

_HEAD = 10_000
"""Characters at the start of a document in which it says what it is."""

_OPML = re.compile(r"<opml\b", re.IGNORECASE)
_TAG = re.compile(r"</?outline\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s(xmlurl|htmlurl|url|text|title|category)=\"([^\"<>]*)\"", re.IGNORECASE)
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A feed in a list; ``title`` may be empty."""

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedList:
    """What a list holds. ``outlines``: all its lines, folders too; ``pages``: those that name a web
    page and no feed. ``fault``: what is wrong with its XML, where it was read nevertheless.
    """

    feeds: tuple[Listed, ...]
    pages: tuple[str, ...] = ()
    outlines: int = 0
    fault: str | None = None


def read(body: bytes) -> FeedList:
    """Return the feeds of an OPML document, each once, with the tags of all its places.

    A bare ``&``, which many programs write, is read as one. Of a document that is no well-formed
    XML, with quotes in its quotes, say, the outlines are read as they stand. One that declares
    entities is refused, and nothing outside it is ever read. Raises ``ParseError``.
    """
    if len(body) > MAX_BYTES:
        raise ParseError(f"is larger than {MAX_BYTES // 2**20} MiB; split it")
    text = _BARE.sub("&amp;", scrub(decode(body, None)))
    reader = _Reader()
    try:
        _parse(text, reader)
    except expat.ExpatError as error:
        reader = _Reader()
        _scan(text, reader)
        reader.fault = f"line {error.lineno}: {expat.ErrorString(error.code)}"
    if not reader.is_opml:
        raise ParseError("is no OPML; export your feeds as OPML from where they are")
    return reader.result()


def _parse(text: str, reader: _Reader) -> None:
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = _refuse_entities
    parser.Parse(text, True)


def _scan(text: str, reader: _Reader) -> None:
    """Read from one outline tag to the next; what stands in them is looked for by name."""
    if _OPML.search(text, 0, _HEAD) is None:
        return
    reader.start("opml", {})
    tags = list(_TAG.finditer(text))
    ends = [each.start() for each in tags[1:]] + [len(text)]
    for tag, end in zip(tags, ends, strict=False):
        if tag[0].startswith("</"):
            reader.end("outline")
            continue
        inside = text[tag.end() : end]
        found = reversed(list(_ATTRIBUTE.finditer(inside)))
        reader.start("outline", {each[1]: unescape(each[2]) for each in found})
        if inside.rstrip().endswith("/>"):
            reader.end("outline")


def write(feeds: Iterable[Listed], title: str, now: datetime) -> bytes:
    """Return an OPML 2.0 document, the same bytes for the same arguments; ``now`` is its date."""
    root = ElementTree.Element("opml", version="2.0")
    head = ElementTree.SubElement(root, "head")
    ElementTree.SubElement(head, "title").text = title
    ElementTree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = ElementTree.SubElement(root, "body")
    folders: dict[str, ElementTree.Element] = {}
    for feed in feeds:
        places = [_folder(body, folders, tag) for tag in feed.tags] or [body]
        for place in places:
            ElementTree.SubElement(place, "outline", _outline(feed))
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _folder(
    body: ElementTree.Element, folders: dict[str, ElementTree.Element], tag: str
) -> ElementTree.Element:
    if tag not in folders:
        folders[tag] = ElementTree.SubElement(body, "outline", {"text": tag, "title": tag})
    return folders[tag]


def _outline(feed: Listed) -> dict[str, str]:
    name = feed.title or feed.url
    shown = {"type": "rss", "text": name, "title": name, "xmlUrl": feed.url}
    return shown if feed.enabled else {**shown, "isComment": "true"}


def _refuse_entities(*_declared: object) -> NoReturn:
    raise ParseError("declares entities of its own; remove its DOCTYPE")


@dataclass(slots=True)
class _Reader:
    """Follows the elements; ``path`` holds the folders that are open, None for what is none."""

    is_opml: bool = False
    depth: int = 0
    outlines: int = 0
    path: list[str | None] = field(default_factory=list)
    feeds: dict[str, Listed] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)
    fault: str | None = None

    def start(self, name: str, given: Mapping[str, str]) -> None:
        """Take in one element; its names count in any case."""
        self.depth += 1
        if self.depth == 1:
            self.is_opml = name.lower() == "opml"
        if name.lower() == "outline":
            self.outlines += 1
            self.path.append(self._read({key.lower(): value for key, value in given.items()}))

    def end(self, name: str) -> None:
        """Leave an element."""
        self.depth -= 1
        if name.lower() == "outline" and self.path:
            self.path.pop()

    def result(self) -> FeedList:
        """What was found."""
        return FeedList(
            feeds=tuple(self.feeds.values()),
            pages=tuple(self.pages),
            outlines=self.outlines,
            fault=self.fault,
        )

    def _read(self, given: Mapping[str, str]) -> str | None:
        """Keep a feed or a page; return the name of a folder."""
        title = title_line(given.get("title") or given.get("text") or "")
        url = clean_line(given.get("xmlurl", ""))
        page = clean_line(given.get("htmlurl") or given.get("url") or "")
        if url:
            self._keep(url, title, given)
        elif page:
            self.pages.append(f"{title} ({page})" if title else page)
        return None if url or page else title

    def _keep(self, url: str, title: str, given: Mapping[str, str]) -> None:
        folders = [each for each in self.path[-_MAX_FOLDERS:] if each]
        tags = dict.fromkeys((*folders, *_categories(given.get("category", ""))))
        key = canonical_url(url)
        before = self.feeds.get(key)
        self.feeds[key] = Listed(
            url=before.url if before else url,
            title=(before.title if before else "") or ("" if title == url else title),
            tags=tuple(dict.fromkeys((*(before.tags if before else ()), *tags))),
            enabled=given.get("iscomment", "").lower() != "true",
        )


_MAX_FOLDERS = 10
"""Of nested folders, the innermost: a list of a million levels would give as many tags."""


def _categories(written: str) -> list[str]:
    """Return the parts of ``/World/Asia,defence``."""
    return [tag for each in re.split("[,/]", written) if (tag := title_line(each))]
