"""How many SQLs a queue is expected to give: the published table against the same in Python, over random queues."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import numpy as np
import pandas as pd

from models_ml.readiness.expected import expected_sqls, still_expected
from tests.unit.funnel.rendered import PROJECT, rendered

AS_OF = datetime(2026, 6, 30, 12)
HORIZON = timedelta(days=30)
MODEL = PROJECT / "models" / "marts" / "operations" / "fct_expected_sqls.sql"


def settled(random: np.random.Generator, count: int) -> pd.DataFrame:
    """MQLs of the months before, a few of them not mature, deleted, excluded, or SQL before they were MQL."""
    began = [AS_OF - timedelta(hours=float(hours)) for hours in random.uniform(200, 4000, count)]
    became = [
        start + timedelta(hours=float(hours))
        for start, hours in zip(began, random.exponential(200, count), strict=True)
    ]
    lost = [
        start + timedelta(hours=float(hours))
        for start, hours in zip(began, random.exponential(500, count), strict=True)
    ]
    is_sql, is_lost = random.random(count) < 0.4, random.random(count) < 0.3
    frame = pd.DataFrame(
        {
            "lead_key": [f"s{number}" for number in range(count)],
            "service_line": random.choice(["hip", "knee"], count),
            "became_mql_at": began,
            "became_sql_at": pd.Series(became).where(is_sql),
            "disqualified_at": pd.Series(lost).where(is_lost & ~is_sql),
            "is_deleted": random.random(count) < 0.05,
            "excluded_by": np.where(random.random(count) < 0.05, "vendor", None),
        }
    )
    early = random.random(count) < 0.05
    frame.loc[early & is_sql, "became_sql_at"] = frame["became_mql_at"] - timedelta(hours=1)
    return frame


def queue(random: np.random.Generator, count: int) -> dict[str, pd.DataFrame]:
    """Open leads, some past their horizon, some without a score, some with one from before intervals were kept."""
    keys = [f"q{number}" for number in range(count)]
    began = [AS_OF - timedelta(hours=float(hours)) for hours in random.uniform(0, 800, count)]
    logits, errors = random.normal(-0.8, 1, count), random.uniform(0.15, 0.6, count)
    is_old = random.random(count) < 0.1
    limits = [1 / (1 + np.exp(-(logits + side * 1.959963984540054 * errors))) for side in (-1, 0, 1)]
    scores = pd.DataFrame({"record_key": keys, "lead_key": keys, "became_mql_at": began, "horizon_days": 30})
    scores["band"] = np.where(limits[1] > 0.4, "high", "low")
    scores["readiness_low"], scores["readiness"], scores["readiness_high"] = (np.round(each, 6) for each in limits)
    scores["shared_error"] = 0.12
    scores.loc[is_old, ["readiness_low", "readiness_high", "shared_error"]] = np.nan
    open_mqls = pd.DataFrame({"record_key": keys, "lead_key": keys, "became_mql_at": began})
    open_mqls["service_line"] = random.choice(["hip", None], count)
    open_mqls["location_id"] = "loc"
    open_mqls["is_past_horizon"] = open_mqls["became_mql_at"] + HORIZON <= AS_OF
    routes = pd.DataFrame({"lead_key": keys, "team_id": random.choice(["a", "b", "(none)"], count), "is_current": True})
    worked = pd.DataFrame({"lead_key": keys[:5], "team_id": "c", "first_contacted_at": [AS_OF] * 3 + [None] * 2})
    scored = scores[random.random(count) < 0.9]
    return {
        "int_mqls__open": open_mqls,
        "fct_lead_scores": scored,
        "fct_lead_routes": routes,
        "int_leads__worked": worked,
    }


def published(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute("create table input__run as select cast(? as timestamp) as as_of", [AS_OF])
        steps = tables["fct_lead_lifecycles"][["lead_key"]].assign(step="mql_to_sql", observed_from=pd.NaT)
        for name, frame in {"int_funnel_steps__entered": steps, **tables}.items():
            connection.register("given", frame.convert_dtypes() if name != "fct_lead_scores" else frame)
            connection.execute(f"create table {name} as select * from given")
        return connection.execute(rendered(MODEL.read_text(encoding="utf-8"))).df()


def odds_left(past: pd.DataFrame, age_hours: int) -> float:
    """By hand: of MQLs long over, who was still there at that age."""
    over = past[
        (past["became_mql_at"] + HORIZON <= AS_OF)
        & ~past["is_deleted"]
        & past["excluded_by"].isna()
        & ~(past["became_sql_at"] <= past["became_mql_at"])
    ]
    is_sql = over["became_sql_at"] <= over["became_mql_at"] + HORIZON
    gone = over["became_sql_at"].fillna(over["disqualified_at"])
    hours = (gone - over["became_mql_at"]).dt.total_seconds() // 3600
    still = hours.isna() | (hours >= age_hours)
    there = [(still[side].sum() + 0.5) / (side.sum() + 1) for side in (is_sql, ~is_sql)]
    return float(there[0] / there[1])


def test_published_is_what_the_scores_say_lowered_by_age() -> None:
    for seed in range(3):
        random = np.random.default_rng(seed)
        past, tables = settled(random, 600), queue(random, 150)
        found = published({"fct_lead_lifecycles": past, **tables}).set_index(["dimension", "dimension_value"])
        waits = (
            tables["int_mqls__open"]
            .query("not is_past_horizon")
            .merge(tables["fct_lead_scores"].drop(columns=["lead_key", "became_mql_at"]), on="record_key", how="left")
        )
        is_called = waits["lead_key"].isin(["q0", "q1", "q2"])
        assert found.loc[("all", "all"), "uncontacted_count"] == (~is_called).sum()
        hours = (AS_OF - waits["became_mql_at"]).dt.total_seconds() // 3600
        left = np.array([odds_left(past, int(hour)) for hour in hours])
        assert left.min() < 0.5
        chance, low, high = (
            still_expected(waits[name], left) for name in ("readiness", "readiness_low", "readiness_high")
        )
        is_scored = waits["readiness"].notna().to_numpy()
        groups = {("all", "all"): np.full(len(waits), True), ("service_line", "hip"): (waits["service_line"] == "hip"),
                  ("band", "high"): (waits["band"] == "high"), ("band", "(none)"): ~is_scored}  # fmt: skip
        for key, inside in groups.items():
            rows = np.asarray(inside) & is_scored
            row = found.loc[key]
            assert (row["open_count"], row["scored_count"]) == (int(np.sum(inside)), int(rows.sum()))
            if not rows.any():
                assert pd.isna(row["expected_sql_count"]) and pd.isna(row["expected_sql_count_high"])
                continue
            said = expected_sqls(chance[rows], low[rows], high[rows], waits["shared_error"].to_numpy()[rows])
            assert abs(row["expected_sql_count"] - said.expected) < 1e-3
            assert (row["expected_sql_count_low"], row["expected_sql_count_high"]) == (said.low, said.high)


def test_the_working_team_comes_before_the_routed_one_and_nobody_is_told_of_none() -> None:
    random = np.random.default_rng(9)
    tables = queue(random, 60)
    tables["int_mqls__open"]["is_past_horizon"] = False
    found = published({"fct_lead_lifecycles": settled(random, 100), **tables}).set_index(
        ["dimension", "dimension_value"]
    )
    assert found.loc[("team", "c"), "open_count"] == 5
    teams = found.loc["team"]["open_count"]
    assert set(teams.index) == {"a", "b", "c", "(none)"} and teams.sum() == 60
    nobody = published(
        {"fct_lead_lifecycles": settled(random, 10), **{name: frame.head(0) for name, frame in tables.items()}}
    )
    assert nobody.empty


def test_where_nothing_is_over_yet_the_scores_stand_as_they_are() -> None:
    random = np.random.default_rng(3)
    tables = queue(random, 80)
    found = published({"fct_lead_lifecycles": settled(random, 5).head(0), **tables}).set_index("dimension")
    waits = tables["int_mqls__open"].query("not is_past_horizon")["record_key"]
    scores = tables["fct_lead_scores"]
    assert (
        abs(found.loc["all", "expected_sql_count"] - scores[scores["record_key"].isin(waits)]["readiness"].sum()) < 1e-3
    )


def test_a_score_that_was_rounded_to_never_or_always_breaks_nothing() -> None:
    random = np.random.default_rng(4)
    tables = queue(random, 40)
    scores = tables["fct_lead_scores"]
    scores.loc[scores.index[:4], ["readiness_low", "readiness", "readiness_high"]] = [[0, 0, 0.4], [0.6, 1, 1]] * 2
    found = published({"fct_lead_lifecycles": settled(random, 300), **tables}).set_index(
        ["dimension", "dimension_value"]
    )
    row = found.loc[("all", "all")]
    assert 0 <= row["expected_sql_count_low"] <= row["expected_sql_count"] <= row["expected_sql_count_high"]


def test_mqls_from_before_sqls_were_observed_do_not_lower_what_is_expected() -> None:
    random = np.random.default_rng(5)
    past, tables = settled(random, 400), queue(random, 60)
    before = past.assign(lead_key=past["lead_key"] + "_early", became_sql_at=pd.NaT, disqualified_at=pd.NaT)
    steps = pd.concat([past, before], ignore_index=True)[["lead_key"]].assign(step="mql_to_sql")
    steps["observed_from"] = pd.to_datetime(pd.Series([AS_OF] * len(steps))).where(
        steps["lead_key"].str.endswith("early").to_numpy()
    )
    said = {"fct_lead_lifecycles": pd.concat([past, before], ignore_index=True), **tables}
    key = ["dimension", "dimension_value"]
    both, alone = (
        published(given).sort_values(key, ignore_index=True)
        for given in ({**said, "int_funnel_steps__entered": steps}, {"fct_lead_lifecycles": past, **tables})
    )
    pd.testing.assert_frame_equal(both, alone)
