"""Leads nobody worked: what their silence says (nothing), and how much those like them count instead.

Readiness is P(SQL within the horizon), if intake works the lead. A lead that staff never tried and that did not book
for itself has no outcome of that kind: counting it as not converted would teach the model whom intake neglects. So:

- of leads that did not become SQL of themselves the worked ones stand for the unworked ones like them: weight
  1 / P(worked | features), each row's chance from models that saw neither it nor anybody of its person;
- an SQL that nobody had worked by then has its outcome: weight 1, if it came before intake usually tries. Had intake
  worked the lead, a later one would stand among the worked: it weighs as likely as it is that nobody had tried yet,
  (1 - G) / (1 - P G), G the share of first attempts that come sooner after the MQL;
- the unworked rest is left out;
- where no source tells of staff's work, nobody can say who was worked: all rows, weight 1.

It holds as far as the features say whom intake passes over. What it cannot repair: leads passed over for a reason that
no feature holds, and leads of a kind intake never works (their weight is cut, and how many are is told).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

# No row counts for more than twenty; with fewer rows of either kind every row has the same chance.
LEAST_CHANCE, MIN_EACH, FOLDS = 0.05, 40, 5
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class WorkingFigures:
    """Counts of training rows and what weighting changes, for the model card. Rates are shares, 0 to 1.

    Attributes
    ----------
    row_count, used_count: all rows, and those learned from.
    worked_count: rows that staff tried or reached before they were SQL, where work is told.
    converted_unworked_count: SQLs nobody had worked by then.
    left_out_count: unworked and not SQL: their outcome is not known.
    untold_count: rows of sources that tell of no work.
    cut_count: rows whose weight was cut.
    weight_low, weight_high: least and greatest weight of a row used.
    effective_count: (sum of weights)² / sum of squared weights: as many equal rows would say as much.
    rate_as_recorded: share of SQLs, the left-out ones counted as not converted.
    rate_of_used: share of SQLs among the rows used, each counted once.
    rate_if_worked: the same by weight: what the mean prediction comes to.
    """

    row_count: int
    used_count: int
    worked_count: int
    converted_unworked_count: int
    left_out_count: int
    untold_count: int
    cut_count: int
    weight_low: float
    weight_high: float
    effective_count: float
    rate_as_recorded: float
    rate_of_used: float
    rate_if_worked: float

    def to_dict(self) -> dict[str, float]:
        """As plain data for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class WorkingWeights:
    """What each training row counts.

    Attributes
    ----------
    weights: shape (n,); 0 where the row is not used.
    is_used: shape (n,).
    note: what was done and what it changes, in a few sentences.
    figures: the numbers behind it.
    """

    weights: Floats
    is_used: Bools
    note: str
    figures: WorkingFigures


def working_weights(
    frame: pd.DataFrame, examples: pd.DataFrame, labels: npt.ArrayLike, *, random_state: int | None = None
) -> WorkingWeights:
    """Weights of training rows.

    Parameters
    ----------
    frame
        features (`columns.feature_frame`), one row per example: numbers and codes, missing values allowed.
    examples
        has_work_events, is_worked and, where they are told, person_key, became_mql_at, became_sql_at and
        first_worked_at, in the order of `frame`.
    labels
        0 or 1 (`labels.mature_labels`), shape (n,).
    random_state
        of the folds and models; None draws anew.

    Raises
    ------
    ValueError: frame, examples and labels of different lengths.
    """
    converted = np.asarray(labels).astype(bool)
    if not len(frame) == len(examples) == len(converted):
        raise ValueError(f"{len(frame)} rows of features, {len(examples)} examples and {len(converted)} labels")
    told = examples["has_work_events"].to_numpy(dtype=bool)
    worked = examples["is_worked"].to_numpy(dtype=bool)
    alone = told & converted & ~worked
    chances = np.ones(len(frame))
    learned = told & ~alone
    chances[told] = _chances(frame[told], worked[told], learned[told], _people(examples)[told], random_state)
    at_least = np.maximum(chances, LEAST_CHANCE)
    weights = np.ones(len(frame))
    weights[learned] = worked[learned] / at_least[learned]
    sooner = _sooner(examples, worked & told)[alone]
    weights[alone] = (1 - sooner) / (1 - np.minimum(at_least[alone], 1 - 1e-9) * sooner)
    figures = _figures(weights, converted, told, worked, (chances < LEAST_CHANCE) & worked & told)
    return WorkingWeights(weights, weights > 0, _note(figures), figures)


def _sooner(examples: pd.DataFrame, worked: Bools) -> Floats:
    """Share of first attempts that come sooner after the MQL than each row's SQL; 0 where nobody tells when."""
    if not worked.any() or "first_worked_at" not in examples:
        return np.zeros(len(examples))
    began = pd.to_datetime(examples["became_mql_at"])
    tried = np.sort((pd.to_datetime(examples["first_worked_at"]) - began)[worked].dropna().to_numpy())
    waited = (pd.to_datetime(examples["became_sql_at"]) - began).to_numpy()
    share = np.searchsorted(tried, waited, side="left") / max(len(tried), 1)
    # Nobody is left out who has an outcome: the last ones count next to nothing.
    return np.where(np.isnat(waited), 0.0, np.minimum(share, 0.999))


