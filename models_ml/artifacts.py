"""Keeps readiness models on disk without pickle: skops with an exact allow-list, everything else as JSON.

`<models_dir>/readiness/<version>/{model.skops,model.json}` and `<models_dir>/readiness/champion.json`, all 0600.
model.json holds the digest of model.skops, and with a home's key a seal over both: a file cut short, altered or brought
from another home is refused by name. A skops file is not byte-stable, so models are compared by their predictions on a
fixed probe set made from what the model knows of its columns (no lead's data), at every load. Not here: training.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import skops.io
from threadpoolctl import threadpool_limits

from models_ml.readiness.classifier import TRUSTED, ReadinessClassifier
from models_ml.readiness.columns import FeatureSchema
from models_ml.readiness.recalibrate import ShiftedClassifier
from models_ml.readiness.trained import TrainedReadiness
from models_ml.readiness.uncertainty import Uncertainty
from models_ml.readiness.versions import code_hash

# What a classifier is made of beyond skops' own defaults; anything else in a file refuses the load.
TRUSTED_TYPES = frozenset({*TRUSTED, "models_ml.readiness.recalibrate.ShiftedClassifier"})
FORMAT = 2
TOLERANCE = 1e-9
_LIBRARIES = ("numpy", "pandas", "scikit-learn", "scipy", "skops")
_AGAIN = "train again (the next training stores a new one)"


class ModelRefused(ValueError):
    """A stored model that may not be used; the message names it and says what to do."""


def store_readiness(
    model: TrainedReadiness, models_dir: Path, *, key: bytes | None = None, about: Mapping[str, Any] | None = None
) -> Path:
    """Store a model under its version, atomically. Returns its folder.

    A version already there, whole and of this home, is left as it is. `key` is the home's; `about` what only the caller
    knows of how it came about (JSON-ready: criteria versions, code version).
    """
    folder = models_dir / "readiness" / model.version
    if _is_sound(folder, model.version, key):
        return folder
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".storing_", dir=folder.parent))
    try:
        skops.io.dump(model.classifier, scratch / "model.skops")
        content = _content(model, about or {}) | {"model_sha256": _digest(scratch / "model.skops")}
        text = json.dumps({**content, "seal": _seal(content, key)}, indent=1, sort_keys=True)
        (scratch / "model.json").write_text(text, encoding="utf-8")
        for path in scratch.iterdir():
            path.chmod(0o600)
        if folder.exists():
            shutil.rmtree(folder)
        scratch.replace(folder)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    return folder


def load_readiness(version: str, models_dir: Path, *, key: bytes | None = None) -> TrainedReadiness:
    """Load a stored version.

    Raises
    ------
    ModelRefused: cut short or altered, stored by another home or by older code, holding a type that is not allowed,
        or predicting other than when it was stored.
    """
    folder = models_dir / "readiness" / version
    content = _read(folder, version)
    _refuse_unless_sound(folder, content, version, key)
    classifier = _classifier(folder / "model.skops", content, version)
    schema = FeatureSchema.from_dict(content["schema"])
    uncertainty = content["uncertainty"]
    model = TrainedReadiness(
        version=version,
        classifier=classifier,
        schema=schema,
        horizons={str(line): int(days) for line, days in content["horizons"].items()},
        bands=content["bands"],
        excluded_attributes=tuple(content["excluded_attributes"]),
        card=content["card"],
        residuals=content["residuals"],
        uncertainty=None if uncertainty is None else Uncertainty.from_dict(uncertainty),
    )
    if schema.hash != content["schema_sha256"] or tuple(classifier.feature_names_in_) != schema.names:
        raise ModelRefused(f"readiness model {version} has other columns than its schema names: {_AGAIN}")
    if not same_predictions(probe_predictions(model), content["probe"]):
        stored = ", ".join(f"{name} {number}" for name, number in sorted(content["libraries"].items()))
        raise ModelRefused(f"readiness model {version} predicts other than when it was stored (by {stored}): {_AGAIN}")
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


def load_champion(models_dir: Path, *, key: bytes | None = None) -> TrainedReadiness | None:
    """The current champion, None where there is none yet. Raises ModelRefused."""
    pointer = models_dir / "readiness" / "champion.json"
    if not pointer.exists():
        return None
    try:
        version = str(json.loads(pointer.read_text(encoding="utf-8"))["version"])
    except (ValueError, KeyError, TypeError):
        raise ModelRefused(f"{pointer} cannot be read: {_AGAIN}") from None
    return load_readiness(version, models_dir, key=key)


def probe_frame(model: TrainedReadiness) -> pd.DataFrame:
    """The fixed probe set: the typical lead, and it with one column changed at a time."""
    features = {feature.name: feature for feature in model.classifier.features_}
    typical: dict[str, Any] = {
        feature.name: getattr(features.get(feature.name), "reference", None) for feature in model.schema.features
    }
    rows: list[dict[str, Any]] = [typical]
    for feature in model.schema.features:
        if feature.kind == "number":
            middle = float(typical[feature.name] or 0.0)
            values: tuple[Any, ...] = (float("nan"), 0.0, middle / 2, middle + 1.0, 2 * middle + 10.0)
        else:
            values = (*getattr(features.get(feature.name), "levels", ()), "(never seen)", None)
        rows += [{**typical, feature.name: value} for value in values]
    types = {one.name: "float64" if one.kind == "number" else object for one in model.schema.features}
    return pd.DataFrame(rows, columns=list(types)).astype(types)


def probe_predictions(model: TrainedReadiness) -> npt.NDArray[np.float64]:
    """What the model predicts for its probe set."""
    with threadpool_limits(limits=1):
        return np.asarray(model.classifier.predict_proba(probe_frame(model))[:, 1], dtype=np.float64)


def same_predictions(left: npt.ArrayLike, right: npt.ArrayLike) -> bool:
    """Whether two predictions of the probe set are the same model's."""
    first, second = np.asarray(left, dtype=np.float64), np.asarray(right, dtype=np.float64)
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=0, atol=TOLERANCE))


