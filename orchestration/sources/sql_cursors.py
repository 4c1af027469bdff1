"""Where an incremental read of a table begins: the last landed cursor, less the declared overlap.

Rows commit late and clocks are read before they do, so a cursor alone loses rows: the overlap reads them again, and
landing drops what it already has. A time that is still to come (a clock that ran ahead, a callback typed into a time of
change) moves no cursor: no row of before it would be read again. Every doubt here is decided for reading more.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from orchestration.lake.extract import ColumnSpec
from orchestration.sources.cell_text import as_cursor_text
from orchestration.sources.extracting import ExtractionError
from orchestration.sources.registry_schema import CrmSqlSource, SqlTable

CURSOR = "_cursor"
_CLOCK_CHANGE = timedelta(hours=1)


def cursor_spec() -> ColumnSpec:
    """The cursor as a column of the extract: text that sorts as its values do; never lands, no part of the content."""
    return ColumnSpec(name=CURSOR, landed=None)


def cursor_text(value: object, table: SqlTable, source: CrmSqlSource, now: datetime) -> str | None:
    """A row's cursor as landing keeps it; None for a time after `now`, which is read again and moves nothing."""
    text = as_cursor_text(value)
    moment = _moment(text) if text is not None and isinstance(table.overlap, timedelta) else None
    if moment is None:
        return text
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(source.timezone or "UTC"))
    return text if moment <= now else None


def begin_at(reflected: sa.Table, table: SqlTable, last: str, source: CrmSqlSource) -> sa.ColumnElement[bool] | None:
    """Condition of an incremental read; None reads all. Rows whose cursor is empty are always read.

    Raises ExtractionError where the overlap is not of the cursor's kind.
    """
    column = reflected.c[str(table.cursor)]
    overlap = table.overlap
    if not isinstance(overlap, timedelta):
        start = _number(last)
        if start is None:
            raise ExtractionError(f"{source.name}: the cursor holds no numbers: give `overlap` as a duration, PT15M")
        return sa.or_(column >= sa.literal(start - int(overlap or 0)), column.is_(None))
    moment = _moment(last)
    if moment is None:
        raise ExtractionError(f"{source.name}: the cursor holds no times: give `overlap` as a number")
    moment -= max(overlap, timedelta(days=source.restates_days))
    return sa.or_(column >= _bound(column, moment, source), column.is_(None))


def _bound(column: sa.ColumnElement[object], moment: datetime, source: CrmSqlSource) -> sa.ColumnElement[object]:
    """The moment as the column holds it. Local times repeat an hour in autumn: they begin an hour earlier."""
    kind = column.type
    is_local = moment.tzinfo is None and source.timezone not in (None, "UTC")
    if is_local:
        moment -= _CLOCK_CHANGE
    if isinstance(kind, sa.Date) and not isinstance(kind, sa.DateTime):
        return sa.literal(moment.date() - timedelta(days=1))
    if isinstance(kind, sa.DateTime) and column_is_native(column):
        return sa.literal(_as_held(moment, kind, source), kind)
    # Text: offsets may differ from row to row, and `T` or a space may stand between date and time.
    if moment.tzinfo is not None and moment.utcoffset() != timedelta(0):
        moment -= _CLOCK_CHANGE
    return sa.type_coerce(sa.literal(moment.strftime("%Y-%m-%d %H:%M:%S"), sa.String), sa.String)


def column_is_native(column: sa.ColumnElement[object]) -> bool:
    """False where the database keeps times as text (SQLite), so that order is that of text."""
    return not type(column.type).__module__.startswith("sqlalchemy.dialects.sqlite")


def _as_held(moment: datetime, kind: sa.DateTime, source: CrmSqlSource) -> datetime:
    if kind.timezone and moment.tzinfo is None:
        return moment.replace(tzinfo=ZoneInfo(source.timezone or "UTC")).astimezone(UTC)
    if not kind.timezone and moment.tzinfo is not None:
        return moment.astimezone(UTC).replace(tzinfo=None)
    return moment


def _number(text: str) -> int | None:
    try:
        return int(float(text)) if not text.strip().lstrip("-").isdigit() else int(text)
    except (ValueError, OverflowError):
        return None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
