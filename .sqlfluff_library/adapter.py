"""dbt's `adapter` as the linter sees it: dispatch finds DuckDB's variant of a macro: models lint as they run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context


@pass_context
def dispatch(context: Context, name: str, package: str | None = None) -> Callable[..., Any]:
    """The macro `duckdb__<name>`, or `default__<name>`; what asks the lake is a table's name here."""
    if name == "landed":
        return lambda *args: "landed_rows"
    for prefix in ("duckdb", "default"):
        macro = context.get(f"{prefix}__{name}")
        if macro is not None:
            return macro  # type: ignore[no-any-return]
    return lambda *args, **kwargs: "a_macro_of_dbt"
