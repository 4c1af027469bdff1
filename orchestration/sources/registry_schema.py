"""What a source and a destination may say of themselves in the registry, one class per connector.

Shapes only: reading the file, lines and the checks that need several entries together are `registry.py`; what a
connector does with its entry stands in the connector's own file.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from orchestration.sources.registry_values import (
    DatabaseUrl,
    Duration,
    Moment,
    MomentOrStages,
    ObjectName,
    Overlap,
    SourcePath,
    Text,
    Texts,
    Zone,
)

Stage = Literal["lead", "mql", "sql", "opportunity", "appointment", "consult", "disqualified", "recycled"]
DecidedStage = Literal["mql", "sql", "opportunity", "appointment", "consult", "disqualified"]
Authority = Literal["crm", "criteria"]
EntityName = Literal[
    "leads",
    "lead_attributes",
    "touches",
    "identities",
    "ad_clicks",
    "stage_events",
    "work_events",
    "appointments",
    "spend",
    "consents",
    "service_lines",
    "locations",
    "teams",
    "staff",
    "staff_shifts",
    "calendars",
    "holidays",
]
FileType = Literal["text", "free_text", "timestamp", "date", "decimal", "integer", "boolean", "time"]


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


class ContractFilesSource(BaseSource):
    """One file, or a folder of files, per contract table, with the contract's own column names."""

    connector: Literal["contract_files"]
    path: SourcePath


def _as_column(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class FileColumn(Entry):
    """A column of a file, `first_contact_date: timestamp` or with `formats`, `values`, `optional` and so on."""

    type: FileType
    formats: Texts = ()
    values: Texts = ()
    required: bool = False
    optional: bool = False
    identifier: bool = False
    passes_as: Literal["email", "phone", "anonymous_id", "click_id", "path", "postal_area"] | None = None


class FileObject(Entry):
    """The files of one object: which they are, what a row's key is, what each column must be."""

    files: Texts = Field(min_length=1)
    columns: dict[Text, Annotated[FileColumn, BeforeValidator(_as_column)]] = Field(min_length=1)
    key: Texts = Field(min_length=1)
    event_time: Text | None = None
    known_at: Text | None = None
    one_of: Texts = ()
    header: bool = True
    format: Literal["csv", "ndjson", "parquet"] | None = None
    reference: bool = False


class FilesSource(BaseSource):
    """Any tabular files, each object declared in full; a staging folder renames them into the contract."""

    connector: Literal["files"]
    path: SourcePath
    staging: ObjectName | None = None
    objects: dict[ObjectName, FileObject] = Field(min_length=1)

    @property
    def folder(self) -> str:
        """Staging folder its rows land in: `staging`, or the source's name."""
        return self.staging or self.name


def _as_sql_column(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class SqlColumn(Entry):
    """Where a contract column comes from: a `column` (with `values` to rename codes), or one `value` for all rows."""

    column: Text | None = None
    value: Text | None = None
    values: dict[Text, Text] = Field(default_factory=dict)
    formats: Texts = ()


MappedColumn = Annotated[SqlColumn, BeforeValidator(_as_sql_column)]


class SqlTable(Entry):
    """One table of the database read as a contract table."""

    table: Text
    db_schema: Text | None = Field(default=None, alias="schema")
    columns: dict[Text, MappedColumn] | None = Field(default=None, min_length=1)
    where: dict[Text, Texts] = Field(default_factory=dict)
    cursor: Text | None = None
    overlap: Overlap | None = None
    append_only: bool = False


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, dict) else value


class CrmSqlSource(BaseSource):
    """Any database by SQLAlchemy URL; `tables` says which table and columns bring which contract table."""

    connector: Literal["crm_sql"]
    url: DatabaseUrl
    batch_rows: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] = 20_000
    tables: dict[EntityName, Annotated[tuple[SqlTable, ...], BeforeValidator(_one_or_more)]] = Field(min_length=1)

    @property
    def entities(self) -> frozenset[str] | None:
        """Contract tables the registry maps."""
        return frozenset(self.tables)


class SqlDestination(Entry):
    """A table of a CRM's database that takes the `handoff_*` columns of the leads of one source."""

    name: str = Field(alias="@name")
    kind: Literal["sql"]
    url: DatabaseUrl
    source: Text
    table: Text
    key: Text
    db_schema: Text | None = Field(default=None, alias="schema")


Source = ContractFilesSource | FilesSource | CrmSqlSource
CONNECTORS: dict[str, type[Any]] = {
    "contract_files": ContractFilesSource,
    "files": FilesSource,
    "crm_sql": CrmSqlSource,
}
KINDS: dict[str, type[Any]] = {"sql": SqlDestination}
