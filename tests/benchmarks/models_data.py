"""The public data readiness is measured on, split as the table says; they stay beside the checkout."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
# Known only after, or because of, the outcome.
LEAKING = ("Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity")
LEADS, CONVERSIONS = 500, 40
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Split:
    """Rows to learn from and later rows to be judged on."""

    learn: pd.DataFrame
    learn_labels: Labels
    judge: pd.DataFrame
    judge_labels: Labels


def x_education() -> Split:
    """The first 70 % by Lead Number, then the last 30 %; leaking columns and the random id dropped, 'Select' is empty.

    Lead Number stays a column: it is counted up as leads come in, so it is known at once and tells how far on in time a
    lead is. The best measured had it, too; without it the same plain way reaches .884, not .894.
    """
    rows = pd.read_csv(DATA / "x_education" / "leads.csv").sort_values("Lead Number", ignore_index=True)
    rows = rows.replace("Select", np.nan)
    labels = rows["Converted"].to_numpy(dtype=np.int64)
    leaking = [name for name in rows if name in LEAKING or str(name).startswith("Asymmetrique")]
    rows = rows.drop(columns=[*leaking, "Converted", "Prospect ID"])
    cut = int(0.7 * len(rows))
    return Split(rows[:cut], labels[:cut], rows[cut:].reset_index(drop=True), labels[cut:])


def thinned(whole: Split, seed: int) -> Split:
    """So many leads with so few conversions of the first part; of the last all, conversions thinned to that rate."""
    random = np.random.default_rng(seed)
    won, lost = (random.permutation(np.flatnonzero(whole.learn_labels == label)) for label in (1, 0))
    learn = np.sort(np.r_[won[:CONVERSIONS], lost[: LEADS - CONVERSIONS]])
    won, lost = (random.permutation(np.flatnonzero(whole.judge_labels == label)) for label in (1, 0))
    judge = np.sort(np.r_[won[: round(len(lost) * CONVERSIONS / (LEADS - CONVERSIONS))], lost])
    return Split(
        whole.learn.iloc[learn].reset_index(drop=True),
        whole.learn_labels[learn],
        whole.judge.iloc[judge].reset_index(drop=True),
        whole.judge_labels[judge],
    )


def olist() -> Split:
    """MQLs of January to March 2018, then of April and May; won within 90 days of the first contact.

    Landing page and origin are all there is; the contact date tells the calendar, so it only splits. A missing origin
    stays missing: it is not 'unknown'.
    """
    leads = pd.read_csv(DATA / "olist" / "olist_marketing_qualified_leads_dataset.csv")
    deals = pd.read_csv(DATA / "olist" / "olist_closed_deals_dataset.csv")
    rows = leads.merge(deals[["mql_id", "won_date"]], on="mql_id", how="left")
    contact = pd.to_datetime(rows["first_contact_date"])
    days = (pd.to_datetime(rows["won_date"]) - contact) / pd.Timedelta(days=1)
    labels = (days <= 90).to_numpy(dtype=np.int64)
    learn = ((contact >= "2018-01-01") & (contact < "2018-04-01")).to_numpy()
    judge = ((contact >= "2018-04-01") & (contact < "2018-06-01")).to_numpy()
    features = rows[["landing_page_id", "origin"]]
    return Split(
        features[learn].reset_index(drop=True), labels[learn], features[judge].reset_index(drop=True), labels[judge]
    )
