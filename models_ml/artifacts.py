"""Keeps readiness models on disk without pickle: skops with an explicit allow-list, everything else as JSON.

`<models_dir>/readiness/<version>/{model.skops,model.json}` and `<models_dir>/readiness/champion.json`.
A skops file is not byte-stable, so models are compared by their predictions on a fixed probe set made from the feature
schema alone (no lead's data). Not here: training (`readiness.train`).
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import skops.io

from models_ml.readiness.estimator import predict_readiness
from models_ml.readiness.pipeline_columns import OTHER, UNKNOWN, FeatureSchema
from models_ml.readiness.trained import TrainedReadiness

# What a readiness pipeline is made of beyond skops' own defaults; anything else in a file refuses the load.
TRUSTED_TYPES = frozenset(
    {
        "functools.partial",  # of check_array only: the function inside has to be trusted as well
        "numpy.dtype",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.utils.validation.check_array",
    }
)
TOLERANCE = 1e-9


def store_readiness(model: TrainedReadiness, models_dir: Path) -> Path:
    """Store a model under its version, atomically; a version already there is left as it is. Returns its folder."""
    folder = models_dir / "readiness" / model.version
    if (folder / "model.json").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".storing_", dir=folder.parent))
    skops.io.dump(model.pipeline, scratch / "model.skops")
    probe = predict_readiness(model.pipeline, probe_frame(model.schema))
    content = {
        "version": model.version,
        "horizon_days": model.horizon_days,
        "schema": model.schema.to_dict(),
        "bands": model.bands,
        "excluded_attributes": list(model.excluded_attributes),
        "card": model.card,
        "probe": [float(value) for value in probe],
    }
    (scratch / "model.json").write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    for path in scratch.iterdir():
        path.chmod(0o600)
    if folder.exists():
        shutil.rmtree(folder)
    scratch.replace(folder)
    return folder


def load_readiness(version: str, models_dir: Path) -> TrainedReadiness:
    """Load a stored version; ValueError if it holds a type not allowed or predicts other than when it was stored."""
    folder = models_dir / "readiness" / version
    content: dict[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    unknown = set(skops.io.get_untrusted_types(file=folder / "model.skops")) - TRUSTED_TYPES
    if unknown:
        raise ValueError(f"readiness model {version} holds types that are not allowed: {', '.join(sorted(unknown))}")
    pipeline = skops.io.load(folder / "model.skops", trusted=sorted(TRUSTED_TYPES))
    schema = FeatureSchema.from_dict(content["schema"])
    model = TrainedReadiness(
        version=content["version"],
        horizon_days=int(content["horizon_days"]),
        pipeline=pipeline,
        schema=schema,
        bands=content["bands"],
        excluded_attributes=tuple(content["excluded_attributes"]),
        card=content["card"],
    )
    if not same_predictions(predict_readiness(pipeline, probe_frame(schema)), content["probe"]):
        raise ValueError(f"readiness model {version} predicts other than when it was stored: train again")
    return model


def promote_readiness(version: str, models_dir: Path) -> None:
    """Make a stored version the champion (atomic replace of champion.json)."""
    folder = models_dir / "readiness"
    if not (folder / version / "model.json").exists():
        raise ValueError(f"no readiness model {version} is stored in {folder}")
    # A temporary file is readable by its owner alone from the start.
    with tempfile.NamedTemporaryFile("w", prefix=".champion_", dir=folder, delete=False, encoding="utf-8") as file:
        file.write(json.dumps({"version": version}))
    Path(file.name).replace(folder / "champion.json")


def load_champion(models_dir: Path) -> TrainedReadiness | None:
    """The current champion, None where there is none yet."""
    pointer = models_dir / "readiness" / "champion.json"
    if not pointer.exists():
        return None
    return load_readiness(str(json.loads(pointer.read_text(encoding="utf-8"))["version"]), models_dir)


def probe_frame(schema: FeatureSchema) -> pd.DataFrame:
    """The fixed probe set of a schema: the typical lead, and it with one feature changed at a time."""
    typical: dict[str, Any] = {str(name): value for name, value in schema.reference_frame().iloc[0].items()}
    rows: list[dict[str, Any]] = [typical]
    for number in schema.numeric:
        rows += [{**typical, number.name: value} for value in (float("nan"), 0.0, number.reference + 1.0)]
    for code in schema.categorical:
        rows += [{**typical, code.name: level} for level in (*code.levels, OTHER, UNKNOWN)]
    types: dict[str, Any] = {number.name: "float64" for number in schema.numeric}
    return pd.DataFrame(rows).astype(types | {code.name: object for code in schema.categorical})


def same_predictions(left: npt.ArrayLike, right: npt.ArrayLike) -> bool:
    """Whether two predictions of the probe set are the same model's."""
    first, second = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=0, atol=TOLERANCE))
