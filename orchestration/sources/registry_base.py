"""What any source may say of itself in the registry; the connectors' own classes build on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from orchestration.lake.run_rows import Setting
from orchestration.sources.registry_values import Duration, Moment, MomentOrStages, Text, Texts, Zone

Stage = Literal["lead", "mql", "sql", "opportunity", "appointment", "consult", "disqualified", "recycled"]
DecidedStage = Literal["mql", "sql", "opportunity", "appointment", "consult", "disqualified"]
Authority = Literal["crm", "criteria"]


class Entry(BaseModel):
    """Base of everything in the registry: unknown keys are faults, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class BaseSource(Entry):
    """What any source may say (design: sources registry). Times are as written; `seen_from` gives them in UTC."""

    name: str = Field(alias="@name")
    connector: str
    timezone: Zone | None = None
    null_tokens: Texts = ()
    identifiers: Texts = ()
    codes: Texts = ()
    stages: dict[Text, Stage] = Field(default_factory=dict)
    stage_authority: dict[DecidedStage, Authority] = Field(default_factory=dict)
    lead_ids_from: Text | None = None
    delivery_lag: Duration = timedelta(0)
    observed_from: Annotated[datetime | dict[DecidedStage, Moment], MomentOrStages] | None = None
    restates_days: Annotated[int, Field(strict=True, ge=0)] = 0
    history: Literal["versions", "latest_only"] = "versions"
    consent: Literal["required", "assumed"] = "assumed"
    stage_tolerance: Duration = timedelta(hours=24)

    @property
    def id_space(self) -> str:
        """The source whose lead ids this one uses."""
        return self.lead_ids_from or self.name

    @property
    def folder(self) -> str:
        """Staging folder its rows land in."""
        return self.connector

    @property
    def entities(self) -> frozenset[str] | None:
        """Contract tables it brings, where the registry alone says; None where its files do."""
        return None

    def settings(self) -> Iterator[Setting]:
        """What staging must know of its entry: rows of `run.settings`."""
        yield from ()

    def seen_from(self, stage: str | None = None) -> datetime | None:
        """Moment (naive UTC) from which the source observes all, or that stage; None: from the beginning."""
        seen = self.observed_from
        by_stage = {str(name): at for name, at in seen.items()} if isinstance(seen, dict) else {}
        whole = seen if isinstance(seen, datetime) else None
        moment = by_stage.get(stage) if stage else whole
        return self._utc(moment) if moment is not None else None

    def governs(self, stage: str) -> bool:
        """True where the CRM's label decides that stage."""
        return any(name == stage and who == "crm" for name, who in self.stage_authority.items())

    def _utc(self, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self.timezone) if self.timezone else UTC)
        return moment.astimezone(UTC).replace(tzinfo=None)
