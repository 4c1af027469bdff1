"""Killed anywhere, and run again: the same lake, and no identifier left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestration.lake import batches, landing
from orchestration.lake.accounting import land_accounting
from orchestration.lake.batches import SCHEMA_FILE, last_cursor, list_batches
from orchestration.lake.compaction import compact
from orchestration.lake.extract import SourceRules
from orchestration.lake.landing import prepare_home
from orchestration.lake.paths import HomePaths
from orchestration.lake.refusal import LandingError, VaultKeyError
from orchestration.lake.vault import Vault, load_key
from tests.unit.lake.conftest import Home, contract_spec

LEADS = contract_spec("leads")
CONTENT = "lead_id,created_at,email\nl1,2026-01-01,a@b.example\nl2,soon,c@d.example\n"


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it, nothing cleans up after it."""


def _dying(at: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    def step(*args: Any, **named: Any) -> Any:
        if after:
            at(*args, **named)
        raise Killed

    return step


_STATIONS = [
    (landing.BatchWriter, "add", True),
    (landing.BatchWriter, "finish", True),
    (Vault, "commit", False),
    (Vault, "commit", True),
    (landing, "commit_file", False),
    (landing, "commit_file", True),
    (Vault, "mark_committed", True),
    (batches, "move_into_place", False),
]


@pytest.mark.parametrize(("owner", "name", "after"), _STATIONS)
def test_a_landing_killed_at_any_step_lands_the_same_next_time(
    home: Home, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, after: bool
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Vault, "rollback", lambda _: None)  # a killed process rolls nothing back itself
        patched.setattr(owner, name, _dying(getattr(owner, name), after=after))
        with pytest.raises(Killed):
            home.land_csv(LEADS, CONTENT)
    home.vault.close()
    home.vault = Vault.open(home.paths, home.key)
    prepare_home(home.paths, home.vault)
    assert not list(home.paths.tmp.iterdir())
    home.land_csv(LEADS, CONTENT)
    (note,) = list_batches(home.paths, "contract_files", "leads", "clinic")
    assert home.rows(LEADS, "lead_id") == [("l1",)]
    assert home.vault.cells(note.batch_id) == [(1, "email", "identifier", "a@b.example")]
    assert [row.row_no for row in home.vault.bad_rows(note.batch_id)] == [2]
    count = "select (select count(*) from cells), (select count(*) from quarantine), (select count(*) from batches)"
    assert home.vault._connection.execute(count).fetchone() == (1, 1, 1)
    assert land_accounting(home.paths, 3) == 1 and land_accounting(home.paths, 4) == 0
    home.vault.close()


def test_accounting_missed_by_a_kill_lands_with_the_next_run(home: Home) -> None:
    home.land_csv(LEADS, CONTENT)
    land_accounting(home.paths, 1)
    home.land_csv(LEADS, CONTENT.replace("l1", "l3").replace("l2", "l4"), name="b.csv")
    assert land_accounting(home.paths, 3) == 1
    rows = [
        row
        for path in sorted(home.paths.objects("handoff", "load_accounting").glob("[!_]*.parquet"))
        for row in pq.read_table(path).to_pylist()
    ]
    assert [(row["rows_read"], row["rows_landed"], row["rows_quarantined"]) for row in rows] == [(2, 1, 1)] * 2
    assert rows[0]["reasons"] == '{"not_a_timestamp:created_at": 1}'


def _feed(home: Home, pieces: int) -> None:
    for number in range(pieces):
        home.land_csv(LEADS, f"lead_id,created_at\nl{number},2026-01-01\n", name=f"{number}.csv")


def test_compaction_keeps_rows_batches_and_accounting(home: Home) -> None:
    _feed(home, 4)
    rows, notes = home.rows(LEADS), list_batches(home.paths, "contract_files", "leads", "clinic")
    assert compact(home.paths) == 3
    place = home.paths.batches("contract_files", "leads", "clinic")
    assert len(list(place.iterdir())) == 1
    assert home.rows(LEADS) == rows
    assert list_batches(home.paths, "contract_files", "leads", "clinic") == notes
    assert home.land_csv(LEADS, "lead_id,created_at\nl0,2026-01-01\n").status == "already_landed"
    _feed(home, 6)
    assert compact(home.paths) == 2 and len(home.rows(LEADS)) == 6
    assert compact(home.paths) == 0


def test_compaction_without_an_exchange_of_folders_can_be_killed_between(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orchestration.lake import compaction

    _feed(home, 3)
    rows = home.rows(LEADS)
    real = compaction.os.rename
    for killed_at in (1, 2, 3):
        calls = iter(range(1, 9))

        def rename(a: Any, b: Any, calls: Any = calls, killed_at: int = killed_at) -> None:
            if next(calls) == killed_at:
                raise Killed
            real(a, b)

        with monkeypatch.context() as patched:
            patched.setattr(compaction.ctypes, "CDLL", lambda *_, **__: object())
            patched.setattr(compaction.os, "rename", rename)
            with pytest.raises(Killed):
                compact(home.paths)
        prepare_home(home.paths, home.vault)
        assert home.rows(LEADS) == rows
        _feed(home, 3)


def test_every_object_has_a_typed_file_from_the_start(home: Home) -> None:
    place = batches.ensure_schema(home.paths, LEADS)
    assert place.name == SCHEMA_FILE and pq.read_metadata(place).num_rows == 0
    names = pq.read_schema(place).names
    assert "email_token" in names and "postal_area" in names and "known_at" in names and "email" not in names


def test_the_cursor_of_the_last_batch_is_remembered(home: Home) -> None:
    from dataclasses import replace

    spec = replace(LEADS, cursor="created_at")
    rules = SourceRules("crm", "crm", "America/Chicago")
    home.land_csv(spec, "lead_id,created_at\nl1,2026-01-02 08:00:00\nl2,2026-01-01 09:00:00\n", rules=rules)
    assert last_cursor(home.paths, folder="contract_files", name="leads", source="crm") == "2026-01-02 08:00:00"


def test_a_lost_or_foreign_key_is_a_clear_error(home: Home) -> None:
    home.paths.vault_key.unlink()
    with pytest.raises(VaultKeyError, match="key is not"):
        load_key(home.paths)
    with pytest.raises(VaultKeyError, match="not this vault's"):
        Vault.open(home.paths, bytes(32))
    with pytest.raises(VaultKeyError, match="64 hex digits"):
        load_key(home.paths, from_env="secret-but-short")
    assert load_key(home.paths, from_env=home.key.hex()) == home.key


def test_a_file_of_somebody_else_in_the_lake_is_named(home: Home) -> None:
    place = home.paths.batches("contract_files", "leads", "clinic")
    place.mkdir(parents=True)
    pq.write_table(pq.read_table(batches.ensure_schema(home.paths, LEADS)), place / "stray.parquet")
    with pytest.raises(LandingError, match="stray.parquet"):
        list_batches(home.paths, "contract_files", "leads", "clinic")


def test_a_home_is_made_once_and_named_alike(tmp_path: Any) -> None:
    assert HomePaths(tmp_path / "x").make().landed == tmp_path / "x" / "lake" / "landed"
