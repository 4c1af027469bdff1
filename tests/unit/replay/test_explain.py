"""Explanations of records in a small home made by hand: days of March 2026, criteria of two service lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from orchestration.criteria_files import load_criteria
from orchestration.criteria_files.handbook.markdown import markdown_text
from orchestration.dbt_compiled import qualification_sql
from orchestration.lake.paths import HomePaths
from orchestration.lake.run_log import BuildHashes, RunLog
from orchestration.replay.explain import explain
from orchestration.replay.home import COMPARED
from orchestration.replay.inputs import SCHEMAS
from orchestration.replay.pages.explain_page import explain_page
from orchestration.settings import Settings

KNEE = """\
service_line: knee
versions:
  - version: 1
    effective_from: 2026-01-01T00:00:00Z
    mql:
      require: fit_or_behaviour
      fit: {threshold: 20, rules: [{id: near, attribute: postal_area, in: ["787"], points: 20}]}
      behaviour: {threshold: 30, rules: [{id: asked, signal: appointment_request, points: 30}]}
    sql:
      eligibility: [{id: near, attribute: state, in: [TX], unknown: fail}]
      ready_when_any:
        - {id: asked, all: [{signal: support_request}, {appointment_booked_by: [lead]}]}
        - {id: pair, all: [{appointment_booked_by: [lead]}, {signal: never_seen}]}
        - {id: booked, appointment_booked_by: [lead]}
        - {id: called, signal: phone_call}
"""
HIP = """\
service_line: hip
versions:
  - version: 1
    effective_from: 2026-01-01T00:00:00Z
    mql:
      require: fit_or_behaviour
      behaviour: {threshold: 1, rules: [{id: a, signal: appointment_request, points: 1}]}
