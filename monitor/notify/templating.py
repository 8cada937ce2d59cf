"""Templates -> text: the owner's before the shipped ones, and never a failure of theirs.

A template of the owner's that fails is left aside for as long as the object lives, and the shipped
one stands in for it; ``faults`` says so. So make one object for each message: what it ``used``
makes the same message again.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Self

from jinja2 import TemplateNotFound, TemplateSyntaxError
from jinja2.loaders import split_template_path

from monitor.errors import MonitorError
from monitor.notify.lines import shorten
from monitor.notify.sandbox import MAX_TEXT, Sandbox, Source
from monitor.records import Template

SHIPPED = "shipped/"
"""Begins the name by which an owner's template reaches the shipped one that it replaces."""
_STAND_IN = "instead:"
"""Begins the names, in ``used``, of shipped templates that stood in for one that failed."""
_FOLDER = Path(__file__).with_name("templates")
_MAX_REASON = 200

Find = Callable[[str], Source]


class Templating:
    """Renders templates by their names; made by one of its three class methods."""

    def __init__(self, find: Find, stand_in: Find, *, forgiving: bool = False) -> None:
        """``forgiving``: what fails as ``find`` gives it is rendered as ``stand_in`` gives it."""
        self._first = Sandbox(find)
        self._stand_in = Sandbox(stand_in)
        self._forgiving = forgiving
        self._failed: dict[str, str] = {}

    @classmethod
    def shipped(cls) -> Self:
        """Return those that come with this program."""
        return cls(_shipped, _shipped)

    @classmethod
    def from_folder(cls, path: Path) -> Self:
        """Return the owner's templates in the folder ``path``, before the shipped ones."""
        made = cls(lambda name: _of_folder(path, name), _shipped, forgiving=True)
        if not path.is_dir():
            made._failed[""] = (
                f"The folder of templates {path.name} is not there, so the shipped templates were"
                " used; make it, or take mail.templates out of the configuration."
            )
        return made

    @classmethod
    def of(cls, templates: Sequence[Template]) -> Self:
        """Return exactly these, as ``used`` gave them."""
        given = {each.name: each.source for each in templates}
        made = cls(lambda name: _given(given, name), lambda name: _given(given, _STAND_IN + name))
        made._failed = {
            name.removeprefix(_STAND_IN): "" for name in given if name.startswith(_STAND_IN)
        }
        return made

    @property
    def used(self) -> tuple[Template, ...]:
        """The sources of all that was read; of what failed and of what stood in for it, both."""
        read = {
            **self._first.read,
            **{_STAND_IN + name: source for name, source in self._stand_in.read.items()},
        }
        return tuple(Template(name=name, source=read[name].text) for name in sorted(read))

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the owner's templates, each in a sentence that says what to do."""
        return tuple(filter(None, self._failed.values()))

    def render(self, name: str, /, **values: object) -> str:
        """Return what the template ``name`` makes of ``values``; it is never blank.

        Raises ``MonitorError`` where it fails and nothing can stand in for it.
        """
        if name not in self._failed:
            try:
                return _made(self._first, name, values)
            except MonitorError as error:
                if not self._forgiving:
                    raise
                self._failed[name] = (
                    f"{error}, so the shipped one was used; mend it, and look at it with"
                    " `monitor digest preview`."
                )
        return _made(self._stand_in, name, values)


def _made(sandbox: Sandbox, name: str, values: dict[str, object]) -> str:
    try:
        text = sandbox.give(name, **values)
        text.encode()
        if not text.strip():
            raise ValueError("gives nothing but blanks")  # noqa: TRY301
    except Exception as error:  # a template can raise anything
        place = _place(error, sandbox, name)
        raise MonitorError(f"The template {place} cannot be used: {_reason(error)}") from error
    return text


def _place(error: Exception, sandbox: Sandbox, name: str) -> str:
    """File and line of what failed, in the owner's file as far in as can be; else the file."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename}:{error.lineno}"
    places = {source.place for source in sandbox.read.values()}
    lines = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename in places
    ]
    owners = [line for line in lines if not line.startswith(SHIPPED)]
    whole = sandbox.read[name].place if name in sandbox.read else name
    return next(iter([*owners[-1:], *lines[-1:]]), whole)


def _reason(error: Exception) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name}"
    said = error.message if isinstance(error, TemplateSyntaxError) else str(error)
    return shorten(said or type(error).__name__, _MAX_REASON).rstrip(".")


def _of_folder(folder: Path, name: str) -> Source:
    if name.startswith(SHIPPED):
        return _shipped(name.removeprefix(SHIPPED))
    path = folder.joinpath(*split_template_path(name))
    if not path.exists() and not path.is_symlink():
        return _shipped(name)
    return Source(_read(path), f"{folder.name}/{name}")


def _read(path: Path) -> str:
    """The text of a file; one without end, such as a pipe, is not waited for."""
    if not path.is_file():
        raise OSError(f"{path.name} is no file")
    with path.open("rb") as file:
        found = file.read(4 * MAX_TEXT)
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not UTF-8 text (byte {error.start + 1})") from error


@cache
def _shipped(name: str) -> Source:
    path = _FOLDER.joinpath(*split_template_path(name))
    if not path.is_file():
        raise TemplateNotFound(name)
    return Source(_read(path), SHIPPED + name)


def _given(sources: dict[str, str], name: str) -> Source:
    if name not in sources:
        raise TemplateNotFound(name.removeprefix(_STAND_IN))
    return Source(sources[name], name)
