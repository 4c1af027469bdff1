"""Jobs: the two rhythms, one per station, and the build for an older as_of. Each is a selection, nothing else.

All run in one process: the stations share one warehouse file, and the lease is held from the first step to the last.
"""

from typing import Any

import dagster as dg

from orchestration.assets.publication import note_failed_step
from orchestration.assets.signals import EXAMPLES, JUDGED

_DBT = dg.AssetSelection.kind("dbt")
_LANDING = dg.AssetSelection.groups("landing", "criteria")
_READINESS = dg.AssetSelection.groups("readiness") - _DBT
_TRAINING = dg.AssetSelection.assets(["models", "readiness_champion"])
_ESTIMATES = dg.AssetSelection.groups("signals") - _DBT
# What is judged once a day: what only the estimates read, they, and what is published of them. Staging views are made
# in every rhythm: which of them stand is remembered for all together.
_JUDGED = _ESTIMATES | dg.AssetSelection.assets(
    *(["ml", name] for name in sorted(EXAMPLES)), *(["marts", name] for name in sorted(JUDGED))
)
_ROUTING = dg.AssetSelection.groups("routing") - _DBT
_SYNC = dg.AssetSelection.groups("crm_sync") - _DBT
_PUBLICATION = dg.AssetSelection.groups("publication")
_RUN_ROWS = dg.AssetSelection.key_prefixes("run").required_multi_asset_neighbors()

_SELECTIONS: dict[str, tuple[dg.AssetSelection, str]] = {
    "daily": (dg.AssetSelection.all(), "Everything: land, decide, train, score, route, send, publish."),
    "intake": (
        dg.AssetSelection.all() - _TRAINING - _JUDGED,
        "What is new, every few minutes: no training, no estimates and no report, which stay as they were published.",
    ),
    "land": (_LANDING, "Land what is new of every source, and the criteria."),
    "build": (_DBT | _RUN_ROWS | _ESTIMATES, "Build the dbt models on what has landed, and the estimates among them."),
    "readiness": (_READINESS, "Train the champion and score open MQLs."),
    "routing": (_ROUTING, "Route open leads."),
    "crm_sync": (_SYNC, "Send what changed to the CRMs and land the receipts."),
    "publication": (_PUBLICATION, "Publish the marts."),
    "older_as_of": (
        _DBT | _RUN_ROWS | _ESTIMATES | dg.AssetSelection.groups("criteria") | _PUBLICATION,
        "Build for an as_of before the last publication, in a warehouse of its own, and publish beside.",
    ),
}


def build_jobs() -> list[Any]:
    """All jobs."""
    return [
        dg.define_asset_job(
            name,
            selection=selection,
            description=description,
            hooks={note_failed_step},
            executor_def=dg.in_process_executor,
        )
        for name, (selection, description) in _SELECTIONS.items()
    ]
