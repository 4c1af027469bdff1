"""History in pieces gives the stages, credits and handoffs that history at once gives, killed builds included.

The ledger of stages is held to more, on a thousand histories: to a second implementation (`tests/oracles/ledger.py`),
and to what was known at a moment of each history's own, by a build as of it and by the published query.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
import yaml

from orchestration.criteria_files.load import load_criteria
from orchestration.lake.zones import offset_spans
from tests.golden.compiled_models import CompiledProject, World, needed_for
from tests.unit.derived import FEATURES, MARTS, in_folders
from tests.unit.identity.feeding import SOURCES as ALL_SOURCES
from tests.unit.identity.feeding import feed_at_once, feed_in_pieces, land_pieces, land_told, rows_of
from tests.unit.identity.random_worlds import BEGINNING, HOURS, WorldRow, draw_world, hour
from tests.unit.stages.histories import CUT, OVER, draw_histories, known_by_cut, mixed
from tests.unit.stages.ledgers import CRITERIA as LEDGER_CRITERIA
from tests.unit.stages.ledgers import (
    SOURCES,
    as_known_on,
    conflicts_of_models,
    conflicts_of_oracle,
    difference,
    stages_of_models,
    stages_of_oracle,
    told_by_models,
    told_by_oracle,
)

CRITERIA = f"""
service_line: cardiology
versions:
  - version: 1
    effective_from: {(BEGINNING - timedelta(days=9)).isoformat()}Z
    mql:
      require: fit_or_behaviour
      behaviour:
        threshold: 2
        rules: [{{id: guide, signal: guide, points: 2}}, {{id: by_phone, signal: call, channels: [phone], points: 1}}]
    sql:
      eligibility: [{{id: paid, attribute: payer, in: [a]}}]
      ready_when_any:
        - {{id: screened, work_event: screening, outcome: [qualified]}}
        - {{id: booked, appointment_booked_by: [lead]}}
    sla: {{first_contact_business_minutes: 90}}
  - version: 2
    effective_from: {hour(HOURS - 8).isoformat()}Z
    mql: {{require: fit_or_behaviour, behaviour: {{threshold: 2, rules: [{{id: called, signal: call, points: 2}}]}}}}
"""
# What says how a build came about, not what is so.
_OF_THE_BUILD = {"int_rows__moved", "int_references__moved", "int_records__touched"}


@pytest.fixture(scope="module")
def lead_models(derived_models: CompiledProject) -> CompiledProject:
    """Everything between the input contract and the marts that wait for no score."""
    return needed_for(derived_models, [*in_folders("stages", "attribution", "handoff"), *FEATURES, *MARTS])


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Criteria of one service line, a source whose labels decide, and a calendar that is open every other hour."""
    folder = tmp_path_factory.mktemp("criteria")
    (folder / "cardiology.yaml").write_text(CRITERIA)
    parts = load_criteria(folder).tables()
    stages = ("mql", "sql", "opportunity", "appointment", "consult", "disqualified")
    lineage = {
        "_source": "crm",
        "_id_space": "crm",
        "_batch_id": "00000000-0",
        "_file_sha256": "f",
        "_is_repeat": False,
    }
    return {
        **{f"criteria_{part}": parts[part].to_pylist() for part in ("rules", "exclusions")},
        "criteria_versions": [{**row, "checklist": ["need", "times"]} for row in parts["versions"].to_pylist()],
        "source_stages": [
            {"source": source, "stage": stage, "is_crm_authority": source == "other"}
            for source in ("crm", "web", "other")
            for stage in stages
        ],
        "timezone_offsets": [
            {
                "timezone": "America/Chicago",
                "utc_from": s.utc_from,
                "utc_to": s.utc_to,
                "local_from": s.local_from,
                "local_to": s.local_to,
                "offset_seconds": s.offset_seconds,
            }
            for s in offset_spans("America/Chicago", 2025, 2027, 7)
        ],
        "locations": [{"location_id": "N", "calendar_id": "C", "_row_no": 1, **lineage}],
        "calendars": [
            {
                "calendar_id": "C",
                "timezone": "America/Chicago",
                "iso_weekday": day,
                "opens_at": f"{clock:02d}:30",
                "closes_at": f"{clock + 1:02d}:15",
                "_row_no": day * 24 + clock,
                **lineage,
            }
            for day in range(1, 8)
            for clock in range(0, 22, 2)
        ],
    }


@pytest.mark.parametrize("seed", range(4))
def test_feeding_in_pieces_equals_feeding_at_once(
    lead_models: CompiledProject, references: dict[str, list[dict[str, Any]]], seed: int
) -> None:
    pieces = land_pieces(draw_world(seed, pieces=4), pieces=4, seed=seed)
    bit_by_bit = feed_in_pieces(lead_models, pieces, seed=seed, references=references)
    at_once = feed_at_once(lead_models, pieces, references=references)
    entered = at_once.read("select count(*) as entry_count from intermediate.int_leads__entered")["entry_count"].iloc[0]
    assert entered > 0
    for model in lead_models.models:
        if model.name not in _OF_THE_BUILD:
            found, expected = rows_of(bit_by_bit, model.relation), rows_of(at_once, model.relation)
            pd.testing.assert_frame_equal(found, expected, obj=f"seed {seed}: {model.name}")


