"""What pydantic found -> problems in plain words, each with its place."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from monitor.config.document import Document
from monitor.config.values import nearest

_TYPES = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "tuple_type": "a list",
    "model_type": "a mapping (key: value)",
    "dict_type": "a mapping (name: value)",
}
_LIMITS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_FOLLOWING = {"default_factory_not_called"}
"""What is only wrong because something beside it is."""


def in_words(error: ValidationError, model: type[BaseModel], document: Document) -> tuple[str, ...]:
    """Return a line for each error, in the order of the file."""
    found = (each for each in error.errors(include_url=False) if each["type"] not in _FOLLOWING)
    ordered = sorted(found, key=lambda each: document.line(each["loc"]))
    return tuple(document.problem(_place(each), _say(each, model)) for each in ordered)


def _place(each: ErrorDetails) -> tuple[int | str, ...]:
    """The place in the file; pydantic marks the key of a mapping by one more name."""
    loc = each["loc"]
    return loc[:-1] if loc and loc[-1] == "[key]" else loc


def _say(each: ErrorDetails, model: type[BaseModel]) -> str:
    kind, given, context = each["type"], each["input"], each.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(each, model)
    if kind == "missing":
        return "missing; add it"
    if given is None:
        return "has no value; give it one or remove the key"
    if kind == "value_error":
        return str(context["error"])
    if kind in _TYPES:
        keys = _keys_expected(kind, each, model)
        return f"must be {_TYPES[kind]}, not {_kind_of(given)}{_remedy(kind, given, keys)}"
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        return f"must be {words} {context[key]:g}"
    return _say_size(kind, context)


def _say_size(kind: str, context: dict[str, Any]) -> str:
    match kind:
        case "too_short" | "string_too_short":
            return "is empty; write at least one"
        case "too_long" | "string_too_long":
            return f"is longer than {context['max_length']}; shorten it"
        case "literal_error" | "enum":
            return f"must be {context['expected']}"
        case _:
            return "is not understood; see docs/reference/configuration.md"


def _unknown_key(each: ErrorDetails, model: type[BaseModel]) -> str:
    *parents, key = each["loc"]
    keys = _keys(_model_at(model, parents))
    if "password" in str(key):
        secret = [known for known in keys if "password" in known]
        return f"unknown key; a secret never stands here: use {' or '.join(secret) or 'none'}"
    return "unknown key" + (nearest(str(key), keys) or f"; known are {', '.join(keys)}")


def _model_at(model: type[BaseModel], loc: list[int | str]) -> type[BaseModel]:
    """Follow the keys of a place down to the model that stands there."""
    for key in loc:
        if isinstance(key, str):
            fields = model.model_fields.items()
            field = next((each for name, each in fields if key in (name, each.alias)), None)
            model = (field and _inner_model(field.annotation)) or model
    return model


def _inner_model(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inner_model, get_args(annotation))), None)


def _keys(model: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _kind_of(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping (key: value)"


def _keys_expected(kind: str, each: ErrorDetails, model: type[BaseModel]) -> str:
    """Return the keys of the mapping that is expected at a place, or of those in its list."""
    expected = _model_at(model, list(each["loc"]))
    is_plain_list = kind == "tuple_type" and expected is _model_at(model, list(each["loc"][:-1]))
    return "" if is_plain_list else ", ".join(_keys(expected))


def _remedy(kind: str, given: object, keys: str) -> str:
    """Return how to write the given value in the expected kind, where that is plain."""
    if kind == "string_type" and isinstance(given, int | float):
        return f'; put it in quotes: "{given}"'
    if kind == "model_type":
        return f"; its keys are {keys}"
    if kind == "tuple_type" and keys:
        return f"; write a list of items with the keys {keys}"
    if kind == "tuple_type" and isinstance(given, str):
        return "; put it in brackets: [...]"
    return ""
