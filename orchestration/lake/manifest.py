"""What a publication says of itself: its tables, their hashes, and the code, criteria and model they come from.

Holds the description of published tables (read from dbt's manifest), the canonical row text and its hash, and
`manifest.json`. Moving files and links is `publication.py`; deciding when to publish belongs to the assets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

Section = Literal["derived", "operational"]

DEFAULT_SCALE = 9
_FLOATS = ("DOUBLE", "FLOAT")


@dataclass(frozen=True)
class Table:
    """One published table, as dbt describes it.

    `operational` names the columns taken from scores, routes and receipts; `scales` the decimals a float is rounded to
    (9 where nothing is declared).
    """

    name: str
    section: Section = "derived"
    operational: frozenset[str] = frozenset()
    scales: Mapping[str, int] = field(default_factory=dict)
    schema: str = "marts"


@dataclass(frozen=True)
class Entry:
    """One table in one section of the manifest: row count, hash of its canonical rows, the as_of it answers for."""

    rows: int
    sha256: str
    as_of: str


@dataclass(frozen=True)
class Manifest:
    """`manifest.json`. `inputs` identifies what was built from; `stale` says which sources and tables are older;
    `criteria_versions` the hash of every version in force by as_of: from then on they have decided.
    """

    as_of: str
    code: str
    criteria: str
    model: str
    derived: Mapping[str, Entry]
    operational: Mapping[str, Entry]
    inputs: Mapping[str, str] = field(default_factory=dict)
    stale: Mapping[str, list[str]] = field(default_factory=dict)
    criteria_versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_of_one_moment(self) -> bool:
        """Whether every table answers for the publication's as_of: none is stale or published less often."""
        return all(entry.as_of == self.as_of for part in (self.derived, self.operational) for entry in part.values())

    def write(self, path: Path) -> None:
        """Write as JSON, keys sorted."""
        path.write_text(json.dumps(asdict(self), indent=2, sort_keys=True) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read what `write` wrote. Raises FileNotFoundError where there is none."""
        raw = json.loads(path.read_text(encoding="utf-8"))
        for name in ("derived", "operational"):
            raw[name] = {table: Entry(**entry) for table, entry in raw[name].items()}
        return cls(**raw)


def iso(moment: datetime) -> str:
    """A naive UTC moment as text, to the microsecond, with its Z."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def published_tables(dbt_manifest: Path, *, schema: str = "marts") -> tuple[Table, ...]:
    """Every model of the published schema in dbt's manifest, by name."""
    nodes: Iterable[Mapping[str, Any]] = json.loads(dbt_manifest.read_text(encoding="utf-8"))["nodes"].values()
    models = [node for node in nodes if node["resource_type"] == "model" and node["schema"] == schema]
    return tuple(sorted((_table(node) for node in models), key=lambda table: table.name))


def _table(node: Mapping[str, Any]) -> Table:
    metas = {name: _meta(column) for name, column in node["columns"].items()}
    return Table(
        name=node["name"],
        section="operational" if _meta(node).get("section") == "operational" else "derived",
        operational=frozenset(name for name, meta in metas.items() if meta.get("operational")),
        scales={name: int(meta["scale"]) for name, meta in metas.items() if "scale" in meta},
        schema=node["schema"],
    )


def _meta(node: Mapping[str, Any]) -> dict[str, Any]:
    return {**node.get("meta", {}), **node.get("config", {}).get("meta", {})}


@dataclass(frozen=True)
class Canonical:
    """A table's published form: the SELECT that exports it, and the hashes of its sections."""

    export: str
    rows: int
    sections: Mapping[Section, str]


def canonicalise(connection: duckdb.DuckDBPyConnection, table: Table) -> Canonical:
    """Sort, round and hash one table of the warehouse.

    The hash covers names, types and canonical row text, so neither the order of rows nor the bytes of a file move it.
    Columns of the operational kind are hashed apart, in the row order of the others.
    """
    relation = f'"{table.schema}"."{table.name}"'
    described = connection.execute(f"describe select * from {relation}").fetchall()
    types = {str(row[0]): str(row[1]) for row in described}
    apart = table.operational if table.section == "derived" else frozenset()
    main = [name for name in types if name not in apart]
    rest = [name for name in types if name in apart]
    selected = ", ".join(f"{_rounded(name, types[name], table.scales)} as {_quoted(name)}" for name in types)
    order = ", ".join(f"{_quoted(name)} asc nulls first" for name in [*main, *rest])
    export = f"select * from (select {selected} from {relation}) order by {order}"
    texts = [_row_text(main)] + ([_row_text(rest)] if rest else [])
    columns = ", ".join(f"{text} as line_{number}" for number, text in enumerate(texts))
    digests = [_header({name: types[name] for name in names}) for names in (main, rest)][: len(texts)]
    rows = 0
    query = f"select {columns} from (select {selected} from {relation}) order by {order}"
    for batch in connection.sql(query).to_arrow_reader(100_000):
        rows += batch.num_rows
        for digest, column in zip(digests, batch.columns, strict=True):
            _update(digest, column)
    names: list[Section] = [table.section, "operational"]
    hashes = {name: digest.hexdigest() for name, digest in zip(names, digests, strict=False)}
    return Canonical(export, rows, hashes)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rounded(name: str, type_: str, scales: Mapping[str, int]) -> str:
    if type_ not in _FLOATS:
        return _quoted(name)
    # Adding zero turns a negative zero into a plain one.
    return f"round({_quoted(name)}::double, {scales.get(name, DEFAULT_SCALE)}) + 0.0"


def _row_text(names: list[str]) -> str:
    # Each value carries its length, so that no value can be mistaken for the border between two.
    parts = (f"coalesce(length({_quoted(name)}::varchar) || ':' || {_quoted(name)}::varchar, '-')" for name in names)
    return "(" + " || ".join([*parts, "chr(10)"]) + ")"


def _header(types: Mapping[str, str]) -> hashlib._Hash:
    return hashlib.sha256("".join(f"{name} {type_}\n" for name, type_ in types.items()).encode())


def _update(digest: hashlib._Hash, column: pa.Array) -> None:
    if len(column) == 0:
        return
    offsets, data = column.buffers()[1:]
    first = int.from_bytes(offsets[column.offset * 4 : column.offset * 4 + 4].to_pybytes(), "little")
    end = (column.offset + len(column)) * 4
    last = int.from_bytes(offsets[end : end + 4].to_pybytes(), "little")
    digest.update(data[first:last])
