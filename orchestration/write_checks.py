"""Checks on writes to CRMs: settled, none waits too long, each record in one state, nothing of ours changed unseen."""

from contextlib import closing

import dagster as dg
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.lake.outbox import Outbox
from orchestration.lake.outbox_types import SETTLED
from orchestration.runs import Run
from orchestration.waiting import waits

RECEIPTS = ["handoff", "receipts"]
STATES = ["handoff", "sync_states"]
CONFLICTS = ["handoff", "conflicts"]
WAITING = "no_write_waits_too_long"


def build_write_checks() -> list[dg.AssetChecksDefinition]:
    """All of them."""
    return [_writes_are_settled(), _records_are_in_one_state(), _no_write_waits_too_long(), _nobody_changed_ours()]


def _writes_are_settled() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=RECEIPTS, description="Every write is verified or a dead letter with its reason.")
    def writes_are_settled(run: dg.ResourceParam[Run]) -> dg.AssetCheckResult:
        states = run.write_states()
        unsettled = {
            name: {state: count for state, count in counts.items() if state not in SETTLED}
            for name, counts in states.items()
        }
        return dg.AssetCheckResult(
            passed=not any(unsettled.values()),
            severity=dg.AssetCheckSeverity.WARN,
            metadata={f"{name}_{state}": count for name, counts in states.items() for state, count in counts.items()},
        )

    return writes_are_settled


def _records_are_in_one_state() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=STATES, description="Written, unchanged, rejected, …: together all records that are wanted.")
    def records_are_in_one_state(run: dg.ResourceParam[Run]) -> dg.AssetCheckResult:
        file = run.paths.objects("handoff", "sync_states") / f"{run.batch_id('sync_states')}.parquet"
        rows = pq.read_table(file).to_pylist() if file.exists() else []
        summed: dict[str, int] = {}
        for row in rows:
            summed[row["destination"]] = summed.get(row["destination"], 0) + row["record_count"]
        wanted = {row["destination"]: row["wanted_count"] for row in rows}
        return dg.AssetCheckResult(passed=summed == wanted, metadata={f"{k}_wanted": v for k, v in wanted.items()})

    return records_are_in_one_state


def _no_write_waits_too_long() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=RECEIPTS, name=WAITING, description="No write waits longer than its destination allows.")
    def check(run: dg.ResourceParam[Run]) -> dg.AssetCheckResult:
        with closing(Outbox(run.settings.outbox)) as outbox:
            found = list(waits(outbox, run.registry, lambda: run.criteria))
        return dg.AssetCheckResult(
            passed=not any(wait.is_too_long for wait in found),
            metadata={wait.destination: str(wait) for wait in found},
        )

    return check


def _nobody_changed_ours() -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=CONFLICTS, description="No field of ours was changed by someone else, as far as was read.")
    def nobody_changed_ours(run: dg.ResourceParam[Run]) -> dg.AssetCheckResult:
        file = run.paths.objects("handoff", "conflicts") / f"{run.batch_id('conflicts')}.parquet"
        counts = pc.value_counts(pq.read_table(file)["resolution"]).to_pylist() if file.exists() else []
        return dg.AssetCheckResult(
            passed=not counts,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={str(each["values"]): int(each["counts"]) for each in counts},
        )

    return nobody_changed_ours
