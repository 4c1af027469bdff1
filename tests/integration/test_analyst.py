"""An analyst's own target: a file beside the pipeline's, built in full on the same lake, with all tests of the project.

It is also where each data test and unit test of the dbt project runs: a run itself checks only what enters and leaves.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.integration.harness import ROOT, Home, environment
from tests.integration.questions import TEN, ask, ask_sql

DBT = Path(sys.executable).parent / "dbt"


@dataclass(frozen=True)
class DevBuild:
    """What `dbt build --target dev` left: its output, the verdict of each node, the warehouse it made."""

    exit_code: int
    output: str
    verdicts: Counter[tuple[str, str]]
    warehouse: Path


@pytest.fixture(scope="module")
def dev(undisturbed: Home, tmp_path_factory: pytest.TempPathFactory) -> DevBuild:
    """All models and all tests, built on a home whose warehouse somebody else holds for writing, as a run does."""
    target = tmp_path_factory.mktemp("dev")
    words = [
        str(DBT), "build", "--project-dir", "dbt_project", "--profiles-dir", "dbt_project", "--target", "dev",
        "--target-path", str(target), "--log-path", str(target),
    ]  # fmt: skip
    with duckdb.connect(str(undisturbed.path / "warehouse.duckdb")):
        done = subprocess.run(
            words, cwd=ROOT, env=environment(HANDOFF_HOME=str(undisturbed.path), DO_NOT_TRACK="1"),
            capture_output=True, text=True, timeout=800, check=False,
        )  # fmt: skip
    results = json.loads((target / "run_results.json").read_text())["results"]
    verdicts = Counter((result["unique_id"].split(".")[0], result["status"]) for result in results)
    return DevBuild(done.returncode, done.stdout, verdicts, undisturbed.path / "dev.duckdb")


def test_every_model_builds_and_every_test_holds(dev: DevBuild) -> None:
    assert dev.exit_code == 0, dev.output[-6000:]
    assert {status for kind, status in dev.verdicts if kind != "exposure"} == {"success", "pass"}
    assert dev.verdicts["unit_test", "pass"] > 0 and dev.verdicts["test", "pass"] > 0


def test_it_says_what_is_published(dev: DevBuild, undisturbed: Home) -> None:
    published = (undisturbed.path / "published" / "current").resolve() / "warehouse.duckdb"
    with duckdb.connect() as connection:
        connection.execute(
            f"attach '{dev.warehouse}' as dev (read_only); attach '{published}' as published (read_only)"
        )
        different = {
            table: rows for table in undisturbed.derived() if (rows := _different_rows(connection, table)) != 0
        }
    assert different == {}


def _different_rows(connection: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows that only one of them has; published fractions are rounded to micro-units, an analyst's are not."""
    columns = connection.execute(f"select column_name, column_type from (describe published.marts.{table})").fetchall()
    chosen = ", ".join(f"round({name}, 6)" if kind == "DOUBLE" else name for name, kind in columns)
    ours, theirs = (f"(select {chosen} from {catalog}.marts.{table})" for catalog in ("dev", "published"))
    differing = f"({ours} except all {theirs}) union all ({theirs} except all {ours})"
    row = connection.execute(f"select count(*) from ({differing})").fetchone()
    return -1 if row is None else int(row[0])


COUNTED = "from fct_lead_lifecycles where not is_deleted and excluded_by is null"


def test_ten_questions_are_answered(undisturbed: Home) -> None:
    answers = {question: ask(undisturbed, question) for question in TEN}
    # A small clinic has too few outcomes for a rule to be shown misleading.
    assert {question for question, answer in answers.items() if answer.empty} <= {"rules_that_mislead"}


def test_steps_and_months_count_every_mql_once(undisturbed: Home) -> None:
    mqls = ask_sql(undisturbed, f"select became_mql_at {COUNTED} and became_mql_at is not null")["became_mql_at"]
    as_of = pd.Timestamp(undisturbed.manifest()["as_of"]).tz_localize(None)
    steps = ask(undisturbed, "where_leads_get_lost").set_index("step")
    assert steps.loc["mql_to_sql", "entered_count"] == len(mqls) > 0
    horizon = pd.Timedelta(days=int(steps.loc["mql_to_sql", "horizon_days"]))
    assert steps.loc["mql_to_sql", "at_risk_count"] == (mqls + horizon <= as_of).sum()
    assert ask(undisturbed, "is_it_getting_better")["entered_count"].sum() == len(mqls)


def test_channels_cost_what_platforms_billed_and_bring_what_leads_became(undisturbed: Home) -> None:
    until = (pd.Timestamp(undisturbed.manifest()["as_of"]).tz_localize(None).normalize() - pd.Timedelta(days=62)).date()
    spend = ask_sql(undisturbed, f"select sum(cost) from fct_campaign_spend where spend_date <= date '{until}'").iat[
        0, 0
    ]
    costs = ask(undisturbed, "cost_per_sql")
    for level in ("channel", "campaign"):
        assert float(costs.loc[costs["level"] == level, "cost"].sum()) == pytest.approx(float(spend), abs=1e-6)
    credited = "select sum(sql_credits) from fct_channel_costs where level = 'channel' and attribution_model = 'first'"
    became = ask_sql(undisturbed, f"select count(became_sql_at) {COUNTED}").iat[0, 0]
    assert float(ask_sql(undisturbed, credited).iat[0, 0]) == became


def test_whoever_is_to_be_called_was_handed_over_and_not_reached(undisturbed: Home) -> None:
    first = ask(undisturbed, "whom_to_call_first")
    waiting = ask_sql(
        undisturbed,
        """
        select leads.lead_id
        from fct_handoffs as handoffs
        inner join dim_leads as leads using (lead_key)
        anti join (select * from fct_contact_attempts where is_contact) as contacts using (lead_key)
        where not leads.is_deleted and leads.excluded_by is null
        """,
    )
    assert set(first["lead_id"]) <= set(waiting["lead_id"])
    assert first.groupby("team_id")["place"].max().le(10).all()


def test_sqls_nobody_called_wait_in_no_queue(undisturbed: Home) -> None:
    uncalled = ask(undisturbed, "sqls_nobody_called")
    counted = f"{COUNTED} and current_stage = 'sql' and first_contacted_at is null and appointment_booked_at is null"
    assert len(uncalled) == ask_sql(undisturbed, f"select count(*) {counted}").iat[0, 0]
    assert not set(uncalled["lead_id"]) & set(ask_sql(undisturbed, "select lead_id from fct_ageing_queue")["lead_id"])


def test_promises_labels_and_bookings_are_counted_once(undisturbed: Home) -> None:
    promised = "select count(*) from fct_handoffs where status = 'met' and not is_deleted and excluded_by is null"
    assert ask(undisturbed, "called_in_time")["met_count"].sum() == ask_sql(undisturbed, promised).iat[0, 0]
    conflicts = "select count(*) from fct_stage_label_conflicts where not is_deleted and excluded_by is null"
    assert ask(undisturbed, "labels_that_disagree")["conflict_count"].sum() == ask_sql(undisturbed, conflicts).iat[0, 0]
    as_of = undisturbed.manifest()["as_of"]
    old = f"{COUNTED} and became_sql_at <= timestamptz '{as_of}' at time zone 'UTC' - interval 60 day"
    assert (
        ask(undisturbed, "kept_appointments")["at_risk_count"].sum()
        == ask_sql(undisturbed, f"select count(*) {old}").iat[0, 0]
    )
