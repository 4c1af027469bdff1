"""Sections that say what moved a number: the promise, the criteria, how soon staff call, whose leads, which cause."""

from __future__ import annotations

import pandas as pd
import pytest

from orchestration.report.sections import causes, costs, criteria, funnel, promise, signals, speed, teams
from tests.unit.report.frames import FACTS, clinic_tables, page_frames
from tests.unit.report.rows import (
    attainment_row,
    cause_row,
    contact_row,
    cost_row,
    horizon_row,
    rate_row,
    signal_row,
    sql_row,
    team_row,
)
from tests.unit.report.test_sections import frames, says

VERSIONS = [
    {"criteria_version": f"knee@{number}", "service_line": "knee", "first_contact_business_minutes": minutes,
     "note": f"note {number}", "effective_from": pd.Timestamp(begun), "effective_to": None}
    for number, minutes, begun in (
        (1, 120, "2024-01-01"), (2, 120, "2026-03-01"), (3, 60, "2026-05-12"), (4, 30, "2026-08-01")
    )
]  # fmt: skip


def test_a_changed_promise_is_marked_in_its_month_and_the_hour_stands_beside_it() -> None:
    rows = [attainment_row("all", "all", 30, 70), *(attainment_row("month", f"2026-0{m}", 10, 20) for m in (4, 5, 6))]
    told = {"60 knee": 40, "120 knee": 60, "60 hip": 10, "(none) knee": 10}
    rows += [attainment_row("service_line_promise", value, met, 60) for value, met in told.items()]
    section = promise.section(frames("promise", fct_sla_attainment=rows, dim_criteria_versions=VERSIONS), FACTS)
    said = says(section)
    assert "The promise itself changed: knee since 12 May 2026: 1 h instead of 2 h. Whether" in said, (
        "not the version in August"
    )
    assert "Dotted line" in section.figures[0].caption
    assert section.figures[1].title == "Within an hour, whatever was promised"
    assert section.figures[1].table.rows[0][1:3] == ("30", "5")
    said_by_line = [tuple(cell.replace("\u00a0", " ") for cell in row[:6]) for row in section.tables[0].rows]
    assert said_by_line == [
        ("knee", "1 h", "100", "40.0 %", "100", "20.0 %"),
        ("knee", "2 h", "120", "50.0 %", "120", "25.0 %"),
    ], "not a line that kept its promise"
    kept = promise.section(frames("promise", fct_sla_attainment=rows, dim_criteria_versions=VERSIONS[:2]), FACTS)
    assert "promise itself" not in says(kept) and "Dotted line" not in kept.figures[0].caption
    svg, plain = (each.figures[0].panels[0].svg for each in (section, kept))
    assert svg != plain


def test_who_was_never_contacted_is_counted() -> None:
    row = {**attainment_row("all", "all", 30, 70, not_observed_count=10), "contacted_count": 75}
    section = promise.section(frames("promise", fct_sla_attainment=[row]), FACTS)
    assert "25 of 100 handoffs (25.0 %) were never contacted so far" in says(section)


def test_speed_of_contact_is_told_with_those_never_reached() -> None:
    rows = [contact_row("within 1 hour", 60, 20, 10), contact_row("never", 40, 15, 0)]
    section = speed.section(frames("speed", fct_contact_time_outcomes=rows), FACTS)
    said = says(section)
    assert "Of 100 MQLs followed for 30 days: contacted were 60 (60.0 %) within an hour and 40 (40.0 %) never." in said
    assert (
        "Of the 40 never contacted 15 became SQL, booked, were turned away or withdrew by themselves; 25 waited" in said
    )
    assert [row[0] for row in section.figures[0].table.rows] == ["within an hour"], "of the never contacted no rate"
    assert "No MQL whose calls are told of" in says(speed.section(frames("speed"), FACTS))


def test_teams_stand_with_whom_nobody_touched_and_what_was_expected() -> None:
    rows = [
        team_row("heart", 400, 60, 50),
        team_row("skin", 200, 9, 20, is_unlike=True),
        team_row("new", 0, 0, 1, is_unlike=None),
    ]
    section = teams.section(frames("teams", fct_team_outcomes=rows), FACTS)
    said = says(section)
    assert "Of 450 leads followed for 30 days, 30 (6.7 %) were never tried" in said
    assert "More or fewer SQLs than chance explains: skin." in said
    assert section.tables[0].rows[0] == (
        "heart",
        "400",
        "300",
        "66.7\u00a0%",
        "20",
        "60",
        "50.0",
        "40.0\u00a0%",
        "1.20 (1.08 to 1.32)",
    )
    alone = [team_row("mind", 500, 60, 60, is_unlike=None, compared=0.01)]
    said = says(teams.section(frames("teams", fct_team_outcomes=[team_row("heart", 400, 60, 50), *alone]), FACTS))
    assert "Of those that can be compared (heart) none has more or fewer" in said
    assert "Compared with practically nobody, so not judged: mind." in said
    assert "none has more" not in says(teams.section(frames("teams", fct_team_outcomes=alone), FACTS))
    assert "No handoff whose work is told of" in says(teams.section(frames("teams"), FACTS))


def test_causes_are_told_in_words_the_largest_first() -> None:
    rows = [
        cause_row("form", "speaks_for", 20, 2),
        cause_row("follow_up", "speaks_for", 120, 1),
        cause_row("offer", "no_sign", 3),
    ]
    section = causes.section(frames("causes", fct_mql_cause_evidence=rows), FACTS)
    assert section.says == ("The data speak for follow up and form.", "No sign of it: offer.")
    assert [row[0] for row in section.tables[0].rows] == ["follow up", "form"]
    assert section.tables[0].rows[0][3:] == ("120", "96 to 144")
    silent = causes.section(frames("causes", fct_mql_cause_evidence=[cause_row("form", "too_little_known", 0)]), FACTS)
    assert silent.says == ("The data speak for no cause.", "Too little known: form.") and not silent.tables