def test_what_no_row_of_a_lead_says_reaches_it_all_the_same(
    lead_models: CompiledProject, references: dict[str, list[dict[str, Any]]]
) -> None:
    """An MQL without a label: missed once its time is over and its source labels others. L2 is merged for a while."""
    lead = {"created_at": hour(0).isoformat(), "service_line": "cardiology", "known_at": hour(0).isoformat()}
    guide = {"signal": "guide", "occurred_at": hour(1).isoformat(), "known_at": hour(1).isoformat()}
    label = {"stage": "mql", "stage_raw": "mql", "entered_at": hour(2).isoformat(), "event_id": "E", "lead_id": "L3"}
    merged = {"merged_into_lead_id": "L3", "known_at": hour(5).isoformat()}
    told: list[tuple[int, str, dict[str, str | None]]] = [(1, "leads", {**lead, "lead_id": f"L{n}"}) for n in (1, 2, 3)]
    told += [(1, "touches", {**guide, "lead_id": f"L{n}", "touch_id": f"T{n}"}) for n in (1, 2, 3)]
    told += [(2, "leads", {**lead, **merged, "lead_id": "L2"})]
    told += [(3, "leads", {**lead, "lead_id": "L2", "known_at": hour(8).isoformat()})]
    told += [(3, "stage_events", {**label, "known_at": hour(9).isoformat()})]
    # All of them after the second version began: a version that begins touches everybody.
    pieces = land_told(
        [WorldRow(entity, "crm", piece, cells) for piece, entity, cells in told], moments=[34, 36, 40, 300]
    )
    sources = [{**row, "stage_tolerance_seconds": 3600} for row in ALL_SOURCES]
    for count, missed in ((2, 0), (3, 0), (4, 2)):
        given = {**references, "sources": sources}
        bit_by_bit = feed_in_pieces(lead_models, pieces[:count], seed=0, references=given)
        at_once = feed_at_once(lead_models, pieces[:count], references=given)
        kinds = at_once.read("select kind from marts.fct_stage_label_conflicts")["kind"]
        assert list(kinds).count("missed") == missed
        for model in (each for each in lead_models.models if each.name not in _OF_THE_BUILD):
            found, expected = rows_of(bit_by_bit, model.relation), rows_of(at_once, model.relation)
            pd.testing.assert_frame_equal(found, expected, obj=f"{count} pieces: {model.name}")


@dataclass(frozen=True)
class Told:
    """The histories, and their ledgers when all is over and at the cut."""

    project: CompiledProject
    criteria: dict[str, list[dict[str, Any]]]
    rows: list[WorldRow]
    over: World
    cut: World


@pytest.fixture(scope="module")
def told(lead_models: CompiledProject, tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("ledger_criteria")
    version = {**LEDGER_CRITERIA, "effective_from": LEDGER_CRITERIA["effective_from"].isoformat() + "Z"}
    file = {"service_line": "cardiology", "versions": [version]}
    (folder / "cardiology.yaml").write_text(yaml.safe_dump(file, sort_keys=False))
    parts = load_criteria(folder).tables()
    criteria = {f"criteria_{part}": parts[part].to_pylist() for part in ("rules", "exclusions", "versions")} | SOURCES
    project = needed_for(lead_models, ["fct_lead_stage_transitions", "fct_stage_label_conflicts", "dim_leads"])
    rows = draw_histories(seed=17, count=1000)
    over, cut = (
        feed_at_once(project, land_told(rows, moments=[moment]), references=criteria) for moment in (OVER, CUT)
    )
    return Told(project, criteria, rows, over, cut)


def test_the_ledger_is_what_a_plain_implementation_says(told: Told) -> None:
    assert not difference(told_by_models(told.over), told_by_oracle(told.rows, OVER))
    assert not difference(told_by_models(told.cut), told_by_oracle(told.rows, CUT))
    anomalies = set(told.over.read("select distinct anomaly from marts.fct_lead_stage_transitions")["anomaly"].dropna())
    assert anomalies == {"skipped", "backward", "repeated", "out_of_order", "no_evidence"}


@pytest.mark.parametrize("moment", [CUT, OVER])
def test_stages_and_conflicts_of_labels_follow_from_the_ledger(told: Told, moment: int) -> None:
    world = told.cut if moment == CUT else told.over
    assert not difference(stages_of_models(world), stages_of_oracle(told.rows, moment))
    assert not difference(conflicts_of_models(world), conflicts_of_oracle(told.rows, moment))


def test_batches_order_and_repeated_rows_leave_the_ledger_as_it_is(told: Told) -> None:
    pieces = land_told(mixed(told.rows, pieces=3, seed=1), moments=[CUT - 40, CUT, OVER])
    fed = feed_in_pieces(told.project, pieces, seed=3, references=told.criteria)
    assert not difference(told_by_models(fed), told_by_models(told.over))
    assert not difference(conflicts_of_models(fed), conflicts_of_models(told.over))


def test_what_is_known_later_tells_nothing_of_the_ledger_before(told: Told) -> None:
    known = land_told(known_by_cut(told.rows), moments=[CUT])
    truncated = feed_at_once(told.project, known, references=told.criteria)
    assert not difference(told_by_models(truncated), told_by_models(told.cut))


def test_the_ledger_answers_what_it_said_on_any_day(told: Told) -> None:
    # Where the end of a disqualification leads back to depends on the members of the lead, which may change later.
    end_apart = "transition_key, record_key, case when is_end then 'end' else stage end, basis, criteria_version"
    columns = f"{end_apart}, is_end, entered_at, known_at, recorded_at, is_governing"
    then = told_by_models(told.cut, columns, "not is_superseded")
    asked = Counter(
        (*row[:2], "end" if row[5] else row[2], *row[3:]) for row in as_known_on(told.over, hour(CUT)).elements()
    )
    assert len(then) > 1000
    assert not difference(asked, then)
