"""Fills the demo's CRM: appends what became known to its histories and brings its current records up to date.

Works on any database SQLAlchemy reaches. Nothing here writes a `handoff_*` column.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from orchestration.demo.cells import as_texts
from orchestration.demo.crm_schema import CURRENT_COLUMNS, HISTORY, LEAD_KEY, LEADS, TableMap, crm_metadata
from orchestration.demo.mess import Cells, Mess

Row = dict[str, str | None]
_LABEL = ("stage_label", "modified_on")


def make_crm(url: str) -> Engine:
    """An engine on the CRM's database, its tables made where they are missing."""
    engine = sa.create_engine(url, hide_parameters=True)
    crm_metadata().create_all(engine)
    return engine


def feed_crm(engine: Engine, tables: Mapping[str, pd.DataFrame], *, mess: Mess | None = None) -> None:
    """Append the rows of these contract tables in one transaction, in the order given; current records follow.

    With `mess` the histories are as untidy as that makes them; the current records stay right.
    """
    metadata = crm_metadata()
    with engine.begin() as connection:
        for name, mapped in HISTORY.items():
            frame = tables.get(name)
            if frame is not None and len(frame):
                _append(connection, metadata.tables[mapped.table], crm_columns(mapped, *_rows(name, frame, mess)))
        _update_records(connection, metadata.tables[LEADS], tables)


def _rows(name: str, frame: pd.DataFrame, mess: Mess | None) -> tuple[list[str], Cells]:
    columns = [str(column) for column in frame.columns]
    if mess is None:
        return columns, as_texts(frame)
    rows = mess.shuffled(name, frame)
    return columns, mess.spoil(name, rows, as_texts(rows))


def _append(connection: Connection, table: sa.Table, columns: Cells) -> None:
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


def crm_columns(mapped: TableMap, names: Collection[str], cells: Cells) -> Cells:
    """The contract's columns under the CRM's names and in its codes; a code it does not have stays as it is."""
    present = [name for name in mapped.columns if name in names]
    for name, codes in mapped.codes.items():
        cells[name] = [None if text is None else codes.get(text, text) for text in cells[name]]
    return {mapped.columns[name]: cells[name] for name in present}


def _update_records(connection: Connection, table: sa.Table, tables: Mapping[str, pd.DataFrame]) -> None:
    """The last version and the last label of each lead that changed; a label may come before its lead."""
    versions = _last("leads", tables)
    labels = _last("stage_events", tables)
    known: set[str] = set(connection.execute(sa.select(table.c[LEAD_KEY])).scalars())
    new = [row for lead, row in versions.items() if lead not in known]
    labels |= _earlier_labels(connection, [row[LEAD_KEY] for row in new if row[LEAD_KEY] not in labels])
    if new:
        connection.execute(sa.insert(table), [_record(row, labels.get(str(row[LEAD_KEY]))) for row in new])
    changed = [name for name in CURRENT_COLUMNS if name != LEAD_KEY]
    both = [lead for lead in versions if lead in known and lead in labels]
    _update(connection, table, [*changed, *_LABEL], [_record(versions[lead], labels[lead]) for lead in both])
    alone = [_record(row, None) for lead, row in versions.items() if lead in known and lead not in labels]
    _update(connection, table, [*changed, "modified_on"], alone)
    named = [_labelled(row) for lead, row in labels.items() if lead in known and lead not in versions]
    _update(connection, table, list(_LABEL), named)


def _last(name: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, Row]:
    """The row known last of each lead, in the CRM's columns."""
    frame = tables.get(name)
    if frame is None or frame.empty:
        return {}
    last = frame.drop_duplicates("lead_id", keep="last")
    columns = crm_columns(HISTORY[name], list(last.columns), as_texts(last))
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return {str(row[LEAD_KEY]): row for row in rows}


def _earlier_labels(connection: Connection, leads: list[str | None]) -> dict[str, Row]:
    history = crm_metadata().tables[HISTORY["stage_events"].table]
    query = sa.select(history.c[LEAD_KEY], history.c.stage_label, history.c.recorded_at)
    query = query.order_by(history.c.recorded_at, history.c.change_no)
    found: dict[str, Row] = {}
    for start in range(0, len(leads), 500):
        for row in connection.execute(query.where(history.c[LEAD_KEY].in_(leads[start : start + 500]))):
            found[row[0]] = {LEAD_KEY: row[0], "stage_label": row[1], "recorded_at": row[2]}
    return found


def _record(version: Row, label: Row | None) -> Row:
    moments = [str(version["changed_at"]), *([str(label["recorded_at"])] if label else [])]
    record: Row = {name: version[name] for name in CURRENT_COLUMNS}
    return {**record, "stage_label": label["stage_label"] if label else None, "modified_on": max(moments)}


def _labelled(label: Row) -> Row:
    return {LEAD_KEY: label[LEAD_KEY], "stage_label": label["stage_label"], "modified_on": label["recorded_at"]}


def _update(connection: Connection, table: sa.Table, names: list[str], rows: list[Row]) -> None:
    if not rows:
        return
    statement = (
        sa.update(table)
        .where(table.c[LEAD_KEY] == sa.bindparam("k"))
        .values({name: sa.bindparam(f"v_{name}") for name in names})
    )
    connection.execute(statement, [{"k": row[LEAD_KEY], **{f"v_{name}": row[name] for name in names}} for row in rows])
