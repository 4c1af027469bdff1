"""Files of advertising reports as extracts: which file is which report, and which accounts may bring spend.

A report's files are named as it is (`campaign_stats.csv`, `campaign_stats-2026-01-31.csv.gz`), stand in a folder of
that name, or are named in the registry's `files`. An account whose currency and time zone nobody names brings no
spend: amounts of unknown currency would be added to others. What landed means is staging's business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from orchestration.lake.extract import ColumnSpec, Extract, ObjectSpec, Restates, SourceRules
from orchestration.sources.ad_accounts import ACCOUNTS, known_accounts
from orchestration.sources.ad_objects import AdObject
from orchestration.sources.extracting import Found, SourceFault, rules_of
from orchestration.sources.file_listing import SPREADSHEETS, files_below, format_of, split_name
from orchestration.sources.registry_ads import AdsSource

_AFTER_NAME = re.compile(r"([-_.](data|part|report|\d).*)?")
_NO_ACCOUNT = (
    "no account has both a currency and a time zone, and spend of an unknown currency is never added: "
    "say them in `accounts` (or `currency` and `timezone` of the source), or bring account_history with them"
)


def ad_extracts(source: AdsSource, objects: Sequence[AdObject]) -> Found:
    """Every file of every object, in the order of the objects, then of their names. Nothing lands here.

    A path that is not there, data files no object takes, and reports of accounts nobody knows come as `SourceFault`.
    """
    if not source.path.exists():
        message = "there is no such folder or file: mend `path`, or bring it back"
        yield SourceFault(source.name, "", source.path.name, message)
        return
    files = _files(source)
    chosen = {declared.name: _files_of(source, declared.name, files) for declared in objects}
    accounts = known_accounts(source, list(_account_histories(source, objects, chosen)))
    for declared in objects:
        spec = object_spec(source, declared, accounts=accounts)
        if chosen[declared.name] and declared.account is not None and accounts is not None and not accounts:
            yield SourceFault(source.name, declared.name, source.path.name, _NO_ACCOUNT)
            continue
        yield from (_extract(source, declared, spec, file) for file in chosen[declared.name])
    taken = {file for found in chosen.values() for file in found}
    yield from _left_aside(source, [file for file in files if file not in taken])


def declaring_ads(source: AdsSource, objects: Sequence[AdObject]) -> Callable[[str, str], Extract | None]:
    """How rows of an object (from an origin) are read today; None of an object that is none, or may not land.

    Accounts are looked up once for all that is asked.
    """
    by_name = {declared.name: declared for declared in objects}

    @cache
    def accounts() -> frozenset[str] | None:
        return known_accounts(source, account_histories(source, objects))

    def declared(name: str, origin: str) -> Extract | None:
        found = by_name.get(name)
        known = accounts() if found is not None and found.account is not None else None
        if found is None or (known is not None and not known):
            return None
        spec = object_spec(source, found, accounts=known)
        return Extract(rules=_rules(source), spec=spec, origin=origin, restates=_restates(source, found, spec))

    return declared


def account_histories(source: AdsSource, objects: Sequence[AdObject]) -> list[Extract]:
    """The files of the accounts' own history that are there now."""
    chosen = {ACCOUNTS: _files_of(source, ACCOUNTS, _files(source) if source.path.exists() else [])}
    return list(_account_histories(source, objects, chosen))


