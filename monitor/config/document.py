"""YAML text -> plain data that remembers the line of every key.

The dialect is small on purpose: one document, no tags, few aliases, none inside another's anchor,
no duplicate keys. Plain words stay text as in YAML 1.2: ``no`` and ``19:30`` are what they look
like. The only room of PyYAML, together with ``Settings.show``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from monitor.config.files import Unreadable, read_text
from monitor.errors import ConfigError

Loc = tuple[str | int, ...]
"""Where a value stands: ``("digests", 0, "cap")``."""

MAX_ALIASES = 20
MAX_DEPTH = 30


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file: its data and the line, from 1, of each key and item."""

    path: Path
    data: object
    lines: Mapping[Loc, int]

    def problem(self, loc: Loc, what: str) -> str:
        """Return ``what`` with its place in front: ``file:line: key.path: what``."""
        return _problem(self.path, self.line(loc), loc, what)

    def line(self, loc: Loc) -> int:
        """Return the line of a place, or of what it stands in where it has none of its own."""
        known = (loc[:n] for n in range(len(loc), -1, -1) if loc[:n] in self.lines)
        return self.lines[next(known)]


def _problem(path: Path, line: int, loc: Loc, what: str) -> str:
    told = f"{path}:{line}: {key_path(loc)}: {what}" if loc else f"{path}:{line}: {what}"
    # A key or value may hold control characters, written as escapes: they stay escapes.
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in told)


def key_path(loc: Loc) -> str:
    """Return ``digests[0].cap`` for ``("digests", 0, "cap")``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")


def read_document(path: Path) -> Document:
    """Read and parse one file; raises ``ConfigError`` with every problem of its syntax."""
    try:
        text = read_text(path)
    except Unreadable as error:
        raise ConfigError((f"{path}: {error}",)) from error
    return parse_document(path, text)


def parse_document(path: Path, text: str) -> Document:
    """Parse the text of one file; ``path`` is only named in problems."""
    builder = _Builder(path)
    data = builder.build(compose(path, text), ())
    if builder.problems:
        raise ConfigError(tuple(builder.problems))
    return Document(path, data, builder.lines)


def compose(path: Path, text: str) -> yaml.Node:
    """Return the nodes of a text with their places in it; raises ``ConfigError`` as above."""
    try:
        node = _Loader(text).get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        code = ord(error.character) if isinstance(error.character, str) else error.character
        what = f"holds the control character U+{code:04X}; remove it"
        raise ConfigError((f"{path}:{line}: {what}",)) from error
    except yaml.MarkedYAMLError as error:
        raise ConfigError((f"{path}:{_in_words(error)}",)) from error
    if node is None:
        raise ConfigError((f"{path}:1: is empty; `monitor init` writes a commented example",))
    return node


class _Loader(yaml.SafeLoader):
    """Composes nodes within the limits above; a violation is a ``MarkedYAMLError``."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  # filled below, with less than YAML 1.1 has

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0
        self._anchors_open = 0
        self._aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        self._check(event)
        anchored = not isinstance(event, yaml.AliasEvent) and event.anchor is not None
        self._depth += 1
        self._anchors_open += anchored
        node: yaml.Node | None = super().compose_node(parent, index)  # type: ignore[arg-type]
        self._depth -= 1
        self._anchors_open -= anchored
        return node

    def _check(self, event: yaml.NodeEvent) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._aliases += 1
            if self._anchors_open:
                self._refuse(event, "an alias (*) inside an anchored (&) value; write it out")
            if self._aliases > MAX_ALIASES:
                self._refuse(event, f"more than {MAX_ALIASES} aliases (*); write the values out")
        elif event.tag is not None:  # type: ignore[attr-defined]
            self._refuse(event, "a tag (!); write the plain value")
        if self._depth > MAX_DEPTH:
            self._refuse(event, f"nested deeper than {MAX_DEPTH} levels")

    @staticmethod
    def _refuse(event: yaml.NodeEvent, what: str) -> None:
        raise yaml.MarkedYAMLError(problem=what, problem_mark=event.start_mark)  # type: ignore[arg-type]


for _kind, _pattern, _first in (
    ("bool", r"(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})$", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]{1,18}\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?$", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), list(_first))


_QUOTE = "put text that holds such signs in quotes"
_WORDS = (
    ("'\\t' that cannot start any token", "a tab character; indent with spaces"),
    ("mapping values are not allowed here", "a second ': ' or a wrong indentation; " + _QUOTE),
    ("could not find expected ':'", "a key without its ':'; write key: value"),
    ("expected <block end>", "this line is indented differently from its neighbours; align them"),
    ("while scanning a quoted scalar", "a quote that is opened and never closed"),
    ("expected ',' or ']'", "a list in [...] that lacks a comma or its end"),
    ("expected ',' or '}'", "a mapping in {...} that lacks a comma or its end"),
    ("that cannot start any token", "a value that begins with a special character; " + _QUOTE),
    ("expected a single document", "a second document (---); keep one in each file"),
    ("found undefined alias", "a value that begins with * is an alias of YAML; " + _QUOTE),
    ("found duplicate anchor", "the same anchor (&) twice; rename one"),
)
"""What PyYAML says, and what it means to somebody who does not know its scanner."""


def _in_words(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f"{mark.line + 1}: column {mark.column + 1}" if mark else "1"
    said = f"{error.context} {error.problem}"
    meant = next((words for clue, words in _WORDS if clue in said), error.problem or "not YAML")
    return f"{place}: {meant}{_begun(error)}"


def _begun(error: yaml.MarkedYAMLError) -> str:
    """Name the line where a quote or bracket was opened: what lacks its end is noticed late."""
    opened = error.context_mark
    if opened is None or ("quoted" not in f"{error.context}" and "flow" not in f"{error.context}"):
        return ""
    return f"; it begins on line {opened.line + 1}"


@dataclass
class _Builder:
    path: Path
    lines: dict[Loc, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def build(self, node: yaml.Node, loc: Loc) -> object:
        self.lines.setdefault(loc, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*loc, n)) for n, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, object]:
        made: dict[str, object] = {}
        for key_node, value in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                what = "a key that is not a word; write one"
                self.problems.append(_problem(self.path, line, (), what))
                continue
            inner = (*loc, str(key_node.value))
            if key_node.value in made:
                first = self.lines[inner]
                what = f"the same key as on line {first}; remove one of them"
                self.problems.append(_problem(self.path, line, inner, what))
                continue
            self.lines[inner] = line
            made[key_node.value] = self.build(value, inner)
        return made


def _scalar(node: yaml.Node) -> object:
    text = str(node.value)
    match node.tag.rpartition(":")[2]:
        case "bool":
            return text.lower() == "true"
        case "null":
            return None
        case "int":
            return int(text)
        case "float":
            return float(text)
        case _:
            return text