"""
EXCLUSIONS = 'exclusions: [{id: vendor, attribute: purpose, equals: vendor, reason: "Sells to us"}]\n'
END = datetime(9999, 12, 31)
MORE = {
    "intermediate.int_records__current": "source id_space lead_id",
    "intermediate.int_records__versioned": "source id_space lead_id merged_into_lead_id",
    "intermediate.int_stage_authorities__set": "id_space stage basis_group",
    "input.input__identities": "record_key id_type id_value _id_space",
}
Rows = Iterator[tuple[str, dict[str, Any]]]
Say = Callable[..., str]


def day(number: int) -> datetime:
    return datetime(2026, 3, number)


def on(number: int) -> str:
    return f"{number} March 2026, 00:00 UTC"


def record(lead_id: str, *spans: tuple[int, dict[str, Any]], space: str = "crm", line: str | None = "knee") -> Rows:
    """A record known since day 1, and its versions, each since a day."""
    own = {"record_key": lead_id, "source": space, "id_space": space, "lead_id": lead_id, "is_deleted": False}
    yield "intermediate.int_records__current", own | {"effective_at": day(1)}
    ends = [*(day(since) for since, _ in spans), END]
    row = own | {"service_line": line, "valid_from": day(1)}
    for end, (_, changes) in zip(ends, [*spans, (0, {})], strict=True):
        yield "intermediate.int_records__versioned", row | {"valid_to": end}
        row = row | {"valid_from": end} | changes


def attribute(key: str, name: str, value: str, since: int = 1, until: datetime = END) -> tuple[str, dict[str, Any]]:
    said = {"record_key": key, "name": name, "value": value, "valid_from": day(since), "valid_to": until}
    return "intermediate.int_attributes__versioned", said


def touch(key: str, signal: str, at: int, line: str | None = None) -> tuple[str, dict[str, Any]]:
    times = {"occurred_at": day(at), "known_at": day(at), "valid_from": day(at), "valid_to": END}
    own = {"record_key": key, "source": "crm", "touch_id": f"{key} {signal}", "signal": signal, "service_line": line}
    return "intermediate.int_touches__owned", own | times


def booking(key: str, number: str, at: int, cancelled: int | None = None) -> Rows:
    own = {"record_key": key, "source": "crm", "appointment_id": number, "booked_by": "lead", "booked_at": day(at)}
    until = day(cancelled) if cancelled else END
    states = [("booked", day(at), until), ("cancelled", until, END)]
    for status, since, end in states[: 2 if cancelled else 1]:
        times = {"known_at": since, "valid_from": since, "valid_to": end}
        yield "intermediate.int_appointments__versioned", own | times | {"status": status}


def rows() -> Rows:
    """What the home knows on day 30."""
    yield "input.input__run", {"as_of": day(30)}
    yield from record("survivor")
    yield attribute("survivor", "state", "TX", until=day(20))
    yield attribute("survivor", "state", "NM", since=20)
    yield from booking("survivor", "visit", 12)
    yield from record("member", (10, {"merged_into_lead_id": "survivor"}))
    yield from record("parted", (10, {"merged_into_lead_id": "survivor"}), (20, {"merged_into_lead_id": None}))
    yield from record("former")
    named = {"record_key": "survivor", "id_type": "crm_id", "id_value": "former", "_id_space": "crm"}
    yield "input.input__identities", named | {"known_at": day(25)}
    yield touch("member", "appointment_request", 5)
    yield attribute("member", "postal_area", "787", since=7)
    yield from record("vendor", (10, {"is_deleted": True, "merged_into_lead_id": "circle"}), space="labelling")
    yield from record("circle", (10, {"merged_into_lead_id": "vendor"}), space="labelling")
    yield attribute("vendor", "purpose", "vendor")
    for stage, group in [("mql", "crm_label"), ("sql", "criteria"), ("opportunity", "crm_label")]:
        authority = {"id_space": "labelling", "stage": stage, "basis_group": group}
        yield "intermediate.int_stage_authorities__set", authority
    yield from record("ready")
    yield attribute("ready", "postal_area", "999")
    yield touch("ready", "phone_call", 2, line="hip")
    yield touch("ready", "support_request", 4)
    yield from booking("ready", "first", 3, cancelled=5)
    yield from booking("ready", "second", 8)
    yield from record("moved", (10, {"service_line": "spine"}), line="hip")
    yield touch("moved", "appointment_request", 5)
    yield from record("elsewhere", line=" spine ")


@pytest.fixture(scope="module")
def say(tmp_path_factory: pytest.TempPathFactory) -> Say:
    """The page of a lead, on a day or as of the home."""
    place = tmp_path_factory.mktemp("home")
    for name, text in [("knee", KNEE), ("hip", HIP), ("exclusions", EXCLUSIONS)]:
        (place / f"{name}.yaml").write_text(text)
    found: dict[str, list[dict[str, Any]]] = {}
    for relation, row in rows():
        found.setdefault(relation, []).append(row)
    parts = load_criteria(place).tables()
    tables = {f"input.input__criteria_{part}": parts[part] for part in ("versions", "rules", "exclusions")}
    for relation in {*SCHEMAS, *MORE}:
        fields = list(SCHEMAS.get(relation, pa.schema([])))
        fields += [pa.field(name, pa.string()) for name in MORE.get(relation, "").split()]
        if relation == "intermediate.int_records__versioned":
            fields.append(pa.field("is_deleted", pa.bool_()))
        if relation == "input.input__identities":
            fields.append(pa.field("known_at", pa.timestamp("us")))
        tables[relation] = pa.Table.from_pylist(found.pop(relation, []), schema=pa.schema(fields))
    assert not found
    with duckdb.connect(str(place / "warehouse.duckdb")) as connection:
        connection.execute("create schema input; create schema intermediate")
        for relation, table in tables.items():
            connection.register("given", table)
            connection.execute(f"create table {relation} as select * from given")
        for name in COMPARED:
            connection.execute(f"create table if not exists intermediate.{name} (record_key varchar)")
    log = RunLog(HomePaths(place))
    log.record_build_started(log.begin_run(day(30)), day(30), BuildHashes("code", "criteria", "registry"), is_full=True)
    log.record_build_completed(1)
    sql = qualification_sql(Settings())

    @cache
    def asked(lead_id: str, at: int | None = None) -> str:
        [one] = explain(HomePaths(place), sql, lead_id, at=day(at) if at else None)
        return markdown_text(explain_page(one))

    return asked


def test_the_survivor_of_a_merge_names_the_records_of_its_lead_and_what_they_are_together(say: Say) -> None:
    said = say("survivor")
    assert f"**This record is not MQL, is SQL (since {on(12)}, self scheduled), is disqualified" in said
    assert "Merged into this record: former and member." in said
    assert (
        f"**The lead of these 3 records is MQL (since {on(5)}, by member), is SQL (since {on(12)}, self scheduled, "
        in said
    )
    assert "| `near` | state is TX | known, and does not hold |" in said and "It is SQL already" in said


def test_only_merges_known_by_then_count_and_those_undone_since(say: Say) -> None:
    assert "Merged into this record: member and parted." in say("survivor", at=15)
    assert "erged" not in say("vendor"), "merges in a circle are left out"


def test_a_member_says_where_it_went_and_its_fit_is_that_of_the_moment_it_became_mql(say: Say) -> None:
    said = say("member")
    assert f"**This record is MQL (since {on(5)}), is not SQL, is disqualified" in said
    assert "This record was merged into survivor, as was former." in said
    assert "| `near` | fit | postal area is 787 | 20 | 0 (not known) |" in said


def test_what_keeps_a_lead_out_of_the_rates_and_who_decides_its_stage_are_said(say: Say) -> None:
    said = say("vendor")
    assert "**By the criteria, this record is not MQL" in said
    assert "The CRM's own label says whether the lead is MQL, as" in said
    assert "**The lead is excluded** by `vendor` (Sells to us)" in said
    assert "**The lead is deleted** in its source" in said


def test_ways_of_being_ready_stand_while_all_their_parts_do(say: Say) -> None:
    cancelled, rebooked = say("ready", at=6), say("ready")
    assert f"| came about and ended on {on(5)}; 1 of its 2 parts stands now |" in way(cancelled, "asked")
    assert "| has not come about; 1 of its 2 parts came about and ended |" in way(cancelled, "pair")
    assert f"| came about and ended on {on(5)} |" in way(cancelled, "booked")
    assert f"| has come about, on {on(8)} |" in way(rebooked, "asked")
    assert "| has not come about; 1 of its 2 parts stands now |" in way(rebooked, "pair")
    assert f"| has come about, on {on(8)} |" in way(rebooked, "booked")
    assert "| has not come about |" in way(rebooked, "called")


def way(said: str, item: str) -> str:
    """The row of a way of being ready."""
    [found] = [line for line in said.partition("Ways of being ready")[2].splitlines() if line.startswith(f"| `{item}`")]
    return found


def test_rules_of_one_name_in_two_halves_are_told_apart_and_unknown_from_failing(say: Say) -> None:
    said = say("ready")
    assert "| `near` | fit | postal area is 787 | 20 | 0 (known, and does not hold) |" in said
    assert "| `near` | state is TX | not known, which this rule counts as failing: it is held back |" in said


def test_where_one_half_is_enough_what_is_missing_says_so(say: Say) -> None:
    assert "One of these is enough:\n\n- **fit: 20 points are missing**" in say("ready")


def test_without_criteria_the_service_line_is_named_and_what_was_decided_stands(say: Say) -> None:
    said = say("moved")
    assert "Spine, for which no criteria are in force: what was decided before stands." in said
    assert f"**This record is MQL (since {on(5)}), is not SQL.**" in said and "What made it MQL" in said
    assert "Spine, for which no criteria are in force: nothing makes it MQL or SQL." in say("elsewhere")
