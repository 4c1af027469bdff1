"""What a home remembers of the readiness model, to show it: the champion's card, what the latest training said.

`<models>/readiness/champion.json` and `<version>/model.json` are written by `models_ml.artifacts`;
`<models>/readiness/{no_model,latest_training,withdrawn,refused}.json` here, and only here. Loads no estimator: a run
without news shows this too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestration.lake.private_files import write_bytes

NO_CHAMPION = "none"
_ROUTED_WITHOUT = "leads are routed without it"


def champion_version(models: Path) -> str:
    """Version of the model that scores now, `none` without one; what cannot be read, or was refused, scores nobody."""
    version = _pointed_at(models)
    return NO_CHAMPION if _read_if_whole(_note(models, "refused")).get("version") == version else version


def champion_card(models: Path) -> dict[str, Any] | None:
    """The card of the model that scores now, as training wrote it; None without one."""
    version = champion_version(models)
    if version == NO_CHAMPION:
        return None
    card: dict[str, Any] | None = _read_if_whole(_folder(models) / version / "model.json").get("card")
    return card


def note_refused(models: Path, why: str | None) -> None:
    """Remember that the champion may not be used as it stands, and why; None: it may."""
    if why is None:
        _note(models, "refused").unlink(missing_ok=True)
        return
    _write(_note(models, "refused"), {"version": _pointed_at(models), "why": why})


def note_no_model(models: Path, reason: str, counts: Mapping[str, int]) -> None:
    """Remember why the latest training gave no model."""
    _write(_note(models, "no_model"), {"reason": reason, "counts": dict(counts)})


def forget_no_model(models: Path) -> None:
    """The latest training gave a model: there is nothing to remember."""
    for name in ("no_model", "refused", "withdrawn"):
        _note(models, name).unlink(missing_ok=True)


def withdraw_champion(models: Path, why: str) -> None:
    """The champion may score no longer (it uses what is barred now), and nothing takes its place."""
    _write(_note(models, "withdrawn"), {"version": _pointed_at(models), "why": why})
    (_folder(models) / "champion.json").unlink(missing_ok=True)


def note_training(models: Path, promotion: Mapping[str, Any], alarms: Sequence[Mapping[str, Any]]) -> None:
    """Remember what the latest training said of the model that scores now: why it does, and what to look at."""
    _write(
        _note(models, "latest_training"), {"promotion": dict(promotion), "alarms": [dict(alarm) for alarm in alarms]}
    )


def latest_training(models: Path) -> dict[str, Any]:
    """What `note_training` remembered; {} before the first training that gave a model."""
    return _read(_note(models, "latest_training")) if _note(models, "latest_training").exists() else {}


def severe_alarms(models: Path) -> list[str]:
    """What somebody should look at before trusting the model that scores now, in words."""
    return [str(alarm["words"]) for alarm in latest_alarms(models) if alarm["severity"] == "severe"]


def latest_alarms(models: Path) -> list[dict[str, Any]]:
    """Alarms of the model that scores now, as the latest training raised them."""
    if champion_version(models) == NO_CHAMPION:
        return []
    alarms: list[dict[str, Any]] = latest_training(models).get("alarms", [])
    return alarms


def readiness_lines(models: Path) -> Iterator[tuple[str, str]]:
    """Label and text: the champion beside its baselines on the hold-out, and what the latest training said instead."""
    refused = _read(_note(models, "no_model"))["reason"] if _note(models, "no_model").exists() else None
    card = champion_card(models)
    if card is None:
        reasons = (_read_if_whole(_note(models, name)).get("why") for name in ("refused", "withdrawn"))
        ended = next((why for why in reasons if why), None)
        said = "; ".join(each for each in (ended, refused or (None if ended else "no model yet")) if each)
        yield "readiness", f"{said}; {_ROUTED_WITHOUT}"
        return
    measures = card["holdout"]["measures"]
    # A stored card's keys are sorted; read is the model first.
    names = (name for name in ("model", "points", "lead_frequency", "base_rate") if name in measures)
    losses = ", ".join(f"{name.replace('_', ' ')} {measures[name]['log_loss']:.4f}" for name in names)
    yield "readiness, log loss on hold-out", losses
    latest = latest_training(models).get("promotion", {})
    if refused:
        yield "readiness, latest training", f"{refused}; the model from before stays"
    elif latest.get("decision") == "incumbent":
        yield "readiness, latest training", f"the model from before stays: {latest['why']}"
    for words in severe_alarms(models):
        yield "readiness, ALARM", words


def _pointed_at(models: Path) -> str:
    """Version of the champion, whether or not it may be used."""
    return str(_read_if_whole(_folder(models) / "champion.json").get("version", NO_CHAMPION))


def _folder(models: Path) -> Path:
    return models / "readiness"


def _note(models: Path, name: str) -> Path:
    return _folder(models) / f"{name}.json"


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_bytes(path, json.dumps(content, indent=1, sort_keys=True).encode())


def _read_if_whole(path: Path) -> dict[str, Any]:
    """A file's content; {} where it is not there, or not whole."""
    try:
        content = _read(path)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
