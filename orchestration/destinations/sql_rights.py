"""Which rights on a table our user lacks, where its database can be asked before anything is sent: PostgreSQL.

Other databases say so when they refuse; none of a refused batch is applied.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from orchestration.destinations.base import FIELDS

_ASKED = sa.text(
    "select has_column_privilege(cast(:name as text), cast(:told as text), cast(:verb as text)), "
    "has_database_privilege(current_database(), 'TEMPORARY')"
)


def lacking_rights(connection: Connection, table: sa.Table, key: str) -> list[str]:
    """What is lacking, in the database's words: `UPDATE on handoff_band`. Empty where all is there, or nobody knows."""
    if connection.dialect.name != "postgresql":
        return []
    name = connection.dialect.identifier_preparer.format_table(table)
    fields = [field for field in FIELDS if field in table.c]
    lacking = []
    can_stage = True
    for verb, columns in (("SELECT", [key, *fields]), ("UPDATE", fields)):
        rows = [connection.execute(_ASKED, {"name": name, "told": each, "verb": verb}).one() for each in columns]
        missing = [each for each, (has, _) in zip(columns, rows, strict=True) if not has]
        can_stage = can_stage and all(row[1] for row in rows)
        if missing:
            lacking.append(f"{verb} on {', '.join(missing)}")
    return lacking if can_stage else [*lacking, "TEMPORARY on the database"]
