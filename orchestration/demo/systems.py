"""The systems of a demo folder: web and ad exports, the CRM's database, and the registry that reads them.

`write.py` says which of a world's rows they get.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from models_ml.world.plan import Plan
from orchestration.demo.crm_feed import feed_crm, make_crm
from orchestration.demo.mess import Mess
from orchestration.demo.platform_files import (
    ADS_FOLDER,
    EXPORTED,
    GA4_FOLDER,
    Exports,
    platform_sources,
    write_platform_files,
)
from orchestration.demo.registry import registry, registry_text
from orchestration.demo.web_files import write_web_files

CRM_FILE = "crm.db"
WEB_FOLDER = "web"
REGISTRY_FILE = "sources.yaml"
STATE_FILE = "world.json"


def mess_of(plan: Plan) -> Mess | None:
    """What the world's files do to good rows: nothing but in the hostile scenario."""
    return Mess(plan.seed) if plan.scenario.name == "hostile" else None


@dataclass(frozen=True)
class Systems:
    """A demo folder's systems. `exports`: whether platforms export in their own shapes or in the contract's.

    `crm_url` is the CRM's SQLAlchemy address, None for an SQLite file in the folder.
    """

    folder: Path
    plan: Plan
    exports: Exports
    crm_url: str | None = None

    def write(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        until: pd.Timestamp,
        since: pd.Timestamp | None = None,
        earlier: Mapping[str, pd.DataFrame] | None = None,
        by: Literal["month", "day"] = "month",
    ) -> None:
        """Write rows delivered after `since` and not after `until`; exports one file a month or day (`by`).

        `earlier` holds rows delivered before, at least those of days of which `tables` bring news.
        """
        mess = mess_of(self.plan)
        own = dict(tables)
        if self.exports == "platforms":
            whole = _after(earlier or {}, tables)
            own |= write_platform_files(self.folder, whole, until=until, since=since, by=by)
        write_web_files(self.folder / WEB_FOLDER, own, by=by, mess=mess)
        engine = make_crm(self.crm_url or f"sqlite:///{self.folder / CRM_FILE}")
        try:
            feed_crm(engine, own, mess=mess)
        finally:
            engine.dispose()

    def write_registry(self) -> Path:
        """Write `sources.yaml`; returns its path."""
        path = self.folder / REGISTRY_FILE
        entries = registry(
            "env:CRM_URL" if self.crm_url else f"sqlite:///{CRM_FILE}",
            f"./{WEB_FOLDER}",
            platforms=platform_sources() if self.exports == "platforms" else None,
            is_messy=mess_of(self.plan) is not None,
        )
        path.write_text(registry_text(entries), encoding="utf-8")
        return path

    def write_state(self, last: pd.Timestamp) -> None:
        """How the folder was made, for whoever goes on with it: `as_of` is the moment it is written up to."""
        plan = self.plan
        state = {"seed": plan.seed, "leads": plan.leads, "months": plan.months, "scenario": plan.scenario.name,
                 "touches_per_lead": plan.touches_per_lead, "exports": self.exports,
                 "as_of": last.isoformat()}  # fmt: skip
        (self.folder / STATE_FILE).write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")


def _after(earlier: Mapping[str, pd.DataFrame], tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """What platforms export, of both spans; a table that neither has rows of is absent."""
    found = {name: [each[name] for each in (earlier, tables) if name in each] for name in EXPORTED}
    return {name: pd.concat(frames, ignore_index=True) for name, frames in found.items() if frames}


def systems_of(folder: Path, plan: Plan, exports: Exports | None = None, crm_url: str | None = None) -> Systems:
    """The systems of that folder; `exports` by default those it was made with, else as the scenario has them.

    The mess of the hostile scenario is that of files of the contract's shape.

    Raises ValueError for hostile platforms.
    """
    if exports == "platforms" and mess_of(plan) is not None:
        raise ValueError("the hostile scenario's mess is that of files of the contract's shape: exports `contract`")
    state = folder / STATE_FILE
    made_with = json.loads(state.read_text(encoding="utf-8")).get("exports") if state.exists() else None
    usual: Exports = "contract" if mess_of(plan) is not None else "platforms"
    return Systems(folder, plan, exports or made_with or usual, crm_url)


def refuse_a_world(folder: Path) -> None:
    """Raise FileExistsError where a world stands, or its build was begun."""
    found = [name for name in (CRM_FILE, WEB_FOLDER, GA4_FOLDER, ADS_FOLDER) if (folder / name).exists()]
    if found:
        whole = (folder / STATE_FILE).exists()
        hint = "give an empty one, or `since` to go on" if whole else "a build was begun there and not ended: remove it"
        raise FileExistsError(f"{found[0]} is already in that folder: {hint}")
