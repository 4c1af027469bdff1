"""The clinic world's readiness examples at any size: its tables straight into the compiled models, in memory.

What landing, publication and the CRM add is left out: the same SQL decides and describes the same leads, from every
version of every row with its own known_at, in minutes where a whole run takes half an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from models_ml.world import OutcomeModel, build_world
from models_ml.world import World as Clinic
from models_ml.world.plan import Plan
from orchestration.criteria_files.load import load_criteria
from orchestration.lake.zones import offset_spans
from tests.golden.builds import PROJECT, DbtBuilds
from tests.golden.compiled_models import CompiledProject, World, compile_project

MODELS = ("ml_readiness__training_examples", "ml_readiness__example_attributes")
_TOKENS = {
    "leads": {"email_token": "email", "phone_token": "phone"},
    "touches": {"anonymous_token": "anonymous_id", "click_token": "click_id"},
}
_STAGES = ("mql", "sql", "opportunity", "appointment", "consult", "disqualified")


@dataclass(frozen=True)
class WorldExamples:
    """Mature MQLs of the world, what was known of them, and P(SQL within 30 days), if intake takes them up as usual.

    `lead_ids` and `plan` lead back to the world: one id per example.
    """

    examples: pd.DataFrame
    attributes: pd.DataFrame
    truth: npt.NDArray[np.float64]
    as_of: pd.Timestamp
    lead_ids: list[str]
    plan: Plan


def compile_examples(scratch: Path) -> CompiledProject:
    """The models that make examples, compiled; good for any number of worlds."""
    home = scratch / "home"
    home.mkdir(parents=True, exist_ok=True)
    return compile_project(DbtBuilds(scratch), home, select=MODELS)


def world_examples(
    leads: int, seed: int, scratch: Path, *, scenario: str = "real", months: int = 18,
    project: CompiledProject | None = None,
) -> WorldExamples:  # fmt: skip
    """Build the world and its examples. The same arguments give the same rows."""
    clinic = build_world(leads, seed, months, scenario=scenario)
    world = World(project or compile_examples(scratch))
    _write(world, clinic)
    world.build(full=True)
    examples = world.read(
        "select examples.*, records.lead_id from ml.ml_readiness__training_examples as examples "
        "inner join intermediate.int_records__current as records using (record_key) order by became_mql_at, record_key"
    )
    attributes = world.read("select * from ml.ml_readiness__example_attributes")
    world.close()
    moments = pd.to_datetime(examples["became_mql_at"]).dt.tz_localize("UTC")
    truth = OutcomeModel(clinic.plan).chances(list(examples["lead_id"]), [30], at=moments)[:, 0]
    # Who had truly booked before its criteria made it MQL, unseen by the ledger for want of a fact, has no chance left.
    asked = ~np.isnan(truth)
    examples, truth = examples[asked].reset_index(drop=True), truth[asked]
    ids = [str(one) for one in examples.pop("lead_id")]
    return WorldExamples(examples, attributes, truth, clinic.as_of.tz_localize(None), ids, clinic.plan)


def _write(world: World, clinic: Clinic) -> None:
    parts = load_criteria(PROJECT.parent / "criteria").tables()
    for part in ("rules", "exclusions", "versions"):
        world.replace(f"criteria_{part}", parts[part].to_pylist())
    source = {"source": "crm", "id_space": "crm", "connector": "crm_sql", "timezone": "America/Chicago"}
    told = {"consent_required": False, "stage_tolerance_seconds": 86400, "has_work_events": True}
    world.replace("sources", [{**source, **told, "history_latest_only": False}])
    world.replace("source_stages", [{"source": "crm", "stage": stage, "is_crm_authority": False} for stage in _STAGES])
    world.replace("run", [{"as_of": clinic.as_of.tz_localize(None).to_pydatetime(), "run_no": 1, "seed": 7}])
    zones = sorted(set(clinic.tables["calendars"]["timezone"]) | {"America/Chicago"})
    spans = [{"timezone": zone, **vars(span)} for zone in zones for span in offset_spans(zone, 2023, 2028, 7)]
    world.replace("timezone_offsets", spans)
    for name, frame in clinic.tables.items():
        if f"input__{name}" in world.project.input_schemas:
            _add(world, name, frame)


def _add(world: World, name: str, frame: pd.DataFrame) -> None:
    """One table of the contract as it would have landed, but for its tokens, which are plain hashes here."""
    schema = world.project.input_schemas[f"input__{name}"]
    world.connection.register("told", frame)
    told = {
        "_source": "'crm'", "_id_space": "'crm'", "_object": f"'{name}'", "_batch_id": "'00000001-000000000001'",
        "_file_sha256": "'file'", "_row_no": "row_number() over ()", "_is_repeat": "false",
        "_known_at_basis": "'given'", "record_key": "md5('crm|' || lead_id)",
    }  # fmt: skip
    told |= {token: f"md5('{plain}|' || {plain})" for token, plain in _TOKENS.get(name, {}).items()}
    if name == "leads":
        told["postal_area"] = "left(postal_code, 3)"
    if name == "identities":
        is_secret = "id_type <> 'crm_id'"
        told["id_token"] = f"case when {is_secret} then md5(id_type || '|' || id_value) end"
        told["id_value"] = f"case when not ({is_secret}) then id_value end"
    if name == "touches":
        told["landing_page"] = "split_part(landing_page, '?', 1)"
    columns = {}
    for column in schema:
        given = told.get(column.name) or (column.name if column.name in frame else "null")
        is_time = column.name in frame and isinstance(frame[column.name].dtype, pd.DatetimeTZDtype)
        columns[column.name] = f"cast({given} at time zone 'UTC' as timestamp)" if is_time else given
    listed = ", ".join(f'{expression} as "{column}"' for column, expression in columns.items())
    world.connection.execute("set TimeZone = 'UTC'")
    world.connection.execute(f"insert into input.input__{name} by name select {listed} from told")
    world.connection.unregister("told")
