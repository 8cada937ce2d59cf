"""A well-formed feed document: the names of its elements, its shape, and what they hold.

Whatever feedparser has ways of its own with is an ``InDoubtError``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from monitor.ingest import vocabulary
from monitor.ingest.vocabulary import InDoubtError, name_of

_ATOM = "http://www.w3.org/2005/Atom"
_RSS_1 = "http://purl.org/rss/1.0/"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_BASE, _LANG = f"{_XML}base", f"{_XML}lang".lower()
_HTML = "{http://www.w3.org/1999/xhtml}"
_XHTML = "application/xhtml+xml"
_ODD_TAGS = frozenset(f"{_HTML}{name}" for name in ("body", "math", "svg"))
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_READ_ATTRIBUTES = frozenset(
    ("href", "ispermalink", "lang", "lastmod", "mode", "rel", "src", "type", "uri", "url")
)
_OTHER_WAYS = frozenset(("href", "lastmod"))
_UNDEFINED = re.compile("[\x80-\x9f]")
_CP1252 = {
    sign: text for sign in range(0x80, 0xA0) if (text := bytes((sign,)).decode("cp1252", "ignore"))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What only feedparser knows.

    The usual prefixes of namespaces by address in lower case, the elements that mean something to
    it, and which plain text it takes for HTML.
    """

    namespaces: Mapping[str, str]
    handled: frozenset[str]
    looks_like_html: Callable[[str], bool]


class Document:
    """One document: names of its elements, its shape, and what all of its entries share."""

    def __init__(self, root: Element, declared: list[tuple[str, str]], rules: Rules) -> None:
        prefixes = vocabulary.prefixes_of(declared, rules.namespaces)
        self.names = {tag: name_of(tag, prefixes) for tag in {each.tag for each in root.iter()}}
        self.rules = rules
        self.root = root
        self.base = root.get(_BASE, "")
        self.is_atom = self.names[root.tag] == "feed"
        self._declared = {address.lower() for _, address in declared}
        self._has_bases = False
        self._check_attributes()

    def value(self, element: Element) -> str:
        """Return the text of an element, mended as feedparser mends it."""
        return mended(self.text(element))

    def construct(self, element: Element, default: str, language: str | None) -> dict[str, Any]:
        """Return text, type and language of a title, summary or content."""
        attributes = attributes_of(element)
        kind = vocabulary.TYPES.get(attributes.get("type", default).lower())
        if kind is None or not attributes.keys().isdisjoint(("mode", "src")):
            raise InDoubtError
        text = self._markup(element) if kind == _XHTML else self.text(element)
        if not self.is_atom and kind == "text/plain" and self._looks_like_html(text):
            kind = "text/html"
        return {"value": mended(text), "type": kind, "language": language_of(element, language)}

    def link(self, address: str) -> str:
        """Return ``address`` completed by that of the document, where it names one.

        A base address inside may last beyond its element: then only what needs none is certain.
        """
        if ":///" in address:
            raise InDoubtError
        if self._has_bases:
            if not _SCHEME.match(address) or urljoin(address, address) != address:
                raise InDoubtError
            return address
        return urljoin(self.base, address) if self.base else address

    def require_silent(self, elements: Iterable[Element], allowed: frozenset[str]) -> None:
        """Raise ``InDoubtError`` if any of the elements could change something."""
        for element in elements:
            name = self.names[element.tag]
            if not vocabulary.is_silent(name, allowed, self.rules.handled):
                raise InDoubtError
            if name in vocabulary.SILENT_TEXTS and len(element):
                raise InDoubtError
            # A date that is not read, but at which feedparser may fail.
            if name in vocabulary.HEAD_DATES and "/" in (element.text or ""):
                raise InDoubtError

    def text(self, element: Element) -> str:
        """Return the text of an element without children."""
        if len(element):
            raise InDoubtError
        return (element.text or "").strip()

    def _looks_like_html(self, text: str) -> bool:
        return ("<" in text or "&" in text) and self.rules.looks_like_html(text)

    def _markup(self, element: Element) -> str:
        """Return what is inside of XHTML, without the ``div`` that Atom wraps it in."""
        inside = list(element)
        around = (element.text or "") + "".join(each.tail or "" for each in inside)
        wrapped = len(inside) == 1 and inside[0].tag == f"{_HTML}div" and not around.strip()
        return _inner(inside[0] if self.is_atom and wrapped else element).strip()

    def _check_attributes(self) -> None:
        """Raise ``InDoubtError`` for attributes that feedparser has ways of its own with."""
        seen: set[str] = set()
        for element in self.root.iter():
            if names := element.keys():
                seen.update(names)
                if _BASE in names and element is not self.root:
                    self._has_bases = True
                    urljoin(element.attrib[_BASE], "http://a.example/")  # ValueError: no address
        for name in seen - {_BASE}:
            address, _, local = name.lower().rpartition("}")
            # To feedparser an attribute of a namespace it does not know is one without any.
            is_plain = not self.rules.namespaces.get(address[1:], "")
            if local == "base" or (address and is_plain and local in _READ_ATTRIBUTES):
                raise InDoubtError
        if self.base and not self.base.startswith(("http://", "https://")):
            raise InDoubtError

    def shape(self) -> tuple[Element, list[Element]]:
        """Return the element with the head and the items, in order."""
        name = self.names[self.root.tag]
        if name == "feed" and self.root.tag == f"{{{_ATOM}}}feed" and _RSS_1 not in self._declared:
            return self.root, self._children(self.root, "entry")
        if is_rdf(self.root) and _ATOM.lower() not in self._declared:
            channel, *others = self.root
            items = self._children(self.root, "item")
            self.require_pictures(each for each in others if self.names[each.tag] != "item")
        elif name == "rss":
            (channel,) = self.root
            items = self._children(channel, "item")
        else:
            raise InDoubtError
        if self.names[channel.tag] != "channel" or has_other_ways(channel):
            raise InDoubtError
        return channel, items

    def _children(self, parent: Element, name: str) -> list[Element]:
        return [each for each in parent if self.names[each.tag] == name]

    def require_pictures(self, elements: Iterable[Element]) -> None:
        """Raise ``InDoubtError`` if any of the elements is no image or text input."""
        for element in elements:
            inside = {self.names[each.tag] for each in element}
            outside = self.names[element.tag] not in vocabulary.PICTURES
            if outside or not inside <= vocabulary.PICTURE or any(map(len, element)):
                raise InDoubtError


