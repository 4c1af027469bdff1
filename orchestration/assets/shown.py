"""What Dagster shows of the model and of a publication: pictures and tables a person looks at, as Markdown metadata.

The tables' layout is `orchestration.report`; the figures come from the card and from the published files alone.
"""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import duckdb
import pandas as pd

from models_ml.metrics import wilson_interval
from orchestration.lake.publication import Publication
from orchestration.report.markdown_tables import funnel_markdown, row_counts_markdown, service_lines_markdown

_SERVICE_LINES = """
select coalesce(service_line, '(none)') as name, count(*), count(became_mql_at), count(became_sql_at)
from marts.fct_lead_lifecycles where not is_deleted group by name order by name
"""
_STEPS = """
select step, horizon_days, sum(entered_count) as entered_count, sum(at_risk_count) as at_risk_count,
    sum(converted_count) as converted_count
from marts.fct_funnel_conversions group by step, horizon_days order by step, horizon_days
"""


def model_metadata(
    card: Mapping[str, Any], *, version: str, latest: Mapping[str, Any] | None = None
) -> dict[str, dg.MetadataValue[Any]]:
    """A trained model's card, pictures in it, and its calibration by itself."""
    # Imported here: a plotting library is for trainings only.
    from orchestration.report.readiness_figures import card_markdown, holdout_calibration_png

    picture = holdout_calibration_png(card["holdout"])
    text = card_markdown(card, version=version, latest=latest, calibration=picture)
    return {"model_card": dg.MetadataValue.md(text), **_calibration(picture)}


def refused_metadata(holdout: Mapping[str, Any]) -> dict[str, dg.MetadataValue[Any]]:
    """What a model that was not kept did on the hold-out; nothing where it came to no hold-out."""
    if not holdout:
        return {}
    from orchestration.report.readiness_figures import holdout_calibration_png, holdout_markdown

    text = holdout_markdown(holdout)
    return {"holdout": dg.MetadataValue.md(text), **_calibration(holdout_calibration_png(holdout))}


def publication_metadata(publication: Publication) -> dict[str, dg.MetadataValue[Any]]:
    """The funnel and the rows per table, as readers see them; a table that is not there leaves its part out."""
    shown = {"rows_per_table": row_counts_markdown(_row_counts(publication))}
    with duckdb.connect(str(publication.path / "warehouse.duckdb"), read_only=True) as connection:
        published = {row[0] for row in connection.execute("select view_name from duckdb_views()").fetchall()}
        if "fct_lead_lifecycles" in published:
            shown["funnel"] = service_lines_markdown(connection.execute(_SERVICE_LINES).fetchall())
        if "fct_funnel_conversions" in published:
            shown["conversion"] = funnel_markdown(_with_intervals(connection.execute(_STEPS).df()))
    return {name: dg.MetadataValue.md(text) for name, text in shown.items()}


def _calibration(png: bytes) -> dict[str, dg.MetadataValue[Any]]:
    from orchestration.report.readiness_figures import picture_markdown

    return {"calibration": dg.MetadataValue.md(picture_markdown("calibration on the hold-out", png))}


def _row_counts(publication: Publication) -> list[tuple[str, int, str, str]]:
    entries = {**publication.manifest.operational, **publication.manifest.derived}
    return [
        (name, entry.rows, entry.as_of, "written" if name in publication.written else "as before")
        for name, entry in sorted(entries.items())
    ]


def _with_intervals(steps: pd.DataFrame) -> pd.DataFrame:
    counts = zip(steps["converted_count"], steps["at_risk_count"], strict=True)
    intervals = [
        wilson_interval(int(converted), int(at_risk))[1:] if at_risk else (float("nan"), float("nan"))
        for converted, at_risk in counts
    ]
    return steps.assign(lower=[lower for lower, _ in intervals], upper=[upper for _, upper in intervals])
