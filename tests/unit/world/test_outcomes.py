"""The outcome model says what the world does: chances are calibrated on what truly happened, and draws agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from models_ml.world import OutcomeModel, World, build_world, habits
from models_ml.world.clinic import LOCATIONS
from models_ml.world.plays import HORIZONS

LEADS = 12_000


@pytest.fixture(scope="module")
def clinic() -> World:
    """Some 5,800 leads that the clinic's own rule made MQL."""
    return build_world(leads=LEADS, seed=5, months=18)


@pytest.fixture(scope="module")
def mqls(clinic: World) -> pd.DataFrame:
    truth = clinic.truth["leads"]
    return truth[truth["house_mql_at"].notna()].reset_index(drop=True)


@pytest.fixture(scope="module")
def model(clinic: World) -> OutcomeModel:
    return OutcomeModel(clinic.plan)


def assert_calibrated(chance: npt.ArrayLike, happened: npt.ArrayLike, bins: int = 8) -> None:
    """In every bin of the chances, as many happen as the chances say, to four standard errors."""
    frame = pd.DataFrame({"p": np.asarray(chance), "y": np.asarray(happened, dtype=np.float64)})
    frame["variance"] = frame["p"] * (1 - frame["p"])
    by = frame.groupby(pd.qcut(frame["p"], bins, duplicates="drop"), observed=True)
    error = (by["y"].sum() - by["p"].sum()) / np.sqrt(by["variance"].sum())
    assert error.abs().max() < 4, by[["p", "y"]].mean()
    assert abs(frame["y"].sum() - frame["p"].sum()) < 4 * np.sqrt(frame["variance"].sum())


def within(leads: pd.DataFrame, days: float) -> pd.Series:
    return (leads["sql_at"] - leads["house_mql_at"]) <= pd.Timedelta(days=days)


@pytest.mark.parametrize("days", HORIZONS)
def test_true_chances_at_mql_are_calibrated(mqls: pd.DataFrame, days: int) -> None:
    assert_calibrated(mqls[f"p_sql_within_{days}"], within(mqls, days))


@pytest.mark.parametrize("group", ["channel", "service_line", "platform"])
def test_true_chances_are_calibrated_in_every_group(clinic: World, mqls: pd.DataFrame, group: str) -> None:
    last = clinic.tables["leads"].drop_duplicates("lead_id", keep="last")
    leads = mqls.merge(last[["lead_id", group]].dropna(), on="lead_id")
    for _, part in leads.groupby(group):
        assert_calibrated(part["p_sql_within_30"], within(part, 30), bins=2)


def test_true_chances_know_much_and_not_all(mqls: pd.DataFrame) -> None:
    chance, happened = mqls["p_sql_within_30"], within(mqls, 30).to_numpy()
    brier = ((chance - happened) ** 2).mean()
    base = happened.mean() * (1 - happened.mean())
    assert 0.70 * base < brier < 0.93 * base
    assert (mqls["p_sql_within_30"] <= mqls["p_sql_within_60"]).all()
    assert (mqls["p_sql_within_60"] <= mqls["p_sql_within_90"]).all()


def test_latents_know_more_than_the_knowable(mqls: pd.DataFrame) -> None:
    happened = within(mqls, 30).to_numpy()
    hidden = mqls["p_qualified"] * mqls["p_reached"]
    assert np.corrcoef(hidden, happened)[0, 1] > np.corrcoef(mqls["p_sql_within_30"], happened)[0, 1]


def test_asked_again_the_model_says_what_the_truth_holds(mqls: pd.DataFrame, model: OutcomeModel) -> None:
    some = mqls.iloc[[4000, 3, 77, 3]]
    asked = model.chances(some["lead_id"].tolist())
    np.testing.assert_array_equal(asked, some[[f"p_sql_within_{days}" for days in HORIZONS]].to_numpy())


def test_the_moment_of_handover_may_be_named(mqls: pd.DataFrame, model: OutcomeModel) -> None:
    """Named as it was, nothing changes; handed over a month later, without having asked, a lead is worth less."""
    some = mqls[mqls["sql_at"].isna()].iloc[:400]
    ids = some["lead_id"].tolist()
    asked = model.chances(ids, [30])
    np.testing.assert_array_equal(model.chances(ids, [30], at=some["house_mql_at"].tolist()), asked)
    reached = {"staff_ids": ["staff_101"] * len(ids), "open_minutes": np.full(len(ids), 30.0)}
    late = model.chances(ids, [30], at=(some["house_mql_at"] + pd.Timedelta(days=200)).tolist(), **reached)
    assert 0.1 < late.mean() < model.chances(ids, [30], **reached).mean() + 0.05
    later = model.chances(ids, [30], at=(some["house_mql_at"] + pd.Timedelta(days=30)).tolist())
    assert later.mean() < asked.mean()