def is_rdf(root: Element) -> bool:
    """Whether a document is RDF."""
    return root.tag == _RDF


def attributes_of(element: Element) -> dict[str, str]:
    """Return the attributes of an element with their names in lower case."""
    if not element.keys():  # ``attrib`` would make a dictionary for each that has none
        return {}
    return {name.lower(): value for name, value in element.attrib.items()}


def has_other_ways(element: Element) -> bool:
    """Whether a channel or an item says something by attributes, as CDF does."""
    return not _OTHER_WAYS.isdisjoint(attributes_of(element))


def language_of(element: Element, inherited: str | None) -> str | None:
    """Return the language that an element states, or has from the one around it."""
    attributes = attributes_of(element)
    stated = attributes.get(_LANG, attributes.get("lang"))
    return inherited if stated is None else stated or None


def mended(text: str) -> str:
    """Return ``text`` mended as by feedparser: UTF-8 read as Latin-1, windows-1252 by number."""
    if text.isascii():
        return text
    with suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_CP1252) if _UNDEFINED.search(text) else text


def _inner(element: Element) -> str:
    """Return what is inside of an XHTML element, as markup."""
    pieces = [escape(element.text or "")]
    for child in element:
        if not child.tag.startswith(_HTML) or child.tag.lower() in _ODD_TAGS:
            raise InDoubtError
        name = child.tag.removeprefix(_HTML).lower()
        attributes = "".join(_attribute(*each) for each in attributes_of(child).items())
        pieces.append(f"<{name}{attributes}>{_inner(child)}</{name}>{escape(child.tail or '')}")
    return "".join(pieces)


def _attribute(name: str, value: str) -> str:
    if name.startswith("{"):
        raise InDoubtError
    value = value.lower() if name in ("rel", "type") else value
    return f' {name}="{escape(value, {chr(34): "&quot;"})}"'
