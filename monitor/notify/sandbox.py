"""Where templates run: no way out, no end of work, and nothing foreign that becomes markup.

A template is its owner's, so it is guarded against mistakes rather than attacks. Bounded are the
rounds of all loops and calls together, the length of every text and of the result. Not bounded:
the time and memory that so many rounds over texts of such length can take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any, NamedTuple

from jinja2 import (
    BaseLoader,
    Environment,
    StrictUndefined,
    Template,
    Undefined,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError, TemplateAssertionError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from monitor.notify.lines import columns, fill
from monitor.notify.wording import count

ROUNDS = 200_000
"""Rounds of all loops, and calls, that one render may make; 500 stories take 6,000."""
MAX_TEXT = 1_000_000
"""Characters of a template, and of a text that it puts together."""
MAX_RESULT = 10_000_000
"""Characters of what a template gives: ten times as much as 500 stories in full."""

_ESCAPED = (".html", ".xml")
_BANNED_FILTERS = (
    *("safe", "urlize"),  # markup of strangers
    *("random", "pprint"),  # another result each time
    *("batch", "center", "format", "indent", "replace", "slice"),  # much out of little
)
_BUILT_IN = (str, bytes, int, float, list, tuple, dict, set)
_METHODS = frozenset(
    (
        *("capitalize", "casefold", "count", "endswith", "find", "get", "index", "items", "keys"),
        *("lower", "lstrip", "removeprefix", "removesuffix", "rstrip", "split", "splitlines"),
        *("startswith", "strip", "title", "upper", "values"),
    )
)
"""Methods of texts, numbers and collections that cannot make much out of little."""


FILTERS: dict[str, Callable[..., Any]] = {"fill": fill, "columns": columns, "count": count}
"""What templates can do to a value beside what jinja2 offers."""


class Source(NamedTuple):
    """A template's text, and where it stands as its owner is told."""

    text: str
    place: str


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of one chain of templates; ``read`` names each that was loaded, in order.

    ``find`` gives the source of a name, and raises ``TemplateNotFound`` or ``OSError``.
    """

    intercepted_binops = frozenset(("+", "*", "**", "%"))

    def __init__(self, find: Callable[[str], Source]) -> None:
        super().__init__(
            loader=_Loader(find),
            autoescape=_is_escaped,
            undefined=StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        for name in _BANNED_FILTERS:
            del self.filters[name]
        self.filters |= {**FILTERS, "_rounds": _rounds, "_bounded": bounded}
        self.globals = {name: self.globals[name] for name in ("dict", "namespace", "range")}
        self.read: dict[str, Source] = {}
        self.left = ROUNDS

    def give(self, name: str, /, **values: object) -> str:
        """Return what the template ``name`` makes of ``values``; raises whatever it raises."""
        self.left = ROUNDS
        parts, size = [], 0
        for part in self.get_template(name).generate(values):
            parts.append(part)
            size += len(part)
            if size > MAX_RESULT:
                raise SecurityError(f"it gives more than {MAX_RESULT:,} characters")
        return "".join(parts)

    def join_path(self, template: str, parent: str) -> str:
        """Refuse what is escaped in another way: it would bring foreign markup in, or take it."""
        if _is_escaped(template) != _is_escaped(parent):
            raise SecurityError(f"{parent} cannot use {template}, which is escaped differently")
        return template

    def spend(self) -> None:
        """Count one round of a loop, or one call."""
        self.left -= 1
        if self.left < 0:
            raise SecurityError(f"its loops and calls make more than {ROUNDS:,} rounds")

    def call(self, context: Context, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls, counted."""
        self.spend()
        return super().call(context, called, *args, **kwargs)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Whether a template may use it: of built-in types only what cannot grow."""
        harmless = not isinstance(obj, _BUILT_IN) or attr in _METHODS or not callable(value)
        return harmless and bool(super().is_safe_attribute(obj, attr, value))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Make no exception for ``str.format``, whose widths have no bound."""
        return None

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate, where the result is of a bounded size."""
        if operator == "**" or (operator == "%" and isinstance(left, str)):
            raise SecurityError(f"{operator} is not allowed here")
        if operator == "*":
            _check_product(left, right)
        return bounded(super().call_binop(context, operator, left, right))


class _Loader(BaseLoader):
    """Loads a template with its loops and texts bounded, and keeps what was read."""

    def __init__(self, find: Callable[[str], Source]) -> None:
        self.find = find

    def load(self, environment: Environment, name: str, globals: Any = None) -> Template:
        """Return the template ``name``."""
        source = self.find(name)
        if isinstance(environment, Sandbox):
            environment.read[name] = source
        code = compiled(name, source)
        return environment.template_class.from_code(environment, code, globals or {})


@lru_cache(maxsize=64)
def compiled(name: str, source: Source) -> CodeType:
    """Return the code of a template: the same for every environment of this kind."""
    environment = Sandbox(lambda _name: source)
    tree = environment.parse(bounded(source.text), name, source.place)
    return environment.compile(_Bounds(environment, source.place).visit(tree), name, source.place)


class _Bounds(NodeTransformer):
    """Counts the rounds of every loop, and bounds every text that is put together."""

    def __init__(self, environment: Environment, place: str) -> None:
        self.environment = environment
        self.place = place

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802  # jinja2 looks for this name
        if node.recursive:
            raise self._fault("a loop cannot be recursive here", node)
        self.generic_visit(node)
        node.iter = self._through("_rounds", node.iter)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return self._through("_bounded", node)

    def visit_ScopedEvalContextModifier(self, node: nodes.Node) -> nodes.Node:  # noqa: N802
        raise self._fault("escaping cannot be changed here", node)

    def _fault(self, message: str, node: nodes.Node) -> TemplateAssertionError:
        return TemplateAssertionError(message, node.lineno, filename=self.place)

    def _through(self, name: str, value: nodes.Node) -> nodes.Filter:
        made = nodes.Filter(value, name, [], [], None, None)
        made.set_environment(self.environment).set_lineno(value.lineno)
        return made


@pass_context
def _rounds(context: Context, values: Iterable[Any]) -> Iterator[Any]:
    environment = context.environment
    assert isinstance(environment, Sandbox)
    for each in values:
        environment.spend()
        yield each


def bounded(value: Any) -> Any:
    """Return ``value``, unless it is a text or collection of more than `MAX_TEXT` parts."""
    if hasattr(value, "__len__") and len(value) > MAX_TEXT:
        raise SecurityError(f"a text of it has more than {MAX_TEXT:,} characters")
    return value


def _check_product(left: Any, right: Any) -> None:
    for value, times in ((left, right), (right, left)):
        if hasattr(value, "__len__") and isinstance(times, int) and len(value) * times > MAX_TEXT:
            raise SecurityError(f"a text of it has more than {MAX_TEXT:,} characters")


def _shown(value: Any) -> Any:
    """What a template prints: anything else would show where it stands in memory."""
    if value is None or isinstance(value, str | int | float | Undefined):
        return value
    raise TypeError(f"{type(value).__name__} is no text; print one of its parts")


def _is_escaped(name: str | None) -> bool:
    return name is not None and name.endswith(_ESCAPED)
