"""Identifiers never pass the door: ten planted people are found nowhere outside the vault."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from tests.integration.clinic_export import canaries
from tests.integration.harness import Home

VAULT = {"vault.sqlite", "vault.sqlite-wal", "vault.sqlite-shm", "vault.key"}


@pytest.fixture(scope="module")
def told(clinic_run_once: Path) -> tuple[Home, str]:
    """A home run once over the canaries' clinic, and all that the run said."""
    ((code, said), _) = json.loads((clinic_run_once / "said.json").read_text())
    assert code == 0, said[-6000:]
    return Home(clinic_run_once / "home", clinic_run_once / "clinic" / "sources.yaml"), said


def disguises(value: str) -> set[bytes]:
    """A value as it could lie in a file: plain, any case, base64 at each alignment, hex, percent-encoded."""
    plain = value.encode()
    found = {plain, plain.lower(), plain.hex().encode(), plain.hex().upper().encode(), quote(value, safe="").encode()}
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + plain)
        found.add(encoded[4 if shift else 0 : -4])
    return found


@cache
def needles() -> dict[bytes, dict[bytes, str]]:
    """Every disguise of every canary, with what it is (never shown as a value), below the bytes it begins with."""
    found: dict[bytes, dict[bytes, str]] = {}
    for person in range(10):
        for kind, value in canaries(person).items():
            for disguise in disguises(value):
                found.setdefault(disguise[:6], {})[disguise] = f"{kind} of person {person}"
    return found


def canaries_in(content: bytes) -> set[str]:
    """What of whom is found in these bytes; looked for by how it begins, then whole."""
    begun = (whole for begins, whole in needles().items() if begins in content)
    return {what for whole in begun for needle, what in whole.items() if needle in content}


def outside_vault(home: Path) -> Iterator[Path]:
    """Every file of the home but the vault's."""
    return (path for path in home.rglob("*") if path.is_file() and path.name not in VAULT)


def contents(path: Path) -> Iterator[bytes]:
    """A file's bytes, and the text of the tables inside it where it is a Parquet or DuckDB file (those compress)."""
    yield path.read_bytes()
    if path.suffix not in (".parquet", ".duckdb"):
        return
    with duckdb.connect() as connection:
        if path.suffix == ".parquet":
            yield from table_text(connection, f"read_parquet('{path}')")
            return
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
    leaks = canaries_in(output.encode())
    for path in outside_vault(home.path):
        for content in contents(path):
            leaks |= {f"{what} in {path.relative_to(home.path)}" for what in canaries_in(content)}
    assert not leaks


def test_the_search_would_find_a_planted_canary(tmp_path: Path) -> None:
    for form in disguises(canaries(3)["email"]):
        (tmp_path / "log.txt").write_bytes(b"before " + form + b" after")
        assert [found for content in contents(tmp_path / "log.txt") for found in canaries_in(content)]


def test_the_vault_does_hold_what_was_kept_out(told: tuple[Home, str]) -> None:
    vault = (told[0].path / "vault.sqlite").read_bytes()
    assert canaries(4)["email"].encode() in vault and canaries(4)["remark"].encode() in vault


def test_only_the_owner_may_read_the_home(told: tuple[Home, str]) -> None:
    open_to_others = [path for path in outside_vault(told[0].path) if path.stat().st_mode & 0o077]
    keys = [path for path in told[0].path.glob("vault*") if path.stat().st_mode & 0o077]
    assert not open_to_others and not keys


def test_rows_that_cannot_be_read_are_quarantined_counted_and_told(told: tuple[Home, str]) -> None:
    assert "clinic.leads, leads.csv: 3 of 11 rows cannot be read" in " ".join(told[1].split())
    row = told[0].query(
        "select sum(rows_read), sum(rows_landed), sum(rows_duplicate), sum(rows_quarantined) "
        "from fct_load_accounting where object = 'leads'"
    )[0]
    assert [int(number) for number in row] == [11, 8, 0, 3]
