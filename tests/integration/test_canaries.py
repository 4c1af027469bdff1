"""Identifiers never pass the door: ten planted people are found nowhere outside the vault."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from tests.integration.clinic_export import AS_OF, canaries, write_clinic
from tests.integration.harness import Home

VAULT = {"vault.sqlite", "vault.sqlite-wal", "vault.sqlite-shm", "vault.key"}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str]:
    """A home run once over the canaries' clinic, and all that the run said."""
    base = tmp_path_factory.mktemp("canaries")
    home = Home(base / "home", write_clinic(base / "clinic"))
    return home, home.run(AS_OF, expect=0)


def disguises(value: str) -> set[bytes]:
    """A value as it could lie in a file: plain, any case, base64 at each alignment, hex, percent-encoded."""
    plain = value.encode()
    found = {plain, plain.lower(), plain.hex().encode(), plain.hex().upper().encode(), quote(value, safe="").encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        found.add(encoded[4 if shift else 0 : -4])
    return found


def needles() -> dict[bytes, str]:
    """Every disguise of every canary, with what it is (never shown as a value)."""
    return {
        disguise: f"{kind} of person {person}"
        for person in range(10)
        for kind, value in canaries(person).items()
        for disguise in disguises(value)
    }


def outside_vault(home: Path) -> Iterator[Path]:
    """Every file of the home but the vault's."""
    return (path for path in home.rglob("*") if path.is_file() and path.name not in VAULT)


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and the text of the tables inside it where it is a Parquet or DuckDB file (those compress)."""
    yield path.read_bytes()
    with duckdb.connect() as connection:
        if path.suffix == ".parquet":
            yield from table_text(connection, f"read_parquet('{path}')")
        elif path.suffix == ".duckdb":
            connection.execute(f"attach '{path}' as looked_into (read_only)")
            tables = connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'looked_into'"
            ).fetchall()
            for schema, table in tables:
                yield from table_text(connection, f'looked_into."{schema}"."{table}"')


def table_text(connection: duckdb.DuckDBPyConnection, relation: str) -> Iterator[bytes]:
    """Rows of a relation as text."""
    for (text,) in connection.execute(f"select cast(t as varchar) from {relation} as t").fetchall():
        yield text.encode()


def test_no_canary_is_found_outside_the_vault(told: tuple[Home, str]) -> None:
    home, output = told
    wanted = needles()
    leaks = {what for needle, what in wanted.items() if needle in output.encode()}
    for path in outside_vault(home.path):
        for content in contents(path):
            leaks |= {
                f"{what} in {path.relative_to(home.path)}" for needle, what in wanted.items() if needle in content
            }
    assert not leaks


def test_the_search_would_find_a_planted_canary(tmp_path: Path) -> None:
    for form in disguises(canaries(3)["email"]):
        (tmp_path / "log.txt").write_bytes(b"before " + form + b" after")
        assert any(needle in content for content in contents(tmp_path / "log.txt") for needle in needles())


def test_the_vault_does_hold_what_was_kept_out(told: tuple[Home, str]) -> None:
    vault = (told[0].path / "vault.sqlite").read_bytes()
    assert canaries(4)["email"].encode() in vault and canaries(4)["remark"].encode() in vault


def test_only_the_owner_may_read_the_home(told: tuple[Home, str]) -> None:
    open_to_others = [path for path in outside_vault(told[0].path) if path.stat().st_mode & 0o077]
    keys = [path for path in told[0].path.glob("vault*") if path.stat().st_mode & 0o077]
    assert not open_to_others and not keys


def test_the_row_that_cannot_be_read_is_quarantined_counted_and_told(told: tuple[Home, str]) -> None:
    assert "clinic.leads, leads.csv: 1 of 11 rows cannot be read" in " ".join(told[1].split())
    row = told[0].query(
        "select sum(rows_read), sum(rows_landed), sum(rows_duplicate), sum(rows_quarantined) "
        "from fct_load_accounting where object = 'leads'"
    )[0]
    assert [int(number) for number in row] == [11, 10, 0, 1]
