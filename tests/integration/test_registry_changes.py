"""What landed stays landed: a source that leaves the registry leaves every table as it was."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.integration.clinic_export import AS_OF, write_clinic
from tests.integration.harness import Home

SECOND = """  second:
    connector: contract_files
    path: ./export
    timezone: America/Los_Angeles
    identifiers: [birth_name]
    stage_authority: {sql: crm}
    consent: required
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home fed by two sources."""
    base = tmp_path_factory.mktemp("registry")
    home = Home(base / "home", write_clinic(base / "clinic"))
    text = home.sources.read_text()
    home.sources.write_text(text.replace("destinations:", f"{SECOND}destinations:"))
    home.run(AS_OF)
    return home


def test_tables_are_the_same_without_a_source_that_left(home: Home) -> None:
    before = home.derived()
    assert home.one("select count(*) from fct_lead_lifecycles where source = 'second' and became_sql_at is not null")
    home.sources.write_text(home.sources.read_text().replace(SECOND, ""))
    home.run(AS_OF)
    assert home.derived() == before


def test_an_older_moment_is_told_with_it_too_beside_and_writes_nowhere(home: Home) -> None:
    current = (home.path / "published" / "current").resolve()
    crm = (home.sources.parent / "crm.db").read_bytes()
    said = home.run("2026-02-20T00:00:00Z")
    beside = Path(said.split("which stays: ")[1].split()[0])
    with duckdb.connect(str(beside / "warehouse.duckdb"), read_only=True) as connection:
        count = "select count(became_sql_at) from marts.fct_lead_lifecycles where source = 'second'"
        assert connection.execute(count).fetchone() != (0,)
    assert beside != current == (home.path / "published" / "current").resolve()
    assert (home.sources.parent / "crm.db").read_bytes() == crm
