"""Published tables as frames, for the report: a clinic group of two years, seeded, or nothing at all.

Shapes are those of the marts; figures are made up, but agree with each other (intervals by Wilson, counts that add up).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from orchestration.report.page import NAMES, READS
from orchestration.report.parts import Facts, Frames, Read
from orchestration.report.words import Names
from tests.unit.report.rows import (
    AS_OF,
    LINES,
    STEPS,
    TEAMS,
    agreement_row,
    attainment_row,
    cause_row,
    contact_row,
    cost_row,
    horizon_row,
    queue_row,
    rate_row,
    signal_row,
    sql_row,
    team_row,
)

MONTHS = [f"{year}-{month:02d}" for year in (2025, 2026) for month in range(1, 13)][:18]
CHANNELS = ("paid_search", "paid_social", "organic_search", "physician_referral", "webinar", "direct")
FACTS = Facts(
    AS_OF,
    Names(
        {
            "service_line": {"cardiology": "Cardiology", "orthopaedics": "Orthopaedics & spine"},
            "team_id": {"team_bones_texas": "Orthopaedic and therapy intake, Texas and neighbouring states"},
        }
    ),
    {"code": "71e8800f1a39", "criteria": "e8c1102c19cd", "model": ""},
)


def clinic_tables(seed: int = 3) -> dict[str, pd.DataFrame]:
    """All tables the report reads, of a group with a lot to say."""
    rng = np.random.default_rng(seed)
    return {
        "fct_sla_attainment": _attainment(rng),
        "fct_ageing_queue": _queue(rng, 640),
        "fct_lead_lifecycles": pd.DataFrame([sql_row() for _ in range(9)]),
        "fct_expected_sqls": _expected(),
        "fct_conversion_rates": _rates(rng),
        "fct_conversion_cohorts": _cohorts(),
        "fct_channel_costs": _costs(rng),
        "fct_stage_label_agreement": _agreement(rng),
        "fct_stage_label_conflicts": _conflicts(rng),
        "fct_label_review_queue": _review(),
        "fct_mql_signal_outcomes": _signals(rng),
        "fct_contact_time_outcomes": pd.DataFrame(
            [
                contact_row("before", 820, 213, 145),
                contact_row("within 1 hour", 1_483, 151, 664),
                contact_row("1 to 4 hours", 1_042, 146, 449),
                contact_row("4 to 24 hours", 1_606, 177, 607),
                contact_row("later", 30, 4, 9),
                contact_row("never", 2_858, 722, 0),
            ]
        ),
        "fct_mql_cause_evidence": pd.DataFrame(
            [
                cause_row("audience", "speaks_for", 220, 1),
                cause_row("follow_up", "speaks_for", 122, 2),
                cause_row("offer", "no_sign", 10),
                cause_row("form", "too_little_known", float("nan")),
            ]
        ),
        "fct_team_outcomes": pd.DataFrame(
            [team_row(team, 2_000 - 400 * place, 300, 290, is_unlike=place == 1) for place, team in enumerate(TEAMS)]
        ),
        "fct_conversion_horizons": pd.DataFrame(
            [
                horizon_row("mql_to_sql", "all", 12),
                horizon_row("appointment_to_consult", "all", 71),
                horizon_row("appointment_to_consult", "cardiology", 66),
                horizon_row("lead_to_mql", "all", 80, is_settled=False),
            ]
        ),
        "fct_pipeline_days": pd.DataFrame(
            {"stage": ["disqualified", "mql"], "entered_count": [5_550, 9_000], "left_backward_count": [510, 0]}
        ),
        "dim_criteria_versions": pd.DataFrame(
            {
                "criteria_version": ["cardiology@1", "cardiology@2", "orthopaedics@3"],
                "service_line": ["cardiology", "cardiology", "orthopaedics"],
                "first_contact_business_minutes": [120, 60, 240],
                "note": [None, "Guides count for less", None],
                "effective_from": pd.to_datetime(["2024-01-01", "2025-05-01", "2025-01-01"]),
                "effective_to": pd.to_datetime(["2025-05-01", None, None]),
            }
        ),
        "fct_load_accounting": pd.DataFrame(
            [
                ("crm", "leads", 15_300, 15_255, 41, 4, pd.Timestamp(AS_OF)),
                ("crm", "work_events", 4_000, 4_000, 0, 0, pd.Timestamp(AS_OF)),
                ("web", "touches", 901_222, 901_222, 0, 0, pd.Timestamp(AS_OF) - pd.Timedelta(days=1)),
            ],
            columns=[
                "source",
                "object",
                "rows_read",
                "rows_landed",
                "rows_duplicate",
                "rows_quarantined",
                "landed_as_of",
            ],
        ),
        "dim_intake_teams": pd.DataFrame({"team_id": TEAMS, "name": ["Heart", None, "Skin", None]}),
        "dim_locations": pd.DataFrame({"location_id": ["loc_north"], "name": ["North"]}),
        "dim_service_lines": pd.DataFrame({"service_line": LINES, "name": None}),
    }


def _expected() -> pd.DataFrame:
    rows = [("all", "all", 640, 600, 410, 61.24, 45.0, 78.0), ("band", "high", 100, 100, 60, 30.0, 20.0, 41.0)]
    rows += [("team", team, 160, 150, 90, 15.31 - place, 8.0, 24.0) for place, team in enumerate(TEAMS)]
    rows += [("service_line", line, 128, 120, 70, 12.2 - 3 * place, 3.0, 21.0) for place, line in enumerate(LINES[:-1])]
    rows.append(("service_line", "(none)", 4, 0, 4, *[float("nan")] * 3))
    counts = ("expected_sql_count", "expected_sql_count_low", "expected_sql_count_high")
    known = ("dimension", "dimension_value", "open_count", "scored_count", "uncontacted_count")
    return pd.DataFrame(rows, columns=[*known, *counts])


def empty_tables() -> dict[str, pd.DataFrame]:
    """The same tables without a row."""
    return {name: frame.iloc[:0] for name, frame in clinic_tables().items()}


def page_frames(tables: Mapping[str, pd.DataFrame]) -> dict[str, Frames]:
    """What each section would be given of these tables: its rows and its columns, and no others."""
    return {key: {read.table: cut(tables[read.table], read) for read in reads} for key, reads in READS.items()}


def cut(frame: pd.DataFrame, read: Read) -> pd.DataFrame:
    """The rows and columns of one read."""
    kept = frame
    for column, values in read.only.items():
        kept = kept[kept[column].isin(values)]
    return kept[list(read.columns)].reset_index(drop=True)


def all_reads() -> list[Read]:
    """Every read of the page."""
    return [*NAMES, *(read for reads in READS.values() for read in reads)]


def _attainment(rng: np.random.Generator) -> pd.DataFrame:
    rows = [attainment_row("all", "all", 2_905, 5_441, open_count=38, censored_count=1_253, met_before_count=880)]
    for place, month in enumerate(MONTHS):
        total = int(rng.integers(350, 560))
        rows.append(
            attainment_row(
                "month", month, int(total * (0.28 + 0.01 * place)), int(total * 0.62), open_count=38 * (place == 17)
            )
        )
    rows += [attainment_row("location", place, 200, 300 + 90 * len(place)) for place in ("loc_north", "loc_south_west")]
    rows += [attainment_row("team", team, int(rng.integers(60, 600)), int(rng.integers(100, 900))) for team in TEAMS]
    for hour in range(24):
        total = 30 + int(300 * np.exp(-(((hour - 14) / 5) ** 2)))
        met = int(total * (0.2 + 0.3 * (7 < hour < 18)))
        rows.append(attainment_row("hour_of_day", f"{hour:02d}", met, total - met))
    return pd.DataFrame(rows)


def _queue(rng: np.random.Generator, number: int) -> pd.DataFrame:
    hours = np.sort(rng.gamma(0.5, 1_500, number))
    rows = []
    for place, each in enumerate(hours):
        contactable = ["yes", "unknown", "no"][int(rng.choice(3, p=[0.7, 0.25, 0.05]))]
        rows.append(
            queue_row(
                f"L-{place:06d}",
                float(each),
                is_overdue=each > 5,
                contactable=contactable,
                attempts=int(rng.integers(0, 4)),
            )
        )
    return pd.DataFrame(rows)


def _rates(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    entered = 18_613
    for step, (_, rate) in STEPS.items():
        at_risk = int(entered * 0.94)
        rows.append(rate_row(step, entered, at_risk, int(at_risk * rate)))
        for place, month in enumerate(MONTHS):
            number = int(entered / 18 * rng.uniform(0.8, 1.2))
            followed = {17: 0.0, 16: 0.95}.get(place, 1.0)
            seen = int(number * followed)
            rows.append(rate_row(step, number, seen, int(seen * rate * rng.uniform(0.85, 1.15)), month=month))
        for dimension, values in (("service_line", LINES), ("channel", CHANNELS)):
            for place, value in enumerate(values):
                number = int(entered / (place + 2) ** 2.5)
                rows.append(
                    rate_row(
                        step,
                        number,
                        int(number * 0.93),
                        int(number * 0.93 * rate * rng.uniform(0.5, 1.2)),
                        dimension=dimension,
                        value=value,
                    )
                )
        entered = int(entered * rate)
    return pd.DataFrame(rows)


def _cohorts() -> pd.DataFrame:
    rows = []
    for step, (_, rate) in STEPS.items():
        for month, entered, reach, factor in (
            ("(all)", 9_284, 90, 1.0),
            ("2026-04", 520, 90, 1.08),
            ("2026-05", 511, 60, 0.95),
            ("2026-06", 498, 29, 0.9),
        ):
            for age in range(reach + 1):
                reached = min(rate * factor * (1 - np.exp(-(age + 0.3) / 9)), 1)
                still = max(int(entered * (1 - reached) * (1 if month != "2026-06" else 1 - age / 30)), 1)
                rows.append(
                    {
                        "dimension": "all",
                        "dimension_value": "all",
                        "cohort_month": month,
                        "step": step,
                        "is_mature": month == "2026-04" or (month == "2026-05" and age <= 31),
                        "age_days": age,
                        "entered_count": entered,
                        "at_risk_count": still,
                        "rate": reached,
                        "rate_low": max(reached - 0.012, 0),
                        "rate_high": min(reached + 0.012, 1),
                    }  # fmt: skip
                )
    return pd.DataFrame(rows)


def _costs(rng: np.random.Generator) -> pd.DataFrame:
    known = (
        ("paid_search", 901_123, 1_103, "USD"),
        ("paid_social", 465_532, 378, "USD"),
        ("webinar", 82_832, 19, "USD"),
    )
    known += (("email", 23_834, 275, "USD"), ("events", 4_100, 0, "USD"), ("display", 61_020, 84, "EUR"))
    # Paid in two currencies: each cost in a row of its own, what it brought in another.
    known += (("video", 9_300, 0, "USD"), ("video", 5_200, 0, "EUR"))
    rows = []
    for model in ("first", "last", "linear", "position"):
        for channel, cost, sqls, currency in known:
            rows.append(
                cost_row(
                    model,
                    channel,
                    cost,
                    round(sqls * rng.uniform(0.85, 1.15)) if model != "first" else sqls,
                    currency=currency,
                )
            )
            rows.append(cost_row(model, channel, cost / 18, sqls / 40, currency=currency, is_mature=False))
        rows += [
            cost_row(model, channel, 0, sqls, currency=currency)
            for channel, sqls, currency in (
                ("direct", 484, "(none)"),
                ("organic_search", 911, "(none)"),
                ("video", 40, "(several)"),
            )
        ]
    return pd.DataFrame(rows)


def _agreement(rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for stage, share in (("mql", 0.52), ("sql", 0.74)):
        for place in range(40):
            compared = int(rng.integers(20, 130))
            rows.append(
                agreement_row(
                    stage,
                    date(2025, 9, 15) + timedelta(weeks=place),
                    compared,
                    int(compared * share * rng.uniform(0.9, 1.1)),
                )
            )
    return pd.DataFrame(rows)


def _conflicts(rng: np.random.Generator) -> pd.DataFrame:
    counts = {
        ("mql", "missed"): 844, ("mql", "labelled_without_evidence"): 423, ("mql", "labelled_too_late"): 317,
        ("mql", "labelled_too_early"): 273, ("sql", "missed"): 277, ("sql", "labelled_without_evidence"): 156,
        ("sql", "labelled_too_late"): 104, ("sql", "unauthorised_role"): 68,
    }  # fmt: skip
    rows = [(stage, kind) for (stage, kind), number in counts.items() for _ in range(number)]
    frame = pd.DataFrame(rows, columns=["stage", "kind"])
    settleable = frame["kind"].isin(["missed", "labelled_without_evidence", "unauthorised_role"])
    frame["is_open"] = settleable & (rng.random(len(frame)) < 0.3)
    return frame.assign(is_deleted=False, excluded_by=None)


def _review() -> pd.DataFrame:
    to_do = "The criteria say SQL: set the label in the CRM, or record the screening that says otherwise."
    rows = [
        (
            place,
            f"key-{place}",
            f"L-{place:06d}",
            "crm",
            "sql" if place < 6 else "mql",
            "missed",
            TEAMS[place % 4],
            to_do,
            pd.Timestamp(AS_OF) - pd.Timedelta(days=place),
        )
        for place in range(1, 40)
    ]
    return pd.DataFrame(
        rows, columns=["place", "lead_key", "lead_id", "source", "stage", "kind", "team_id", "to_do", "since"]
    )


def _signals(rng: np.random.Generator) -> pd.DataFrame:
    verdicts = ("pulls_its_weight", "useless", "harmful", "redundant", "too_little_known")
    ratios = {"pulls_its_weight": 1.9, "useless": 1.02, "harmful": 0.55, "redundant": 1.2, "too_little_known": 1.4}
    rows = []
    for version in ("cardiology@1", "cardiology@2", "orthopaedics@3"):
        for place in range(9):
            verdict = verdicts[place % 5]
            width = 7.0 if verdict == "too_little_known" else 1.4
            rows.append(
                signal_row(
                    version,
                    f"rule_{place}_{verdict}",
                    verdict,
                    ratios[verdict] + float(rng.normal(0, 0.05)),
                    width,
                    fired=int(rng.integers(30, 500)),
                )
            )
    return pd.DataFrame(rows)
