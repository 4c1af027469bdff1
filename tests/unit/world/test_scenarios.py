"""The dial: the same people and true events in every scenario, each with the mess it is named for and no other."""

from __future__ import annotations

from functools import cache

import pandas as pd
import pytest

from models_ml.world import World, build_world
from models_ml.world.scenario import ROW_KEYS, SCENARIOS
from tests.unit.world.test_stability import frame_hash, hashes

NAMES = tuple(SCENARIOS)


@cache
def world_of(name: str) -> World:
    return build_world(leads=1200, seed=4, months=6, scenario=name)


def late_rows(world: World, table: str, occurred: str) -> pd.Series:
    """How long each row took to be known."""
    frame = world.tables[table].drop_duplicates(list(ROW_KEYS[table]))
    return frame["known_at"] - frame[occurred]


def test_truth_is_the_same_in_every_scenario() -> None:
    clean = hashes(world_of("clean").truth)
    assert hashes(world_of("real").truth) == clean
    assert hashes(world_of("hostile").truth) == clean


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        ("touches", ["touch_id", "occurred_at", "signal", "session_id"]),
        ("work_events", ["event_id", "lead_id", "occurred_at", "kind", "outcome"]),
        ("appointments", ["appointment_id", "lead_id", "booked_at", "starts_at", "status"]),
    ],
)
def test_the_same_things_happen_in_every_scenario(table: str, columns: list[str]) -> None:
    """But for what is not known yet at the very end, and touches given another campaign."""
    early = world_of("clean").as_of - pd.Timedelta(days=40)
    moment = columns[1] if table == "touches" else columns[2]
    kept = {}
    for name in NAMES:
        frame = world_of(name).tables[table]
        kept[name] = frame[frame[moment] < early][columns].drop_duplicates().sort_values(columns).reset_index(drop=True)
    pd.testing.assert_frame_equal(kept["clean"], kept["real"])
    pd.testing.assert_frame_equal(kept["clean"], kept["hostile"])


def test_clean_is_known_when_it_happens() -> None:
    world = world_of("clean")
    pairs = [(table, "occurred_at") for table in ("touches", "work_events", "consents", "ad_clicks")]
    for table, occurred in [*pairs, ("stage_events", "entered_at"), ("leads", "created_at")]:
        assert (late_rows(world, table, occurred) == pd.Timedelta(0)).all(), table
    ends = pd.to_datetime(world.tables["spend"]["spend_date"]) + pd.Timedelta(days=1)
    assert (world.tables["spend"]["known_at"].dt.tz_convert("America/Chicago").dt.tz_localize(None) == ends).all()


def test_clean_repeats_restates_and_corrects_nothing() -> None:
    tables = world_of("clean").tables
    for table, keys in ROW_KEYS.items():
        frame = tables[table]
        assert not frame.duplicated().any(), table
        if table in ("touches", "spend", "work_events", "stage_events", "ad_clicks"):
            assert not frame.duplicated(list(keys)).any(), table
    assert not tables["touches"]["is_deleted"].any()
    assert not tables["leads"]["email"].dropna().str.contains("exmaple").any()
    lines = tables["leads"].dropna(subset="service_line").groupby("lead_id")["service_line"].nunique()
    assert (lines == 1).all()


def test_clean_labels_are_set_when_it_happens_once_and_by_right() -> None:
    world = world_of("clean")
    labels = world.tables["stage_events"].dropna(subset="stage")
    assert not labels.duplicated(["lead_id", "stage"]).any()
    first = labels.pivot(index="lead_id", columns="stage", values="entered_at")
    truth = world.truth["leads"].set_index("lead_id").loc[first.index]
    for stage, column in (("mql", "house_mql_at"), ("sql", "qualified_at"), ("appointment", "booked_at"),
                          ("consult", "held_at"), ("disqualified", "refused_at")):  # fmt: skip
        true = truth[column].where(truth[column] <= world.as_of)
        assert first[stage].equals(true.rename(stage)), stage


def test_real_is_late_by_three_days_at_most_and_repeats_nothing() -> None:
    world = world_of("real")
    lag = late_rows(world, "touches", "occurred_at")
    assert pd.Timedelta(hours=60) < lag.max() <= pd.Timedelta(days=3)
    assert 0.01 < (lag > pd.Timedelta(hours=1)).mean() < 0.03
    assert not any(world.tables[table].duplicated().any() for table in ROW_KEYS)
    spend = world.tables["spend"]
    restated = spend[spend.duplicated(["campaign_id", "spend_date"])]
    assert 0.05 < len(restated) / len(spend) < 0.3


def test_hostile_is_late_by_seventeen_days_and_repeats() -> None:
    world = world_of("hostile")
    for table, occurred in (("touches", "occurred_at"), ("work_events", "occurred_at"), ("stage_events", "entered_at"),
                            ("leads", "created_at")):  # fmt: skip
        lag = late_rows(world, table, occurred)
        assert pd.Timedelta(days=11) < lag.max() < pd.Timedelta(days=19), table
        assert (lag > pd.Timedelta(days=3)).mean() > (late_rows(world_of("real"), table, occurred)
                                                      > pd.Timedelta(days=3)).mean()  # fmt: skip
    for table in ROW_KEYS:
        frame = world.tables[table]
        assert 0.003 < frame.duplicated().mean() < 0.02, table
    spend = world.tables["spend"].drop_duplicates()
    both = spend.merge(spend, on=["campaign_id", "spend_date"], suffixes=("", "_later"))
    later = both[both["known_at_later"] > both["known_at"]]
    assert len(later) > 100
    assert (later["known_at_later"] - later["known_at"] == pd.Timedelta(days=3)).all()


def test_hostile_corrects_attributes_later() -> None:
    def corrected(name: str) -> int:
        payers = world_of(name).tables["lead_attributes"].drop_duplicates()
        payers = payers[payers["name"] == "payer_type"].dropna(subset="value")
        return int((payers[payers["value"] != "unknown"].groupby("lead_id")["value"].nunique() > 1).sum())

    assert corrected("clean") == 0
    assert corrected("hostile") > 1.5 * corrected("real") > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("until", ["2026-02-11", "2026-06-29T07:00"])
def test_a_shorter_world_is_the_longer_one_cut(name: str, until: str) -> None:
    shorter = build_world(leads=1200, seed=4, months=6, scenario=name, until=until)
    assert hashes(shorter.tables) == hashes(world_of(name).known_between(None, pd.Timestamp(until, tz="UTC")))


def test_more_touches_change_nothing_that_is_true() -> None:
    more = build_world(leads=1200, seed=4, months=6, touches_per_lead=60)
    assert hashes(more.truth) == hashes(world_of("real").truth)
    assert 50 < len(more.tables["touches"]) / 1200 < 70
    mine = set(world_of("real").tables["touches"].loc[lambda rows: rows["lead_id"].notna(), "touch_id"])
    assert mine <= set(more.tables["touches"]["touch_id"])
    assert frame_hash(more.tables["work_events"]) == frame_hash(world_of("real").tables["work_events"])


def test_refuses_a_scenario_there_is_not() -> None:
    with pytest.raises(ValueError, match="clean, real, hostile"):
        build_world(leads=10, scenario="dirty")
    with pytest.raises(ValueError, match="about 13 touches"):
        build_world(leads=10, touches_per_lead=3)
