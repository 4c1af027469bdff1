"""Write-back: what may leave goes through the outbox to each destination, and its receipts land like any source.

A destination that cannot be used fails the run, not the publication. Proof of writes is `destinations.delivery`.
"""

from contextlib import closing
from typing import Any

import dagster as dg
import duckdb
import pandas as pd
import pyarrow as pa

from orchestration.assets.frames import land_rows
from orchestration.assets.policy import spec
from orchestration.destinations.base import FIELDS, DestinationError
from orchestration.destinations.delivery import deliver
from orchestration.destinations.open import open_destination
from orchestration.lake.canonical_text import Value
from orchestration.lake.outbox import Outbox, Wanted
from orchestration.runs import Run

_TIME = pa.timestamp("us")
_TEXTS = ("destination", "source", "lead_id", "lead_key", "payload_sha256", "status", "remote_id", "error_code")
RECEIPTS = pa.schema(
    [(name, pa.string()) for name in _TEXTS]
    + [("sequence", pa.int64()), ("attempt", pa.int32())]
    + [(name, _TIME) for name in ("attempted_at", "acknowledged_at", "verified_at")]
)
SYNC = ("syncs", "sync_crm__lead_readiness")


def crm_sync_assets() -> list[dg.AssetsDefinition]:
    """Receipts."""

    @dg.multi_asset(
        name="send_to_crm",
        specs=[
            spec(
                ["handoff", "receipts"],
                group="crm_sync",
                kinds=("python", "parquet"),
                description="Receipts of writes to CRMs, read back. One row per write and attempt.",
                deps=[list(SYNC)],
            )
        ],
    )
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> dg.MaterializeResult[None]:
        run.say("writing back", "")
        with closing(Outbox(run.settings.outbox)) as outbox:
            metadata: dict[str, int] = {}
            for name in run.registry.destinations:
                try:
                    counts = send(outbox, run, name)
                except DestinationError as error:
                    context.log.error(str(error))
                    run.fail(str(error))
                    counts = outbox.counts(name)
                else:
                    if failed := counts.get("failed", 0):
                        run.fail(f"destination {name}: {failed} records could not be written; the next run tries again")
                metadata |= {f"{name}_{status}": count for status, count in counts.items()}
            metadata["receipts"] = land_receipts(outbox, run)
        return dg.MaterializeResult(metadata=metadata)

    return [step]


def send(outbox: Outbox, run: Run, name: str) -> dict[str, int]:
    """Queue what changed for one destination and deliver it; returns its records by state."""
    with open_destination(run.registry.destinations[name]) as destination:
        destination.check()
        outbox.aim(name, destination.place)
        # Leads are told by the source whose ids they have, which may be another than the one that brings them.
        wanted = wanted_rows(run, run.registry.sources[destination.source].id_space)
        outbox.queue(name, wanted, floor=destination.highest_sequence())
        return deliver(outbox, destination)


def wanted_rows(run: Run, source: str) -> list[Wanted]:
    """What the records of one source should say, from the sync table."""
    with duckdb.connect(str(run.paths.warehouse), read_only=True) as connection:
        query = f'select * from "{SYNC[0]}"."{SYNC[1]}" where source = ? order by lead_id'
        frame = connection.execute(query, [source]).df()
    fields = [name for name in FIELDS if name in frame.columns and name != "handoff_sequence"]
    rows = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
    return [
        Wanted(
            row["lead_id"],
            row["lead_key"],
            row["source"],
            {name: _plain(row[name]) for name in fields},
        )
        for row in rows
    ]


def land_receipts(outbox: Outbox, run: Run) -> int:
    """Land every attempt that has not landed; safe to be killed between any two steps."""
    landed = 0
    for batch_id, rows in outbox.unlanded_receipts(run.batch_id("receipts")).items():
        landed += land_rows(run, "receipts", batch_id, rows, RECEIPTS)
        outbox.mark_landed(batch_id)
    return landed


def _plain(value: Any) -> Value:
    plain: Value = value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
    return plain