def _people(examples: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Whose each row is; a row of nobody known is somebody's of its own."""
    own = pd.Series([f"row {place}" for place in range(len(examples))], dtype=object)
    people = examples["person_key"].reset_index(drop=True).astype(object) if "person_key" in examples else own
    return np.asarray(people.where(people.notna(), own).to_numpy(), dtype=object)


def _chances(
    frame: pd.DataFrame, worked: Bools, known: Bools, people: npt.NDArray[np.object_], random_state: int | None
) -> Floats:
    """P(worked | features) of each row, from models of the `known` rows of other persons; shape (n,)."""
    share = float(worked[known].mean()) if known.any() else 1.0
    rarer = min(int(worked[known].sum()), int((~worked[known]).sum()))
    if rarer < MIN_EACH or not frame.shape[1] or len(set(people)) < FOLDS:
        return np.full(len(worked), max(share, LEAST_CHANCE))
    folds = GroupKFold(n_splits=FOLDS, shuffle=True, random_state=random_state)
    chances = np.full(len(worked), share)
    for others, judged in folds.split(frame, groups=people):
        learned = others[known[others]]
        told = frame.loc[:, frame.iloc[learned].notna().any().to_numpy()]
        if told.shape[1] and 0 < worked[learned].sum() < len(learned):
            model = _model(told, random_state).fit(told.iloc[learned], worked[learned])
            chances[judged] = model.predict_proba(told.iloc[judged])[:, 1]
    return chances


def _model(frame: pd.DataFrame, random_state: int | None) -> Pipeline:
    """Trees: whether a lead is worked is often a rule of the house, with corners no straight line has."""
    codes = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1, min_frequency=20
    )
    trees = HistGradientBoostingClassifier(
        learning_rate=0.08,
        max_iter=120,
        max_leaf_nodes=12,
        min_samples_leaf=40,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=random_state,
    )
    return make_pipeline(make_column_transformer((encoder, codes), remainder="passthrough"), trees)


def _figures(weights: Floats, converted: Bools, told: Bools, worked: Bools, is_cut: Bools) -> WorkingFigures:
    used = weights > 0
    kept = weights[used]
    return WorkingFigures(
        row_count=len(weights),
        used_count=int(used.sum()),
        worked_count=int((told & worked).sum()),
        converted_unworked_count=int((told & converted & ~worked).sum()),
        left_out_count=int((~used).sum()),
        untold_count=int((~told).sum()),
        cut_count=int(is_cut.sum()),
        weight_low=float(kept.min()) if len(kept) else 0.0,
        weight_high=float(kept.max()) if len(kept) else 0.0,
        effective_count=float(kept.sum() ** 2 / (kept**2).sum()) if len(kept) else 0.0,
        rate_as_recorded=_share(converted, np.ones(len(weights))),
        rate_of_used=_share(converted[used], np.ones(int(used.sum()))),
        rate_if_worked=_share(converted, weights),
    )


def _share(converted: Bools, weights: Floats) -> float:
    return float((converted * weights).sum() / weights.sum()) if weights.sum() else float("nan")


def _note(figures: WorkingFigures) -> str:
    if figures.untold_count == figures.row_count:
        return (
            "No source tells of staff's work: leads nobody worked cannot be told from leads that said no. All count "
            "the same, unworked ones as not converted, so readiness is lower than if intake worked every lead."
        )
    said = [
        f"Of {figures.row_count:,} MQLs {figures.left_out_count:,} were never tried, reached or screened and did not "
        "become SQL of themselves: what would have become of them is not known. They are left out, not counted as not "
        "converted."
    ]
    if figures.left_out_count:
        said.append(
            f"Worked ones like them count for more in their place (weights {figures.weight_low:.2f} to "
            f"{figures.weight_high:.2f}; {figures.used_count:,} rows say as much as "
            f"{figures.effective_count:,.0f} equal ones)."
        )
        said.append(
            f"Within their horizon {_percent(figures.rate_as_recorded)} became SQL as recorded; had intake worked "
            f"every lead, it would have been {_percent(figures.rate_if_worked)}: that is what readiness says."
        )
    if figures.cut_count:
        said.append(
            f"{figures.cut_count:,} rows are of a kind that is hardly ever worked; their weight is cut at "
            f"{1 / LEAST_CHANCE:.0f}, so for such leads readiness rests on few."
        )
    if figures.untold_count:
        said.append(f"{figures.untold_count:,} rows come from sources that tell of no work: they count as recorded.")
    return " ".join(said)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
