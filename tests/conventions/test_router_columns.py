"""The router takes a column it is not given as unknown: so each column it reads must be one the models give."""

from __future__ import annotations

import json
import re
from typing import Any

import pandas as pd
import pytest

from models_ml.routing import DEFAULT_RULES, capacity, leads
from orchestration.dbt_manifest import ensure_manifest
from orchestration.settings import Settings

AS_OF = pd.Timestamp("2026-06-30")


class _Row(dict[str, Any]):
    """A row that knows which of its columns were asked for."""

    def __init__(self, asked: set[str]) -> None:
        super().__init__(team_id="heart", staff_id="ana")
        self.asked = asked

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def test_every_column_the_router_reads_is_one_of_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = {"open_leads": set(), "capacity": set(), "staff": set()}
    cells = leads._cells

    def noted(frame: pd.DataFrame, name: str) -> list[Any]:
        asked["open_leads"].add(name)
        return cells(frame, name)

    monkeypatch.setattr(leads, "_cells", noted)
    leads.prepare_leads(pd.DataFrame(), DEFAULT_RULES, AS_OF)
    monkeypatch.setattr(capacity, "_rows", lambda frame: [_Row(asked[frame.attrs["of"]])])
    capacity.build_house(_frame("capacity"), _frame("staff"), DEFAULT_RULES, AS_OF)
    for name, columns in asked.items():
        assert len(columns) > 5
        assert columns - _outputs(f"routing__{name}") == set()


def _frame(of: str) -> pd.DataFrame:
    frame = pd.DataFrame()
    frame.attrs["of"] = of
    return frame


def _outputs(model: str) -> set[str]:
    """Columns of a model's last select, each named at the end of its line."""
    settings = Settings()
    ensure_manifest(settings)
    nodes = json.loads(settings.dbt_manifest.read_text(encoding="utf-8"))["nodes"].values()
    (code,) = (node["raw_code"] for node in nodes if node["name"] == model)
    last = re.split(r"^select\n", code, flags=re.M)[-1].split("\nfrom ")[0]
    return {found.group(1) for line in last.splitlines() if (found := re.search(r"(\w+),?$", line))}
