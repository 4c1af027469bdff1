"""What Dagster shows: a picture that is one, and tables with the figures readers see."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.assets.shown import model_metadata, publication_metadata, refused_metadata
from orchestration.lake.manifest import Table
from orchestration.lake.publication import Provenance, Publication, publish
from tests.unit.orchestration.cards import card

STEPS = (
    "select 'mql_to_sql' as step, 30 as horizon_days, 3 as entered_count, at_risk as at_risk_count, "
    "converted as converted_count from (values (2, 1), (2, 2)) as steps(at_risk, converted)"
)
LEADS = (
    "select * from (values ('cardiology', timestamp '2026-01-01', null::timestamp, false), "
    "('cardiology', null, null, false), (null, timestamp '2026-01-01', timestamp '2026-01-02', false), "
    "('cardiology', null, null, true)) as leads(service_line, became_mql_at, became_sql_at, is_deleted)"
)


def published(folder: Path, **queries: str) -> Publication:
    """A publication of these tables."""
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema marts")
        for name, query in queries.items():
            connection.execute(f"create table marts.{name} as {query}")
    provenance = Provenance(as_of=datetime(2026, 7, 1), code="c", criteria="d", model="none")
    tables = [Table(name) for name in queries]
    return publish(warehouse=warehouse, published=folder / "published", tables=tables, provenance=provenance)


SHOWN = {"kept": model_metadata(card(), version="abc"), "refused": refused_metadata(card()["holdout"])}


@pytest.mark.parametrize("shown", SHOWN.values(), ids=SHOWN)
def test_calibration_is_a_picture_inside_markdown(shown: dict[str, object]) -> None:
    before, _, rest = str(shown["calibration"].value).partition("data:image/png;base64,")
    assert before == "![calibration on the hold-out](" and rest.endswith(")")
    assert base64.b64decode(rest[:-1], validate=True).startswith(b"\x89PNG")


def test_the_card_is_a_table_and_a_model_not_kept_says_its_verdict() -> None:
    kept, refused = model_metadata(card(), version="abc"), refused_metadata(card()["holdout"])
    assert "| one chance for all |" in str(kept["model_card"].value) and "Model `abc`" in str(kept["model_card"].value)
    assert "| base rate |" in str(refused["holdout"].value) and "Verdict: " in str(refused["holdout"].value)
    assert refused_metadata({}) == {}


def test_a_publication_shows_its_funnel_and_its_rows(tmp_path: Path) -> None:
    publication = published(tmp_path, fct_lead_lifecycles=LEADS, fct_funnel_conversions=STEPS)
    shown = {name: str(value.value) for name, value in publication_metadata(publication).items()}
    assert "| (none) | 1 | 1 | 1 |\n| cardiology | 2 | 1 | 0 |\n| **all** | 3 | 2 | 1 |" in shown["funnel"]
    assert "| mql to sql | 30 days | 6 | 4 | 75.0% [30." in shown["conversion"]
    assert "| fct_lead_lifecycles | 4 | 2026-07-01T00:00:00.000000Z | written |" in shown["rows_per_table"]


def test_a_table_that_is_not_published_leaves_its_part_out(tmp_path: Path) -> None:
    assert set(publication_metadata(published(tmp_path, dim_leads="select 1 as lead"))) == {"rows_per_table"}
