"""Rows a registry could not read: listed without a value, and in the published tables once the registry is mended."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.lake.lease import hold_lease
from orchestration.lake.paths import HomePaths
from tests.integration.clinic_export import canaries
from tests.integration.conftest import copy_of
from tests.integration.harness import Home, different_tables, handoff

NEXT_DAY = "2026-03-02T00:00:00Z"
SUMS = "sum(rows_read), sum(rows_landed), sum(rows_duplicate), sum(rows_quarantined)"
ACCOUNTS = f"select origin, {SUMS} from fct_load_accounting group by origin order by origin"


def mend(home: Home) -> None:
    """Teach the registry what the source writes for an empty cell."""
    text = home.sources.read_text()
    home.sources.write_text(text.replace("    timezone:", "    null_tokens: [not so]\n    timezone:", 1))


def replay(home: Home, *words: str, expect: int = 0) -> str:
    """`handoff quarantine replay` over the home's registry."""
    given = ("--home", str(home.path), "--sources", str(home.sources))
    return handoff("quarantine", "replay", *given, *words, expect=expect)


@pytest.fixture(scope="module")
def twins(clinic_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Home]:
    """Two copies of a home run once, each with all it is fed from; two of its leads and two touches cannot be read."""
    return copy_of(clinic_run_once, tmp_path_factory.mktemp("first")), copy_of(
        clinic_run_once, tmp_path_factory.mktemp("second")
    )


@pytest.fixture(scope="module")
def mended_by_command(twins: tuple[Home, Home]) -> Home:
    """A home run, mended, replayed by command, and run again a day later."""
    home = twins[0]
    before = home.query(ACCOUNTS)
    listed = handoff("quarantine", "list", "--home", str(home.path))
    assert "5 rows wait" in listed
    assert [line.split()[:7] for line in listed.splitlines() if "not_a_boolean" in line] == [
        ["clinic", "leads", "leads.csv", "not_a_boolean", "is_deleted", "2", "4"],
        ["clinic", "touches", "touches.csv", "not_a_boolean", "is_deleted", "2", "16"],
    ]
    assert not any(value in listed for value in [*canaries(2).values(), "not so"])
    assert home.query("select lead_id from dim_leads where lead_id in ('L2', 'L5')") == []
    assert "0 rows landed" in replay(home)
    mend(home)
    with hold_lease(HomePaths(home.path), who="a test"):
        assert "another run holds this home" in replay(home, expect=75)
    assert "4 rows would land" in replay(home, "--dry-run")
    assert "2 rows landed" in replay(home, "--object", "leads")
    assert "2 rows landed" in replay(home)
    assert "0 rows landed" in replay(home)
    home.run(NEXT_DAY)
    assert {row[0]: row[1] for row in home.query(ACCOUNTS)} == {row[0]: row[1] for row in before}
    return home


def test_replayed_rows_are_in_the_next_publication(mended_by_command: Home) -> None:
    home = mended_by_command
    assert home.one("select count(*) from dim_leads where lead_id in ('L2', 'L5')") == 2
    assert home.one("select count(*) from fct_touches where touch_id like 'T7-%'") == 2
    assert home.one("select count(*) from fct_load_accounting where replayed_batch_id is not null") == 2
    accounts = {row[0]: row[1:] for row in home.query(ACCOUNTS)}
    assert accounts["leads.csv"] == (11, 10, 0, 1) and accounts["touches.csv"] == (20, 20, 0, 0)
    assert "1 rows wait" in handoff("quarantine", "list", "--home", str(home.path))


def test_a_run_under_the_mended_registry_brings_them_by_itself(
    twins: tuple[Home, Home], mended_by_command: Home
) -> None:
    home = twins[1]
    mend(home)
    told = home.run(NEXT_DAY)
    assert "clinic.leads, leads.csv: 3 rows read again, 2 landed" in told
    assert different_tables(mended_by_command, home) == []
    assert home.query(ACCOUNTS) == mended_by_command.query(ACCOUNTS)
