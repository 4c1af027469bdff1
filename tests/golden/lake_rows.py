"""Rows of the input contract, written into a scratch lake as if they had landed.

`ScratchLake.land` takes rows as a source would give them (text, the contract's column names) and writes one typed
batch in the lake's layout, web ids as tokens; `write_run` writes the rows a run says of itself. Nothing is checked:
landing's own rules are tested with landing. Building and comparing are `builds.py` and `harness.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.lake.contract import ENTITIES, LINEAGE, Column, Entity
from orchestration.lake.paths import HomePaths
from orchestration.lake.run_rows import RunRow, SourceRow, write_run_rows

Row = Mapping[str, str | None]
_ARROW = {
    "text": pa.string(),
    "time": pa.string(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "decimal": pa.decimal128(18, 6),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}
_LINEAGE = {"varchar": pa.string(), "bigint": pa.int64(), "timestamp": pa.timestamp("us"), "boolean": pa.bool_()}


def record_key(id_space: str, lead_id: str) -> str:
    """The key of a CRM record, as the input layer makes it."""
    return hashlib.md5(f"{id_space}|{lead_id}".encode()).hexdigest()


def parse_time(text: str) -> datetime:
    """A naive UTC moment; a text without an offset is UTC."""
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


@dataclass
class ScratchLake:
    """A lake in `home`, filled by hand.

    `chains` remembers, by object, source and key, what landed, so that a row equal to its predecessor by known_at is
    marked `_is_repeat` as landing does.
    """

    home: Path
    chains: dict[tuple[str, ...], list[tuple[datetime | None, tuple[Any, ...]]]] = field(default_factory=dict)
    batches: int = 0

    def land(
        self,
        entity_name: str,
        rows: Iterable[Row],
        *,
        source: str,
        run_no: int = 1,
        id_space: str | None = None,
        as_of: datetime | None = None,
    ) -> None:
        """Write one batch: `landed_rows` into the place landing would put it."""
        found = self.landed_rows(entity_name, rows, source=source, run_no=run_no, id_space=id_space, as_of=as_of)
        place = self.home / "lake" / "landed" / "contract_files" / entity_name / source
        place.mkdir(parents=True, exist_ok=True)
        table = pa.Table.from_pylist(found, schema=landed_schema(ENTITIES[entity_name]))
        pq.write_table(table, place / f"{run_no:08d}-{self.batches:012x}.parquet")

    def landed_rows(
        self,
        entity_name: str,
        rows: Iterable[Row],
        *,
        source: str,
        run_no: int = 1,
        id_space: str | None = None,
        as_of: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """One batch of typed rows with their lineage.

        A cell that is absent or empty is null; `_known_at_basis` may stand among a row's cells.
        """
        entity = ENTITIES[entity_name]
        self.batches += 1
        batch_id = f"{run_no:08d}-{self.batches:012x}"
        stamp = as_of or datetime(2026, 1, 1)
        lineage = {
            "_source": source,
            "_object": entity_name,
            "_batch_id": batch_id,
            "_file_sha256": hashlib.sha256(batch_id.encode()).hexdigest(),
            "_extracted_at": stamp,
            "_landed_as_of": stamp,
            "_id_space": id_space or source,
        }
        landed = [self._landed_row(entity, row, source, no) for no, row in enumerate(rows, start=1)]
        return [{**each, **lineage} for each in landed if each is not None]

    def write_run(
        self,
        as_of: datetime,
        *,
        run_no: int = 1,
        built: tuple[datetime, int] | None = None,
        sources: Sequence[SourceRow],
    ) -> None:
        """Write the run's own rows; `built` is as_of and run number of the last completed build."""
        built_as_of, built_run_no = built if built else (None, None)
        run = RunRow(as_of=as_of, run_no=run_no, built_as_of=built_as_of, built_run_no=built_run_no, seed=7)
        paths = HomePaths(self.home)
        paths.run.mkdir(parents=True, exist_ok=True)
        write_run_rows(paths, run=run, sources=sources)

    def _landed_row(self, entity: Entity, row: Row, source: str, row_no: int) -> dict[str, Any] | None:
        landed: dict[str, Any] = {"_row_no": row_no, "_is_repeat": False}
        for column in entity.columns:
            landed.update(_landed_cells(column, row))
        event = landed.get(entity.event_time) if entity.event_time else None
        given = landed.get("known_at")
        if given is None and isinstance(event, date):
            landed["known_at"] = event if isinstance(event, datetime) else datetime.combine(event, datetime.min.time())
        landed["_known_at_basis"] = row.get("_known_at_basis") or ("given" if given else "event" if event else None)
        key = tuple(str(landed.get(_landed_name(entity, name))) for name in entity.key)
        content = tuple(
            str(value) for name, value in sorted(landed.items()) if name != "known_at" and not name.startswith("_")
        )
        chain = self.chains.setdefault((entity.name, source, *key), [])
        if (landed["known_at"], content) in chain:
            return None
        before = [each for each in chain if (each[0] or datetime.min) <= (landed["known_at"] or datetime.min)]
        if before and sorted(before, key=lambda each: each[0] or datetime.min)[-1][1] == content:
            landed["_is_repeat"] = True
        chain.append((landed["known_at"], content))
        return landed


def landed_schema(entity: Entity) -> pa.Schema:
    """Arrow schema of an entity's batches."""
    fields: list[tuple[str, pa.DataType]] = []
    for column in entity.columns:
        if column.door == "id_value":
            fields += [("id_value", pa.string()), ("id_token", pa.string())]
        elif column.landed_name is not None:
            fields.append((column.landed_name, _ARROW[column.type]))
    return pa.schema([*fields, *((name, _LINEAGE[kind]) for name, kind in LINEAGE.items())])


def _landed_name(entity: Entity, name: str) -> str:
    column = entity.column(name)
    if column is None or column.door == "id_value":
        return "id_token"
    return column.landed_name or name


def _landed_cells(column: Column, row: Row) -> dict[str, Any]:
    text = (row.get(column.name) or "").strip() or None
    if column.door == "id_value":
        kind = row.get("id_type") or ""
        if kind == "crm_id":
            return {"id_value": text, "id_token": None}
        return {"id_value": None, "id_token": text and _token(kind, text)}
    if column.landed_name is None:
        return {}
    if column.door in ("token", "web_token"):
        return {column.landed_name: text and _token(column.name, text)}
    if column.door == "postal":
        return {column.landed_name: text and text[:3]}
    return {column.landed_name: text if text is None else _typed(column, text)}


def _typed(column: Column, text: str) -> Any:
    match column.type:
        case "timestamp":
            return parse_time(text)
        case "date":
            return date.fromisoformat(text)
        case "decimal":
            return Decimal(text)
        case "integer":
            return int(text)
        case "boolean":
            return text.lower() in ("true", "1", "yes")
    return text


def _token(kind: str, text: str) -> str:
    return hashlib.sha256(f"{kind}|{text}".encode()).hexdigest()[:32]
