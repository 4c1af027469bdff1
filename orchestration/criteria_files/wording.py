"""How a fault is put in words: for people who write criteria and have never seen code.

Every message says what is wrong and what to do; for a mistyped name it says which one is near. Where a fault stands is
`marks.py`; what is a fault at all is decided where it is found.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel

from orchestration.criteria_files.marks import Loc, Unquoted

_KINDS = {
    "list_type": "must be a list, like [first, second]",
    "dict_type": "must hold keys of its own, each as `key: value`",
    "model_type": "must hold keys of its own, each as `key: value`",
    "too_short": "must not be an empty list: name at least one, or remove the key",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
}
_BOUNDS = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}


def number(value: Decimal | int) -> str:
    """Decimal digits without trailing zeros."""
    return format(Decimal(value).normalize(), "f")


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like that one, or None where none is near."""
    folded = {each.casefold(): each for each in sorted(known)}
    found = get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def unknown_key(key: str, known: Iterable[str]) -> str:
    """A key nothing reads."""
    names = list(known)
    near = nearest(key, names)
    if near is not None:
        return f"unknown key {key}: did you mean {near}?"
    return (
        f"unknown key {key}: remove it; known here are {', '.join(names)}" if names else f"unknown key {key}: remove it"
    )


def unknown_name(name: str, section: str, known: Iterable[str]) -> str:
    """A name the catalogue does not have."""
    near = nearest(name, known)
    remedy = f"did you mean {near}?" if near else "take one of its names, or add this one there"
    return f"{name} is not among the {section} of catalogue.yaml, so the rule could never count: {remedy}"


def in_words(fault: Any, shape: Any, loc: Loc) -> str:
    """One of pydantic's faults, found at `loc` within `shape`, in words of this house."""
    kind = str(fault["type"])
    if kind == "extra_forbidden":
        return unknown_key(str(loc[-1]), keys_at(shape, loc[:-1]))
    if kind == "missing":
        return "is required and absent: add it"
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    if kind == "literal_error":
        return _not_one_of(fault.get("input"), str(fault["ctx"]["expected"]))
    if kind in _BOUNDS:
        word, key = _BOUNDS[kind]
        return f"must be {word} {fault['ctx'][key]}"
    return _KINDS.get(kind, str(fault["msg"]))


def _not_one_of(given: Any, expected: str) -> str:
    names = [each.strip(" '") for each in expected.replace(" or ", ", ").split(",")]
    if len(names) == 1:
        return f"must be {names[0]}"
    text = given.raw if isinstance(given, Unquoted) else given
    near = nearest(text, names) if isinstance(text, str) else None
    return f"must be one of {', '.join(names)}" + (f": did you mean {near}?" if near else "")


def keys_at(shape: Any, loc: Loc) -> list[str]:
    """The keys that may stand at a place within a shape, in their order; none where keys are free."""
    for step in loc:
        models = _models(shape)
        if isinstance(step, int):
            shape = next(iter(typing.get_args(_unwrapped(shape))), Any)
        elif models:
            fields = {field.alias or name: field.annotation for name, field in models[0].model_fields.items()}
            shape = fields.get(step, Any)
        else:
            return []
    # The parts of a readiness item are written under `all`.
    written = {"parts": "all"}
    names = [field.alias or name for model in _models(shape) for name, field in model.model_fields.items()]
    return [written.get(name, name) for name in names]


def _unwrapped(shape: Any) -> Any:
    """Without what may be absent: `list[X] | None` is `list[X]`."""
    if typing.get_origin(shape) in (typing.Union, types.UnionType):
        return next(each for each in typing.get_args(shape) if each is not type(None))
    return shape


def _models(shape: Any) -> list[type[BaseModel]]:
    shape = _unwrapped(shape)
    return [shape] if isinstance(shape, type) and issubclass(shape, BaseModel) else []
