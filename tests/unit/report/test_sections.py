"""Each section from small frames: what it says, what stands in its tables, and what it says of nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from orchestration.report.parts import Frames, Section
from orchestration.report.sections import basis, cohorts, costs, expected, funnel, labels, promise, signals, waiting
from tests.unit.report.frames import AS_OF, FACTS, clinic_tables, empty_tables, page_frames
from tests.unit.report.rows import agreement_row, attainment_row, cost_row, queue_row, rate_row, signal_row, sql_row


def frames(key: str, **rows: list[dict[str, object]]) -> Frames:
    """The section's frames of these rows, and nothing in its other tables."""
    tables = empty_tables()
    return page_frames({**tables, **{name: pd.DataFrame(found) for name, found in rows.items()}})[key]


def says(section: Section) -> str:
    card = section.card
    shown = [card.number, card.interval, card.what, *card.rests_on, card.beside] if card else []
    return "\n".join([*section.says, *section.beware, *shown]).replace("\u00a0", " ")


def test_the_promise_is_judged_by_what_was_kept_or_has_run_out() -> None:
    rows = [
        attainment_row("all", "all", 30, 70, open_count=7, censored_count=5, not_observed_count=2, met_before_count=20),
        attainment_row("month", "2026-05", 20, 40),
        attainment_row("month", "2026-06", 10, 30, open_count=7),
    ]
    section = promise.section(frames("promise", fct_sla_attainment=rows), FACTS)
    said = says(section)
    assert (
        "Of 100 handoffs whose promise can be judged, 30 were contacted in time: 30.0 % (95 % interval 21.9 to 39.6 %)"
        in said
    )
    assert (
        "20 of these had been reached before they were handed over; of the others 12.5 % were contacted in time "
        "(6.9 to 21.5 %)." in said
    ), "10 of 80"
    assert "Half are contacted within 1 h 23 min of opening hours, nine of ten within 48 h." in said
    assert "Rests on 100 handoffs; 7 still open, not counted" in said
    assert "May 2026, the last month with none open: 33.3 % of 60" in said, (
        "June is still open: the last month to be judged is May"
    )
    assert "2 handoffs of sources that tell of no work by staff: in no share." in said
    assert [row[0] for row in section.figures[0].table.rows] == ["May 2026", "June 2026"]


@pytest.mark.parametrize(
    ("counts", "why"),
    [
        ({"not_observed_count": 9}, "no work by staff (no work_events)"),
        ({"not_set_count": 9}, "promise no time of first contact"),
        ({"open_count": 9}, "No promise has run out yet: 9 handoffs"),
        ({}, "No lead has been handed to intake yet."),
    ],
)
def test_without_a_judged_handoff_it_says_why(counts: dict[str, int], why: str) -> None:
    section = promise.section(
        frames("promise", fct_sla_attainment=[attainment_row("all", "all", 0, 0, **counts)]), FACTS
    )
    assert why in says(section) and section.card.number == "Not known" and not section.figures


def test_who_was_reached_before_is_named_only_where_there_are_any() -> None:
    none, only = (attainment_row("all", "all", 40, 0, met_before_count=count) for count in (0, 40))
    assert "before they were handed over" not in says(
        promise.section(frames("promise", fct_sla_attainment=[none]), FACTS)
    )
    assert "40 of these had been reached before they were handed over; there are no others." in says(
        promise.section(frames("promise", fct_sla_attainment=[only]), FACTS)
    )


def test_few_handoffs_are_said_to_be_few() -> None:
    rows = [attainment_row("all", "all", 1, 0), attainment_row("month", "2026-06", 1, 0)]
    assert "Too few to judge by: fewer than 30." in says(
        promise.section(frames("promise", fct_sla_attainment=rows), FACTS)
    )


