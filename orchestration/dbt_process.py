"""The command `handoff-dbt`: dbt with the project `make setup` has parsed, in a copy of a process that stands ready.

A run calls dbt four times, and loading it was most of each call. Where `WarmDbt` (orchestration.dbt_warm) stands ready
the call is handed to it; else dbt is loaded here. What a call does stands in `orchestration.dbt_calls`.
"""

from __future__ import annotations

import sys

from orchestration.dbt_warm import ask


def main() -> None:
    """dbt's command line; exit codes are dbt's: 0 done, 1 a node failed, 2 dbt could not go on."""
    code = ask(sys.argv[1:])
    if code is None:
        from orchestration.dbt_calls import call_dbt, parsed_project

        code = call_dbt(sys.argv[1:], parsed_project())
    sys.exit(code)
