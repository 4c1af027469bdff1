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

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"


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
        names = ", ".join(names_of(self.data, loc))
        return Fault(self.file, self.line_of(loc), dotted(loc), f"{message} ({names})" if names else message)


def dotted(loc: Loc) -> str:
    """`('versions', 0, 'mql')` as `versions[0].mql`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def names_of(data: Any, loc: Loc) -> list[str]:
    """What people call the items around a place: `rule guide`, `version 2`. A path counts from 0, people do not."""
    found: list[str] = []
    for i, step in enumerate(loc):
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            break
        if not isinstance(step, int) or not isinstance(data, dict):
            continue
        word, key = ("version", "version") if loc[i - 1 : i] == ("versions",) else ("rule", "id")
        name = getattr(data.get(key), "raw", data.get(key))
        if isinstance(name, str) and loc[i + 1 :] != (key,):
            found.insert(0, f"{'item' if loc[i - 1 : i] == ('checklist',) else word} {name}")
    return found


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
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            data = None
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