def test_what_new_criteria_made_is_told_apart() -> None:
    sql = {**rate_row("lead_to_sql", 200, 200, 80), "by_new_version_count": 12}
    rates = [sql, {**rate_row("lead_to_mql", 300, 300, 90), "by_new_version_count": 0}]
    leads = [
        sql_row(sql_criteria_version="knee@2", became_sql_at="2026-03-01"),
        sql_row(sql_criteria_version="knee@2", became_sql_at="2026-03-01 00:00:01", became_mql_at="2026-03-01"),
        sql_row(sql_criteria_version="knee@3", became_sql_at="2026-05-12", became_mql_at="2026-02-01"),
        sql_row(sql_basis="staff_confirmed", became_sql_at="2026-05-31"),
        {**sql_row(became_sql_at="2026-05-31"), "is_deleted": True},
    ]
    given = {"fct_lead_lifecycles": leads, "fct_conversion_rates": rates, "dim_criteria_versions": VERSIONS}
    section = criteria.section(frames("criteria", **given), FACTS)
    said = says(section)
    assert "At the first moment of a version, of leads that were waiting: 12 SQLs." in said
    assert (
        "Of 80 SQLs: 60 confirmed by staff (75.0 %), 10 booked themselves (12.5 %) and 10 by the criteria alone" in said
    )
    assert [row[0] for row in section.tables[0].rows] == ["knee@3", "knee@2"], "the first took no other's place"
    assert section.tables[1].rows == (
        ("March 2026", "2", "0", "0", "2", "0", "1"),
        ("May 2026", "2", "1", "0", "1", "0", "1"),
    ), "in the month of the SQL, whenever they had become MQL, if ever"
    old = [sql_row(became_sql_at=f"{2024 + place // 12}-{place % 12 + 1:02d}-05") for place in range(20)]
    listed = criteria.section(frames("criteria", **{**given, "fct_lead_lifecycles": old}), FACTS).tables[1].rows
    assert listed[0][:2] == ("before March 2024", "2") and len(listed) == 19
    assert sum(int(row[1]) for row in listed) == len(old)
    assert "No version of any criteria has been replaced yet." in says(criteria.section(frames("criteria"), FACTS))
    steps = [rate_row("sql_to_appointment", 100, 100, 40, month=month) for month in ("(all)", "2026-05")]
    marked, plain = (
        funnel.section(
            frames("funnel", fct_conversion_rates=[{**row, "by_new_version_count": made} for row in steps]), FACTS
        )
        for made in (10, 9)
    )
    assert marked.figures[2].panels[0].svg != plain.figures[2].panels[0].svg, "10 of 100 are marked, 9 are not"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            [horizon_row("appointment_to_consult", "all", 71), horizon_row("appointment_to_consult", "cardiology", 66)],
            "Appointment to consult: the horizon of 60 days is too short. Of those who come on within 90 days nine in "
            "ten have only by day 71. By service line: Cardiology 66.",
        ),
        (
            [horizon_row("mql_to_sql", "all", 12), horizon_row("mql_to_sql", "cardiology", 40)],
            "MQL to SQL: the horizon is too short for some service lines. Nine in ten have come on only by day: "
            "Cardiology 40.",
        ),
        ([horizon_row("mql_to_sql", "all", 40, is_settled=False)], ""),
    ],
)
def test_a_horizon_that_ends_too_soon_is_said(rows: list[dict[str, object]], said: str) -> None:
    found = says(
        funnel.section(
            frames("funnel", fct_conversion_rates=[rate_row("mql_to_sql", 100, 100, 60)], fct_conversion_horizons=rows),
            FACTS,
        )
    )
    assert said in found and ("too short" in found) is bool(said)
    assert "By day 6 half of all who entered had come on; who never will is in the other half." in found


def test_who_came_back_from_a_disqualification_is_counted() -> None:
    section = funnel.section(page_frames(clinic_tables())["funnel"], FACTS)
    assert "Disqualified 5,550 times; 510 taken up again." in says(section)


def test_a_consult_has_its_cost_and_sqls_of_new_criteria_are_named() -> None:
    rows = [cost_row("first", "paid_search", 1_000, 100), cost_row("first", "direct", 0, 300, currency="(none)")]
    section = costs.section(frames("costs", fct_channel_costs=rows), FACTS)
    figure = section.figures[0].table
    assert figure.rows[0][figure.header.index("per consult")].replace("\u00a0", " ") == "USD 15.00"
    assert figure.rows[0][figure.header.index("its 95 % interval")] == "12 to 19"
    assert "Of 100 SQLs of channels with spend 5 became it at the first moment of new criteria" in says(section)


def test_rules_drawn_and_rules_with_a_verdict_are_told_apart() -> None:
    rules = [signal_row("cardiology@2", "good", "pulls_its_weight", 2.0, 1.2)]
    rules += [signal_row("cardiology@2", f"rule_{n}", "too_little_known", 1.1, 2) for n in range(20)]
    versions = clinic_tables()["dim_criteria_versions"].to_dict("records")
    section = signals.section(frames("signals", fct_mql_signal_outcomes=rules, dim_criteria_versions=versions), FACTS)
    assert "Shown are 14 of 21 rules with an odds ratio" in section.figures[0].caption
    assert "a verdict there is on 1 of them." in section.figures[0].caption
