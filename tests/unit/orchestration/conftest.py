"""A home with a small build, a CRM of three of its leads, and the few words the stories of sending use."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from orchestration.cli import main
from orchestration.lake.outbox import Outbox
from orchestration.lake.paths import HomePaths
from orchestration.sending import send
from orchestration.sources.registry import load_registry

_SYNC = """
create schema syncs; create schema intermediate; create schema marts;
create table marts.fct_lead_lifecycles as
select 'key-' || i as lead_key, 'heart' as service_line from range(4) as t(i);
create table syncs.sync_crm__lead_readiness as
select 'key-' || i as lead_key, 'clinic' as source, 'lead-' || i as lead_id, 'mql' as handoff_stage,
    'near by' as handoff_reasons, 't' || i % 2 as handoff_team_id, 'q' as handoff_queue, 1 as handoff_priority,
    0.25 * i as handoff_readiness, timestamp '2026-01-01' as handoff_sla_due_at
from range(4) as t(i);
create table intermediate.int_consents__newest as
select 'key-' || i as lead_key, channel, i = 3 or (i = 2 and channel = 'sms') as is_withdrawn,
    timestamp '2020-01-01' as valid_from, timestamp '9999-12-31' as valid_to
from range(4) as t(i), (values ('call'), ('sms'), ('email')) as c(channel);
"""
_COLUMNS = "handoff_stage text, handoff_reasons text, handoff_team_id text, handoff_queue text, handoff_priority int"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a build of four leads, a CRM with three of them, and a registry."""
    paths = HomePaths(tmp_path / "home").make()
    with duckdb.connect(str(paths.warehouse)) as connection:
        connection.execute(_SYNC)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    with engine.begin() as crm:
        crm.exec_driver_sql(
            f"create table leads (lead_id text primary key, {_COLUMNS}, handoff_readiness float, "
            "handoff_sla_due_at timestamp, handoff_sequence bigint)"
        )
        crm.exec_driver_sql("insert into leads (lead_id) values ('lead-0'), ('lead-1'), ('lead-3')")
    engine.dispose()
    write_registry(tmp_path)
    return tmp_path


def write_registry(folder: Path, **said: str) -> None:
    said = {"table": "leads", "url": "sqlite:///crm.db", **said}
    more = "".join(f", {name}: {value}" for name, value in said.items())
    (folder / "sources.yaml").write_text(
        "sources:\n  clinic: {connector: contract_files, path: ., timezone: UTC}\n"
        "destinations:\n  crm: {kind: sql, source: clinic, key: lead_id"
        f"{more}}}\n"
    )


def held(folder: Path) -> dict[str, tuple]:
    engine = sa.create_engine(f"sqlite:///{folder / 'crm.db'}")
    with engine.begin() as crm:
        rows = crm.exec_driver_sql("select lead_id, handoff_team_id, handoff_queue, handoff_reasons from leads").all()
    engine.dispose()
    return {row[0]: tuple(row[1:]) for row in rows}


def sent(home: Path, **channels: list[str]):
    registry = load_registry(home / "sources.yaml")
    with closing(Outbox(home / "home" / "outbox.sqlite")) as outbox:
        warehouse = HomePaths(home / "home").warehouse
        return send(outbox, registry, warehouse, "crm", channels=channels, pause=lambda _: None)


def call(home: Path, *words: str) -> str:
    options = ["--home", str(home / "home"), "--sources", str(home / "sources.yaml")]
    if words[0] in ("send", "reconcile"):
        options += ["--criteria", str(home / "criteria")]
    result = CliRunner().invoke(main, [*words, *options], catch_exceptions=False)
    return f"{result.exit_code} {result.output}"


def leave(home: Path, leads: str) -> None:
    with duckdb.connect(str(home / "home" / "warehouse.duckdb")) as connection:
        connection.execute(f"delete from syncs.sync_crm__lead_readiness where lead_id in ({leads})")
