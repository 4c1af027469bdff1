"""What is generated from the contract is committed as it would be generated now."""

from __future__ import annotations

from pathlib import Path

from orchestration.lake.contract import ENTITIES
from orchestration.sources.generate import outputs, staging_models, stale


def test_generated_files_are_current() -> None:
    assert stale() == [], "run `python -m orchestration.sources.generate`"


def test_a_changed_or_missing_file_is_found(tmp_path: Path) -> None:
    for path, text in outputs(tmp_path):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert stale(tmp_path) == []
    macro = tmp_path / "dbt_project/macros/generated/staging_folders.sql"
    macro.write_text(macro.read_text() + "\n")
    (tmp_path / "dbt_project/models/staging/crm_sql/stg_crm_sql__leads.sql").unlink()
    assert {path.name for path in stale(tmp_path)} == {"staging_folders.sql", "stg_crm_sql__leads.sql"}


def test_a_new_staging_folder_joins_the_list_by_standing_there(tmp_path: Path) -> None:
    folder = tmp_path / "dbt_project" / "models" / "staging" / "shop"
    folder.mkdir(parents=True)
    (folder / "stg_shop__leads.sql").touch()
    (folder / "stg_other__leads.sql").touch()
    assert staging_models(tmp_path, "leads") == ["stg_contract_files__leads", "stg_crm_sql__leads", "stg_shop__leads"]


def test_every_contract_table_is_staged_for_both_folders() -> None:
    for entity in ENTITIES:
        assert {f"stg_contract_files__{entity}", f"stg_crm_sql__{entity}"} <= set(staging_models(Path("/none"), entity))
