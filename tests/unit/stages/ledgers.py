"""The ledger as the compiled models tell it and as the oracle does, as sets of rows that can be compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime, timedelta
from typing import Any

from tests.golden.builds import PROJECT
from tests.golden.compiled_models import World
from tests.golden.lake_rows import record_key
from tests.oracles.criteria import Criteria
from tests.oracles.label_conflicts import conflicts
from tests.oracles.ledger import Ledger
from tests.unit.identity.random_worlds import BEGINNING, WorldRow, hour
from tests.unit.stages.histories import tables_of

CRITERIA: dict[str, Any] = {
    "version": 1,
    "effective_from": BEGINNING - timedelta(days=9),
    "mql": {
        "require": "fit_or_behaviour",
        "behaviour": {"threshold": 2, "rules": [{"id": "guide", "signal": "guide", "points": 2}]},
    },
    "sql": {
        "eligibility": [{"id": "paid", "attribute": "payer", "in": ["a"], "unknown": "pass"}],
        "ready_when_any": [
            {"id": "screened", "work_event": "screening", "outcome": ["qualified"]},
            {"id": "booked", "appointment_booked_by": ["lead"]},
        ],
    },
}
_COLUMNS = (
    "lead_key, record_key, from_stage, stage, basis, anomaly, is_end, is_superseded, entered_at, known_at, recorded_at,"
    " superseded_at"
)
TOLERANCE_SECONDS = 6 * 3600
GOVERNED_BY = {
    "mql": "criteria",
    "sql": "criteria",
    "opportunity": "crm_label",
    "appointment": "appointment_record",
    "consult": "appointment_record",
}
# One source, whose labels decide nothing but opportunities.
SOURCES: dict[str, list[dict[str, Any]]] = {
    "sources": [
        {
            "source": "crm", "id_space": "crm", "connector": "contract_files", "timezone": "UTC",
            "stage_tolerance_seconds": TOLERANCE_SECONDS,
        }
    ],
    "source_stages": [
        {"source": "crm", "stage": stage, "is_crm_authority": False} for stage in (*GOVERNED_BY, "disqualified")
    ],
}  # fmt: skip
Facts = Counter[tuple[Any, ...]]


def told_by_models(world: World, columns: str = _COLUMNS, only: str = "true") -> Facts:
    """Rows of the ledger that was built."""
    rows = world.connection.execute(f"select {columns} from marts.fct_lead_stage_transitions where {only}").fetchall()
    return Counter(rows)


def told_by_oracle(rows: Sequence[WorldRow], as_of: int) -> Facts:
    """The same rows in plain Python."""
    ledger = Ledger(tables_of(rows), Criteria({"cardiology": [CRITERIA]}), hour(as_of))
    return Counter(
        (
            record_key("crm", each.lead), record_key("crm", each.record), each.from_stage, each.stage, each.basis,
            each.anomaly, each.is_end, each.superseded_at is not None, each.entered_at, each.known_at,
            max(each.effective_at, ledger.begins[each.record]), each.superseded_at,
        )
        for each in ledger.entries()
    )  # fmt: skip


def conflicts_of_models(world: World) -> Facts:
    """Disagreements of label and criteria; whether one is open, of leads of one record."""
    rows = world.connection.execute("""
        select conflicts.lead_key, stage, kind, is_mere_interest,
            case when leads.record_count = 1 then is_open end, labelled_at, decided_at
        from marts.fct_stage_label_conflicts as conflicts
        inner join intermediate.int_leads__current as leads on conflicts.lead_key = leads.lead_key
    """)
    return Counter(rows.fetchall())


def conflicts_of_oracle(rows: Sequence[WorldRow], as_of: int) -> Facts:
    """The same in plain Python."""
    ledger = Ledger(tables_of(rows), Criteria({"cardiology": [CRITERIA]}), hour(as_of))
    found = conflicts(ledger, timedelta(seconds=TOLERANCE_SECONDS))
    return Counter((record_key("crm", each.lead), *astuple(each)[1:]) for each in found)


def stages_of_models(world: World) -> Facts:
    """When each lead became what."""
    columns = "became_mql_at, became_sql_at, became_opportunity_at, appointment_booked_at, consult_held_at"
    return Counter(
        world.connection.execute(f"select lead_key, {columns} from intermediate.int_leads__staged").fetchall()
    )


def stages_of_oracle(rows: Sequence[WorldRow], as_of: int) -> Facts:
    """The earliest entry that stands into each stage, by the family that governs it."""
    ledger = Ledger(tables_of(rows), Criteria({"cardiology": [CRITERIA]}), hour(as_of))
    first: dict[str, dict[str, datetime]] = {lead: {} for lead in ledger.survivors().values()}
    for each in ledger.entries():
        if each.superseded_at is None and not each.is_end and GOVERNED_BY.get(each.stage) == each.family:
            moments = first[each.lead]
            moments[each.stage] = min(moments.get(each.stage, each.effective_at), each.effective_at)
    return Counter((record_key("crm", lead), *map(moments.get, GOVERNED_BY)) for lead, moments in first.items())


def as_known_on(world: World, moment: datetime) -> Facts:
    """What the published query answers for a moment, in its own words; the lead is today's, so it stands apart."""
    text = (PROJECT / "analyses" / "ledger_as_known_on.sql").read_text()
    named = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"marts.\1", text)
    asked = named.replace("timestamp '2026-01-01 00:00:00'", f"timestamp '{moment}'")
    assert asked != named != text, "the query does not ask for a moment any more"
    return Counter(row[3:] for row in world.connection.execute(asked).fetchall())


def difference(found: Facts, expected: Facts) -> list[str]:
    """The first rows that only one of them has."""
    only = [f"found    {row}" for row in (found - expected)] + [f"expected {row}" for row in (expected - found)]
    return sorted(only, key=lambda line: line[9:])[:20]
