"""Connector `crm_sql`: tables of any database SQLAlchemy can reach, mapped by the registry to the input contract.

Rows stream in batches of text; with a cursor, only those from the last landed one less the overlap. Nothing is
written, the session is read-only where the database has such a thing, and no error shows a value or a password.
Turning values into text is `cell_text.py`, where a read begins `sql_cursors.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, NoSuchTableError, SQLAlchemyError

from orchestration.lake.contract import ENTITIES, Entity
from orchestration.lake.extract import ColumnSpec, Extract, ObjectSpec
from orchestration.sources.cell_text import as_text
from orchestration.sources.extracting import (
    Cursors,
    ExtractionError,
    Found,
    SourceFault,
    contract_spec,
    rules_of,
)
from orchestration.sources.registry_schema import CrmSqlSource, SqlColumn, SqlTable
from orchestration.sources.registry_values import did_you_mean
from orchestration.sources.sql_cursors import CURSOR, begin_at, cursor_spec, cursor_text

Batches = Callable[[], Iterator[pa.RecordBatch]]


def extracts(source: CrmSqlSource, *, cursors: Cursors | None = None) -> Found:
    """One extract per mapped table, in the registry's order; tables and columns are looked up now, rows stream later.

    A database that does not answer is one `SourceFault` of the source, a table or column that is not there one of its
    object. Reading a batch may raise `ExtractionError`.
    """
    try:
        engine = connect(source)
        with engine.connect():
            pass
    except (SQLAlchemyError, OSError) as error:
        yield SourceFault(source.name, "", source.connector, f"the database does not answer: {cause(error)}")
        return
    for name, tables in source.tables.items():
        for table in tables:
            yield _table(source, engine, ENTITIES[name], table, cursors)


def connect(source: CrmSqlSource) -> Engine:
    """An engine that never shows parameters. Raises OSError where an SQLite file is not there (it would be made)."""
    url = sa.make_url(source.url.get_secret_value())
    if url.get_backend_name() == "sqlite":
        database = Path((url.database or "").removeprefix("file:").partition("?")[0])
        if not database.is_file():
            raise FileNotFoundError(f"there is no file {database.name}")
    engine = sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)
    if url.get_backend_name() == "postgresql":
        return engine.execution_options(postgresql_readonly=True)
    if url.get_backend_name() == "sqlite":
        sa.event.listen(engine, "connect", _only_query)
    return engine


def cause(error: Exception) -> str:
    """Why something failed, without what it failed on: connection errors speak of hosts and files, others may not."""
    if isinstance(error, FileNotFoundError):
        return f"{error}: mend `url`, or bring it back"
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return "the connection was lost while reading; the next run goes on"
    return f"{type(error).__name__}: look at the address, the reader's rights and the database's own log"


def _only_query(connection: object, _record: object) -> None:
    connection.execute("pragma query_only = on")  # type: ignore[attr-defined]


def _table(
    source: CrmSqlSource, engine: Engine, entity: Entity, table: SqlTable, cursors: Cursors | None
) -> Extract | SourceFault:
    origin = _origin(table)
    fault = partial(SourceFault, source.name, entity.name, origin)
    try:
        reflected = sa.Table(
            table.table, sa.MetaData(), schema=table.db_schema, autoload_with=engine, resolve_fks=False
        )
    except NoSuchTableError:
        return fault("is not a table or view of this database, or the reader may not see it: mend `table`")
    except SQLAlchemyError as error:
        return fault(f"cannot be looked up: {cause(error)}")
    columns = mapped_columns(entity, table, reflected)
    wrong = _unfit(entity, table, columns, reflected)
    if wrong:
        return fault("; ".join(wrong))
    spec = _spec(source, entity, table, columns)
    last = cursors(spec, origin) if cursors and table.cursor else None
    batches = partial(_read, source, engine, reflected, table, columns, last, origin)
    return _extract(source, spec, columns, origin, batches=batches, cursor_from=last)


def declared(source: CrmSqlSource, name: str, origin: str, given: Collection[str]) -> Extract | None:
    """How rows read from the table `origin` are read today; None where the registry maps it no longer.

    `given` are the columns the rows have: what an entry without `columns` maps by itself.
    """
    for entity_name, tables in source.tables.items():
        for table in tables if entity_name == name else ():
            if _origin(table) != origin:
                continue
            entity = ENTITIES[name]
            columns = dict(table.columns or {each.name: SqlColumn(column=each.name) for each in entity.columns})
            columns = {each: column for each, column in columns.items() if table.columns or each in given}
            return _extract(source, _spec(source, entity, table, columns), columns, origin)
    return None


def _extract(
    source: CrmSqlSource,
    spec: ObjectSpec,
    columns: Mapping[str, SqlColumn],
    origin: str,
    batches: Batches | None = None,
    cursor_from: str | None = None,
) -> Extract:
    return Extract(
        rules=rules_of(source, aliases=_aliases(columns)),
        spec=spec,
        origin=origin,
        batches=batches,
        cursor_from=cursor_from,
        renamed={name: column.values for name, column in columns.items() if column.values},
        constants={name: column.value for name, column in columns.items() if column.value is not None},
    )


def _aliases(columns: Mapping[str, SqlColumn]) -> dict[str, str]:
    return {name: column.column for name, column in columns.items() if column.column}


def _origin(table: SqlTable) -> str:
    return f"{table.db_schema}.{table.table}" if table.db_schema else table.table


def mapped_columns(entity: Entity, table: SqlTable, reflected: sa.Table) -> dict[str, SqlColumn]:
    """Contract column → where it comes from; without a mapping, those the table has under their own names."""
    if table.columns is not None:
        return dict(table.columns)
    return {column.name: SqlColumn(column=column.name) for column in entity.columns if column.name in reflected.columns}


def _unfit(entity: Entity, table: SqlTable, columns: dict[str, SqlColumn], reflected: sa.Table) -> list[str]:
    """What the registry says of the table and the table does not have."""
    there = list(reflected.columns.keys())
    wanted = [column.column for column in columns.values() if column.column]
    wanted += [*table.where, *([table.cursor] if table.cursor else [])]
    absent = [name for name in dict.fromkeys(wanted) if name not in there]
    wrong = [f"has no column `{name}`{did_you_mean(name, there)}" for name in absent]
    wrong += [
        f"has no column `{column.name}`, which {entity.name} must have: map it in `columns`"
        for column in entity.columns
        if column.required and column.name not in columns
    ]
    return wrong


def _spec(source: CrmSqlSource, entity: Entity, table: SqlTable, columns: Mapping[str, SqlColumn]) -> ObjectSpec:
    cursor: ColumnSpec | None = cursor_spec() if table.cursor else None
    return contract_spec(
        source,
        entity,
        aliases=_aliases(columns),
        formats={name: column.formats for name, column in columns.items()},
        cursor=cursor,
        known_at_given="known_at" in columns,
    )


def _statement(
    table: SqlTable, reflected: sa.Table, columns: dict[str, SqlColumn], begin: sa.ColumnElement[bool] | None
) -> sa.Select[*tuple[object, ...]]:
    """Raw values under the contract's names: the driver's own types, not SQLAlchemy's reading of them."""
    chosen: list[sa.ColumnElement[object]] = [
        _raw(reflected.c[column.column]).label(name) for name, column in columns.items() if column.column
    ]
    if table.cursor:
        chosen.append(_raw(reflected.c[table.cursor]).label(CURSOR))
    statement = sa.select(*chosen)
    for name, values in table.where.items():
        statement = statement.where(sa.cast(reflected.c[name], sa.String).in_(values))
    return statement if begin is None else statement.where(begin)


