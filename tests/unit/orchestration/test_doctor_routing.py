"""The doctor names service lines, queues and roles of routing.yaml no home knows, and labels that close nothing."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.doctor import closings
from orchestration.doctor_routing import unknown_names, unlicensed_members
from orchestration.sources.registry import load_registry

RULES = {
    "licences": {"cardiology": ["scheduler"], "cardiolgy": ["scheduler"]},
    "complexity": {"skin": [{"level": "2"}]},
    "channels": {"queue_heart": ["call"], "cardiology": ["call"], "heart": ["sms"]},
}


def test_a_name_that_no_team_or_lead_has_is_named_with_what_to_do(tmp_path: Path) -> None:
    assert not list(unknown_names(RULES, tmp_path))
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_service_lines as select unnest(['cardiology', '(none)']) as service_line"
        )
        connection.execute("create table marts.dim_intake_teams as select unnest(['queue_heart', null]) as queue")
    found = dict(unknown_names(RULES, tmp_path))
    assert found == {
        "routing.yaml: licences: no team or lead here has the service line cardiolgy": "did you mean cardiology?",
        "routing.yaml: complexity: no team or lead here has the service line skin": "known are cardiology",
        "routing.yaml: channels: no team or lead here has the queue or service line heart": "did you mean queue_heart?",
    }
    assert not list(unknown_names({}, tmp_path))


LOADS = """
create table marts.fct_intake_loads as select * from (values
    ('team', 'heart', '(none)'), ('member', 'heart', '(none)'), ('member', 'heart', 'scheduler'),
    ('member', 'any', '(none)'), ('member', '(none)', '(none)'),
    ('member', 'any', 'nurse')) as loads(bearer, team_id, role)
"""


def test_members_whose_role_nobody_tells_are_counted_by_the_lines_they_may_not_take(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_intake_teams as "
            "select * from (values ('heart', 'cardiology | skin'), ('any', null)) as teams(team_id, service_lines)"
        )
    rules = {"licences": {"cardiology": ["schedule"], "bones": ["nurse"]}}
    assert not list(unlicensed_members(rules, tmp_path)), "published by older code"
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(LOADS)
    assert dict(unlicensed_members(rules, tmp_path)) == {
        "routing.yaml: licences: 2 of 4 members here have no role, so they may not take cardiology, bones": "let the "
        "source tell `role` of its staff, or license no roles for these",
        "routing.yaml: licences: no member here has the role schedule": "did you mean scheduler?",
    }
    assert not list(unlicensed_members({}, tmp_path)) and not list(unlicensed_members(rules, tmp_path / "absent"))


def test_a_label_that_closes_no_lead_is_named_unless_the_registry_says_who_decides(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    entry = "{connector: contract_files, path: ./export, timezone: UTC, stages: {New: lead%s}%s}"
    told = {}
    lost = ", Lost: disqualified"
    for labels, who in (("", ""), (lost, ""), (lost, "crm"), (lost, "criteria")):
        authority = f", stage_authority: {{disqualified: {who}}}" if who else ""
        (tmp_path / "sources.yaml").write_text(f"sources:\n  crm: {entry % (labels, authority)}\n")
        told[bool(labels), who] = [finding.what for finding in closings(load_registry(tmp_path / "sources.yaml"))]
    (said,) = told.pop((True, ""))
    assert "label Lost stays queued" in said and not any(told.values())
