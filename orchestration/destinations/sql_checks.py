"""What is wrong with a table before anything is sent: its key, its columns, and the rights our user lacks.

Of its rights only PostgreSQL can be asked; others say so when they refuse, and none of a refused batch is applied.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from orchestration.destinations.base import FIELDS, REQUIRED

_MISSING = sa.text(
    "select told from unnest(cast(:columns as text[])) with ordinality as asked (told, place) "
    "where not has_column_privilege(cast(:name as text), told, cast(:verb as text)) order by place"
)
_CAN_STAGE = sa.text("select has_database_privilege(current_database(), 'TEMPORARY')")


def fault_of(connection: Connection, table: sa.Table, key: str, destination: str) -> str | None:
    """What keeps the table from being written to and what to do, in one sentence; None: nothing."""
    prepare = f"`handoff prepare {destination}`"
    if key not in table.columns:
        return f"table {table.name} has no column {key}; correct `key` in the registry"
    if missing := [name for name in REQUIRED if name not in table.columns]:
        return f"table {table.name} lacks {', '.join(missing)}; run {prepare} and have its statements executed"
    if isinstance(table.c.handoff_sequence.type, sa.String):
        return f"handoff_sequence of table {table.name} holds text, where 10 comes before 9; make it a bigint"
    if lacking := lacking_rights(connection, table, key):
        return f"our user lacks {'; '.join(lacking)}; {prepare} prints the least rights it needs"
    if _has_twins(connection, table, table.c[key]):
        return (
            f"{key} names several records of table {table.name} at once; `key` in the registry must be a column of "
            "which each record has its own value"
        )
    return None


def _has_twins(connection: Connection, table: sa.Table, key: sa.Column[Any]) -> bool:
    alone = [list(table.primary_key.columns), *(list(index.columns) for index in table.indexes if index.unique)]
    alone += [list(rule.columns) for rule in table.constraints if isinstance(rule, sa.UniqueConstraint)]
    if [key] in alone:
        return False
    # Where texts are compared without regard to case, ids alike but for that are not the same.
    is_text = connection.dialect.name in ("mysql", "mariadb") and isinstance(key.type, sa.String)
    same = sa.cast(key, sa.LargeBinary) if is_text else key
    query = sa.select(sa.func.count()).where(key.is_not(None)).group_by(same).having(sa.func.count() > 1).limit(1)
    return connection.execute(query).first() is not None


def lacking_rights(connection: Connection, table: sa.Table, key: str) -> list[str]:
    """What is lacking, in the database's words: `UPDATE on handoff_band`. Empty where all is there, or nobody knows."""
    if connection.dialect.name != "postgresql":
        return []
    name = connection.dialect.identifier_preparer.format_table(table)
    fields = [field for field in FIELDS if field in table.c]
    lacking: list[str] = []
    for verb, columns in (("SELECT", [key, *fields]), ("UPDATE", fields)):
        said = {"name": name, "columns": columns, "verb": verb}
        missing = [str(told) for (told,) in connection.execute(_MISSING, said)]
        if missing:
            lacking.append(f"{verb} on {', '.join(missing)}")
    can_stage: bool = connection.execute(_CAN_STAGE).scalar_one()
    return lacking if can_stage else [*lacking, "TEMPORARY on the database"]