def _raw(column: sa.ColumnElement[object]) -> sa.ColumnElement[object]:
    return sa.type_coerce(column, sa.types.NullType())


def _read(
    source: CrmSqlSource,
    engine: Engine,
    reflected: sa.Table,
    table: SqlTable,
    columns: dict[str, SqlColumn],
    last: str | None,
    origin: str,
) -> Iterator[pa.RecordBatch]:
    """Streams the rows; memory holds `batch_rows` of them at a time."""
    try:
        begin = begin_at(reflected, table, last, source) if table.cursor and last else None
        statement = _statement(table, reflected, columns, begin)
        with engine.connect() as connection:
            result = connection.execution_options(yield_per=source.batch_rows).execute(statement)
            names = list(result.keys())
            cursor = partial(cursor_text, table=table, source=source, now=datetime.now(UTC))
            for rows in result.partitions(source.batch_rows):
                yield _batch(names, [list(values) for values in zip(*rows, strict=True)], cursor)
    except (SQLAlchemyError, ValueError, OverflowError, UnicodeError) as error:
        raise ExtractionError(f"{source.name}: {origin}: reading stopped: {cause(error)}") from None


def _batch(names: list[str], values: list[list[object]], cursor: Callable[[object], str | None]) -> pa.RecordBatch:
    arrays: dict[str, pa.Array] = {}
    for name, cells in zip(names, values, strict=True):
        texts = [cursor(cell) if name == CURSOR else as_text(cell) for cell in cells]
        arrays[name] = pa.array(texts, pa.string())
    return pa.RecordBatch.from_pydict(arrays)
