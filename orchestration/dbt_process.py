"""dbt as a run calls it: with the project `make setup` has parsed, whichever home it works on.

dbt parses anew when a home's warehouse lies elsewhere, although no node depends on where that is; a run has four dbt
steps, and parsing was most of each. Where a file changed since, dbt parses for itself. All else is dbt's command line.
"""

from __future__ import annotations

import sys

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumuro_decoder

from orchestration.dbt_manifest import is_manifest_current
from orchestration.settings import Settings


def parsed_project() -> Manifest | None:
    """The project as it was parsed last, or None where its files have changed since."""
    settings = Settings()
    kept = settings.dbt_manifest.with_name("partial_parse.msgpack")
    if not is_manifest_current(settings) or not kept.exists():
        return None
    manifest = Manifest.from_msgpack(kept.read_bytes(), decoder=extended_mashumuro_decoder)
    manifest.build_flat_graph()  # type: ignore[no-untyped-call]
    return manifest


def main() -> None:
    """dbt's command line; exit codes are dbt's: 0 done, 1 a node failed, 2 dbt could not go on."""
    result = dbtRunner(manifest=parsed_project()).invoke(sys.argv[1:])
    if result.exception is not None:
        print(result.exception, file=sys.stderr)
    sys.exit(0 if result.success else 2 if result.exception else 1)
