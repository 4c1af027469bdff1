"""dbt as a run calls it: with the project `make setup` has parsed, whichever home it works on.

dbt parses anew when a home's warehouse lies elsewhere, although no node depends on where that is; a run has four dbt
steps, and parsing was most of each. Where a file changed since, dbt parses for itself. All else is dbt's command line.
Which process makes the call is `orchestration.dbt_process`'s and `orchestration.dbt_warm`'s affair.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest
from dbt.parser.manifest import extended_mashumuro_decoder
from dbt_common.events.base_types import BaseEvent, EventLevel
from dbt_common.events.event_manager import EventManager

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


def leave_out_debug_events() -> None:
    """Let dbt drop what it would not show before it writes the line it would not show it in."""
    fire_event = EventManager.fire_event

    def fire_shown_event(
        manager: EventManager, e: BaseEvent, level: EventLevel | None = None, *rest: Any, **named: Any
    ) -> None:
        if (level or e.level_tag()) not in (EventLevel.DEBUG, EventLevel.TEST):
            fire_event(manager, e, level, *rest, **named)

    EventManager.fire_event = fire_shown_event  # type: ignore[method-assign, assignment]


def asks_for_debug(words: Sequence[str]) -> bool:
    """Whether the call, or the environment, asks dbt for what it says only then."""
    asked = {"--debug", "-d", "--log-level=debug", "--log-level-file=debug"} & set(words)
    named = [each for each in pairwise(words) if each in {("--log-level", "debug"), ("--log-level-file", "debug")}]
    said = [os.environ.get(name, "").lower() for name in ("DBT_DEBUG", "DBT_LOG_LEVEL", "DBT_LOG_LEVEL_FILE")]
    return bool(asked or named or {"1", "true", "debug"} & set(said))


def call_dbt(words: Sequence[str], project: Manifest | None) -> int:
    """Call dbt with these words; exit codes are dbt's: 0 done, 1 a node failed, 2 dbt could not go on.

    `project` is what `parsed_project` gave, be it some seconds ago.
    """
    if not asks_for_debug(words):
        leave_out_debug_events()
    manifest = project if is_manifest_current(Settings()) else None
    result = dbtRunner(manifest=manifest).invoke(list(words))
    if result.exception is not None:
        print(result.exception, file=sys.stderr)
    return 0 if result.success else 2 if result.exception else 1
