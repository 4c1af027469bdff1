"""Single rows of the tables the report reads, in the shapes of the marts; what is not given agrees with what is."""

from __future__ import annotations

from datetime import date, datetime

import pandas as pd

from models_ml.metrics import wilson_interval

STEPS = {
    "lead_to_mql": (30, 0.49),
    "mql_to_sql": (30, 0.34),
    "lead_to_sql": (60, 0.2),
    "sql_to_appointment": (30, 0.78),
    "appointment_to_consult": (60, 0.7),
}
TEAMS = ("team_heart", "team_bones_texas", "team_skin", "(none)")
LINES = ("cardiology", "orthopaedics", "dermatology", "behavioural_health", "(none)")
AS_OF = datetime(2026, 7, 1, 5)


def rated(name: str, converted: int, count: int) -> dict[str, float]:
    """A rate with its limits, under the marts' names."""
    rate, low, high = wilson_interval(converted, count)
    return {name: rate, f"{name}_low": low, f"{name}_high": high}


def attainment_row(dimension: str, value: str, met: int, breached: int, **counts: int) -> dict[str, object]:
    """One row of fct_sla_attainment."""
    before = counts.pop("met_before_count", 0)
    rest = {"open_count": 0, "censored_count": 0, "not_observed_count": 0, "not_set_count": 0, **counts}
    judged = met + breached
    return {
        "dimension": dimension,
        "dimension_value": value,
        "handoff_count": judged + sum(rest.values()),
        "met_count": met,
        "breached_count": breached,
        **rest,
        "met_before_count": before,
        **rated("attainment_rate", met, judged),
        **rated("attainment_rate_after_handoff", met - before, judged - before),
        "contacted_count": met + breached // 2,
        "judged_within_60_minutes_count": judged,
        "contacted_within_60_minutes_count": met // 2,
        **rated("contacted_within_60_minutes_rate", met // 2, judged),
        "median_minutes_to_contact": 83.4 if judged else float("nan"),
        "ninth_decile_minutes_to_contact": 2_930.0 if judged else float("nan"),
        "median_minutes_to_attempt": 51.0,
    }


def queue_row(
    lead_id: str, hours: float, *, is_overdue: bool = True, contactable: str = "yes", attempts: int = 0
) -> dict[str, object]:
    """One row of fct_ageing_queue."""
    bands = (
        (24, "under 1 day"),
        (72, "1 to 3 days"),
        (168, "3 to 7 days"),
        (720, "7 to 30 days"),
        (1e9, "over 30 days"),
    )
    return {
        "lead_id": lead_id,
        "source": "crm",
        "service_line": LINES[int(hours) % 5],
        "team_id": TEAMS[int(hours) % 4],
        "age_band": next(band for limit, band in bands if hours < limit),
        "is_contactable": contactable,
        "is_overdue": is_overdue,
        "is_unreachable": attempts > 2,
        "place": int(hours),
        "attempt_count": attempts,
        "business_minutes_waiting": hours * 18,
        "business_minutes_to_due": 60 - hours * 18,
        "handed_off_at": pd.Timestamp(AS_OF) - pd.Timedelta(hours=hours),
    }


def rate_row(
    step: str, entered: int, at_risk: int, converted: int, *, dimension: str = "all", value: str = "all",
    month: str = "(all)", truncated: int = 0,
) -> dict[str, object]:  # fmt: skip
    """One row of fct_conversion_rates; `converted` of those at risk. Half of the others' time is over, and they come on
    alike, so the rate is that of more than those at risk, and of fewer than entered.
    """
    horizon = STEPS[step][0]
    followed = (entered + at_risk) // 2 if at_risk else 0
    early = round(converted * (followed - at_risk) / at_risk) if at_risk else 0
    return {
        "dimension": dimension,
        "dimension_value": value,
        "cohort_month": month,
        "step": step,
        "is_mature": entered == at_risk and not truncated,
        "horizon_days": horizon,
        "entered_count": entered,
        "at_risk_count": at_risk,
        "truncated_count": truncated,
        "converted_count": converted + early,
        **rated("rate", converted + early, followed),
        "naive_rate": (converted + early) / entered if entered else float("nan"),
        "median_days": 6.0 if at_risk and converted * 2 > at_risk else float("nan"),
        "ninth_decile_days": float("nan"),
        "sql_staff_confirmed_count": (converted + early) * 3 // 4,
        "sql_self_scheduled_count": (converted + early) // 8,
        "sql_criteria_count": (converted + early) - (converted + early) * 3 // 4 - (converted + early) // 8,
        "sql_crm_label_count": 0,
        "by_new_version_count": 0,
        "new_version_count": 0,
    }


def cost_row(
    model: str, channel: str, cost: float, sqls: float, *, currency: str = "USD", is_mature: bool = True
) -> dict[str, object]:
    """One row of fct_channel_costs, rolled up to its channel."""
    spent = cost if cost else float("nan")
    each = spent / sqls if sqls else float("nan")
    return {
        "attribution_model": model, "platform": "(all)", "channel": channel, "campaign_id": "(all)",
        "currency": currency, "is_mature": is_mature, "cost": spent,
        "lead_credits": sqls * 5, "mql_credits": sqls * 2.5,
        "sql_credits": sqls,
        "cost_per_lead": each / 5, "cost_per_mql": each / 2.5, "cost_per_sql": each,
        "cost_per_consult": each * 1.5, "sql_by_new_version_credits": float(sqls // 20),
        "cost_per_consult_low": each * 1.2, "cost_per_consult_high": each * 1.9,
        "cost_per_sql_low": each * (1 - 1.9 / (sqls + 2) ** 0.5),
        "cost_per_sql_high": each * (1 + 2.3 / (sqls + 1) ** 0.5),
        "share_of_spend": min(cost / 1_500_000, 1.0),
        "share_of_paid_sql": min(sqls / 2_000, 1.0), "share_of_sql": sqls / 4_000,
    }  # fmt: skip


def agreement_row(stage: str, week: date, compared: int, agreed: int) -> dict[str, object]:
    """One row of fct_stage_label_agreement."""
    counts = {"compared_count": compared, "agreed_count": agreed}
    return {
        "dimension": "all",
        "dimension_value": "all",
        "stage": stage,
        "week_date": pd.Timestamp(week),
        **counts,
        **rated("agreement_rate", agreed, compared),
    }


def signal_row(
    version: str, rule: str, verdict: str, ratio: float, width: float, *, fired: int = 220
) -> dict[str, object]:
    """One row of fct_mql_signal_outcomes."""
    return {
        "criteria_version": version,
        "section": "behaviour",
        "rule_id": rule,
        "verdict": verdict,
        "redundant_with": "asked_for_appointment" if verdict == "redundant" else None,
        "suggested_edit": f"{'leave' if verdict in ('pulls_its_weight', 'too_little_known') else 'take out'} {rule}",
        "at_risk_count": 900,
        "fired_count": fired,
        "fired_sql_count": int(fired * 0.3),
        "fired_rate": 0.3,
        "rest_rate": 0.25,
        "marginal_odds_ratio": ratio,
        "marginal_odds_ratio_low": ratio / width,
        "marginal_odds_ratio_high": ratio * width,
    }


def contact_row(band: str, leads: int, left_out: int, converted: int) -> dict[str, object]:
    """One row of fct_contact_time_outcomes, over all."""
    at_risk = leads - left_out
    is_rated = band not in ("before", "never")
    missing = dict.fromkeys(("rate", "rate_low", "rate_high"), float("nan"))
    rates = rated("rate", converted, at_risk) if is_rated else missing
    return {
        "service_line": "all", "contact_band": band, "stratum": "all", "horizon_days": 30, "lead_count": leads,
        "left_out_count": left_out, "left_out_converted_count": left_out // 2, "at_risk_count": at_risk,
        "converted_count": converted, **rates, **{f"adjusted_{name}": value for name, value in rates.items()},
    }  # fmt: skip


def cause_row(cause: str, verdict: str, missed: float, place: float = float("nan")) -> dict[str, object]:
    """One row of fct_mql_cause_evidence, over all lines."""
    return {
        "service_line": "all", "cause": cause, "verdict": verdict, "evidence": f"Of 90 MQLs with {cause} so, few.",
        "caution": "it may be something else", "place": place, "missed_sql_count": missed,
        "missed_sql_count_low": missed * 0.8, "missed_sql_count_high": missed * 1.2,
    }  # fmt: skip


def team_row(
    team: str, handed: int, sqls: int, expected: float, *, is_unlike: bool | None = False, compared: float = 0.4
) -> dict[str, object]:
    """One row of fct_team_outcomes."""
    return {
        "team_id": team, "is_unlike": is_unlike, "horizon_days": 30, "handoff_count": handed,
        "at_risk_count": handed * 3 // 4, "contacted_count": handed // 2, "never_tried_count": handed // 20,
        "sql_count": sqls, "expected_count": expected, "compared_share": compared,
        "ratio": sqls / expected, "ratio_low": sqls / expected * 0.9, "ratio_high": sqls / expected * 1.1,
    }  # fmt: skip


def sql_row(
    source: str = "crm", sql_basis: str = "criteria", sql_criteria_version: str | None = None, **moments: str | None
) -> dict[str, object]:
    """One row of fct_lead_lifecycles: an SQL nobody called, but for the moments given."""
    names = ("became_mql_at", "became_sql_at", "first_contacted_at", "appointment_booked_at")
    given = {"became_sql_at": "2026-06-20", **moments}
    return {
        "current_stage": "sql", "source": source, "is_deleted": False, "excluded_by": None,
        "sql_basis": sql_basis, "sql_criteria_version": sql_criteria_version,
        **{name: pd.to_datetime(given.get(name)) for name in names},
    }  # fmt: skip


def horizon_row(step: str, line: str, suggested: float, *, is_settled: bool = True) -> dict[str, object]:
    """One row of fct_conversion_horizons."""
    return {
        "step": step, "service_line": line, "is_settled": is_settled, "horizon_days": STEPS[step][0],
        "suggested_horizon_days": suggested, "observed_days": 90,
    }  # fmt: skip
