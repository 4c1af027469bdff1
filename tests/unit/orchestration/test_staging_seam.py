"""A source whose staging folder dbt has not: refused before anything runs, and named by the doctor."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from orchestration.doctor import examine
from orchestration.lake.paths import HomePaths
from orchestration.runs import WrongCall, check_call
from orchestration.settings import CHECKOUT, Settings
from orchestration.sources.connectors import staged_folders
from tests.unit.orchestration.test_cli import call


@pytest.fixture
def unstaged(tmp_path: Path) -> Path:
    file = tmp_path / "sources.yaml"
    file.write_text(
        "sources:\n  shop:\n    connector: files\n    path: ./export\n    timezone: UTC\n    staging: webshop\n"
        "    objects:\n      orders:\n        files: orders.csv\n        key: [order_id]\n"
        "        columns: {order_id: text}\n"
    )
    (tmp_path / "export").mkdir()
    return file


def test_the_call_is_refused_and_says_what_to_create(tmp_path: Path, unstaged: Path) -> None:
    home = tmp_path / "home"
    code, output = call("run", "--home", home, "--sources", unstaged)
    assert code == 2 and not home.exists()
    for word in ("shop", "models/staging/webshop", "create it", "python -m orchestration.sources.generate"):
        assert word in output
    with pytest.raises(WrongCall, match="webshop"):
        check_call(Settings(sources=unstaged))


def test_the_doctor_finds_it_wrong(tmp_path: Path, unstaged: Path) -> None:
    findings = examine(Settings(home=tmp_path / "home", sources=unstaged))
    (wrong,) = [finding for finding in findings if "webshop" in str(finding)]
    assert wrong.is_wrong and "source shop" in wrong.what and "orchestration.sources.generate" in wrong.to_do


def test_a_folder_counts_once_it_declares_sources(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "staging" / "webshop"
    folder.mkdir(parents=True)
    (folder / "_webshop__models.yml").write_text("version: 2\nmodels: []\n")
    assert staged_folders(tmp_path) == set()
    (folder / "_webshop__sources.yml").write_text("version: 2\nsources:\n  - name: webshop\n")
    assert staged_folders(tmp_path) == {"webshop"}
    assert {"contract_files", "crm_sql", "olist"} <= staged_folders(CHECKOUT / "dbt_project")


def test_the_doctor_looks_at_who_may_read_the_key(tmp_path: Path, unstaged: Path) -> None:
    paths = HomePaths(tmp_path / "home")
    paths.home.mkdir(mode=0o700)
    paths.vault_key.write_bytes(b"key")
    paths.vault_key.chmod(0o600)
    settings = Settings(home=paths.home, sources=unstaged)
    assert any("for their owner alone: home, vault.key" in str(finding) for finding in examine(settings))
    paths.vault_key.chmod(stat.S_IRUSR | stat.S_IRGRP)
    (wrong,) = [str(finding) for finding in examine(settings) if "can be read by others" in str(finding)]
    assert f"chmod go-rwx {paths.vault_key}" in wrong
