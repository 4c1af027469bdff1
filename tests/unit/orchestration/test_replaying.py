"""Replays by registry: what counts as a change, which moment rows land at, and systems whose codes are translated."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from orchestration.lake.batches import batch_files
from orchestration.lake.landing import RunContext, land
from orchestration.lake.lease import LeaseHeld, hold_lease
from orchestration.lake.quarantine import Wanted, note_refusals, refusals, waiting
from orchestration.lake.refusal import FileRefused
from orchestration.lake.run_log import RunLog
from orchestration.lake.vault import Vault, load_key
from orchestration.replaying import Replayed, replay_all
from orchestration.runs import WrongCall
from orchestration.settings import Settings
from orchestration.sources.connectors import extracts
from orchestration.sources.extracting import SourceFault
from orchestration.sources.registry import load_registry

LONG_AGO = datetime(2026, 3, 1)
COLUMNS = "lead_id: id, created_at: made, is_deleted: {deleted}, channel: {{value: web}}"
TABLE = "{{leads: {{table: people, columns: {{" + COLUMNS + "}}}}}}"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home over a CRM table that says `gone` and `here`, of which the registry knows neither."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'crm.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("create table people (id text, made text, state text)")
        rows = (
            "('a', '2026-01-01', ''), ('b', '2026-01-02', 'gone'), ('c', '2026-01-03', 'here'), ('d', 'then', 'gone')"
        )
        connection.exec_driver_sql(f"insert into people values {rows}")
    engine.dispose()
    written = Settings(home=tmp_path / "home", sources=tmp_path / "sources.yaml")
    say(written, "state")
    return written


def say(settings: Settings, deleted: str) -> None:
    """Write the registry, with what it says of the column `is_deleted`."""
    assert settings.sources is not None
    table = TABLE.format(deleted=deleted)
    text = f'sources:\n  crm: {{connector: crm_sql, timezone: UTC, url: "sqlite:///crm.db", tables: {table}}}\n'
    settings.sources.write_text(text)


def with_vault(settings: Settings, do: Callable[[Vault, bytes], object]) -> None:
    settings.paths.make()
    key = load_key(settings.paths)
    with closing(Vault.open(settings.paths, key)) as vault:
        do(vault, key)


def read(settings: Settings, as_of: datetime = LONG_AGO) -> None:
    """Land the table as a run would."""
    assert settings.sources is not None
    (source,) = load_registry(settings.sources).sources.values()
    run = RunContext(RunLog(settings.paths).begin_run(as_of), as_of, datetime.now(UTC))

    def landing(vault: Vault, key: bytes) -> None:
        for extract in extracts(source):
            assert not isinstance(extract, SourceFault), extract
            land(extract, paths=settings.paths, run=run, vault=vault, key=key)

    with_vault(settings, landing)


def replayed(settings: Settings, **wanted: str) -> Replayed:
    (done,) = replay_all(settings, Wanted(**wanted))
    return done


def rows(settings: Settings) -> list[tuple[object, ...]]:
    """Landed rows: lead, whether deleted, channel, as_of it landed at."""
    names = ["lead_id", "is_deleted", "channel", "_landed_as_of"]
    files = batch_files(settings.paths, "crm_sql", "leads", "crm")
    return [tuple(row[name] for name in names) for file in files for row in pq.read_table(file).to_pylist()]


def test_codes_the_registry_learns_to_translate_let_rows_of_a_table_in(settings: Settings) -> None:
    read(settings)
    say(settings, "{column: state, values: {gone: 'true', here: 'false'}}")
    done = replayed(settings)
    assert done.result is not None and done.result.still == {"not_a_timestamp:created_at": 1}
    assert rows(settings) == [
        ("a", None, "web", LONG_AGO),
        ("b", True, "web", LONG_AGO),
        ("c", False, "web", LONG_AGO),
    ]
    assert "people: 3 rows read again, 2 landed (2 backdated), 1 wait on: not_a_timestamp:created_at x 1" in str(done)
    read(settings)
    assert len(rows(settings)) == 3


def test_a_table_that_is_gone_is_still_read_again(settings: Settings, tmp_path: Path) -> None:
    read(settings)
    (tmp_path / "crm.db").unlink()
    say(settings, "{column: state, values: {gone: 'true', here: 'false'}}")
    assert str(replayed(settings)).startswith("crm.leads, people: 3 rows read again, 2 landed")


def test_an_object_the_registry_forgot_says_so_and_loses_nothing(settings: Settings) -> None:
    read(settings)
    assert settings.sources is not None
    settings.sources.write_text(settings.sources.read_text().replace("table: people", "table: persons"))
    done = replayed(settings)
    assert done.result is None and "no longer says" in str(done)

    def look(vault: Vault, _: bytes) -> None:
        assert sum(each.rows for each in waiting(settings.paths, vault)) == 3

    with_vault(settings, look)


def test_rows_land_at_the_moment_the_home_stands_at(settings: Settings) -> None:
    read(settings)
    with pytest.raises(WrongCall, match="before the last run's"):
        replay_all(Settings(settings.home, settings.sources, as_of=LONG_AGO - timedelta(days=1)), Wanted())
    with pytest.raises(WrongCall, match="future"):
        replay_all(Settings(settings.home, settings.sources, as_of=datetime(2999, 1, 1)), Wanted())
    read(settings, datetime.now(UTC).replace(tzinfo=None))
    say(settings, "{column: state, values: {gone: 'true', here: 'false'}}")
    replayed(settings)
    assert all(row[3] > LONG_AGO + timedelta(days=1) for row in rows(settings)[1:])


def test_a_wrong_source_is_a_wrong_call_and_a_held_home_is_left_alone(settings: Settings) -> None:
    assert replay_all(settings, Wanted()) == []
    with pytest.raises(WrongCall, match="has no source"):
        replay_all(settings, Wanted(source="crn"))
    read(settings)
    with hold_lease(settings.paths, who="a test"), pytest.raises(LeaseHeld):
        replay_all(settings, Wanted())


def test_refused_files_are_known_until_their_source_is_read_again(settings: Settings) -> None:
    refused = FileRefused("crm", "leads", "a.csv", "empty_file", "export it again")

    def look(vault: Vault, _: bytes) -> None:
        note_refusals(vault, "crm", [refused], LONG_AGO)
        assert [(each.origin, each.reason) for each in refusals(vault)] == [("a.csv", "empty_file")]
        assert refusals(vault, Wanted(source="other")) == []
        note_refusals(vault, "crm", [], LONG_AGO)
        assert refusals(vault) == []

    with_vault(settings, look)
