"""The version of a model: a hash of its data, its code and its parameters, never of a file's bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import sklearn

_HERE = Path(__file__).resolve().parent
_CODE = (_HERE, _HERE.parent / "model_selection.py", _HERE.parent / "metrics.py")


def data_hash(frame: pd.DataFrame) -> str:
    """Hash of the rows as text, whatever their order and the order of the columns."""
    ordered = frame[sorted(frame.columns)]
    lines = sorted(ordered.to_csv(index=False, header=False, float_format="%.9g", lineterminator="\n").splitlines())
    return _digest("\n".join([",".join(ordered.columns), *lines]))


def code_hash() -> str:
    """Hash of the sources that make a model, and of the version of scikit-learn that fits it."""
    files = sorted(path for place in _CODE for path in (place.glob("*.py") if place.is_dir() else [place]))
    texts = [f"{path.name}\n{path.read_text(encoding='utf-8')}" for path in files]
    return _digest("\n".join([sklearn.__version__, *texts]))


def training_version(frame: pd.DataFrame, parameters: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """(version, hashes of data, code and parameters)."""
    hashes = {
        "data": data_hash(frame),
        "code": code_hash(),
        "parameters": _digest(json.dumps(parameters, sort_keys=True)),
    }
    return _digest("|".join(hashes[name] for name in sorted(hashes)))[:16], hashes


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