def test_the_queue_is_counted_by_age_and_those_to_call_come_first() -> None:
    queue = [
        queue_row("L-3", 2, is_overdue=False),
        queue_row("L-1", 30, attempts=2),
        queue_row("L-2", 900, contactable="no"),
        queue_row("L-4", 40, attempts=3),
    ]
    handed = [attainment_row("all", "all", 2, 2)]
    section = waiting.section(frames("waiting", fct_ageing_queue=queue, fct_sla_attainment=handed), FACTS)
    said = says(section)
    assert (
        "4 leads handed to intake are waiting for a first contact. "
        "Of 3 handed over in the last 30 days 2 are past the promised time; 1 is older, of whom 1 is past it." in said
    )
    assert (
        "2 of them handed over within 30 days and still reachable\n"
        "3 handed over within 30 days, 2 of them past the promise\n1 before that, 1 of them past it" in said
    )
    assert "2 are without any attempt so far. The oldest was handed over on 24 May 2026." in said
    assert "1 may not be contacted on any channel" in said
    assert section.figures[0].table.rows[0] == ("under 1 day", "1", "0", "1", "1")
    assert section.figures[0].table.rows[4] == ("over 30 days", "1", "1", "0", "1")
    assert [row[0] for row in section.tables[0].rows] == ["L-3", "L-1", "L-4"], "by place; not whom nobody may call"
    assert section.tables[0].rows[0][4].replace("\u00a0", " ") == "24 min left"


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (2, "Of 1 handed over in the last 30 days none is past the promised time; none is older."),
        (900, "None was handed over in the last 30 days; 1 is older, of whom none is past it."),
    ],
)
def test_the_last_thirty_days_are_told_apart_from_those_before(hours: float, said: str) -> None:
    queue = [queue_row("L-1", hours, is_overdue=False)]
    assert said in says(waiting.section(frames("waiting", fct_ageing_queue=queue), FACTS))


def test_sqls_nobody_called_are_waiting_too() -> None:
    leads = [
        sql_row(),
        sql_row(became_mql_at="2026-03-01", became_sql_at="2026-03-02"),
        sql_row(first_contacted_at="2026-06-21"),
        sql_row(appointment_booked_at="2026-06-21"),
        sql_row(source="silent"),
        {**sql_row(), "is_deleted": True},
        {**sql_row(), "excluded_by": "tests"},
    ]
    loads = clinic_tables()["fct_load_accounting"].to_dict("records")
    for queue in ([], [queue_row("L-1", 2)]):
        given = {"fct_ageing_queue": queue} if queue else {}
        found = frames("waiting", fct_lead_lifecycles=leads, fct_load_accounting=loads, **given)
        assert (
            "Beside these 2 SQLs are waiting whom nobody has contacted and who have booked nothing, 1 of the last 30 "
            "days; 1 never was MQL, so no handoff" in says(waiting.section(found, FACTS))
        )
    unseen = frames("waiting", fct_lead_lifecycles=leads)
    assert "Beside these" not in says(waiting.section(unseen, FACTS)), "no work is told of, so nothing is known"


@pytest.mark.parametrize(
    ("handed", "why", "number"),
    [
        (attainment_row("all", "all", 5, 5), "Nobody: every lead", "Nobody"),
        (
            attainment_row("all", "all", 0, 0, not_observed_count=4),
            "Not known: the sources tell of no work",
            "Not known",
        ),
        (attainment_row("all", "all", 0, 0), "No lead has been handed", "Nobody"),
        (
            attainment_row("all", "all", 6, 4, not_observed_count=90),
            "Nobody of the 10 handed over whose contacts can be seen; 90 more come from sources that tell of no work",
            "Nobody seen",
        ),
    ],
)
def test_an_empty_queue_is_not_always_good_news(handed: dict[str, object], why: str, number: str) -> None:
    section = waiting.section(frames("waiting", fct_sla_attainment=[handed]), FACTS)
    assert why in says(section) and section.card.number == number


def test_the_funnel_shows_the_naive_share_only_as_not_for_judging() -> None:
    rows = [
        rate_row("mql_to_sql", 200, 100, 40, truncated=20),
        rate_row("mql_to_sql", 80, 80, 30, month="2026-05"),
        rate_row("mql_to_sql", 20, 4, 1, month="2026-06"),
    ]
    section = funnel.section(frames("funnel", fct_conversion_rates=rows), FACTS)
    said = says(section)
    assert "MQL to SQL: 40.0 % within 30 days (95 % interval 32.5 to 48.0 %)." in said
    assert (
        "Rests on 200 MQLs, 100 of them followed for 30 days; 100 not followed to the end yet, none counted as lost"
        in said
    ), "20 of the 100 have come on already, so they are neither open nor left out"
    assert "still open" not in said and "40.0 % of 200" in section.figures[0].panels[0].svg.replace("\u00a0", " ")
    assert "May 2026, the last month followed to its end: 37.5 % of 80" in said
    assert "All so far: 30.0 %, not for judging" in said
    assert "20 entered before the source told of the next stage" in said
    months = section.figures[2].table
    assert [(row[1], row[7]) for row in months.rows] == [
        ("May 2026", "mature"),
        ("June 2026", "16 not to the end yet"),
    ]
    assert months.rows[1][-1].replace("\u00a0", " ") == "15.0 %" and months.header[-1] == "so far, not for judging"


