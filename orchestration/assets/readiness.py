"""Readiness: train the champion, score each MQL once. The statistics are `models_ml.readiness`; examples are dbt's."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg
import pandas as pd
import pyarrow as pa
import yaml

from orchestration.assets.frames import land_frame, read_tables
from orchestration.assets.policy import spec
from orchestration.assets.shown import model_metadata, refused_metadata
from orchestration.readiness_notes import (
    forget_no_model,
    latest_training,
    note_no_model,
    note_refused,
    note_training,
    withdraw_champion,
)
from orchestration.runs import Run

if TYPE_CHECKING:
    from models_ml.readiness import TrainedReadiness

CHAMPION = dg.AssetKey(["models", "readiness_champion"])
_TIME = pa.timestamp("us")
SCORES = pa.schema(
    [
        ("record_key", pa.string()),
        ("became_mql_at", _TIME),
        *((name, pa.float64()) for name in ("readiness", "readiness_low", "readiness_high", "shared_error")),
        *((name, pa.string()) for name in ("band", "reasons", "contributions")),
        ("is_control", pa.bool_()),
        ("model_version", pa.string()),
        ("horizon_days", pa.int32()),
        ("scored_as_of", _TIME),
    ]
)
_EXAMPLES = [
    ["ml", f"ml_readiness__{name}"] for name in ("training_examples", "example_attributes", "scoring_candidates")
]
_NAMED = [["input", "input__locations"], ["input", "input__service_lines"]]
_CANDIDATES = [*_EXAMPLES[1:], ["staging", "stg_handoff__earlier_scores"], *_NAMED]


def readiness_assets() -> list[dg.AssetsDefinition]:
    """Champion and scores."""
    return [_champion(), _scores()]


def _champion() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="train_readiness",
        specs=[
            spec(
                CHAMPION.path,
                group="readiness",
                kinds=("python", "scikitlearn"),
                description="The readiness model that scores from now on. One stored version.",
                deps=_EXAMPLES,
            )
        ],
    )
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> dg.MaterializeResult[None]:
        # Imported here: the libraries behind it take seconds that a run without news has not got.
        from models_ml.artifacts import promote_readiness, store_readiness
        from models_ml.readiness import NoReadiness, NoSkill, train_and_watch

        run.say("readiness", "")
        examples, attributes, candidates = read_tables(run.paths.warehouse, "ml", *(name for _, name in _EXAMPLES))
        incumbent = standing_champion(run, context.log.warning)
        trained, alarms = train_and_watch(
            examples,
            attributes,
            candidates,
            as_of=pd.Timestamp(run.as_of),
            excluded_attributes=run.criteria.barred_from_models,
            horizons=horizons(run),
            random_state=run.settings.seed,
            incumbent=incumbent,
        )
        if isinstance(trained, NoReadiness):
            note_no_model(run.paths.models, trained.reason, trained.counts)
            if trained.ends_incumbent:
                withdraw_champion(run.paths.models, trained.ends_incumbent)
            context.log.warning(f"no readiness model was trained: {trained.reason}")
            seen = refused_metadata(trained.card if isinstance(trained, NoSkill) else {})
            return dg.MaterializeResult(metadata={"reason": trained.reason, **trained.counts, **seen})
        store_readiness(trained, run.paths.models, key=run.model_key, about=run.about_model)
        promote_readiness(trained.version, run.paths.models)
        forget_no_model(run.paths.models)
        note_training(run.paths.models, trained.card["promotion"], [alarm.to_dict() for alarm in alarms])
        for alarm in alarms:
            context.log.warning(f"{alarm.severity}: {alarm.words}")
        shown = model_metadata(trained.card, version=trained.version, latest=latest_training(run.paths.models))
        card = dg.MetadataValue.json(trained.card)
        return dg.MaterializeResult(metadata={"version": trained.version, "card": card, **shown})

    return step


def _scores() -> dg.AssetsDefinition:
    @dg.multi_asset(
        name="score_readiness",
        specs=[
            spec(
                ["handoff", "scores"],
                group="readiness",
                kinds=("python", "parquet"),
                description="Readiness given to MQLs, once each. One row per record and moment of becoming MQL.",
                deps=[CHAMPION, *_CANDIDATES],
            )
        ],
    )
    def step(context: dg.AssetExecutionContext, run: dg.ResourceParam[Run]) -> dg.MaterializeResult[None]:
        from models_ml.readiness import score_readiness
        from orchestration.feature_words import feature_words

        run.say("readiness", "")
        champion = scoring_champion(run, context.log.warning)
        if champion is None:
            context.log.warning("no readiness model yet: leads are routed without a score")
            return dg.MaterializeResult(metadata={"scored": 0})
        candidates, attributes = read_tables(
            run.paths.warehouse, "ml", "ml_readiness__scoring_candidates", "ml_readiness__example_attributes"
        )
        (earlier,) = read_tables(run.paths.warehouse, "staging", "stg_handoff__earlier_scores")
        scores = score_readiness(
            champion,
            candidates,
            attributes,
            already_scored=earlier,
            as_of=pd.Timestamp(run.as_of),
            words=feature_words(run.criteria, run.paths.warehouse),
            control_share=run.registry.readiness.control_share,
            seed=run.settings.seed,
        )
        return dg.MaterializeResult(
            metadata={"scored": land_frame(run, "scores", scores, SCORES), "model_version": champion.version}
        )

    return step


def standing_champion(run: Run, told: Callable[[str], None]) -> "TrainedReadiness | None":
    """The model that scores now; None where there is none, or the one there is may not be used, which `told` hears."""
    from models_ml.artifacts import ModelRefused, load_champion

    try:
        champion = load_champion(run.paths.models, key=run.model_key)
    except ModelRefused as refused:
        note_refused(run.paths.models, str(refused))
        told(str(refused))
        return None
    note_refused(run.paths.models, None)
    return champion


def scoring_champion(run: Run, told: Callable[[str], None]) -> "TrainedReadiness | None":
    """The same, unless it uses what the criteria bar by now: between two trainings nobody is scored by that."""
    from models_ml.readiness.promotion import may_not_stay

    champion = standing_champion(run, told)
    if champion is None:
        return None
    horizons_then, barred = champion.horizons, run.criteria.barred_from_models
    ended = may_not_stay(champion.schema.names, horizons_then, excluded=barred, horizons=horizons_then)
    if ended:
        note_refused(run.paths.models, ended)
        told(ended)
    return None if ended else champion


def horizons(run: Run) -> dict[str, int]:
    """The horizons readiness speaks of, by service line, as dbt labels its examples."""
    project = yaml.safe_load((run.settings.dbt_project / "dbt_project.yml").read_text(encoding="utf-8"))
    return {str(line): int(days) for line, days in project["vars"]["readiness_horizons"].items()}
