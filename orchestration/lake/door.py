"""The door: what of each declared column passes into the lake, as what, and what stays in the vault.

`landed_schema` are the typed columns of an object's batches, `door_columns` the SQL that fills them from checked
cells, `vault_columns` what landing hands to the vault. A column the registry declares an identifier never passes,
whatever its own door says. Checking cells is `cell_sql.py`, tokens `tokens.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from orchestration.lake.cell_sql import LANDED_TYPES, quote, quote_all
from orchestration.lake.contract import LINEAGE
from orchestration.lake.extract import ColumnSpec, ObjectSpec, SourceRules
from orchestration.lake.refusal import LandingError
from orchestration.lake.tokens import token_sql

_ARROW = {
    "varchar": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "decimal(18,6)": pa.decimal128(18, 6),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
}
_ID_KINDS = ("anonymous_id", "click_id", "email", "phone")
_SEEN_ID_KINDS = ("email", "phone")
_PATH = r"^(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://[^/?#;]*)?([^?#;]*)"
_MASKED_SEGMENT = r"/[^/]*(@|%40|%2540|\d{7,}|\d{3}[-. ]\d{3,4}[-. ]?\d{4})[^/]*"


@dataclass(frozen=True)
class LandedColumn:
    """One column past the door: its SQL, and what part it plays in telling versions apart.

    `place` is set where the value follows from that one cell alone and is dear: it is worked out once for equal cells.
    """

    name: str
    sql: str
    type: str
    source_column: str
    is_token: bool = False
    place: int | None = None


@dataclass(frozen=True)
class VaultColumn:
    """A column whose values the vault keeps; with `only_where`, of rows where that column holds one of `values`."""

    name: str
    kind: Literal["identifier", "free_text", "extra"]
    only_where: str | None = None
    values: frozenset[str] = frozenset()


def landed_schema(spec: ObjectSpec) -> pa.Schema:
    """Arrow schema of the object's batches: its columns past the door, known_at, and the lineage."""
    fields = [(name, _ARROW[kind]) for name, kind in landed_columns(spec)]
    return pa.schema([*fields, ("_token_hash", pa.string()), *((name, _ARROW[kind]) for name, kind in LINEAGE.items())])


