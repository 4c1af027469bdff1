"""What a table needs before handoff fields can be written to it, in its database's own words.

Columns with their help texts, the least rights of our user, and a view intake staff can work down.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from orchestration.destinations.base import FIELDS
from orchestration.destinations.help_texts import COLUMN_HELP
from orchestration.destinations.sql_values import column_type

VIEW = "handoff_queue"
_VIEWED = (
    *("handoff_queue", "handoff_priority", "handoff_sla_due_at", "handoff_stage", "handoff_band"),
    *("handoff_readiness", "handoff_team_id", "handoff_staff_id", "handoff_reasons"),
)
_LONG = 30
_MYSQL = ("mysql", "mariadb")


class Plan:
    """What one table lacks. `has_view` says whether the queue view stands there."""

    def __init__(self, dialect: Dialect, table: sa.Table, key: str, *, has_view: bool) -> None:
        self._dialect, self._table, self._key, self._has_view = dialect, table, key, has_view
        self._preparer = dialect.identifier_preparer
        self.missing = [name for name in FIELDS if name not in table.columns]

    def columns(self) -> list[str]:
        """Statements that add the missing columns, and say what they mean where the database can keep that."""
        statements = [
            f"ALTER TABLE {self._name()} ADD COLUMN {self._preparer.quote(name)} "
            f"{self._type(name)}{self._comment(name)}"
            for name in self.missing
        ]
        if self._dialect.name == "postgresql":
            statements += [
                f"COMMENT ON COLUMN {self._name()}.{self._preparer.quote(name)} IS {self._literal(COLUMN_HELP[name])}"
                for name in self.missing
            ]
        return statements

    def view(self) -> list[str]:
        """The statement that makes the queue view, where it is not there.

        Per queue: those still in time by priority and due time, then the overdue, the longest overdue first; last of
        all those overdue for a month. Nobody leaves a queue by waiting: they would stand before everybody else.
        """
        if self._has_view:
            return []
        quote = self._preparer.quote
        shown = [quote(self._key), *map(quote, _VIEWED)]
        queue, priority, due = map(quote, _VIEWED[:3])
        order = ", ".join((queue, *self._urgency(priority, due), due, quote(self._key)))
        return [
            f"CREATE VIEW {self._beside(VIEW)} AS SELECT {', '.join(shown)} FROM {self._name()} "
            f"WHERE {quote(VIEW)} IS NOT NULL ORDER BY {order}"
        ]

    def rights(self) -> list[str]:
        """The least rights our user needs, and no more; its name is to be put in."""
        ours = ", ".join(map(self._preparer.quote, FIELDS))
        if self._dialect.name == "sqlite":
            return [
                "-- SQLite keeps no rights: our process must be able to write the file.",
                f"-- Only these columns are written: {ours}.",
            ]
        user = "handoff@'%'" if self._dialect.name in _MYSQL else "handoff"
        grants = [
            "-- The least our user needs (put its name for handoff): to read the key and our columns, to write ours.",
            f"GRANT SELECT ({self._preparer.quote(self._key)}, {ours}), UPDATE ({ours}) ON {self._name()} TO {user};",
        ]
        database = self._preparer.quote(self._dialect_database())
        if self._dialect.name in _MYSQL:
            # Rights on columns alone do not let it see how the table is built; this right on the table does.
            grants.append(f"GRANT SHOW VIEW ON {self._name()} TO {user};")
            grants.append(f"GRANT CREATE TEMPORARY TABLES ON {database}.* TO {user};")
        if self._dialect.name == "postgresql":
            grants.append(f"GRANT TEMPORARY ON DATABASE {database} TO {user};")
        return grants

    def _urgency(self, priority: str, due: str) -> list[str]:
        if (overdue := self._overdue(due)) is None:
            return [priority]
        return [
            f"CASE WHEN {self._overdue(due, days=_LONG)} THEN 2 WHEN {overdue} THEN 1 ELSE 0 END",
            f"CASE WHEN {overdue} THEN 0 ELSE {priority} END",
        ]

    def _overdue(self, due: str, days: int = 0) -> str | None:
        """Whether a due time (UTC, whatever type the column has) is past by that much; None: not known how to ask."""
        column = self._table.columns.get(_VIEWED[2])
        is_text = column is not None and isinstance(column.type, sa.String)
        if self._dialect.name == "sqlite":
            # It has no times: this reads them as SQLAlchemy writes them, and as canonical text.
            return f"datetime({due}) < datetime('now', '-{days} days')"
        if self._dialect.name in _MYSQL:
            moment = f"UTC_TIMESTAMP() - INTERVAL {days} DAY"
            return f"{due} < " + (f"DATE_FORMAT({moment}, '%Y-%m-%dT%H:%i:%sZ')" if is_text else moment)
        if self._dialect.name != "postgresql":
            return None
        moment = f"now() - interval '{days} days'"
        if is_text:
            return f"""{due} < to_char(({moment}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""
        has_zone = column is not None and getattr(column.type, "timezone", False)
        return f"{due} < {moment}" if has_zone else f"{due} < ({moment}) AT TIME ZONE 'UTC'"

    def _dialect_database(self) -> str:
        return str(self._table.info.get("database", "crm"))

    def _name(self) -> str:
        return self._preparer.format_table(self._table)

    def _beside(self, name: str) -> str:
        schema = self._table.schema
        return f"{self._preparer.quote_schema(schema)}.{name}" if schema else name

    def _type(self, name: str) -> str:
        return str(column_type(FIELDS[name], self._dialect.name).compile(dialect=self._dialect))

    def _comment(self, name: str) -> str:
        return f" COMMENT {self._literal(COLUMN_HELP[name])}" if self._dialect.name in _MYSQL else ""

    def _literal(self, text: str) -> str:
        return "'" + text.replace("'", "''") + "'"
