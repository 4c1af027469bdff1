"""What a source may say of itself in the registry, one class per connector; destinations: `registry_destinations.py`.

Shapes only: reading the file, lines and the checks that need several entries together are `registry.py`; what a
connector does with its entry stands in the connector's own file. What every source may say is `registry_base.py`;
larger entries have modules of their own (`registry_ads.py`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from orchestration.sources.registry_ads import GoogleAdsSource, MetaAdsSource
from orchestration.sources.registry_base import BaseSource as BaseSource
from orchestration.sources.registry_base import Entry
from orchestration.sources.registry_ga4 import Ga4Source
from orchestration.sources.registry_values import DatabaseUrl, ObjectName, Overlap, SourcePath, Text, Texts, refuse

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


def _as_share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise refuse("must be a number from 0 (nobody) to 1 (everybody), such as 0.05")
    return float(value)


class ReadinessSettings(Entry):
    """`readiness:` beside the sources: `control_share` of newly scored MQLs are routed without their score."""

    control_share: Annotated[float, BeforeValidator(_as_share)] = 0.0


Source = ContractFilesSource | FilesSource | CrmSqlSource | GoogleAdsSource | MetaAdsSource | Ga4Source
CONNECTORS: dict[str, type[Any]] = {
    "contract_files": ContractFilesSource,
    "files": FilesSource,
    "crm_sql": CrmSqlSource,
    "google_ads": GoogleAdsSource,
    "meta_ads": MetaAdsSource,
    "ga4_export": Ga4Source,
}
