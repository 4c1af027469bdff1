"""Write-back: what may leave goes through the outbox to each destination; what became of it lands like any source.

A destination that cannot be used fails the run, not the publication. What is sent is `orchestration.sending`.
"""

import traceback
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.assets.frames import land_rows
from orchestration.assets.policy import spec
from orchestration.assets.shown_writes import waiting_metadata
from orchestration.destinations.base import DestinationError
from orchestration.lake.lease import LeaseHeld
from orchestration.lake.outbox import Outbox
from orchestration.lake.outbox_file import now
from orchestration.lake.outbox_log import Log
from orchestration.runs import Run
from orchestration.sending import SYNC, Sent, reconcile_destination, send

_TIME = pa.timestamp("us")
_TEXTS = (
    "destination",
    "source",
    "lead_id",
    "lead_key",
    "payload_sha256",
    "status",
    "remote_id",
    "error_code",
    "absent_fields",
)
RECEIPTS = pa.schema(
    [(name, pa.string()) for name in _TEXTS]
    + [("sequence", pa.int64()), ("attempt", pa.int32())]
    + [(name, _TIME) for name in ("attempted_at", "acknowledged_at", "verified_at")]
)
_FOUND = ("destination", "source", "lead_id", "lead_key", "field", "ours", "theirs", "theirs_sha256", "resolution")
CONFLICTS = pa.schema([(name, pa.string()) for name in _FOUND] + [("found_at", _TIME), ("found_as_of", _TIME)])
STATES = pa.schema(
    [("destination", pa.string()), ("mode", pa.string()), ("state", pa.string())]
    + [("record_count", pa.int64()), ("wanted_count", pa.int64())]
    + [(name, _TIME) for name in ("oldest_unsent_at", "counted_at")]
)
# What landed stays in the outbox for a while, should somebody look into what it sent of late.
_KEPT = timedelta(days=30)
_READ = [list(SYNC), ["intermediate", "int_consents__newest"], ["marts", "fct_lead_lifecycles"]]
# What a wanted record can be after a run: in exactly one of them.
STATE_NAMES = (
    *("written", "unchanged", "conflicting", "rejected", "gone", "archived", "merged"),
    *("unverified", "waiting", "shadow"),
)


def crm_sync_assets() -> list[dg.AssetsDefinition]:
    """What became of writes, and what others changed."""

    @dg.multi_asset(name="send_to_crm", specs=_specs())
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[None]]:
        run.say("writing back", "")
        with closing(Outbox(run.settings.outbox)) as outbox:
            sent = {name: _send(context, outbox, run, name) for name in run.registry.destinations}
            receipts, conflicts = land_logs(outbox, run)
            states = land_states(outbox, run, sent)
            waiting = waiting_metadata(run, outbox)
        shown = {f"{name}_{state}": count for name, each in sent.items() for state, count in each.states.items()}
        calls = {f"{name}_calls": each.reads + each.writes for name, each in sent.items()}
        yield dg.MaterializeResult(asset_key=_key("receipts"), metadata={**shown, **calls, "receipts": receipts})
        yield dg.MaterializeResult(asset_key=_key("conflicts"), metadata={"conflicts": conflicts})
        yield dg.MaterializeResult(asset_key=_key("sync_states"), metadata={"states": states, **waiting})

    return [step]


def _specs() -> list[dg.AssetSpec]:
    said = {
        "receipts": "Receipts of writes to CRMs, read back. One row per write and attempt.",
        "conflicts": "Fields of ours that someone else changed in a CRM. One row per record, field and finding.",
        "sync_states": "Wanted records by state after a run. One row per destination, run and state.",
    }
    return [
        spec(["handoff", name], group="crm_sync", kinds=("python", "parquet"), description=text, deps=_READ)
        for name, text in said.items()
    ]


def _key(name: str) -> dg.AssetKey:
    return dg.AssetKey(["handoff", name])


def _send(context: dg.AssetExecutionContext, outbox: Outbox, run: Run, name: str) -> Sent:
    """Send to one destination; what keeps it from being written to fails the run, and the others go on."""
    began = now()
    try:
        sent = send(outbox, run.registry, run.paths.warehouse, name, channels=run.criteria.routing.get("channels", {}))
    except Exception as error:
        run.fail(_failure(context, name, error))
        return Sent(states=outbox.states(name, since=began))
    run.notices.extend(sent.notices)
    # In shadow, or paused, what an earlier run left on its way waits on purpose.
    is_live = run.registry.destinations[name].mode == "live"
    unsettled = sum(sent.states.get(state, 0) for state in ("waiting", "unverified"))
    if unsettled and is_live:
        run.fail(f"destination {name}: {unsettled} records could not be written; the next run tries again")
    return sent


