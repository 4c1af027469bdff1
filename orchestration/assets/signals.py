"""Signals: rules and causes judged by what became of MQLs. The statistics are `models_ml.signals`; examples are dbt's.

Estimates answer for the as_of of the run that made them alone, and each run that makes some replaces those of the one
before: every run but those of the intake rhythm.
"""

from collections.abc import Callable, Iterator

import dagster as dg
import pandas as pd
import pyarrow as pa

from orchestration.assets.frames import read_tables, replace_frame
from orchestration.assets.policy import spec
from orchestration.assets.readiness import CHAMPION
from orchestration.failures import print_frames
from orchestration.runs import Run

_TEXT, _COUNT, _FLOAT = pa.string(), pa.int64(), pa.float64()
_AS_OF = ("estimated_as_of", pa.timestamp("us"))
SIGNAL_ESTIMATES = pa.schema(
    [(name, _TEXT) for name in ("criteria_version", "section", "rule_id", "verdict", "redundant_with")]
    + [("is_inseparable", pa.bool_())]
    + [(f"marginal_odds_ratio{limit}", _FLOAT) for limit in ("", "_low", "_high")]
    + [("adjusted_p_value", _FLOAT), ("largest_correlation", _FLOAT), _AS_OF]
)
CAUSE_ESTIMATES = pa.schema(
    [(name, _TEXT) for name in ("service_line", "cause", "verdict", "dimension", "worst_value")]
    + [(name, _COUNT) for name in ("value_count", "worst_count", "worst_sql_count", "rest_count")]
    + [("rest_rate", _FLOAT)]
    + [
        (f"{name}{limit}", _FLOAT)
        for name in ("rate_difference", "missed_sql_count")
        for limit in ("", "_low", "_high")
    ]
    + [(name, _FLOAT) for name in ("adjusted_p_value", "share_of_variation", "spread_adjusted_p_value")]
    + [_AS_OF]
)
_EXAMPLES = {"signal_estimates": "ml_signals__examples", "cause_estimates": "ml_signals__causes"}
EXAMPLES = frozenset(_EXAMPLES.values())
# What is published of them: a job that leaves the estimates as they are leaves these as they were published.
JUDGED = frozenset({"fct_mql_signal_outcomes", "fct_mql_cause_evidence"})


def signal_assets() -> list[dg.AssetsDefinition]:
    """The estimates."""
    said = {
        "signal_estimates": "Rules of the criteria judged by what became of the MQLs. One row per version and rule.",
        "cause_estimates": "The worst value of each cause of a low MQL→SQL rate. One row per service line and cause.",
    }

    @dg.multi_asset(
        name="estimate_signals",
        specs=[
            spec(
                ["handoff", name],
                group="signals",
                kinds=("python", "parquet"),
                description=said[name],
                # After training, as scoring is: what reads the estimates is then built along with what reads scores,
                # and dbt is started no more often.
                deps=[["ml", examples], CHAMPION],
            )
            for name, examples in _EXAMPLES.items()
        ],
    )
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> Iterator[dg.MaterializeResult[None]]:
        from models_ml.signals import estimate_causes, estimate_signals

        if run.is_unchanged:
            context.log.info("the estimates are those of the last publication")
            yield from (dg.MaterializeResult(asset_key=["handoff", name]) for name in _EXAMPLES)
            return
        run.say("signals", "")
        examples, values = read_tables(run.paths.warehouse, "ml", *_EXAMPLES.values())
        for name, estimate, rows_of, schema in (
            ("signal_estimates", estimate_signals, examples, SIGNAL_ESTIMATES),
            ("cause_estimates", estimate_causes, values, CAUSE_ESTIMATES),
        ):
            frame = _estimated(run, name, estimate, rows_of, schema)
            rows = replace_frame(run, name, frame.assign(estimated_as_of=pd.Timestamp(run.as_of)), schema)
            verdicts = {str(verdict): int(count) for verdict, count in frame["verdict"].value_counts().items()}
            yield dg.MaterializeResult(asset_key=["handoff", name], metadata={"rows": rows, **verdicts})

    return [step]


def _estimated(
    run: Run, name: str, estimate: Callable[[pd.DataFrame], pd.DataFrame], rows: pd.DataFrame, schema: pa.Schema
) -> pd.DataFrame:
    """The estimates, or none: leads are routed and published whether or not rules can be judged."""
    try:
        return estimate(rows)
    except Exception as error:
        print_frames(error)
        run.fail(f"{name} could not be made ({type(error).__name__}): no verdict is given in this run")
        return pd.DataFrame(columns=schema.names)
