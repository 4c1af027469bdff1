"""Fills the demo's CRM: appends what became known to its histories and brings its current records up to date.

Works on any database SQLAlchemy reaches. Nothing here writes a `handoff_*` column.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from orchestration.demo.cells import as_texts
from orchestration.demo.crm_schema import CURRENT_COLUMNS, HISTORY, LEAD_KEY, LEADS, TableMap, crm_metadata


def make_crm(url: str) -> Engine:
    """An engine on the CRM's database, its tables made where they are missing."""
    engine = sa.create_engine(url, hide_parameters=True)
    crm_metadata().create_all(engine)
    return engine


def feed_crm(engine: Engine, tables: Mapping[str, pd.DataFrame]) -> None:
    """Append the rows of these contract tables, in the order given, in one transaction; current records follow."""
    metadata = crm_metadata()
    with engine.begin() as connection:
        for name, mapped in HISTORY.items():
            frame = tables.get(name)
            if frame is not None and len(frame):
                _append(connection, metadata.tables[mapped.table], mapped, frame)
        _update_records(connection, metadata.tables[LEADS], tables)


def _append(connection: Connection, table: sa.Table, mapped: TableMap, frame: pd.DataFrame) -> None:
    columns = crm_columns(mapped, frame)
    insert = sa.insert(table)
    compiled = insert.compile(dialect=connection.dialect, column_keys=list(columns))
    if compiled.positiontup:
        # Straight to the driver: a dictionary a row costs more than SQLite's own work.
        rows = list(zip(*(columns[name] for name in compiled.positiontup), strict=True))
        connection.exec_driver_sql(str(compiled), rows)
    else:
        connection.execute(
            insert, [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        )


def crm_columns(mapped: TableMap, frame: pd.DataFrame) -> dict[str, list[str | None]]:
    """The frame's columns under the CRM's names and in its codes."""
    present = [name for name in mapped.columns if name in frame.columns]
    texts = as_texts(frame[present])
    for name, codes in mapped.codes.items():
        texts[name] = [None if text is None else codes[text] for text in texts[name]]
    return {mapped.columns[name]: texts[name] for name in present}


def _update_records(connection: Connection, table: sa.Table, tables: Mapping[str, pd.DataFrame]) -> None:
    """The last version of each lead that changed, and its last label, whichever system spoke last."""
    leads = tables.get("leads")
    if leads is not None and len(leads):
        rows = _last(HISTORY["leads"], leads)
        known: set[str] = set(connection.execute(sa.select(table.c[LEAD_KEY])).scalars())
        new = [row for row in rows if row[LEAD_KEY] not in known]
        old = [row for row in rows if row[LEAD_KEY] in known]
        if new:
            connection.execute(sa.insert(table), [_record(row) for row in new])
        if old:
            names = [*(name for name in CURRENT_COLUMNS if name != LEAD_KEY), "modified_on"]
            _update(connection, table, names, [_record(row) for row in old])
    labels = tables.get("stage_events")
    if labels is not None and len(labels):
        rows = [
            {LEAD_KEY: row[LEAD_KEY], "stage_label": row["stage_label"], "modified_on": row["recorded_at"]}
            for row in _last(HISTORY["stage_events"], labels)
        ]
        _update(connection, table, ["stage_label", "modified_on"], rows)


def _last(mapped: TableMap, frame: pd.DataFrame) -> list[dict[str, str | None]]:
    last = frame.drop_duplicates("lead_id", keep="last")
    columns = crm_columns(mapped, last)
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _record(row: Mapping[str, str | None]) -> dict[str, str | None]:
    return {**{name: row[name] for name in CURRENT_COLUMNS}, "modified_on": row["changed_at"]}


def _update(connection: Connection, table: sa.Table, names: list[str], rows: list[dict[str, str | None]]) -> None:
    statement = (
        sa.update(table)
        .where(table.c[LEAD_KEY] == sa.bindparam("k"))
        .values({name: sa.bindparam(f"v_{name}") for name in names})
    )
    connection.execute(statement, [{"k": row[LEAD_KEY], **{f"v_{name}": row[name] for name in names}} for row in rows])
