"""A DuckDB of a replay's own, in which the compiled models run in their order. Gone when it is closed."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.criteria_files.load import Criteria
from orchestration.replay.compiled import QualificationSql

DECISIONS = "intermediate.int_qualification_decisions__made"
EVIDENCE = "intermediate.int_qualification_evidence__collected"


def trimmed(column: str) -> str:
    """A column's text as the models compare it: trimmed, and absent where nothing is left."""
    return f"nullif(trim({column}, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)), '')"


class Scratch:
    """Fill the inputs, `decide`, read what came of it. `threads` and `memory` are DuckDB's."""

    def __init__(self, sql: QualificationSql, *, threads: int = 2, memory: str = "3GB") -> None:
        self.sql = sql
        # What does not fit into memory goes where only its owner reads, and away with the scratch.
        self._spilled = tempfile.TemporaryDirectory(prefix="handoff-replay-")
        self.connection = duckdb.connect(config={"temp_directory": self._spilled.name})
        self.connection.execute("attach ':memory:' as warehouse; use warehouse; set TimeZone = 'UTC'")
        self.connection.execute(f"set threads = {threads}; set memory_limit = '{memory}'")
        for schema in ("input", "intermediate"):
            self.connection.execute(f"create schema {schema}")

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.connection.close()
        self._spilled.cleanup()

    def fill(self, relation: str, table: pa.Table) -> None:
        """Put a table's rows in place of a relation."""
        self.connection.register("given_rows", table)
        self.connection.execute(f"create or replace table {relation} as select * from given_rows")
        self.connection.unregister("given_rows")

    def fill_criteria(self, criteria: Criteria) -> None:
        """Put these criteria in place of those decided with so far."""
        parts = criteria.tables()
        for part in ("versions", "rules", "exclusions"):
            self.fill(f"input.input__criteria_{part}", parts[part])

    def decide(self, *relations: str) -> None:
        """Build those relations (default: decisions and evidence) and all they need, in full."""
        for model in self.sql.leading_to(*(relations or (DECISIONS, EVIDENCE))).models:
            kind = "view" if model.is_view else "table"
            self.connection.execute(f"create or replace {kind} {model.relation} as {model.sql}")

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows of a query, each by column name."""
        found = self.connection.execute(statement, list(parameters))
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
