"""Checks of an advertising source's entry that need more than one value: reports and columns it names must exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from orchestration.lake.contract import LINEAGE
from orchestration.sources import google_ads, meta_ads
from orchestration.sources.ad_objects import AdObject
from orchestration.sources.registry_ads import AdsSource
from orchestration.sources.registry_values import did_you_mean

OBJECTS: dict[str, Sequence[AdObject]] = {"google_ads": google_ads.OBJECTS, "meta_ads": meta_ads.OBJECTS}
Fault = Callable[[tuple[str | int, ...], str], None]


def check_ads(source: AdsSource, fault: Fault) -> None:
    """Tell `fault` of everything wrong, by its place in the entry."""
    if source.complete_for == "last_days" and source.restates_days < 1:
        fault(("complete_for",), "needs `restates_days`: how many days, its last among them, a file holds in full")
    objects = {declared.name: declared for declared in OBJECTS[source.connector]}
    named: dict[str, dict[str, Any]] = {"files": source.files, "columns": source.columns, "segments": source.segments}
    for option, told in named.items():
        for name in told:
            if name not in objects:
                fault((option, name), f"is no report of {source.connector}{did_you_mean(name, list(objects))}")
    for name, patterns in source.files.items():
        for number, pattern in enumerate(patterns):
            if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
                fault(("files", name, number), "must stay below `path`: write it relative to it")
    for name in objects.keys() & source.columns.keys():
        _check_columns(objects[name], source.columns[name], fault)
    for name in objects.keys() & source.segments.keys():
        _check_segments(objects[name], source.segments[name], fault)


def _check_columns(declared: AdObject, renamed: dict[str, str], fault: Fault) -> None:
    known = [*(column.name for column in declared.columns), *declared.ignored]
    for name, given in renamed.items():
        if name not in known:
            fault(("columns", declared.name, name), f"is no column of that report{did_you_mean(name, known)}")
        elif given in known and given not in renamed:
            fault(("columns", declared.name, name), f"`{given}` is another column of that report: rename that one too")


def _check_segments(declared: AdObject, segments: Sequence[str], fault: Fault) -> None:
    if not declared.brings_spend:
        fault(("segments", declared.name), "only reports that may bring spend are told apart by segments")
    taken = {column.name for column in declared.columns} | {column.landed for column in declared.columns}
    for number, name in enumerate(segments):
        if name in taken | LINEAGE.keys() | {"known_at", "is_deleted"}:
            fault(("segments", declared.name, number), "is a column of that report already")
