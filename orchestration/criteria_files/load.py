"""Reads a criteria folder whole: the service lines, default.yaml and the files beside them, or every fault at once.

This is the front door of the package: `load_criteria` and `Criteria`. Landing what was read is `landing.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.criteria_files import tables as _tables
from orchestration.criteria_files.checks import (
    check_order,
    check_test,
    check_version,
    refuse_twins,
    warn_of_other_lines,
)
from orchestration.criteria_files.companions import (
    Catalogue,
    Policy,
    read_catalogue,
    read_exclusions,
    read_policy,
    validated,
    with_tags,
)
from orchestration.criteria_files.history import (
    Recorded,
    canonical_hash,
    compare,
    lock_faults,
    lock_text,
    version_hash,
)
from orchestration.criteria_files.marks import CriteriaError, Document, Fault, Loc, read_document
from orchestration.criteria_files.routing_checks import checked_routing
from orchestration.criteria_files.scalars import Text
from orchestration.criteria_files.shapes import Exclusion, Version
from orchestration.criteria_files.wording import unknown_key

SUFFIXES = (".yaml", ".yml", ".json")
DEFAULT = "default"
_BESIDE = ("catalogue", "policy", "exclusions", "routing")
_KEYS = ("service_line", "owners", "versions")


@dataclass(frozen=True)
class ServiceLine:
    """One file of criteria. `name` is the service line, or `default`.

    `lines` are the lines its versions stand on; `document` knows those of everything in them.
    """

    name: str
    file: str
    owners: dict[str, str]
    versions: tuple[Version, ...]
    lines: tuple[int, ...] = ()
    document: Document | None = field(default=None, repr=False, compare=False)

    @property
    def is_default(self) -> bool:
        """Whether it decides for service lines without criteria of their own."""
        return self.name == DEFAULT

    def criteria_version(self, version: Version) -> str:
        """Name of a version wherever decisions speak of it, like `orthopaedics@2`."""
        return f"{self.name}@{version.version}"


@dataclass(frozen=True)
class Criteria:
    """A criteria folder that was found in order."""

    service_lines: tuple[ServiceLine, ...] = ()
    catalogue: Catalogue = field(default_factory=Catalogue)
    policy: Policy = field(default_factory=Policy)
    exclusions: tuple[Exclusion, ...] = ()
    routing: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[Fault, ...] = ()

    def hashes(self, *, by: datetime | None = None) -> dict[str, str]:
        """Hash of every version, or of those that have come into force by that moment (naive UTC)."""
        return {
            line.criteria_version(version): version_hash(version)
            for line in self.service_lines
            for version in line.versions
            if by is None or version.effective_from <= by
        }

    @property
    def content_hash(self) -> str:
        """Hash of all that can change a derived table: the versions, exclusions, policy, catalogue and routing."""
        exclusions = [exclusion.model_dump(by_alias=True) for exclusion in self.exclusions]
        names = [f"{entry.section}/{entry.name}" for entry in self.catalogue.entries]
        return canonical_hash(
            {
                "versions": self.hashes(),
                "exclusions": exclusions,
                "protected": sorted(self.policy.protected),
                "catalogue": sorted(names),
                "routing": self.routing,
            }
        )

    def lock_text(self, *, by: datetime) -> str:
        """Text of decided.lock for the versions in force by that moment (naive UTC)."""
        return lock_text(self.hashes(by=by))

    def refuse_unless_kept(self, recorded: Recorded, recorded_by: str = "this home") -> None:
        """Raises CriteriaError where a version that decided was changed or removed, or a new one begins too early."""
        faults = compare(self._present(), recorded, recorded_by)
        if faults:
            raise CriteriaError(faults)

    def tables(self) -> dict[str, pa.Table]:
        """Everything as rows, one table per part (`stg_criteria__<part>`)."""
        return _tables.tables(self)

    @property
    def barred_from_models(self) -> dict[str, str]:
        """Names no model may see, each with the reason: protected ones, what stands in for them, what staff enter."""
        tagged = {entry.name: entry.barred_for for entry in self.catalogue.entries if entry.barred_for}
        return tagged | dict.fromkeys(self.policy.protected, "protected")

    def known_signals(self) -> frozenset[str]:
        """Signals that stand in the catalogue or in a rule of any version."""
        rules = self.tables()["rules"].select(["kind", "name"]).to_pylist()
        return frozenset(rule["name"] for rule in rules if rule["kind"] == "touch") | (
            self.catalogue.names("signals") or frozenset()
        )

    def _present(self) -> dict[str, tuple[str, datetime, str, int]]:
        return {
            line.criteria_version(version): (version_hash(version), version.effective_from, line.file, at)
            for line in self.service_lines
            for version, at in zip(line.versions, line.lines, strict=True)
        }


def load_criteria(directory: Path) -> Criteria:
    """Reads and checks every criteria file of a folder (an absent folder is an empty one).

    Raises CriteriaError with every fault of every file, each with file, path and line.
    """
    paths = sorted(path for path in directory.glob("*") if path.suffix in SUFFIXES and path.is_file())
    documents = {path.name: read_document(path) for path in paths}
    beside = {Path(name).stem: document for name, document in documents.items() if Path(name).stem in _BESIDE}
    catalogue, policy = read_beside(beside)
    exclusions = _beside(beside, "exclusions", read_exclusions, ())
    if "exclusions" in beside:
        _check_exclusions(beside["exclusions"], exclusions, catalogue, policy)
    lines = [
        line
        for name, document in documents.items()
        if Path(name).stem not in _BESIDE and (line := read_service_line(document, catalogue, policy)) is not None
    ]
    _refuse_twin_lines(lines, documents)
    routing = checked_routing(beside.get("routing"), {line.name: line.versions for line in lines}, catalogue, policy)
    faults = [fault for document in documents.values() for fault in document.faults]
    warnings = tuple(warning for document in documents.values() for warning in document.warnings)
    criteria = Criteria(tuple(lines), catalogue, policy, exclusions, routing, warnings)
    faults += lock_faults(directory / "decided.lock", criteria._present()) if not faults else []
    if faults:
        raise CriteriaError(faults)
    return criteria


def read_beside(beside: dict[str, Document]) -> tuple[Catalogue, Policy]:
    """Catalogue and policy of the documents beside the service lines, by stem; empty where absent or faulty."""
    catalogue = _beside(beside, "catalogue", read_catalogue, Catalogue())
    policy = _beside(beside, "policy", read_policy, Policy())
    return catalogue, with_tags(policy, catalogue, beside.get("catalogue"))


def _beside(beside: dict[str, Document], name: str, read: Any, absent: Any) -> Any:
    document = beside.get(name)
    return absent if document is None or document.faults else read(document)


def _check_exclusions(document: Document, exclusions: Any, catalogue: Catalogue, policy: Policy) -> None:
    base: Loc = ()
    if isinstance(document.data, dict):
        base = ("rules",) if "rules" in document.data else ("exclusions",)
    for i, rule in enumerate(exclusions if not document.faults else ()):
        check_test(document, (*base, i), rule, catalogue, policy)
    if not document.faults:
        refuse_twins(document, [((*base, i, "id"), rule.id) for i, rule in enumerate(exclusions)])


def read_service_line(document: Document, catalogue: Catalogue, policy: Policy) -> ServiceLine | None:
    """The service line of one document; None, with its faults noted, where it is not in order."""
    if document.faults:
        return None
    data = document.data
    if not isinstance(data, dict):
        document.refuse((), "must hold service_line and versions")
        return None
    for key in data:
        if key not in _KEYS:
            document.refuse((key,), unknown_key(key, _KEYS))
    is_default = Path(document.file).stem == DEFAULT
    name: str | None = DEFAULT
    if not is_default:
        name = validated(document, ("service_line",), Text, data.get("service_line"))
        if name == DEFAULT:
            document.refuse(("service_line",), "is the name of default.yaml: give the service line its own")
    owners = validated(document, ("owners",), dict[str, Text] | None, data.get("owners"))
    versions, places = _versions(document, data.get("versions"), catalogue, policy)
    if name is None or document.faults:
        return None
    if not is_default:
        warn_of_other_lines(document, name, list(zip(places, versions, strict=True)))
    lines = tuple(map(document.line_of, places))
    return ServiceLine(name, document.file, owners or {}, tuple(versions), lines, document)


def _versions(document: Document, found: Any, catalogue: Catalogue, policy: Policy) -> tuple[list[Version], list[Loc]]:
    if not isinstance(found, list) or not found:
        document.refuse(("versions",), "is required: a list of at least one version")
        return [], []
    versions: list[Version] = []
    places: list[Loc] = []
    before: Version | None = None
    for i, item in enumerate(found):
        loc: Loc = ("versions", i)
        version: Version | None = validated(document, loc, Version, item)
        if version is None:
            continue
        check_version(document, loc, version, catalogue, policy)
        check_order(document, loc, before, version)
        before = version
        versions.append(version)
        places.append(loc)
    return versions, places


def _refuse_twin_lines(lines: list[ServiceLine], documents: dict[str, Document]) -> None:
    seen: dict[str, str] = {}
    for line in lines:
        if line.name in seen:
            documents[line.file].refuse(
                ("service_line",), f"{line.name} has criteria in {seen[line.name]} already: keep one file"
            )
        seen.setdefault(line.name, line.file)
