"""Reads YAML so that every value keeps the line it stands on, and nothing is repeated, guessed or executed.

Knows nothing of what the document means: `registry.py` does. Values of scalars never appear in a fault, because any of
them may be a secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

Loc = tuple[str | int, ...]

_MERGE_TAG = "tag:yaml.org,2002:merge"
_READ_AS = {bool: "true or false", int: "a number", float: "a number", type(None): "nothing"}


@dataclass(frozen=True, order=True)
class Fault:
    """One thing wrong with a file: where it stands and what to do about it."""

    file: str
    line: int
    where: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.where}: {self.message}" if self.where else f"{place}: {self.message}"


@dataclass
class Document:
    """A document as plain dicts, lists and scalars, with the line of every key and item, and what was wrong with it."""

    file: str
    data: Any = None
    lines: dict[Loc, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line_of(self, loc: Loc) -> int:
        """Line of that place, or of the nearest place around it that was written down."""
        while loc and loc not in self.lines:
            loc = loc[:-1]
        return self.lines.get(loc, 1)

    def add(self, loc: Loc, message: str) -> None:
        """Notes a fault at a place."""
        self.faults.append(Fault(self.file, self.line_of(loc), dotted(loc), message))


def dotted(loc: Loc) -> str:
    """`('sources', 'crm', 'codes', 0)` as `sources.crm.codes[0]`."""
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def read_as(value: object) -> str:
    """How YAML took an unquoted scalar, in words a person would use."""
    return _READ_AS.get(type(value), "a date or time")


def load_document(path: Path) -> Document:
    """Reads one YAML (or JSON) file; whatever is wrong is in `faults`, never raised."""
    document = Document(file=path.name)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        document.add((), f"there is no such file ({path}): give the path of a sources file")
    except (OSError, UnicodeDecodeError) as error:
        document.add((), f"cannot be read as UTF-8 text ({type(error).__name__})")
    else:
        _compose(text, document)
    return document


def _compose(text: str, document: Document) -> None:
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            document.add((), "is empty: write `sources:` and at least one source")
        else:
            document.data = _construct(loader, node, (), document, ())
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        document.faults.append(Fault(document.file, line, "", f"is not valid YAML: {error.problem or error.context}"))
    except yaml.YAMLError:
        document.add((), "is not valid YAML: it holds characters YAML does not allow")
    finally:
        loader.dispose()


def _construct(loader: yaml.SafeLoader, node: yaml.Node, loc: Loc, document: Document, above: tuple[int, ...]) -> Any:
    document.lines.setdefault(loc, node.start_mark.line + 1)
    if id(node) in above:
        document.add(loc, "refers to itself: write it out")
        return None
    above = (*above, id(node))
    if isinstance(node, yaml.MappingNode):
        return dict(_entries(loader, node, loc, document, above))
    if isinstance(node, yaml.SequenceNode):
        return [_construct(loader, item, (*loc, i), document, above) for i, item in enumerate(node.value)]
    try:
        return loader.construct_object(node, deep=True)
    except (ValueError, yaml.YAMLError):
        document.add(loc, "cannot be read as what it looks like: put it in quotes if it is text")
        return None


def _entries(
    loader: yaml.SafeLoader, node: yaml.MappingNode, loc: Loc, document: Document, above: tuple[int, ...]
) -> Iterator[tuple[str, Any]]:
    """Entries of a mapping, merged ones (`<<`) first so that the mapping's own win; refuses a key given twice."""
    seen: dict[str, int] = {}
    merged = [value for key, value in node.value if key.tag == _MERGE_TAG]
    for base in merged:
        for part in base.value if isinstance(base, yaml.SequenceNode) else [base]:
            if isinstance(part, yaml.MappingNode):
                yield from _entries(loader, part, loc, document, above)
    for key_node, value_node in node.value:
        if key_node.tag == _MERGE_TAG:
            continue
        line = key_node.start_mark.line + 1
        key = _key(loader, key_node)
        if not isinstance(key, str):
            message = f"a key here is read by YAML as {read_as(key)}: put it in quotes"
            document.faults.append(Fault(document.file, line, dotted(loc), message))
            continue
        if key in seen:
            message = f"is given twice (first on line {seen[key]}): keep one"
            document.faults.append(Fault(document.file, line, dotted((*loc, key)), message))
            continue
        seen[key] = line
        document.lines[(*loc, key)] = line
        yield key, _construct(loader, value_node, (*loc, key), document, above)


def _key(loader: yaml.SafeLoader, node: yaml.Node) -> object:
    try:
        return loader.construct_object(node, deep=True) if isinstance(node, yaml.ScalarNode) else None
    except (ValueError, yaml.YAMLError):
        return None
