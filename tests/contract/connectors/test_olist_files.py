"""Real files: the Olist funnel and its damaged copies are read right, or refused with a message naming the fault."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.lake.landing import LandingResult
from orchestration.sources.connectors import SourceLanding
from orchestration.sources.registry import load_registry
from tests.contract.connectors.homes import LandingHome, counts

ROOT = Path(__file__).resolve().parents[3]
OLIST = ROOT.parent / "shared" / "data" / "olist"
MQLS = "olist_marketing_qualified_leads_dataset.csv"
DEALS = "olist_closed_deals_dataset.csv"
pytestmark = pytest.mark.skipif(not OLIST.is_dir(), reason="the Olist data (../shared/data/olist) is not here")


def land(home: LandingHome, folder: Path, *changes: tuple[str, str]) -> SourceLanding[LandingResult]:
    """One run over that folder by the how-to's registry, with some of its text replaced."""
    text = (ROOT / "docs" / "how-to" / "olist.sources.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = home.paths.home.parent / "olist.yaml"
    file.write_text(text)
    return home.land(load_registry(file, environ={"OLIST_DIR": str(folder)}).sources["olist"])


def with_copy(folder: Path, name: str, instead_of: str = MQLS) -> Path:
    """A folder with both files, one of them replaced by a copy found elsewhere."""
    folder.mkdir()
    for file in (MQLS, DEALS):
        shutil.copy(OLIST / file, folder / file)
    shutil.copy(OLIST / "copies" / name, folder / instead_of)
    return folder


def test_all_of_both_files_land(home: LandingHome) -> None:
    landed = land(home, OLIST)
    assert [result.accounting.rows_landed for result in landed.results] == [8000, 842] and not landed.faults
    assert counts(landed) == (8842, 8842, 0, 0)
    ((first, last, unknown, empty),) = home.rows(
        "olist",
        "marketing_qualified_leads",
        "min(first_contact_date), max(known_at), count(*) filter (origin = 'unknown'),"
        " count(*) filter (origin is null)",
    )
    assert (first, last, unknown, empty) == (datetime(2017, 6, 14), datetime(2018, 5, 31), 1099, 60)
    assert home.rows("olist", "closed_deals", "min(won_date), min(known_at)") == [(datetime(2017, 12, 5, 2),) * 2]


DATE = "first_contact_date: timestamp"
COPIES = {
    "mql_copy_1.csv": [(DATE, 'first_contact_date: {type: timestamp, formats: ["%d-%m-%Y"]}')],
    "mql_copy_2.csv": [
        ("key: mql_id\n        event_time: first", "key: mql_id\n        header: false\n        event_time: first"),
        ("staging: olist\n", 'staging: olist\n    null_tokens: ["NaN"]\n'),
    ],
    "mql_copy_3.csv": [
        (DATE, 'first_contact_date: {type: timestamp, formats: ["%m/%d/%Y"]}'),
        ("landing_page_id: text", "landing_page_id: {type: text, optional: true}"),
    ],
}


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_whose_format_is_declared_is_read_right(home: LandingHome, tmp_path: Path, name: str) -> None:
    landed = land(home, with_copy(tmp_path / "olist", name), *COPIES[name])
    assert counts(landed) == (8842, 8842, 0, 0) and not landed.faults
    columns = "mql_id, first_contact_date, origin"
    mine = home.rows("olist", "marketing_qualified_leads", columns)
    true = LandingHome.open(tmp_path / "true")
    land(true, OLIST)
    assert mine == true.rows("olist", "marketing_qualified_leads", columns)
    true.vault.close()


@pytest.mark.parametrize(
    ("name", "instead_of", "words"),
    [
        ("mql_copy_1.csv", MQLS, "first_contact_date"),
        ("mql_copy_2.csv", MQLS, "header"),
        ("mql_copy_3.csv", MQLS, "landing_page_id"),
        ("lfs_pointer.csv", MQLS, "LFS"),
        ("lfs_pointer.csv", DEALS, "LFS"),
    ],
)
def test_a_copy_in_another_format_than_declared_is_refused_by_name(
    home: LandingHome, tmp_path: Path, name: str, instead_of: str, words: str
) -> None:
    landed = land(home, with_copy(tmp_path / "olist", name, instead_of))
    (fault,) = landed.faults
    assert instead_of in str(fault) and words in str(fault) and not fault.is_notice
    assert counts(landed)[1] == (842 if instead_of == MQLS else 8000)
