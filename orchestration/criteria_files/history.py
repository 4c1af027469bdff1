"""Versions against what has already been decided by them: hashes, the lock file and a home's own record.

What a home has recorded is handed in; nothing here reads a home or writes into the criteria folder unless asked to
(`lock_text` only makes the text).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.criteria_files.marks import Document, Fault, read_document
from orchestration.criteria_files.shapes import Version

_DECIDING = ("effective_from", "mql", "sql", "sla")
_GONE = "put it back as it was; what shall decide from now on is a new version below it"
_CHANGED = "put effective_from, mql, sql and sla back as they were, and write the change as a new version below"


@dataclass(frozen=True)
class Recorded:
    """What a home remembers: the hash of every version that had come into force by its last published as_of."""

    hashes: Mapping[str, str]
    published_as_of: datetime | None = None


def version_hash(version: Version) -> str:
    """SHA-256 of what decides: effective_from, mql, sql, sla. Notes, examples and clinical reasons may change."""
    return canonical_hash(version.model_dump(include=set(_DECIDING), by_alias=True))


def canonical_hash(value: Any) -> str:
    """SHA-256 of the canonical JSON of plain data: neither key order nor the spelling of numbers counts."""
    text = json.dumps(_canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _canonical(v) for k, v in value.items() if v not in (None, []) and k != "clinical_reason"}
    if isinstance(value, list | tuple):
        return [_canonical(item) for item in value]
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.isoformat() if isinstance(value, datetime) else value


def read_lock(document: Document) -> dict[str, str]:
    """Content of decided.lock: criteria version → hash."""
    if not isinstance(document.data, dict):
        document.refuse((), "must hold one line `criteria version: hash` each: write it with `handoff criteria lock`")
        return {}
    found = {}
    for name, value in document.data.items():
        raw = value if isinstance(value, str) else getattr(value, "raw", None)
        if raw is None:
            document.refuse((name,), "must be a hash: write the file with `handoff criteria lock`")
        else:
            found[name] = raw
    return found


def lock_faults(path: Path, present: Mapping[str, tuple[str, datetime, str, int]]) -> list[Fault]:
    """Faults of the versions against decided.lock; none where there is no such file."""
    if not path.exists():
        return []
    document = read_document(path)
    recorded = Recorded(read_lock(document)) if not document.faults else Recorded({})
    return document.faults + compare(present, recorded, path.name)


def lock_text(hashes: Mapping[str, str]) -> str:
    """Text of decided.lock for these versions."""
    head = "# Versions that have decided, and the hash of what decides in them. Written by `handoff criteria lock`.\n"
    return head + "".join(f'"{name}": "{hashes[name]}"\n' for name in sorted(hashes))


def compare(present: Mapping[str, tuple[str, datetime, str, int]], recorded: Recorded, recorded_by: str) -> list[Fault]:
    """Faults of versions that were changed or removed after deciding, or begin in a published past.

    `present` maps a criteria version to (hash, effective_from, file, line) as the files have it; `recorded_by` says who
    remembers, for the message: a file's name or "this home".
    """
    faults = []
    files = {name.rpartition("@")[0]: file for name, (_, _, file, _) in present.items()}
    for name, digest in sorted(recorded.hashes.items()):
        if name not in present:
            service_line = name.rpartition("@")[0]
            file = files.get(service_line, recorded_by if recorded_by.endswith(".lock") else f"{service_line}.yaml")
            faults.append(Fault(file, 1, name, f"has decided and is gone ({recorded_by} remembers it): {_GONE}"))
        elif present[name][0] != digest:
            _, _, file, line = present[name]
            faults.append(
                Fault(file, line, name, f"has decided and was changed ({recorded_by} remembers it): {_CHANGED}")
            )
    for name, (_, effective_from, file, line) in sorted(present.items()):
        if recorded.published_as_of is None or name in recorded.hashes or effective_from > recorded.published_as_of:
            continue
        last = f"{recorded.published_as_of.isoformat()}Z"
        faults.append(
            Fault(
                file,
                line,
                name,
                f"is new and begins in the past: set its effective_from after {last}, up to when all is published",
            )
        )
    return faults
