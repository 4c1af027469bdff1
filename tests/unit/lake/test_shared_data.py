"""Real files, and the damaged copies of them found in public places: read right, or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.lake.extract import ColumnSpec, Extract, ObjectSpec, SourceRules
from orchestration.lake.refusal import FileRefused
from tests.unit.lake.conftest import Home

pytestmark = pytest.mark.shared_data


def _mql(formats: tuple[str, ...] = ()) -> ObjectSpec:
    columns = (
        ColumnSpec("mql_id", "mql_id", required=True),
        ColumnSpec("first_contact_date", "first_contact_at", "timestamp", required=True, formats=formats),
        ColumnSpec("landing_page_id", "landing_page_id"),
        ColumnSpec("origin", "origin"),
    )
    return ObjectSpec("olist", "mqls", columns, ("mql_id",), event_time="first_contact_date")


def _extract(path: Path, spec: ObjectSpec, header: tuple[str, ...] = ()) -> Extract:
    return Extract(SourceRules("clinic", "olist", "UTC", frozenset({"NaN"})), spec, path.name, path, "csv", header)


def test_every_readable_copy_of_the_same_leads_lands_the_same(home: Home, shared_data: Path) -> None:
    folder = shared_data / "olist"
    names = ("mql_id", "first_contact_date", "landing_page_id", "origin")
    whole = _mql()
    first = home.land(_extract(folder / "olist_marketing_qualified_leads_dataset.csv", whole))
    assert (first.accounting.rows_read, first.accounting.rows_landed) == (8000, 8000)
    hashes = set(home.rows(whole, "_row_hash"))
    other_format = home.land(_extract(folder / "copies" / "mql_copy_1.csv", _mql(("%d-%m-%Y",))))
    headerless = home.land(_extract(folder / "copies" / "mql_copy_2.csv", whole, names))
    assert (other_format.accounting.rows_duplicate, headerless.accounting.rows_duplicate) == (8000, 8000)
    assert set(home.rows(whole, "_row_hash")) == hashes


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        ("mql_copy_1.csv", "no_readable_row"),
        ("mql_copy_2.csv", "missing_header"),
        ("mql_copy_3.csv", "missing_column"),
        ("lfs_pointer.csv", "git_lfs_pointer"),
    ],
)
def test_a_damaged_copy_is_refused_by_its_fault(home: Home, shared_data: Path, copy: str, reason: str) -> None:
    with pytest.raises(FileRefused) as caught:
        home.land(_extract(shared_data / "olist" / "copies" / copy, _mql()))
    assert caught.value.reason_code == reason and copy in str(caught.value)


def _education() -> ObjectSpec:
    columns = (
        ColumnSpec("Prospect ID", "prospect_id", required=True),
        ColumnSpec("Lead Number", "lead_number", "integer", required=True),
        ColumnSpec("Converted", "converted", "boolean", required=True),
        ColumnSpec("TotalVisits", "total_visits", "integer"),
    )
    return ObjectSpec("education", "leads", columns, ("Prospect ID",))


def test_rows_encoded_twice_are_quarantined_and_the_others_land(home: Home, shared_data: Path) -> None:
    folder = shared_data / "x_education"
    plain = home.land(_extract(folder / "leads.csv", _education()))
    assert plain.accounting.rows_landed == 9240
    assert home.rows(_education(), "converted").count((True,)) == 3561
    damaged = home.land(_extract(folder / "leads_338_rows_double_encoded.csv", _education()))
    assert damaged.accounting.reasons == {"wrong_field_count": 338}
    assert damaged.accounting.rows_duplicate == 9240 - 338


def test_a_spreadsheet_under_another_name_is_refused(home: Home, shared_data: Path) -> None:
    with pytest.raises(FileRefused) as caught:
        home.land(_extract(shared_data / "x_education" / "leads_really_xlsx.csv", _education()))
    assert caught.value.reason_code == "spreadsheet"
