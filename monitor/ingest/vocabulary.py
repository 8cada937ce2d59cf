"""What the elements of well-formed feeds are to feedparser, as far as that is simple. Pure.

Names are those it has for them: in lower case, ``dc_date`` for the date of the namespace that is
usually called ``dc``, whatever prefix the document uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

TITLES = frozenset(("title", "dc_title"))
IDS = frozenset(("guid", "id"))
LANGUAGES = frozenset(("language", "dc_language"))
DATES = {
    "pubdate": "published_parsed",
    "published": "published_parsed",
    "issued": "published_parsed",
    "dcterms_issued": "published_parsed",
    "updated": "updated_parsed",
    "modified": "updated_parsed",
    "dc_date": "updated_parsed",
    "dcterms_modified": "updated_parsed",
    "created": "created_parsed",
    "dcterms_created": "created_parsed",
}
DESCRIPTIONS = frozenset(("description", "dc_description", "media_description"))
SUMMARIES = {**dict.fromkeys(DESCRIPTIONS, "html"), "summary": "text", "itunes_summary": "text"}
"""Each with the type it has where it does not say."""
CONTENTS = {"content": "text", "content_encoded": "html"}
GROUPS = frozenset(("media_group", "media_content"))
TYPES = {
    "text": "text/plain",
    "plain": "text/plain",
    "text/plain": "text/plain",
    "html": "text/html",
    "text/html": "text/html",
    "xhtml": "application/xhtml+xml",
    "application/xhtml+xml": "application/xhtml+xml",
}

_SILENT = """
author category cc_license contributor creativecommons_license email enclosure generator
georss_box georss_line georss_point georss_polygon height homepage keywords managingeditor name uri
url webmaster width
dc_author dc_contributor dc_creator dc_publisher dc_subject
itunes_author itunes_block itunes_category itunes_email itunes_explicit itunes_image
itunes_keywords itunes_link itunes_name itunes_owner
media_category media_credit media_keywords media_license media_player media_rating
media_restriction media_thumbnail
"""
SILENT_TEXTS = frozenset(
    ("copyright", "dc_rights", "itunes_subtitle", "rights", "subtitle", "tagline")
)
SILENT = SILENT_TEXTS.union(_SILENT.split())
"""What feedparser handles, but nothing changes of what is read of an item. Texts have no markup."""

HEAD_DATES = frozenset((*DATES, "lastbuilddate"))
HEAD = SILENT | HEAD_DATES | {"cloud", "id", "link"}
"""Beside the items: nothing changes of what is read of them, nor of the head."""

PICTURES = frozenset(("image", "textinput"))
PICTURE = frozenset(("description", "height", "link", "name", "title", "url", "width"))
"""Elements of an image or a text input."""

SOURCE = SILENT | {"id", "link", "title", "updated"}
"""Elements of the source of an item."""

# An unknown element with such a name would look like one of the values that are read.
_READ = frozenset(
    f"{name}_{kind}"
    for kind, names in {
        "detail": ("title", "summary", "description"),
        "parsed": ("published", "issued", "updated", "modified", "date", "created"),
    }.items()
    for name in names
) | {"links"}
_USERLAND = "backend.userland.com/rss"


class InDoubtError(Exception):
    """The document may mean something else to feedparser."""


def is_silent(name: str, allowed: frozenset[str], handled: frozenset[str]) -> bool:
    """Whether an element changes nothing: it is allowed, or none of those that are handled."""
    return name in allowed or not (name in handled or name in _READ)


def prefixes_of(declared: Iterable[tuple[str, str]], known: Mapping[str, str]) -> dict[str, str]:
    """Return the prefix of each namespace that a document declares: the usual, else its own.

    ``declared`` are prefixes and addresses; ``known`` the usual prefixes by address in lower case.
    Raises ``InDoubtError`` where one namespace could be taken for another.
    """
    prefixes: dict[str, str] = {}
    meant: dict[str, str] = {}
    for own, address in declared:
        usual = "" if _USERLAND in address.lower() else known.get(address.lower())
        prefix = own.lower() if usual is None else usual.lower()
        if prefixes.setdefault(address, prefix) != prefix:
            raise InDoubtError
        if own and meant.setdefault(own.lower(), prefix) != prefix:
            raise InDoubtError
    if any(meant.get(prefix, prefix) != prefix for prefix in prefixes.values()):
        raise InDoubtError
    return prefixes


def name_of(tag: str, prefixes: Mapping[str, str]) -> str:
    """Return the name of an element or attribute whose tag is as ElementTree has it."""
    address, _, local = tag.rpartition("}")
    prefix = prefixes.get(address[1:], "xml") if address else ""
    return f"{prefix}_{local}".lower() if prefix else local.lower()
