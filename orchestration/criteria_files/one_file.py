"""Reads one service line's file as it stands, to try it out: other files' faults, and the past, are not asked."""

from __future__ import annotations

from pathlib import Path

from orchestration.criteria_files.load import SUFFIXES, Criteria, ServiceLine, read_beside, read_service_line
from orchestration.criteria_files.marks import CriteriaError, read_document


def load_one(path: Path, beside: Path) -> tuple[Criteria, ServiceLine]:
    """The file's service line, checked against catalogue and policy of the folder `beside`.

    Raises
    ------
    CriteriaError: with every fault of the file.
    """
    documents = {
        path.stem: read_document(path)
        for path in sorted(beside.glob("*"))
        if path.suffix in SUFFIXES and path.stem in ("catalogue", "policy")
    }
    catalogue, policy = read_beside(documents)
    document = read_document(path)
    line = read_service_line(document, catalogue, policy)
    faults = [fault for each in (document, *documents.values()) for fault in each.faults]
    if faults or line is None:
        raise CriteriaError(faults)
    return Criteria((line,), catalogue, policy, warnings=tuple(document.warnings)), line
