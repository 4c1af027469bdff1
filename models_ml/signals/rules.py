"""Rules of the criteria judged by what became of the MQLs they contributed to, each given the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from models_ml.signals.logit import CountLogit
from models_ml.signals.looks import LEAST_EXPECTED, NORMAL_90, NORMAL_95, adjusted, least_expected, two_sided
from models_ml.signals.separable import LITTLE, NOTHING, own_shares

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

VERDICTS = ("pulls_its_weight", "useless", "harmful", "redundant", "too_little_known")
SIGNAL_COLUMNS = (
    "criteria_version",
    "section",
    "rule_id",
    "verdict",
    "redundant_with",
    "is_inseparable",
    "marginal_odds_ratio",
    "marginal_odds_ratio_low",
    "marginal_odds_ratio_high",
    "adjusted_p_value",
    "largest_correlation",
)
_RULE = ["section", "rule_id"]
# Standard errors by which the truth must lie beyond a test's limit to be found four times in five.
POWER_80 = float(stats.norm.ppf(0.8))
# A rule that repeats another adds to it only beyond doubt: 99 %, as two so close blow up what chance does.
ADDS_SURELY = float(stats.norm.ppf(0.995))


@dataclass(frozen=True)
class Patterns:
    """Leads of one stratum that the same rules fired for, as often: one row a pattern.

    `strata` one-hot; `fired`; `often`: times beyond their mean among those the rule fired for, 0 where it did not, the
    columns of rules that fire more than once alone; leads and yeses.
    """

    strata: Floats
    fired: Bools
    often: Floats
    leads: Floats
    yes: Floats


class SignalJudge:
    """Verdicts on the rules of one version.

    A rule is judged by its odds ratio given all other rules and how often they fired, with an intercept for each
    stratum: who reached the threshold by one signal alone needed less of all others, and would seem less keen. Looked
    at together (Benjamini and Hochberg), what differs from 1 `pulls_its_weight` or is `harmful`. A rule is `useless` if
    its 95 % interval reaches down to 1 and its 90 % interval not up to `worthwhile`, with data that would show so much
    four times in five. What differs surely, but by less than `trifling`, is useless too. Of two rules that nearly
    always fire together, the one that adds less given the other, and nothing to speak of, is `redundant`. Of several
    that do, one is kept and all others are redundant with it. Else too little is known.

    Parameters
    ----------
    false_discovery_rate
        Share of the wrong that is borne among the rules said to differ.
    worthwhile
        Odds ratio from which a signal is surely worth its points.
    trifling
        Odds ratio below which a difference, however sure, is nothing to act on.
    alike
        Correlation of firing from which one rule can stand for another.

    Attributes
    ----------
    odds_, error_ : ndarray of shape (rules,)
        Log odds ratio of each rule given the others that were kept, and its standard error; NaN where not judged.
    adjusted_ : ndarray of shape (rules,)
        Adjusted p-values; NaN where not judged or redundant.
    correlation_ : ndarray of shape (rules,)
        Largest correlation with another rule.
    partner_ : ndarray of shape (rules,)
        The rule that a redundant one repeats; -1 for all others.
    is_inseparable_ : ndarray of shape (rules,)
        Not judged because other rules tell whether it fires; rules for every value of an attribute tell of each other.
    verdict_ : ndarray of shape (rules,)
        One of VERDICTS each.
    """

    def __init__(
        self,
        *,
        false_discovery_rate: float = 0.05,
        worthwhile: float = 1.6,
        trifling: float = 1.1,
        alike: float = 0.9,
    ) -> None:
        self.false_discovery_rate = false_discovery_rate
        self.worthwhile = worthwhile
        self.trifling = trifling
        self.alike = alike

    def fit(
        self, times: npt.ArrayLike, is_converted: npt.ArrayLike, strata: npt.ArrayLike | None = None
    ) -> SignalJudge:
        """Judge by leads: `times` rules fired (leads, rules), `is_converted` and `strata` (codes) of shape (leads,)."""
        patterns = patterns_of(np.asarray(times, dtype=np.int64), np.asarray(is_converted, dtype=bool), strata)
        leads, yes = patterns.leads.sum(), patterns.yes.sum()
        count = patterns.leads @ patterns.fired
        self.correlation_, together = _correlations(patterns)
        is_judged = least_expected(count, yes, leads) >= LEAST_EXPECTED
        is_varying = (count > 0) & (count < leads)
        self.odds_, self.error_ = _given_others(patterns, is_varying)
        self.partner_ = np.full(len(count), -1)
        self._drop_redundant(patterns, together, is_varying, is_judged)
        own = self._own_shares(patterns, is_varying & (self.partner_ < 0))
        is_known = is_judged & (own >= NOTHING)
        self.odds_[~is_known], self.error_[~is_known] = np.nan, np.nan
        z = self.odds_ / self.error_
        self.adjusted_ = adjusted(np.where(self.partner_ < 0, two_sided(z), np.nan))
        self.verdict_ = self._verdicts(z)
        self.is_inseparable_ = is_judged & (own < LITTLE) & (self.verdict_ == "too_little_known")
        return self

    def _own_shares(self, patterns: Patterns, kept: Bools) -> Floats:
        own = np.ones(len(kept))
        fired = patterns.fired[:, kept].astype(np.float64)
        own[kept] = own_shares(patterns.strata, fired, patterns.often, patterns.leads)
        return own

    def _drop_redundant(self, patterns: Patterns, together: Floats, is_varying: Bools, is_judged: Bools) -> None:
        """Find redundant rules one by one, the closest pair first; estimate the others anew without each."""
        kept = is_varying.copy()
        for one, other in _pairs(np.where(is_judged[:, None] & is_judged, together, 0.0), self.alike):
            if not (kept[one] and kept[other]):
                continue
            z = np.abs(self.odds_[[one, other]] / self.error_[[one, other]])
            lesser, greater = (one, other) if z[0] < z[1] else (other, one)
            if z.min() >= ADDS_SURELY:
                continue
            kept[lesser] = False
            self.partner_[lesser] = greater
            # Who repeated the lesser repeats what stands for it now: of rules that say the same one is always kept.
            self.partner_[self.partner_ == lesser] = greater
            odds, error = _given_others(patterns, kept)
            self.odds_[kept], self.error_[kept] = odds[kept], error[kept]

    def _verdicts(self, z: Floats) -> npt.NDArray[np.object_]:
        upper = self.odds_ + NORMAL_90 * self.error_
        differs = self.adjusted_ <= self.false_discovery_rate
        is_small = np.abs(self.odds_) < np.log(self.trifling)
        is_shown = self.error_ * (NORMAL_95 + POWER_80) <= np.log(self.worthwhile)
        is_useless = np.where(differs, is_small, is_shown & (z <= NORMAL_95) & (upper < np.log(self.worthwhile)))
        cases = [np.isnan(z), self.partner_ >= 0, is_useless, differs & (z > 0), differs]
        named = ["too_little_known", "redundant", "useless", "pulls_its_weight", "harmful"]
        return np.select(cases, named, default="too_little_known").astype(object)


def estimate_signals(examples: pd.DataFrame, *, judge: SignalJudge | None = None) -> pd.DataFrame:
    """Estimates and verdicts of every rule in the examples. Columns: SIGNAL_COLUMNS.

    `examples` has one row per MQL at risk and rule that contributed: criteria_version, section, rule_id, lead_key,
    service_line, row_count (times it fired), is_converted. Rules are judged within their version; the service lines it
    decides for are its strata.
    """
    judge = judge or SignalJudge()
    parts = [_of_version(str(name), part, judge) for name, part in examples.groupby("criteria_version", sort=True)]
    if not parts:
        return pd.DataFrame(columns=list(SIGNAL_COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(SIGNAL_COLUMNS)]


def _of_version(version: str, examples: pd.DataFrame, judge: SignalJudge) -> pd.DataFrame:
    rules = examples[_RULE].drop_duplicates().sort_values(_RULE, ignore_index=True)
    leads = examples[["lead_key", "service_line", "is_converted"]].drop_duplicates("lead_key").set_index("lead_key")
    times = np.zeros((len(leads), len(rules)), dtype=np.int64)
    columns = pd.MultiIndex.from_frame(rules).get_indexer(pd.MultiIndex.from_frame(examples[_RULE]))
    times[leads.index.get_indexer(pd.Index(examples["lead_key"])), columns] = examples["row_count"]
    judge.fit(times, leads["is_converted"], pd.factorize(leads["service_line"], sort=True)[0])
    reach = NORMAL_95 * judge.error_
    names = np.array([*rules["rule_id"], None], dtype=object)
    return rules.assign(
        criteria_version=version,
        verdict=judge.verdict_,
        redundant_with=names[judge.partner_],
        is_inseparable=judge.is_inseparable_,
        marginal_odds_ratio=np.exp(judge.odds_),
        marginal_odds_ratio_low=np.exp(judge.odds_ - reach),
        marginal_odds_ratio_high=np.exp(judge.odds_ + reach),
        adjusted_p_value=judge.adjusted_,
        largest_correlation=judge.correlation_,
    )


def patterns_of(times: Ints, is_converted: Bools, strata: npt.ArrayLike | None = None) -> Patterns:
    """The distinct rows of (stratum, times) with their counts, in an order that does not hang on that of the leads."""
    codes = np.zeros(len(times), dtype=np.int64) if strata is None else np.asarray(strata, dtype=np.int64)
    rows = np.ascontiguousarray(np.column_stack([codes, times]).astype(">u2"))
    _, first, which = np.unique(rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel(), True, True)
    distinct, leads = times[first], np.bincount(which, minlength=len(first)).astype(np.float64)
    fired = distinct > 0
    mean = leads @ distinct / np.maximum(leads @ fired, 1)
    often = np.where(fired, distinct - mean, 0.0)
    return Patterns(
        strata=(codes[first, None] == np.unique(codes)).astype(np.float64),
        fired=fired,
        often=often[:, distinct.max(axis=0, initial=0) > 1],
        leads=leads,
        yes=np.bincount(which, weights=is_converted, minlength=len(first)).astype(np.float64),
    )


def _given_others(patterns: Patterns, kept: Bools) -> tuple[Floats, Floats]:
    """Log odds ratio and standard error of each kept rule given the other kept ones; NaN for the rest."""
    indicators = np.hstack([patterns.fired[:, kept], patterns.often])
    fitted = CountLogit().fit(patterns.strata, indicators, patterns.leads, patterns.yes)
    odds, error = np.full(len(kept), np.nan), np.full(len(kept), np.nan)
    odds[kept], error[kept] = fitted.coef_[: kept.sum()], fitted.error_[: kept.sum()]
    return odds, error


def _correlations(patterns: Patterns) -> tuple[Floats, Floats]:
    """Each rule's largest correlation with another, and all of them; NaN, and 0, for a rule that does not vary."""
    leads, count = patterns.leads.sum(), patterns.leads @ patterns.fired
    both = (patterns.fired * patterns.leads[:, None]).T @ patterns.fired
    # Of whole numbers: a rule that always fires has exactly no spread.
    spread = np.sqrt(count * (leads - count))
    with np.errstate(invalid="ignore", divide="ignore"):
        table = (leads * both - np.outer(count, count)) / np.outer(spread, spread)
    np.fill_diagonal(table, np.nan)
    table = np.where(np.outer(spread, spread) > 0, table, np.nan)
    largest = np.where(np.isfinite(table), table, -np.inf).max(axis=0, initial=-np.inf)
    return np.where(np.isfinite(largest), largest, np.nan), np.nan_to_num(table, nan=0.0)


def _pairs(together: Floats, alike: float) -> list[tuple[int, int]]:
    """Pairs of rules that fire alike, the closest first; equal ones in the order of the rules."""
    one, other = np.nonzero(np.triu(together, 1) >= alike)
    order = np.lexsort((other, one, -np.round(together[one, other], 9)))
    return [(int(one[place]), int(other[place])) for place in order]