def _content(model: TrainedReadiness, about: Mapping[str, Any]) -> dict[str, Any]:
    content = {
        "format": FORMAT,
        "version": model.version,
        "horizons": dict(model.horizons),
        "schema": model.schema.to_dict(),
        "schema_sha256": model.schema.hash,
        "bands": model.bands,
        "excluded_attributes": list(model.excluded_attributes),
        "card": model.card,
        "residuals": model.residuals,
        "uncertainty": model.uncertainty.to_dict() if model.uncertainty else None,
        "about": dict(about),
        "code_sha256": code_hash(),
        "libraries": {name: installed(name) for name in _LIBRARIES},
        "probe": [float(value) for value in probe_predictions(model)],
    }
    # As it comes back from the file, so that the seal is over the same text.
    plain: dict[str, Any] = json.loads(json.dumps(content))
    return plain


def _read(folder: Path, version: str) -> dict[str, Any]:
    try:
        content = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelRefused(f"readiness model {version} is not stored in {folder.parent}: {_AGAIN}") from None
    except ValueError:
        raise ModelRefused(f"readiness model {version}: its model.json is cut short or altered: {_AGAIN}") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelRefused(f"readiness model {version} was stored by other code than this: {_AGAIN}")
    return content


def _refuse_unless_sound(folder: Path, content: Mapping[str, Any], version: str, key: bytes | None) -> None:
    if content.get("version") != version:
        raise ModelRefused(f"readiness model {version}: its model.json is another model's: {_AGAIN}")
    # A home's seal can only be checked by its key; without one nothing is said of where a model comes from.
    bare = {name: value for name, value in content.items() if name != "seal"}
    if key is not None and not hmac.compare_digest(str(content.get("seal")), str(_seal(bare, key))):
        raise ModelRefused(f"readiness model {version} was not stored by this home, or was altered since: {_AGAIN}")
    path = folder / "model.skops"
    if not path.exists() or _digest(path) != content.get("model_sha256"):
        raise ModelRefused(f"readiness model {version}: its model.skops is missing, cut short or altered: {_AGAIN}")


def _is_sound(folder: Path, version: str, key: bytes | None) -> bool:
    try:
        _refuse_unless_sound(folder, _read(folder, version), version, key)
    except ModelRefused:
        return False
    return True


def _classifier(path: Path, content: Mapping[str, Any], version: str) -> Any:
    try:
        found = set(skops.io.get_untrusted_types(file=path))
        if unknown := found - TRUSTED_TYPES:
            raise ModelRefused(
                f"readiness model {version} holds types that are not allowed: {', '.join(sorted(unknown))}"
            )
        classifier = skops.io.load(path, trusted=sorted(TRUSTED_TYPES))
    except ModelRefused:
        raise
    except Exception as error:
        # skops raises whatever a type it rebuilds raises.
        stored = ", ".join(f"{name} {number}" for name, number in sorted(content["libraries"].items()))
        raise ModelRefused(
            f"readiness model {version} (stored by {stored}) cannot be read ({type(error).__name__}): {_AGAIN}"
        ) from None
    if not isinstance(classifier, ReadinessClassifier | ShiftedClassifier):
        raise ModelRefused(f"readiness model {version} is no readiness classifier: {_AGAIN}")
    return classifier


def _seal(content: Mapping[str, Any], key: bytes | None) -> str | None:
    if key is None:
        return None
    text = json.dumps(dict(content), sort_keys=True, separators=(",", ":"))
    return hmac.digest(hmac.digest(key, b"readiness models", "sha256"), text.encode(), "sha256").hex()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
