"""Small CRM databases for the connector's tests, alike on every engine, and a registry that reads them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from orchestration.lake.extract import Extract
from orchestration.lake.opening import open_rows
from orchestration.sources import connectors
from orchestration.sources.extracting import Cursors, SourceFault
from orchestration.sources.registry import load_registry
from orchestration.sources.registry_schema import CrmSqlSource

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
HISTORY = """
    tables:
      leads:
        table: lead_history
        append_only: true
        cursor: {cursor}
        overlap: {overlap}
        columns:
          lead_id: id
          created_at: created
          channel: {{column: origin, values: {{G: paid_search}}}}
          platform: {{value: web}}
          email: mail
          is_deleted: deleted
          known_at: changed_at
"""


def make_history(url: str) -> sa.Table:
    """An empty history table of leads with a growing number and a time of change, and our own columns in it."""
    metadata = sa.MetaData()
    table = sa.Table(
        "lead_history",
        metadata,
        sa.Column("change_no", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(40)),
        sa.Column("created", sa.DateTime(timezone=True)),
        sa.Column("origin", sa.String(40)),
        sa.Column("mail", sa.String(80)),
        sa.Column("deleted", sa.Boolean),
        sa.Column("changed_at", sa.DateTime(timezone=True)),
        sa.Column("handoff_stage", sa.String(20)),
    )
    run(url, lambda connection: metadata.create_all(connection))
    return table


def change(number: int, **values: Any) -> dict[str, Any]:
    """One row of the history, a minute after the one before."""
    moment = START + timedelta(minutes=number)
    row = {"change_no": number, "id": f"L{number}", "created": START, "origin": "G", "mail": f"p{number}@example.org"}
    return {**row, "deleted": False, "changed_at": moment, "handoff_stage": "mql", **values}


def insert(url: str, table: sa.Table, *rows: Mapping[str, Any]) -> None:
    """Rows as another program would write them, committed."""
    run(url, lambda connection: connection.execute(sa.insert(table), [dict(row) for row in rows]))


def run(url: str, work: Any) -> None:
    """Work in one transaction on that database."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        work(connection)


def registry_source(folder: Path, url: str, body: str, **settings: Any) -> CrmSqlSource:
    """The source `crm` of a registry in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    more = "".join(f"    {name}: {value}\n" for name, value in settings.items())
    text = f"sources:\n  crm:\n    connector: crm_sql\n    url: env:CRM_URL\n{more}{body.rstrip()}\n"
    (folder / "crm.yaml").write_text(text, encoding="utf-8")
    source = load_registry(folder / "crm.yaml", environ={"CRM_URL": url}).sources["crm"]
    assert isinstance(source, CrmSqlSource)
    return source


def found(source: CrmSqlSource, cursors: Cursors | None = None) -> list[Extract | SourceFault]:
    """Everything the connector offers."""
    return list(connectors.extracts(source, cursors=cursors))


def rows(extract: Extract | SourceFault) -> list[dict[str, str | None]]:
    """All rows of an extract, as landing reads them: text, the source's codes translated."""
    assert isinstance(extract, Extract) and extract.batches is not None, str(extract)
    _, blocks = open_rows(extract)
    return [row for block in blocks for row in block.table.to_pylist()]


def read(source: CrmSqlSource, last: str | None = None) -> list[dict[str, str | None]]:
    """Rows of the one extract of the source, from that cursor."""
    (extract,) = found(source, lambda spec, origin: last)
    return rows(extract)