def object_spec(source: AdsSource, declared: AdObject, *, accounts: Collection[str] | None = None) -> ObjectSpec:
    """An object as landing checks it, under the file's column names; `accounts` are the known ones, None: any."""
    names = source.columns.get(declared.name, {})
    segments = source.segments.get(declared.name, ())
    columns = [_column(declared, column, accounts) for column in declared.columns]
    columns += [ColumnSpec(name, name, optional=False) for name in segments]
    if declared.brings_spend:
        columns.append(ColumnSpec("is_deleted", "is_deleted", "boolean", optional=True))
    own = {column.name for column in columns}
    columns += [ColumnSpec(name, None, optional=True) for name in declared.ignored if name not in own]
    return ObjectSpec(
        folder=source.folder,
        name=declared.name,
        columns=tuple(replace(column, name=names.get(column.name, column.name)) for column in columns),
        key=(*(names.get(name, name) for name in declared.key), *segments),
        event_time=names.get(declared.day, declared.day) if declared.day else None,
        entity=declared.clock,
        is_reference=declared.clock is None,
        one_of=tuple(names.get(name, name) for name in declared.one_of),
        is_whole=declared.brings_spend,
    )


def declared_specs(kind: type[AdsSource], objects: Sequence[AdObject]) -> list[ObjectSpec]:
    """Every object as a source without settings of its own brings it."""
    name = str(kind.model_fields["platform"].default)
    source = kind.model_validate({"@name": name, "connector": name, "path": "."})
    return [object_spec(source, declared) for declared in objects]


def _column(declared: AdObject, column: ColumnSpec, accounts: Collection[str] | None) -> ColumnSpec:
    if accounts is None or column.name != declared.account:
        return column
    return replace(column, allowed=tuple(sorted(accounts)), not_allowed="account_without_currency_or_timezone")


def _account_histories(
    source: AdsSource, objects: Sequence[AdObject], chosen: Mapping[str, Sequence[Path]]
) -> Iterator[Extract]:
    for declared in objects:
        if declared.name == ACCOUNTS:
            spec = object_spec(source, declared)
            yield from (_extract(source, declared, spec, file) for file in chosen[ACCOUNTS])


def _files(source: AdsSource) -> list[Path]:
    return list(files_below(source.path)) if source.path.is_dir() else [source.path]


def _files_of(source: AdsSource, name: str, files: Sequence[Path]) -> list[Path]:
    patterns = source.files.get(name)
    if patterns is not None:
        return [file for file in files if any(file.match(pattern) for pattern in patterns)]
    return [file for file in files if format_of(file) is not None and _is_named(source.path, file, name)]


def _is_named(path: Path, file: Path, name: str) -> bool:
    """The file's own name, or that of the folder it stands in below the source's path."""
    stem = split_name(file)[0]
    is_own = stem.startswith(name) and _AFTER_NAME.fullmatch(stem[len(name) :]) is not None
    return is_own or (path.is_dir() and file.relative_to(path).parts[0] == name)


def _extract(source: AdsSource, declared: AdObject, spec: ObjectSpec, file: Path) -> Extract:
    folder = source.path if source.path.is_dir() else source.path.parent
    return Extract(
        rules=_rules(source),
        spec=spec,
        origin=str(file.relative_to(folder)),
        path=file,
        format=format_of(file) or "csv",
        restates=_restates(source, declared, spec),
    )


def _rules(source: AdsSource) -> SourceRules:
    """Moments in these files are UTC; a day is the source's until staging knows the account's zone."""
    rules = rules_of(source)
    return rules if rules.timezone is not None else replace(rules, timezone="UTC")


def _restates(source: AdsSource, declared: AdObject, spec: ObjectSpec) -> Restates | None:
    if not declared.brings_spend or source.complete_for == "rows" or spec.event_time is None:
        return None
    names = source.columns.get(declared.name, {})
    account = names.get(str(declared.account), str(declared.account))
    last = source.restates_days if source.complete_for == "last_days" else 0
    return Restates(day=spec.event_time, within=(account,), last_days=last)


def _left_aside(source: AdsSource, files: Sequence[Path]) -> Found:
    """Says of data files that no object takes them: spend may be waiting there."""
    for file in files:
        if format_of(file) is not None or file.suffix.lower() in SPREADSHEETS:
            origin = str(file.relative_to(source.path if source.path.is_dir() else source.path.parent))
            message = "is named as no report of this connector and is left aside: name it in `files` if it is one"
            yield SourceFault(source.name, "", origin, message, is_notice=True)