def test_a_funnel_nobody_has_passed_through_says_so() -> None:
    assert "Nobody has entered a stage yet." in says(funnel.section(frames("funnel"), FACTS))
    some = [rate_row("lead_to_mql", 40, 36, 9), rate_row("mql_to_sql", 9, 0, 0)]
    said = says(funnel.section(frames("funnel", fct_conversion_rates=some), FACTS))
    assert "MQL to SQL: 9 entered, nobody followed to the end yet." in said
    young = [rate_row("mql_to_sql", 9, 0, 0)]
    said = says(funnel.section(frames("funnel", fct_conversion_rates=young), FACTS))
    assert "who has not come on is open, and none is lost" in said


def test_cohorts_mark_what_is_still_open() -> None:
    section = cohorts.section(page_frames(clinic_tables())["cohorts"], FACTS)
    rows = section.figures[0].table.rows
    assert {row[1] for row in rows} == {"everybody", "May 26", "Jun 26"}
    assert {row[7] for row in rows if row[1] == "Jun 26"} == {"still open"}
    assert ("MQL to SQL", "May 26", "30", "mature") in {(row[0], row[1], row[2], row[7]) for row in rows}
    assert "in the first week" in says(section)
    assert "Nobody has entered a stage yet" in says(cohorts.section(frames("cohorts"), FACTS))


def test_costs_of_two_currencies_stand_apart_and_immature_spend_is_in_no_cost() -> None:
    rows = [
        cost_row("first", "paid_search", 1_000, 10),
        cost_row("last", "paid_search", 1_000, 20),
        cost_row("first", "events", 500, 0),
        cost_row("first", "radio", 300, 2, currency="EUR"),
        cost_row("first", "direct", 0, 7, currency="(none)"),
        cost_row("first", "paid_search", 99, 1, is_mature=False),
    ]
    section = costs.section(frames("costs", fct_channel_costs=rows), FACTS)
    said = says(section)
    assert [figure.title for figure in section.figures][::2] == ["Cost per SQL, EUR", "Cost per SQL, USD"]
    assert "USD 1,500 spent. Least for an SQL: paid search, USD 100." in said
    assert "EUR 300 spent. Least for an SQL: radio, EUR 150." in said
    assert "Credited with SQLs, and no spend told of: direct (7)." in said
    assert "Still open, and in no cost here: USD 99.00 of newer days." in said
    assert [row[1] for row in section.figures[2].table.rows] == ["first touch", "last touch"]
    card = [(row[0], row[1].replace("\u00a0", " "), row[3]) for row in section.card.table.rows]
    assert card == [("radio", "EUR 150", "2"), ("paid search", "USD 100", "10"), ("events", "no SQL", "0")]


def test_costs_without_spend_and_with_young_spend_only() -> None:
    free = [cost_row("first", "direct", 0, 7)]
    assert "No source tells of spend" in says(costs.section(frames("costs", fct_channel_costs=free), FACTS))
    young = [cost_row("first", "paid_search", 99, 1, is_mature=False)]
    assert "not yet had the whole horizon" in says(costs.section(frames("costs", fct_channel_costs=young), FACTS))
    assert "No source tells of spend" in says(costs.section(frames("costs"), FACTS))


