"""What a rate owes to the criteria: the versions that could decide its leads, and who moved because one took effect.

Knee has a second version since February. `waited` was MQL and ready by its new item all along; `booked` booked;
`straight` became SQL without ever being MQL; `turned_down` was disqualified before it was anything.
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest

from tests.unit.funnel.rendered import Funnel

AS_OF = datetime(2026, 4, 15)
SECOND = "2026-02-01 06:00:00"
MOMENTS = {"waited": SECOND, "booked": "2026-01-20 12:00:00", "straight": "2026-01-22 12:00:00"}
TABLES = {
    "int_leads__staged": [
        ("waited", "criteria", "knee@1", "knee@2", MOMENTS["waited"], None, None, None, None),
        ("booked", "self_scheduled", "knee@1", "knee@1", MOMENTS["booked"], None, MOMENTS["booked"], None, None),
        ("straight", "staff_confirmed", None, "knee@1", MOMENTS["straight"], None, None, None, None),
        ("turned_down", None, None, None, None, None, None, None, "2026-01-12 00:00:00"),
    ],
    "int_leads__dimensioned": [(name, "lead", "crm") for name in (*MOMENTS, "turned_down")],
    "int_stage_authorities__set": [("crm", "sql", None)],
    "int_criteria__in_force": [
        ("knee", "knee@1", "2024-01-01 06:00:00", SECOND),
        ("knee", "knee@2", SECOND, "9999-12-31 00:00:00"),
        (None, "default@1", "2024-01-01 06:00:00", "9999-12-31 00:00:00"),
    ],
    "input__criteria_versions": [("knee@1", "2024-01-01 06:00:00"), ("knee@2", SECOND)],
}


@pytest.fixture(scope="module")
def rates() -> pd.DataFrame:
    """The rates of everybody, by step and month."""
    mqls = {"waited": "2026-01-11 00:00:00", "booked": "2026-01-15 00:00:00"}
    leads = dict.fromkeys((*MOMENTS, "turned_down"), "2026-01-10 00:00:00")
    steps = [(name, "lead_to_mql", moment, mqls.get(name)) for name, moment in leads.items()]
    steps += [(name, "mql_to_sql", moment, MOMENTS[name]) for name, moment in mqls.items()]
    steps += [
        (name, "sql_to_appointment", moment, moment if name == "booked" else None) for name, moment in MOMENTS.items()
    ]
    frame = pd.DataFrame(steps, columns=["lead_key", "step", "entered_at", "converted_at"]).assign(service_line="knee")
    funnel = Funnel(frame, AS_OF, TABLES)
    found = funnel.read("select * from fct_conversion_rates where dimension = 'all'")
    return found.set_index(["step", "cohort_month"])


def test_a_lead_becomes_sql_by_way_of_mql_or_past_it(rates: pd.DataFrame) -> None:
    everybody = rates.loc[("lead_to_sql", "(all)")]
    assert (everybody["entered_count"], everybody["converted_count"], everybody["at_risk_count"]) == (4, 3, 4)
    assert everybody["horizon_days"] == 60 and everybody["rate"] == pytest.approx(0.75) and everybody["is_mature"]


def test_sqls_are_counted_by_basis_where_they_are_made_and_where_they_enter(rates: pd.DataFrame) -> None:
    columns = [f"sql_{basis}_count" for basis in ("criteria", "staff_confirmed", "self_scheduled", "crm_label")]
    found = rates.xs("(all)", level="cohort_month")[columns]
    assert list(found.loc["lead_to_sql"]) == list(found.loc["sql_to_appointment"]) == [1, 1, 1, 0]
    assert list(found.loc["mql_to_sql"]) == [1, 0, 1, 0]
    assert found.loc["lead_to_mql"].isna().all()


def test_who_moved_because_a_version_took_effect_is_told_apart(rates: pd.DataFrame) -> None:
    found = rates["by_new_version_count"]
    assert found.xs("(all)", level="cohort_month").to_dict() == {
        "lead_to_mql": 0, "mql_to_sql": 1, "lead_to_sql": 1, "sql_to_appointment": 1
    }  # fmt: skip
    # The SQL of the version's first moment entered in February.
    assert found["sql_to_appointment", "2026-01"] == 0 and found["sql_to_appointment", "2026-02"] == 1


def test_the_versions_that_could_decide_stand_beside_the_rate(rates: pd.DataFrame) -> None:
    versions = rates[["criteria_versions", "new_version_count"]]
    assert list(versions.loc[("lead_to_mql", "2026-01")]) == ["knee@1|knee@2", 1]
    # Who entered when the second was in force knows no other.
    assert list(versions.loc[("sql_to_appointment", "2026-02")]) == ["knee@2", 0]
