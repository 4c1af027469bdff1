"""Where the columns of compiled models come from, down to the input contract, by their SQL (sqlglot).

Values only: what a row is joined to or filtered by is not followed. For that, `relations_read` and `columns_read` say
what a model's SQL names anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope, traverse_scope

Column = tuple[str, str]
Schema = Mapping[str, Mapping[str, Mapping[str, Mapping[str, str]]]]
CALENDAR = (
    "extract", "date_part", "dayofweek", "isodow", "dayofmonth", "dayofyear", "weekofyear", "date_trunc", "strftime",
    "year", "month", "quarter", "week", "hour", "day", "weekday", "time_to_str", "timestamp_trunc", "day_of_week",
    "day_of_week_iso", "dayname", "monthname",
)  # fmt: skip


@dataclass(frozen=True)
class Lineage:
    """The SQL of models by name, and the schema of all relations (catalogue → schema → table → column → type)."""

    sql: Mapping[str, str]
    schema: Schema = field(repr=False)

    @cached_property
    def _known(self) -> dict[Column, frozenset[Column]]:
        return {}

    @cached_property
    def _trees(self) -> dict[str, tuple[exp.Query, Scope]]:
        return {}

    def outputs(self, model: str) -> list[str]:
        """Columns a model gives."""
        return list(self._tree(model)[0].named_selects)

    def origins(self, model: str, column: str, *, until: Mapping[str, frozenset[str]] | None = None) -> set[Column]:
        """Columns of relations without SQL (the input contract) that the column's values are made of.

        `until`: relations at which to stop, too, whatever is behind them, with the columns that may be taken there.
        """
        found: set[Column] = set()
        for relation, name in self._parents(model, column):
            if relation in (until or {}) and name in (until or {})[relation]:
                continue
            found |= self.origins(relation, name, until=until) if relation in self.sql else {(relation, name)}
        return found

    def relations_read(self, model: str) -> set[str]:
        """Relations the model's SQL names anywhere."""
        return {relation for relation, _ in self._sources(model)} | {
            table.name for table in sqlglot.parse_one(self.sql[model], dialect="duckdb").find_all(exp.Table)
        } - {cte.alias for cte in sqlglot.parse_one(self.sql[model], dialect="duckdb").find_all(exp.CTE)}

    def columns_read(self, model: str, relation: str) -> set[str]:
        """Columns of a relation that the model's SQL names anywhere, filters and joins included."""
        return {name for source, name in self._sources(model) if source == relation}

    def calendar_functions(self, model: str) -> set[str]:
        """Functions of the SQL that ask a moment for its place in the calendar."""
        calls = sqlglot.parse_one(self.sql[model], dialect="duckdb").find_all(exp.Func)
        names = {(call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower() for call in calls}
        return names & set(CALENDAR)

    def _sources(self, model: str) -> set[Column]:
        found = set()
        for scope in traverse_scope(self._tree(model)[0]):
            for column in scope.columns:
                source = scope.sources.get(column.table)
                if isinstance(source, exp.Table):
                    found.add((source.name, column.name))
        return found

    def _parents(self, model: str, column: str) -> frozenset[Column]:
        if (model, column) not in self._known:
            tree, scope = self._tree(model)
            root = lineage(column, tree, schema=self.schema, dialect="duckdb", scope=scope, trim_selects=False)
            leaves = (node for node in root.walk() if not node.downstream and isinstance(node.source, exp.Table))
            self._known[model, column] = frozenset(
                (leaf.source.name, leaf.name.split(".")[-1].strip('"')) for leaf in leaves
            )
        return self._known[model, column]

    def _tree(self, model: str) -> tuple[exp.Query, Scope]:
        if model not in self._trees:
            parsed = sqlglot.parse_one(self.sql[model], dialect="duckdb")
            tree = qualify(parsed, schema=self.schema, dialect="duckdb", validate_qualify_columns=False, identify=False)
            scope = build_scope(tree)
            assert isinstance(tree, exp.Query) and scope is not None
            self._trees[model] = (tree, scope)
        return self._trees[model]
