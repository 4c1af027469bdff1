"""docs/numbers.md names what there is: each number a published column, each question a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.integration.questions import FOLDER, TEN

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "numbers.md").read_text(encoding="utf-8")


def test_each_number_is_a_described_column_of_a_published_table() -> None:
    manifest = json.loads((ROOT / "dbt_project" / "target" / "manifest.json").read_text(encoding="utf-8"))
    described = {
        f"{node['name']}.{column['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "marts"
        for column in node["columns"].values()
        if column["description"]
    }
    named = set(re.findall(r"`((?:fct|dim)_\w+\.\w+)`", PAGE))
    assert len(named) > 30
    assert named <= described, named - described


def test_each_question_is_a_file_and_each_file_a_question() -> None:
    named = set(re.findall(r"`(\w+)\.sql`", PAGE))
    assert named == {file.stem for file in FOLDER.glob("*.sql")}
    assert set(TEN) == named - {"ledger_as_known_on", "sqls_nobody_called"}


def test_every_exposure_stands_on_published_tables() -> None:
    manifest = json.loads((ROOT / "dbt_project" / "target" / "manifest.json").read_text(encoding="utf-8"))
    for exposure in manifest["exposures"].values():
        schemas = {manifest["nodes"][each]["schema"] for each in exposure["depends_on"]["nodes"]}
        assert schemas and schemas <= {"marts", "syncs"}, exposure["name"]