def test_what_has_happened_has_no_chance_and_no_certainty_is_contradicted(
    mqls: pd.DataFrame, model: OutcomeModel
) -> None:
    """Criteria may make a lead MQL after it booked for itself: its chance was 1, of an SQL that nobody saw come."""
    ids, month, later = list(mqls["lead_id"]), pd.Timedelta(days=30), mqls["house_mql_at"] + pd.Timedelta(days=1)
    for moments in (mqls["house_mql_at"], later):
        chance = model.chances(ids, [30], at=moments)[:, 0]
        still = ~(mqls["sql_at"] <= moments)
        happened = still & (mqls["sql_at"] - moments <= month)
        assert not np.isnan(chance[still]).any() and not (happened & (chance == 0)).any()
        assert not (~happened & (chance == 1)).any()
    # Of some it is not known whether the referral is there.
    gone = (mqls["sql_at"] <= later) & (mqls["self_booked_at"] <= later)
    assert gone.sum() > 50 and np.isnan(chance[gone]).mean() > 0.8


def test_a_lead_without_a_handover_has_no_chance_unless_one_is_named(clinic: World, model: OutcomeModel) -> None:
    never = clinic.truth["leads"].loc[lambda frame: frame["house_mql_at"].isna(), "lead_id"].iloc[:2].tolist()
    assert np.isnan(model.chances(never)).all()
    created = clinic.tables["leads"].drop_duplicates("lead_id").set_index("lead_id")["created_at"]
    named = model.chances(never, at=[created[one] + pd.Timedelta(hours=1) for one in never])
    assert ((named >= 0) & (named <= 1)).all()


def test_chances_by_staff_and_minutes_are_calibrated_on_who_worked_whom_and_when(
    clinic: World, mqls: pd.DataFrame, model: OutcomeModel
) -> None:
    """Of leads reached at the first attempt, by the member who did and after the time it took."""
    events = clinic.tables["work_events"]
    tries = events[events["kind"].isin(["contact_attempt", "contact_made"])].sort_values("occurred_at", kind="stable")
    second = tries[~tries.duplicated(["event_id"])].groupby("lead_id")["kind"].agg(lambda kinds: list(kinds)[:2])
    first_time = second[second.map(lambda kinds: kinds == ["contact_attempt", "contact_made"])].index
    placed = clinic.tables["leads"].drop_duplicates("lead_id").dropna(subset="location_id")["lead_id"]
    chosen = mqls["lead_id"].isin(first_time) & mqls["lead_id"].isin(placed) & mqls["contacted_at"].notna()
    leads = mqls[chosen].reset_index(drop=True)
    minutes = open_minutes(clinic, leads)
    asked = model.chances(
        leads["lead_id"].tolist(), [30], staff_ids=leads["staff_id"].tolist(), open_minutes=minutes.tolist()
    )
    assert len(leads) > 1500
    assert_calibrated(asked[:, 0], within(leads, 30), bins=6)


def open_minutes(clinic: World, leads: pd.DataFrame) -> npt.NDArray[np.float64]:
    """Open minutes from being taken up to being reached, on the calendar of the lead's own place."""
    names = {place.id: place.calendar for place in LOCATIONS}
    first = clinic.tables["leads"].drop_duplicates("lead_id").set_index("lead_id")["location_id"].map(names)
    calendar = leads["lead_id"].map(first).to_numpy(dtype=np.int64)
    worked, reached = (leads[name].dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64)
                       for name in ("worked_at", "contacted_at"))  # fmt: skip
    return clinic.plan.business.minutes(worked, reached, calendar)


def test_severity_and_waiting_lower_the_chance(clinic: World, mqls: pd.DataFrame, model: OutcomeModel) -> None:
    staff = clinic.truth["staff"].sort_values("severity")["staff_id"].tolist()
    some = mqls["lead_id"].iloc[:300].tolist()

    def chance(member: str, minutes: float) -> float:
        asked = model.chances(some, [30], staff_ids=[member] * 300, open_minutes=np.full(300, minutes))
        return float(asked.mean())

    assert chance(staff[0], 10) > chance(staff[0], 3000) > chance(staff[-1], 3000)


def test_draws_come_true_as_often_as_the_chances_say(mqls: pd.DataFrame, model: OutcomeModel, clinic: World) -> None:
    some = mqls.iloc[:800]
    ids, staff = some["lead_id"].tolist(), clinic.truth["staff"]["staff_id"].tolist()[:1] * 800
    minutes = np.full(800, 1.0)
    drawn = [model.draw_sql_at(ids, staff, minutes, draw=number) for number in range(12)]
    shares = np.mean([(one - some["house_mql_at"]) <= pd.Timedelta(days=30) for one in drawn], axis=0)
    asked = model.chances(ids, [30], staff_ids=staff, open_minutes=minutes)[:, 0]
    # The chance is of one who answers, the draw of anybody.
    answers = habits.reaches(some["intent"].to_numpy(), np.zeros(800), 0)
    assert np.corrcoef(shares, asked)[0, 1] > 0.5
    assert abs(np.average(shares, weights=answers) - np.average(asked, weights=answers)) < 0.03
    again = model.draw_sql_at(ids, staff, minutes, draw=3)
    pd.testing.assert_series_equal(again, drawn[3])
    assert not again.equals(drawn[4])


def test_refuses_half_a_question(model: OutcomeModel) -> None:
    with pytest.raises(ValueError, match="together"):
        model.chances(["lead000001"], staff_ids=["staff_101"])
    with pytest.raises(KeyError):
        model.chances([f"lead{LEADS + 5}"])
