"""Reads YAML (and JSON, which is YAML) so that every value keeps its line and every scalar its own spelling.

Knows nothing of what a criteria file means: `shapes.py` does. Nothing is guessed: a scalar that YAML would take for a
number, a boolean or a date arrives as `Unquoted`, and whoever needs text can refuse it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Loc = tuple[str | int, ...]


@dataclass(frozen=True)
class Unquoted:
    """A scalar YAML does not take for text: its spelling, and as what YAML takes it (`kind`: int, bool, …)."""

    raw: str
    kind: str


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with a criteria file: where it stands and what to do about it."""

    file: str
    line: int
    path: str
    message: str
    said: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        said = self.said or self.path
        # People count versions by their numbers and know rules by their names; programs count from 0.
        behind = f" [{self.path}]" if self.said and "[" in self.path else ""
        return f"{where}: {said}: {self.message}{behind}" if said else f"{where}: {self.message}"


class CriteriaError(Exception):
    """The criteria were refused. `faults` holds every fault found, in file and line order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(set(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


@dataclass
class Document:
    """One file as plain dicts, lists, text and `Unquoted`, with the line of every key and item."""

    file: str
    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def line_of(self, loc: Loc) -> int:
        """Line of that place, or of the nearest place around it that was written down."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def refuse(self, loc: Loc, message: str) -> None:
        """Notes a fault: the file will not be used."""
        self.faults.append(self._found(loc, message))

    def warn(self, loc: Loc, message: str) -> None:
        """Notes something worth a look that refuses nothing."""
        self.warnings.append(self._found(loc, message))

    def _found(self, loc: Loc, message: str) -> Fault:
        loc = written_loc(self.data, loc)
        return Fault(self.file, self.line_of(loc), dotted(loc), message, said_place(self.data, loc))


def dotted(loc: Loc) -> str:
    """`('versions', 0, 'mql')` as `versions[0].mql`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


_ITEMS = {"versions": "version", "checklist": "checklist item", "examples": "example"}
_NAMES = ("version", "id", "title")


def said_place(data: Any, loc: Loc) -> str:
    """A place as people call it, like `version 2, rule guide, signal`: items by their names, keys as written."""
    found: list[str] = []
    keys: list[str] = []
    for step in loc:
        data = _within(data, step)
        if isinstance(step, str):
            keys.append(step)
            continue
        name = next((text for key in _NAMES if isinstance(text := _text_of(data, key), str)), None)
        if name is None:
            keys.append(f"no. {step + 1}")
        else:
            found.append(f"{_ITEMS.get(keys[-1] if keys else '', 'rule')} {name}")
            keys = []
    return ", ".join([*found, " ".join(keys)] if keys else found)


def _within(data: Any, step: str | int) -> Any:
    try:
        return data[step]
    except (KeyError, IndexError, TypeError):
        return None


def _text_of(data: Any, key: str) -> Any:
    value = data.get(key) if isinstance(data, dict) else None
    return getattr(value, "raw", value)


def written_loc(data: Any, loc: Loc) -> Loc:
    """The place as the file has it: a readiness item's only part stands in the item, several stand under `all`."""
    place: list[str | int] = []
    steps = list(loc)
    while steps:
        step = steps.pop(0)
        if step == "parts" and isinstance(data, dict) and "parts" not in data:
            if "all" not in data:
                steps = steps[1:]
                continue
            step = "all"
        place.append(step)
        data = _within(data, step)
    return tuple(place)


def read_document(path: Path) -> Document:
    """Reads one file. What is wrong with it as YAML is in `faults`; nothing is raised."""
    document = Document(file=path.name)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        document.refuse((), f"cannot be read as UTF-8 text ({type(error).__name__})")
        return document
    if text.lstrip().startswith(("{", "[")):
        # Strings of JSON cannot hold a bare tab, so every tab is indentation, which YAML does not allow.
        text = text.replace("\t", " ")
    _compose(text, document)
    return document


def _compose(text: str, document: Document) -> None:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        document.data = None if node is None else _plain(node, (), document, frozenset())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        problem = error.problem or error.context
        look = "look for a bracket, quote, colon or indentation that is missing here or on the line above"
        document.faults.append(Fault(document.file, line, "", f"is not YAML: {problem}: {look}"))
    except yaml.YAMLError:
        document.refuse((), "is not YAML: it holds characters YAML does not allow")
    if document.data is None and not document.faults:
        document.refuse((), "is empty: remove the file or write its content")


def _plain(node: yaml.Node, loc: Loc, document: Document, above: frozenset[int]) -> Any:
    document.lines.setdefault(loc, node.start_mark.line + 1)
    if id(node) in above:
        document.refuse(loc, "refers to itself: write it out")
        return None
    above = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, loc, document, above)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*loc, i), document, above) for i, item in enumerate(node.value)]
    kind = node.tag.removeprefix("tag:yaml.org,2002:")
    if kind == "null":
        return None
    return str(node.value) if kind == "str" else Unquoted(str(node.value), kind)


def _mapping(node: yaml.MappingNode, loc: Loc, document: Document, above: frozenset[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            document.lines[(*loc, "?")] = key_node.start_mark.line + 1
            document.refuse((*loc, "?"), "a key must be a word")
            continue
        place = (*loc, str(key_node.value))
        if key_node.value in found:
            document.lines[place] = key_node.start_mark.line + 1
            document.refuse(place, "is written twice: keep one")
        document.lines[place] = key_node.start_mark.line + 1
        found[str(key_node.value)] = _plain(value_node, place, document, above)
    return found
