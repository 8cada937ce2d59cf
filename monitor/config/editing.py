"""Adds feeds to ``feeds.yaml`` at the end of its list; every other byte stays as it was.

read -> where the list ends -> the same text with the new entries in it -> validated, and compared
with what was meant -> beside the file -> in its place, unless that was changed meanwhile
"""

from __future__ import annotations

import codecs
import json
import os
import re
import stat
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import yaml
from pydantic import ValidationError

from monitor.config.checks import check_feeds
from monitor.config.document import compose, parse_document
from monitor.config.feeds import FeedSettings, FeedsFile
from monitor.config.files import MAX_BYTES, Unreadable, decoded, read_regular
from monitor.config.words import in_words
from monitor.errors import ConfigError

_LONGEST_LINE = 200
_PLAIN_WORD = re.compile(r"(?!(?:true|false|null|yes|no|on|off)$)[A-Za-z][\w-]*(?: [\w-]+)*", re.I)
_PLAIN_URL = re.compile(r"https?://[\w./?=&%+~@;:-]*[\w/=&%+~-]", re.ASCII)


def feed_entry(
    url: str, *, title: str = "", tags: Iterable[str] = (), enabled: bool = True
) -> FeedSettings:
    """Return an entry for the file; title and tags are cut to what may stand there.

    Raises ``ConfigError`` for an address that may not, without repeating it: it may hold a
    password.
    """
    lines = dict.fromkeys(filter(None, map(_line, tags)))
    given = {"url": url, "title": _line(title) or None, "tags": tuple(lines), "enabled": enabled}
    try:
        return FeedSettings.model_validate(given)
    except ValidationError as error:
        reasons = tuple(str(each["ctx"]["error"]) for each in error.errors())
        raise ConfigError(reasons) from error


def append_feeds(path: Path, feeds: Sequence[FeedSettings]) -> None:
    """Write ``feeds`` at the end of the list in ``path``.

    Raises ``ConfigError`` and leaves the file alone where it cannot be done without damage: the
    list stands in brackets, the result would not be valid, or the file was changed meanwhile.
    """
    before = _read(path)
    after = _with_entries(path, before, feeds)
    try:
        _replace(path.resolve(), before, after)
    except OSError as error:
        raise ConfigError((_by_hand(path, f"cannot be written ({error.strerror})"),)) from error


def written_by_hand(feeds: Iterable[FeedSettings]) -> str:
    """Return entries as they would be written under ``feeds:``."""
    return "".join(_entry(feed, "  ", " ", "\n") for feed in feeds)


def _read(path: Path) -> bytes:
    try:
        return read_regular(path)
    except Unreadable as error:
        raise ConfigError((f"{path}: {error}",)) from error


def _text(path: Path, body: bytes) -> str:
    try:
        return decoded(body)
    except Unreadable as error:
        raise ConfigError((f"{path}: {error}",)) from error


def _with_entries(path: Path, before: bytes, feeds: Sequence[FeedSettings]) -> bytes:
    text = _text(path, before)
    listed = _list_of(path, text)
    if listed is None:
        raise ConfigError((_by_hand(path, "has no list of feeds with a line for each"),))
    at = _end_of(listed, text)
    newline = "\r\n" if "\r\n" in text else "\n"
    begun = "" if text[:at].endswith("\n") else newline
    indent, gap = " " * listed.start_mark.column, _gap(listed, text)
    entries = "".join(_entry(feed, indent, gap, newline) for feed in feeds)
    mark = codecs.BOM_UTF8 if before.startswith(codecs.BOM_UTF8) else b""
    after = mark + f"{text[:at]}{begun}{entries}{text[at:]}".encode()
    if len(after) > MAX_BYTES:
        raise ConfigError((f"{path}: would be larger than {MAX_BYTES:,} bytes; add fewer feeds",))
    if _feeds(path, after) != (*_feeds(path, before), *feeds):
        raise ConfigError((_by_hand(path, "is written in a way that is not safe to edit"),))
    return after


def _list_of(path: Path, text: str) -> yaml.SequenceNode | None:
    """Return the list of feeds where it is written as a line, and a dash, for each."""
    node = compose(path, text)
    if not isinstance(node, yaml.MappingNode) or node.flow_style:
        return None
    found = next((value for key, value in node.value if key.value == "feeds"), None)
    if not isinstance(found, yaml.SequenceNode) or found.flow_style or not found.value:
        return None
    return found


def _end_of(listed: yaml.SequenceNode, text: str) -> int:
    """Return where the line after the last entry begins: behind its own comments, too."""
    leaf = listed
    while isinstance(leaf, yaml.CollectionNode) and not leaf.flow_style and leaf.value:
        last = leaf.value[-1]
        leaf = last[1] if isinstance(last, tuple) else last
    at: int = leaf.end_mark.index
    if leaf.end_mark.column or not at:
        at = _next_line(text, at)
    comment = re.compile(rf"[ ]{{{listed.start_mark.column + 1},}}#")
    while comment.match(text, at):
        at = _next_line(text, at)
    return at


def _next_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _gap(listed: yaml.SequenceNode, text: str) -> str:
    """Return the blanks that the owner writes between a dash and the first key."""
    start = listed.value[-1].start_mark
    line = text[text.rfind("\n", 0, start.index) + 1 : start.index]
    dash = re.fullmatch(r" *-( +)", line)
    return dash[1] if dash else " "


def _entry(feed: FeedSettings, indent: str, gap: str, newline: str) -> str:
    lines = [f"url: {feed.url if _PLAIN_URL.fullmatch(feed.url) else _quoted(feed.url)}"]
    lines += [f"title: {_scalar(feed.title)}"] if feed.title else []
    lines += [f"tags: [{', '.join(map(_scalar, feed.tags))}]"] if feed.tags else []
    lines += [] if feed.enabled else ["enabled: false"]
    below = f"{newline}{indent} {gap}"
    return f"{indent}-{gap}{below.join(lines)}{newline}"


def _scalar(text: str) -> str:
    return text if _PLAIN_WORD.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _line(text: str) -> str:
    """Return ``text`` on one line, without what may not stand in it, cut to what may."""
    seen = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(seen.split())[:_LONGEST_LINE].rstrip()


def _feeds(path: Path, body: bytes) -> tuple[FeedSettings, ...]:
    """Return the feeds of a file's bytes; raises ``ConfigError`` where they are not valid."""
    source = parse_document(path, _text(path, body))
    try:
        folder = path.parent.absolute()
        found = FeedsFile.model_validate(source.data, context={"folder": folder}).feeds
    except ValidationError as error:
        raise ConfigError(in_words(error, FeedsFile, source)) from error
    if problems := tuple(check_feeds(found, None, source)):
        raise ConfigError(problems)
    return found


def _by_hand(path: Path, why: str) -> str:
    return f"{path}: {why}; add the entries by hand"


def _replace(path: Path, before: bytes, after: bytes) -> None:
    """Put ``after`` in the place of ``before``, whole or not at all, with the same rights."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _like(path, file.fileno())
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        _check_unchanged(path, before)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _like(path: Path, descriptor: int) -> None:
    """Give a new file the rights of ``path``, and its owner where that is allowed."""
    status = path.stat()
    with suppress(PermissionError):
        os.fchown(descriptor, status.st_uid, status.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))


def _check_unchanged(path: Path, before: bytes) -> None:
    if _read(path) != before:
        raise ConfigError((f"{path}: was changed meanwhile; nothing is written, try again",))
