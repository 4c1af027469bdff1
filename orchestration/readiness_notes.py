"""What a home remembers of the readiness model, to show it: the champion's card, and why a training gave none.

`<models>/readiness/champion.json` and `<version>/model.json` are written by `models_ml.artifacts`;
`<models>/readiness/no_model.json` here, and only here. Loads no estimator: a run without news shows this too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestration.lake.private_files import write_bytes

NO_CHAMPION = "none"
_ROUTED_WITHOUT = "leads are routed without it"


def champion_version(models: Path) -> str:
    """Version of the model that scores now, `none` without one."""
    pointer = _folder(models) / "champion.json"
    return str(_read(pointer)["version"]) if pointer.exists() else NO_CHAMPION


def champion_card(models: Path) -> dict[str, Any] | None:
    """The card of the model that scores now, as training wrote it; None without one."""
    version = champion_version(models)
    if version == NO_CHAMPION:
        return None
    card: dict[str, Any] = _read(_folder(models) / version / "model.json")["card"]
    return card


def note_no_model(models: Path, reason: str, counts: Mapping[str, int]) -> None:
    """Remember why the latest training gave no model."""
    content = json.dumps({"reason": reason, "counts": dict(counts)}, indent=1, sort_keys=True)
    write_bytes(_no_model(models), content.encode())


def forget_no_model(models: Path) -> None:
    """The latest training gave a model: there is nothing to remember."""
    _no_model(models).unlink(missing_ok=True)


def readiness_lines(models: Path) -> Iterator[tuple[str, str]]:
    """Label and text: the champion beside its baselines on the hold-out, and what the latest training said instead."""
    refused = _read(_no_model(models))["reason"] if _no_model(models).exists() else None
    card = champion_card(models)
    if card is None:
        yield "readiness", f"{refused}; {_ROUTED_WITHOUT}" if refused else f"no model yet; {_ROUTED_WITHOUT}"
        return
    measures = card["holdout"]["measures"]
    # A stored card's keys are sorted; read is the model first.
    names = (name for name in ("model", "points", "base_rate") if name in measures)
    losses = ", ".join(f"{name.replace('_', ' ')} {measures[name]['log_loss']:.4f}" for name in names)
    yield "readiness, log loss on hold-out", losses
    if refused:
        yield "readiness, latest training", f"{refused}; the model from before stays"


def _folder(models: Path) -> Path:
    return models / "readiness"


def _no_model(models: Path) -> Path:
    return _folder(models) / "no_model.json"


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