def test_labels_are_compared_over_all_weeks_and_deleted_leads_are_not_counted() -> None:
    weeks = [agreement_row("mql", date(2026, 5, 4), 40, 30), agreement_row("mql", date(2026, 5, 11), 60, 50)]
    kept = {"stage": "mql", "kind": "missed", "is_deleted": False, "excluded_by": None}
    conflicts = [
        {**kept, "is_open": True},
        {**kept, "is_open": False},
        {**kept, "is_open": True, "is_deleted": True},
        {**kept, "is_open": True, "excluded_by": "vendor"},
    ]
    asked = {"kind": "missed", "source": "crm", "team_id": "(none)", "to_do": "Set the label.", "since": AS_OF}
    queue = [
        {**asked, "place": 1, "lead_key": "a", "lead_id": "1", "stage": "sql"},
        {**asked, "place": 2, "lead_key": "a", "lead_id": "1", "stage": "mql"},
        {**asked, "place": 3, "lead_key": "b", "lead_id": "2", "stage": "mql"},
    ]
    section = labels.section(
        frames(
            "labels",
            fct_stage_label_agreement=weeks,
            fct_stage_label_conflicts=conflicts,
            fct_label_review_queue=queue,
        ),
        FACTS,
    )
    said = says(section)
    assert "MQL: label and criteria agree for 80.0 % of 100 leads (95 % interval 71.1 to 86.7 %)." in said
    assert "SQL: no labels to compare." in said and "3 labels of 2 leads can still be settled." in said
    assert section.card.number.replace("\u00a0", " ") == "20.0 %"
    assert section.figures[1].table.rows == (("MQL", labels.KINDS["missed"], "2", "1"),)
    assert "3 labels can still be settled" in section.card.rests_on
    assert section.tables[0].caption.startswith("To settle first: 3 of 3 labels.")
    assert "nothing to compare" in says(labels.section(frames("labels"), FACTS))


def test_only_rules_in_force_are_shown_the_doubtful_first() -> None:
    rules = [
        signal_row("cardiology@1", "old", "useless", 1.0, 1.1),
        signal_row("cardiology@2", "good", "pulls_its_weight", 2.0, 1.2),
        signal_row("cardiology@2", "bad", "harmful", 0.5, 1.2),
    ]
    tables = {"fct_mql_signal_outcomes": rules, "dim_criteria_versions": clinic_tables()["dim_criteria_versions"]}
    section = signals.section(
        page_frames({**empty_tables(), **{k: pd.DataFrame(v) for k, v in tables.items()}})["signals"], FACTS
    )
    assert "Of 2 rules in force: 1 harmful, 1 pulls its weight." in says(section)
    figure = section.figures[0].table
    assert [row[0] for row in figure.rows] == ["bad", "good"]
    assert (figure.header[3], figure.rows[0][3], figure.rows[0][4]) == ("MQLs followed", "900", "220")
    assert section.tables[0].rows == (("bad", "cardiology@2", signals.VERDICTS["harmful"], "take out bad"),)
    assert "No rule of the criteria in force" in says(signals.section(frames("signals"), FACTS))


def test_the_basis_names_stale_sources_and_what_waits_in_quarantine() -> None:
    section = basis.section(page_frames(clinic_tables())["basis"], replace(FACTS, stale_sources=("web",)))
    rows = {row[0]: row[1:] for row in section.tables[0].rows}
    assert rows["crm"][1:] == ("19,300", "19,255", "41", "4") and rows["web"][0] == "older: failed in the last run"
    assert "4 rows could not be read" in says(section)
    assert section.tables[1].rows[2] == ("model", "none yet")
    assert "No source has sent a row yet." in says(basis.section(frames("basis"), FACTS))


def test_what_to_expect_of_the_queue_is_said_with_its_range_or_not_at_all() -> None:
    tables = clinic_tables()
    section = expected.section({"fct_expected_sqls": tables["fct_expected_sqls"]}, FACTS)
    assert "Of 600 open MQLs with a score, 61 are expected to become SQL before their horizons end" in says(section)
    assert "(95 %: 45 to 78); 40 more have no score." in says(section)
    assert "Of all 640 open 410 have no contact told of" in says(section)
    by_team, by_line = section.figures
    # Nothing is drawn for whom nothing is known of; smaller numbers keep a decimal.
    assert [row[0] for row in by_line.table.rows][-1] != "(none)" and len(by_line.table.rows) == 4
    assert by_line.table.rows[-1][3:] == ("3.2", "3 to 21") and by_team.table.rows[0][3] == "15"
    unscored = pd.DataFrame([("all", "all", 7, 0, 7, *[float("nan")] * 3)], columns=tables["fct_expected_sqls"].columns)
    none = expected.section({"fct_expected_sqls": unscored}, FACTS)
    assert says(none) == "7 MQLs are open, none with a score: not known." and not none.figures