def _failure(context: dg.AssetExecutionContext | dg.OpExecutionContext, name: str, error: Exception) -> str:
    """What kept one destination from being used, logged. Of an error that is not ours the message may hold values."""
    if isinstance(error, DestinationError):
        told, where = str(error), ""
    elif isinstance(error, LeaseHeld):
        told, where = f"destination {name}: {error}", ""
    else:
        told = f"destination {name}: an error that nobody foresaw ({type(error).__name__}); the log says where"
        where = "\n" + "".join(traceback.format_tb(error.__traceback__))
    context.log.error(told + where)
    return told


def reconcile_all(context: dg.OpExecutionContext, run: Run) -> dict[str, int]:
    """Read back what counts as settled at every destination that is not paused; returns what was read and found."""
    found: dict[str, int] = {}
    channels = run.criteria.routing.get("channels", {})
    with closing(Outbox(run.settings.outbox)) as outbox:
        for name, entry in run.registry.destinations.items():
            if entry.mode == "paused":
                continue
            try:
                done = reconcile_destination(outbox, run.registry, run.paths.warehouse, name, channels=channels)
            except Exception as error:
                run.fail(_failure(context, name, error))
                continue
            counts = {"read": done.read, "no_longer_there": done.missing, "again_there": done.returned}
            for resolution, count in (counts | done.findings).items():
                found[f"{name}_{resolution}"] = count
        land_logs(outbox, run)
    return found


def land_logs(outbox: Outbox, run: Run) -> tuple[int, int]:
    """Land every attempt and finding that has not landed; safe to be killed between any two steps."""
    receipts = outbox.unlanded_receipts(run.batch_id("receipts"))
    findings = outbox.unlanded_findings(run.batch_id("conflicts"))
    for rows in findings.values():
        for row in rows:
            row["found_as_of"] = run.as_of
    landed = _land(outbox, run, "receipts", receipts, RECEIPTS, "attempts")
    found = _land(outbox, run, "conflicts", findings, CONFLICTS, "findings")
    outbox.prune(before=now() - _KEPT)
    return landed, found


def _land(
    outbox: Outbox, run: Run, name: str, batches: Mapping[str, list[dict[str, object]]], schema: pa.Schema, log: Log
) -> int:
    landed = 0
    for batch_id, rows in batches.items():
        landed += land_rows(run, name, batch_id, rows, schema)
        outbox.mark_landed(batch_id, log=log)
    return landed


def land_states(outbox: Outbox, run: Run, sent: Mapping[str, Sent]) -> int:
    """Land how many wanted records are in which state, every state of every destination; returns the rows.

    A run that wrote nothing and finds all as the one before left it, with nothing waiting, lands none.
    """
    counted_at, rows = now(), []
    for name, each in sent.items():
        wanted = sum(each.states.values())
        about = {"destination": name, "mode": run.registry.destinations[name].mode, "wanted_count": wanted}
        oldest = {"oldest_unsent_at": outbox.oldest_unsent(name), "counted_at": counted_at}
        rows += [
            {**about, "state": state, "record_count": each.states.get(state, 0), **oldest} for state in STATE_NAMES
        ]
    if not rows or _is_no_news(run, rows):
        return 0
    return land_rows(run, "sync_states", run.batch_id("sync_states"), rows, STATES)


def _is_no_news(run: Run, rows: list[dict[str, object]]) -> bool:
    files = sorted(run.paths.objects("handoff", "sync_states").glob("*.parquet"))
    has_moved = any(row["oldest_unsent_at"] or (row["state"] == "written" and row["record_count"]) for row in rows)
    if not files or has_moved:
        return False
    return _standing(pq.read_table(files[-1]).to_pylist()) == _standing(rows)


def _standing(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], int]:
    """Records by destination, mode and state; what was written stands unchanged the next time."""
    counts: dict[tuple[str, ...], int] = {}
    for row in rows:
        state = "unchanged" if row["state"] == "written" else row["state"]
        key = (row["destination"], row["mode"], state)
        waits = 0 if row["oldest_unsent_at"] is None else 1
        counts[key] = counts.get(key, 0) + row["record_count"] + waits
    return counts
