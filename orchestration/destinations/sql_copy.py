"""PostgreSQL's COPY, whichever driver it is: lines in, lines out. What they mean is their callers' business."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError


def copy_in(connection: Connection, table: str, lines: str) -> None:
    """Put lines into a table. Raises DBAPIError."""
    statement = f"copy {table} from stdin"
    with _cursor(connection, statement) as cursor:
        if hasattr(cursor, "copy_expert"):
            cursor.copy_expert(statement, io.StringIO(lines))
            return
        with cursor.copy(statement) as copy:
            copy.write(lines)


def copy_out(connection: Connection, statement: str) -> str:
    """The lines a statement tells. Raises DBAPIError."""
    with _cursor(connection, statement) as cursor:
        if hasattr(cursor, "copy_expert"):
            told = io.StringIO()
            cursor.copy_expert(statement, told)
            return told.getvalue()
        with cursor.copy(statement) as copy:
            return b"".join(copy).decode()


@contextmanager
def _cursor(connection: Connection, statement: str) -> Iterator[Any]:
    """The driver's own cursor; its errors come as SQLAlchemy would wrap them, and a lost connection is given up."""
    driver: Any = connection.connection
    dialect = connection.dialect
    errors = dialect.loaded_dbapi.Error
    with driver.cursor() as cursor:
        try:
            yield cursor
        except errors as error:
            is_lost = dialect.is_disconnect(error, driver.dbapi_connection, cursor)
            if is_lost:
                connection.invalidate(error)
            raise DBAPIError.instance(statement, None, error, errors, connection_invalidated=is_lost) from None
