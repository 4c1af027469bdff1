"""What has decided stays as it was: hashes, the lock and a home's own record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from orchestration.criteria_files import Criteria, CriteriaError, Recorded, land_criteria, load_criteria
from tests.unit.criteria_files.test_faulty_files import GOOD, SECOND, write

BETWEEN = datetime(2026, 3, 15)


def load(folder: Path, text: str) -> Criteria:
    folder.mkdir(exist_ok=True)
    return load_criteria(write(folder, orthopaedics=text))


def test_only_what_decides_is_hashed(tmp_path: Path) -> None:
    before = load(tmp_path / "a", GOOD).hashes()
    noted = GOOD.replace("    mql:", '    note: "new words"\n    checklist: [{id: a, text: "b"}]\n    mql:', 1)
    assert load(tmp_path / "b", noted.replace("points: 20", "points: 20.0")).hashes() == before
    assert load(tmp_path / "c", GOOD.replace("2026-03-01T00:00:00-06:00", "2026-03-01T06:00:00Z")).hashes() == before
    for old, new in [
        ("points: 40", "points: 41"),
        ("2026-03-01", "2026-03-02"),
        ("[TX]", "[TX, GA]"),
        ("unknown: hold", "unknown: fail"),
    ]:
        assert load(tmp_path / "d", GOOD.replace(old, new)).hashes() != before


def test_json_says_the_same_as_yaml(tmp_path: Path) -> None:
    import json

    import yaml

    class AsText(yaml.SafeLoader):
        yaml_implicit_resolvers: dict = {}  # type: ignore[type-arg]

    data = yaml.safe_load(GOOD.replace("2026-03-01T00:00:00-06:00", '"2026-03-01T00:00:00-06:00"'))
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "orthopaedics.json").write_text(json.dumps(data, indent="\t"))
    assert load_criteria(tmp_path / "j").hashes() == load(tmp_path / "y", GOOD).hashes()


def test_a_version_that_decided_may_neither_change_nor_go(tmp_path: Path) -> None:
    recorded = Recorded(load(tmp_path, GOOD).hashes(by=BETWEEN), BETWEEN)
    load(tmp_path, GOOD + SECOND).refuse_unless_kept(recorded)
    with pytest.raises(CriteriaError, match=r"orthopaedics.yaml:4: orthopaedics@1: has decided and was changed"):
        load(tmp_path, GOOD.replace("points: 40", "points: 50")).refuse_unless_kept(recorded)
    with pytest.raises(CriteriaError, match="orthopaedics@1: has decided and is gone"):
        load(tmp_path, GOOD.replace("version: 1", "version: 3")).refuse_unless_kept(Recorded(recorded.hashes))


def test_a_version_that_never_was_in_force_may_still_change(tmp_path: Path) -> None:
    recorded = Recorded(load(tmp_path, GOOD + SECOND).hashes(by=BETWEEN), BETWEEN)
    load(tmp_path, GOOD + SECOND.replace("2026-04-01", "2026-05-01")).refuse_unless_kept(recorded)


def test_a_new_version_begins_after_the_last_publication(tmp_path: Path) -> None:
    recorded = Recorded(load(tmp_path, GOOD).hashes(), datetime(2026, 4, 1, 6))
    with pytest.raises(CriteriaError, match=r"orthopaedics.yaml:23: orthopaedics@2: is new and begins in the past"):
        load(tmp_path, GOOD + SECOND).refuse_unless_kept(recorded)
    load(tmp_path, GOOD + SECOND.replace("00:00:00-06", "00:00:01-06")).refuse_unless_kept(recorded)


def test_the_lock_is_kept_too(tmp_path: Path) -> None:
    (tmp_path / "decided.lock").write_text(load(tmp_path, GOOD).lock_text(by=BETWEEN))
    load(tmp_path, GOOD + SECOND)
    with pytest.raises(CriteriaError, match="has decided and was changed"):
        load(tmp_path, GOOD.replace("points: 40", "points: 50"))


def test_landing_twice_writes_nothing_anew(tmp_path: Path) -> None:
    criteria = load(tmp_path, GOOD + SECOND)
    counts = land_criteria(criteria, tmp_path / "landed")
    assert (counts["versions"], counts["rules"], counts["exclusions"]) == (2, 8, 0)
    files = sorted((tmp_path / "landed").rglob("*.parquet"))
    before = [(path, path.stat().st_mtime_ns, path.stat().st_mode & 0o777) for path in files]
    land_criteria(criteria, tmp_path / "landed")
    assert before == [(path, path.stat().st_mtime_ns, 0o600) for path in files]


def test_an_empty_folder_lands_empty_tables(tmp_path: Path) -> None:
    assert set(land_criteria(load_criteria(tmp_path / "absent"), tmp_path / "landed").values()) == {0}


def test_the_projects_own_criteria_are_in_order() -> None:
    criteria = load_criteria(Path(__file__).parents[3] / "criteria")
    assert not criteria.warnings
    assert {line.name for line in criteria.service_lines} >= {"orthopaedics", "cardiology", "default"}


def test_dbt_declares_the_columns_that_land() -> None:
    import pyarrow as pa
    import yaml

    from orchestration.criteria_files.tables import PARTS

    staging = Path(__file__).parents[3] / "dbt_project" / "models" / "staging" / "criteria" / "_criteria__sources.yml"
    kinds = {pa.string(): "varchar", pa.int64(): "bigint", pa.bool_(): "boolean", pa.float64(): "double"}
    kinds |= {pa.timestamp("us"): "timestamp", pa.list_(pa.string()): "varchar[]"}
    declared = {
        table["name"]: [(column["name"], column["data_type"]) for column in table["columns"]]
        for table in yaml.safe_load(staging.read_text())["sources"][0]["tables"]
    }
    assert declared == {part: [(f.name, kinds[f.type]) for f in schema] for part, schema in PARTS.items()}
