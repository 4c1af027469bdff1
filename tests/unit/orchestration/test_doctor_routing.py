"""The doctor names service lines and queues of routing.yaml that a home knows nothing of."""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.doctor_routing import unknown_names

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