def landed_columns(spec: ObjectSpec) -> list[tuple[str, str]]:
    """(name, SQL type) of the object's own columns past the door, known_at always among them."""
    found: list[tuple[str, str]] = []
    for column in spec.columns:
        found += [(each.name, each.type) for each in _landed(column, 0, spec, SourceRules("", ""), frozenset())]
    if "known_at" not in (name for name, _ in found):
        found.append(("known_at", "timestamp"))
    names = [name for name, _ in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise LandingError(f"{spec.folder}.{spec.name}: two columns would land as {', '.join(sorted(twice))}")
    return found


def door_columns(spec: ObjectSpec, rules: SourceRules) -> list[LandedColumn]:
    """SQL of each column past the door over `c<i>` (text) and `v<i>` (typed), i counting the spec's columns.

    Raises
    ------
    LandingError
        If a key column is declared an identifier: its rows could not be told apart.
    """
    hidden = frozenset(column.name for column in spec.columns if _is_identifier(column, rules))
    passing = {column.name for column in spec.columns if column.landed is not None and column.door != "vault"}
    if absent := set(spec.key) - passing:
        names = ", ".join(sorted(absent))
        raise LandingError(f"{rules.source}.{spec.name}: the key {names} is not among its landed columns")
    if lost := hidden.intersection(spec.key):
        raise LandingError(
            f"{rules.source}.{spec.name}: the key {', '.join(sorted(lost))} is declared an identifier; ids must pass"
        )
    return [each for place, column in enumerate(spec.columns) for each in _landed(column, place, spec, rules, hidden)]


def vault_columns(spec: ObjectSpec, rules: SourceRules) -> list[VaultColumn]:
    """What the vault keeps of the declared columns. Web ids and pages are kept nowhere."""
    kept = []
    for column in spec.columns:
        if column.door == "id_value":
            kept.append(VaultColumn(column.name, "identifier", _named(spec, "id_type"), frozenset(_SEEN_ID_KINDS)))
        elif column.door == "attribute_value":
            if rules.identifiers:
                kept.append(VaultColumn(column.name, "identifier", _named(spec, "name"), rules.identifiers))
        elif column.door == "free_text" and column.name not in rules.codes:
            kept.append(VaultColumn(column.name, "free_text"))
        elif column.door in ("vault", "token", "postal") or _is_identifier(column, rules):
            kept.append(VaultColumn(column.name, "identifier"))
    return kept


def token_kinds(spec: ObjectSpec) -> frozenset[str]:
    """Kinds of tokens the object's columns need; `row` tells apart what the vault keeps."""
    kinds = {"row"}
    for column in spec.columns:
        if column.door in ("token", "web_token"):
            kinds.add(_kind(column))
        elif column.door == "id_value":
            kinds.update(_kind_of_id(each) for each in _ID_KINDS)
        elif column.door == "attribute_value":
            kinds.add("attribute")
    return frozenset(kinds)


def page_sql(cell: str) -> str:
    """SQL of a page's path: no scheme, host, query or fragment, segments that look like a person's masked."""
    path = f"regexp_extract({cell}, {quote(_PATH)}, 1)"
    hostless = f"regexp_replace({path}, '^[^/]*[.][^/]*/?', '')"
    rooted = f"case when starts_with({path}, '/') then {path} else '/' || {hostless} end"
    return f"regexp_replace({rooted}, {quote(_MASKED_SEGMENT)}, '/***', 'g')"


def _landed(
    column: ColumnSpec, place: int, spec: ObjectSpec, rules: SourceRules, hidden: frozenset[str]
) -> list[LandedColumn]:
    name, cell, value, kind = column.landed, f"c{place}", f"v{place}", LANDED_TYPES[column.type]
    if name is None or column.door == "vault":
        return []
    if column.door in ("token", "web_token"):
        return [LandedColumn(name, token_sql(_kind(column), cell), "varchar", column.name, is_token=True, place=place)]
    if column.name in hidden or (column.door == "free_text" and column.name not in rules.codes):
        return [LandedColumn(name, f"cast(null as {kind})", kind, column.name)]
    match column.door:
        case "page":
            return [LandedColumn(name, page_sql(cell), "varchar", column.name, place=place)]
        case "postal":
            return [LandedColumn(name, f"upper(left({cell}, 3))", "varchar", column.name)]
        case "id_value":
            return _landed_id(column, place, spec)
        case "attribute_value":
            return [LandedColumn(name, _attribute_sql(place, spec, rules), "varchar", column.name)]
    if spec.entity == "stage_events" and name == "stage":
        value = _stage_sql(place, spec, rules)
    return [LandedColumn(name, value, kind, column.name)]


def _landed_id(column: ColumnSpec, place: int, spec: ObjectSpec) -> list[LandedColumn]:
    kind = f"c{_place(spec, 'id_type')}"
    cases = " ".join(
        f"when {quote(each)} then {token_sql(_kind_of_id(each), f'case when {kind} = {quote(each)} then c{place} end')}"
        for each in _ID_KINDS
    )
    return [
        LandedColumn("id_value", f"case when {kind} = 'crm_id' then c{place} end", "varchar", column.name),
        LandedColumn("id_token", f"case {kind} {cases} end", "varchar", column.name, is_token=True),
    ]


def _attribute_sql(place: int, spec: ObjectSpec, rules: SourceRules) -> str:
    if not rules.identifiers:
        return f"c{place}"
    name = f"c{_place(spec, 'name')}"
    hidden = f"{name} in ({quote_all(tuple(sorted(rules.identifiers)))})"
    token = token_sql("attribute", f"case when {hidden} then {name} || chr(31) || c{place} end")
    return f"case when {hidden} then {token} else c{place} end"


def _stage_sql(place: int, spec: ObjectSpec, rules: SourceRules) -> str:
    """The stage as given, else as the registry maps the label."""
    if not rules.stages:
        return f"c{place}"
    label = f"c{_place(spec, 'stage_raw')}"
    cases = " ".join(f"when {quote(raw)} then {quote(stage)}" for raw, stage in sorted(rules.stages.items()))
    return f"coalesce(c{place}, case {label} {cases} end)"


def _is_identifier(column: ColumnSpec, rules: SourceRules) -> bool:
    return column.name in rules.identifiers or (column.landed is not None and column.landed in rules.identifiers)


def _kind(column: ColumnSpec) -> str:
    return column.token_kind or (column.landed or column.name).removesuffix("_token")


def _kind_of_id(id_type: str) -> str:
    return id_type.removesuffix("_id")


def _place(spec: ObjectSpec, landed: str) -> int:
    return next(place for place, column in enumerate(spec.columns) if column.landed == landed)


def _named(spec: ObjectSpec, landed: str) -> str:
    return spec.columns[_place(spec, landed)].name
