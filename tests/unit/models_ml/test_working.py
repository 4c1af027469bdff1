"""Leads nobody worked are no proof of anything: a made-up clinic that passes some over, whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from models_ml.readiness.working import LEAST_CHANCE, working_weights


@dataclass(frozen=True)
class Clinic:
    """Leads, what is recorded of them, and P(SQL within the horizon), if intake works the lead."""

    frame: pd.DataFrame
    examples: pd.DataFrame
    labels: npt.NDArray[np.int8]
    truth: npt.NDArray[np.float64]
    channel: npt.NDArray[np.str_]


def made_clinic(count: int = 12_000, *, seed: int = 3, least: float = 0.25) -> Clinic:
    """Intake works nearly all web leads and few of social ones; some book for themselves before anybody tries."""
    random = np.random.default_rng(seed)
    interest = random.normal(size=count)
    channel = np.where(random.random(count) < 0.4, "social", "web")
    chance = 1 / (1 + np.exp(0.6 - interest - 0.5 * (channel == "social")))
    books = random.random(count) < 0.25 * chance
    said_yes = books | (random.random(count) < (chance - 0.25 * chance) / (1 - 0.25 * chance))
    works = random.random(count) < np.where(channel == "web", 0.95, least)
    # Days after the MQL: who books for itself does so within two, intake tries within two.
    booked, tried = 2 * random.random(count), 2 * random.random(count)
    worked = works & ~(books & (booked < tried))
    labels = np.where(works, said_yes, books).astype(np.int8)
    frame = pd.DataFrame({"interest": interest, "channel": pd.Series(channel, dtype=object)})
    frame.loc[random.random(count) < 0.05, "interest"] = np.nan
    people = [f"p{number // 2}" for number in range(count)]
    began = pd.Series(pd.Timestamp("2026-01-01"), index=range(count))
    examples = pd.DataFrame(
        {
            "has_work_events": True,
            "is_worked": worked,
            "person_key": people,
            "became_mql_at": began,
            "first_worked_at": (began + pd.to_timedelta(tried, unit="D")).where(worked),
            "became_sql_at": (began + pd.to_timedelta(np.where(books, booked, 5), unit="D")).where(labels == 1),
        }
    )
    return Clinic(frame, examples, labels, chance, channel)


def forecast(clinic: Clinic, labels: npt.ArrayLike, weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    design = np.column_stack([clinic.frame["interest"].fillna(0), clinic.channel == "social"])
    model = LogisticRegression(C=100.0).fit(design, labels, sample_weight=weights)
    return np.asarray(model.predict_proba(design)[:, 1])


def test_not_yet_taken_for_no_is_off_and_the_default_is_not() -> None:
    clinic = made_clinic()
    found = working_weights(clinic.frame, clinic.examples, clinic.labels, random_state=0)
    default = forecast(clinic, clinic.labels, found.weights)
    naive = forecast(clinic, clinic.labels, np.ones(len(clinic.labels)))
    ratios = {}
    for name in ("web", "social"):
        rows = clinic.channel == name
        ratios[name] = [each[rows].mean() / clinic.truth[rows].mean() for each in (default, naive)]
        assert 0.95 <= ratios[name][0] <= 1.05, name
    assert ratios["social"][1] < 0.6
    assert abs(found.figures.rate_if_worked - clinic.truth.mean()) < 0.012
    assert found.figures.rate_as_recorded < 0.85 * clinic.truth.mean()


def test_immature_leads_taken_for_no_are_off_too() -> None:
    clinic = made_clinic(least=0.95)
    open_yet = np.random.default_rng(1).random(len(clinic.labels)) < 0.25
    labels = np.where(open_yet, 0, clinic.labels)
    naive = forecast(clinic, labels, np.ones(len(labels)))
    mature = working_weights(
        clinic.frame[~open_yet], clinic.examples[~open_yet], clinic.labels[~open_yet], random_state=0
    )
    weights = np.zeros(len(labels))
    weights[~open_yet] = mature.weights
    assert naive.mean() < 0.8 * clinic.truth.mean()
    assert abs(forecast(clinic, labels, weights).mean() / clinic.truth.mean() - 1) < 0.04


def test_rows_count_what_the_page_says() -> None:
    clinic = made_clinic(4_000)
    found = working_weights(clinic.frame, clinic.examples, clinic.labels, random_state=0)
    worked, converted = clinic.examples["is_worked"].to_numpy(), clinic.labels == 1
    alone, early = ~worked & converted, clinic.examples["became_sql_at"] < pd.Timestamp("2026-01-01 02:00")
    assert ((found.weights[alone] > 0) & (found.weights[alone] <= 1)).all()
    assert (found.weights[alone & early] > 0.9).all()
    untimed = clinic.examples.drop(columns="first_worked_at")
    assert (working_weights(clinic.frame, untimed, clinic.labels, random_state=0).weights[alone] == 1).all()
    assert (found.weights[~worked & ~converted] == 0).all()
    assert ((found.weights[worked] >= 1) & (found.weights[worked] <= 1 / LEAST_CHANCE)).all()
    assert (found.is_used == (found.weights > 0)).all()
    figures = found.figures
    assert figures.left_out_count == int((~worked & ~converted).sum()) and figures.row_count == 4_000
    assert figures.used_count == figures.worked_count + figures.converted_unworked_count
    assert figures.effective_count < figures.used_count
    # Those who stand for others make up for those left out.
    assert abs(found.weights.sum() / 4_000 - 1) < 0.05
    assert f"{figures.left_out_count:,} were never tried" in found.note and "had intake worked every lead" in found.note


def test_a_source_that_tells_of_no_work_is_not_weighed_and_the_note_says_so() -> None:
    clinic = made_clinic(2_000)
    silent = clinic.examples.assign(has_work_events=False, is_worked=False)
    found = working_weights(clinic.frame, silent, clinic.labels, random_state=0)
    assert (found.weights == 1).all() and found.is_used.all()
    assert "No source tells of staff's work" in found.note
    half = clinic.examples.assign(has_work_events=np.arange(2_000) < 1_500)
    mixed = working_weights(clinic.frame, half, clinic.labels, random_state=0)
    assert (mixed.weights[1_500:] == 1).all() and "500 rows come from sources that tell of no work" in mixed.note


def test_the_same_seed_gives_the_same_weights_and_nobody_is_weighed_by_what_came_of_their_own_row() -> None:
    clinic = made_clinic(3_000)
    one, two = (working_weights(clinic.frame, clinic.examples, clinic.labels, random_state=4) for _ in range(2))
    np.testing.assert_array_equal(one.weights, two.weights)
    # A person of its own code, always or never worked: a model that saw the row itself would know.
    alone = clinic.frame.assign(
        own=pd.Series(clinic.examples["is_worked"].map({True: "w", False: "n"}) + "x", dtype=object)
    )
    alone["own"] = [f"{value}{number}" for number, value in enumerate(alone["own"])]
    same = working_weights(alone, clinic.examples, clinic.labels, random_state=4)
    assert np.corrcoef(one.weights[one.is_used], same.weights[same.is_used])[0, 1] > 0.99


@pytest.mark.parametrize("worked", [True, False])
def test_where_all_or_none_were_worked_nothing_breaks(worked: bool) -> None:
    clinic = made_clinic(300)
    found = working_weights(clinic.frame, clinic.examples.assign(is_worked=worked), clinic.labels, random_state=0)
    assert set(found.weights) <= {0.0, 1.0}
    empty = working_weights(clinic.frame[:0], clinic.examples[:0], clinic.labels[:0], random_state=0)
    assert not len(empty.weights) and empty.figures.row_count == 0


def test_a_person_nobody_knows_and_a_number_hardly_anybody_tells_break_nothing() -> None:
    clinic = made_clinic(400)
    seldom = clinic.frame.assign(seldom=np.where(np.arange(400) == 7, 3.0, np.nan))
    unknown = clinic.examples.assign(person_key=clinic.examples["person_key"].where(np.arange(400) % 3 != 0))
    assert working_weights(seldom, unknown, clinic.labels, random_state=0).is_used.sum() > 200


def test_lengths_must_agree() -> None:
    clinic = made_clinic(100)
    with pytest.raises(ValueError, match="100 rows of features, 99 examples"):
        working_weights(clinic.frame, clinic.examples[:99], clinic.labels)
