"""The card of the model that scores, as a page beside a publication's report: for intake, who never open Dagster.

What the page says is `orchestration.report`; how leads routed without their score did comes from the warehouse, since
only routes tell. It must never keep a publication from its readers: `card_beside` writes the page or says why not.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from orchestration.failures import print_frames, where
from orchestration.lake.manifest import Manifest
from orchestration.lake.private_files import write_bytes
from orchestration.lake.publication import Publication
from orchestration.readiness_notes import champion_card, champion_version, latest_training

MODEL_CARD = "model_card.html"
NOT_MADE = "the model card was not made"
_NAMES = {"service_line": "select service_line, name from marts.dim_service_lines"}
_CONTROL = """
select readiness, has_work_events, is_worked, is_converted, is_control from ml.ml_readiness__evaluation order by all
"""

_DRAWN = """
select count(*) as scored, count(*) filter (where is_control) as control from staging.stg_handoff__scores
"""


def card_beside(
    models: Path, warehouse: Path, told: Callable[[str], None], *, before: Publication | None = None
) -> Callable[[Path, Manifest], None]:
    """What `publish` calls to put the card into a publication; without a model there is none. `told` hears why not.

    With `before` the card of that publication is put there as it is, if it is of the model that scores now.
    """

    def write(folder: Path, manifest: Manifest) -> None:
        try:
            if before is not None and before.manifest.model == manifest.model and (before.path / MODEL_CARD).exists():
                os.link(before.path / MODEL_CARD, folder / MODEL_CARD)
                return
            html = model_card_html(models, warehouse, folder)
            if html is not None:
                write_bytes(folder / MODEL_CARD, html.encode())
        except Exception as error:
            print_frames(error)
            (folder / MODEL_CARD).unlink(missing_ok=True)
            told(f"{NOT_MADE}, the publication stands: {where(error)}")

    return write


def model_card_html(models: Path, warehouse: Path, publication: Path) -> str | None:
    """The page of the model that scores now, None without one."""
    card = champion_card(models)
    if card is None:
        return None
    # Imported here: who has no model does not wait for a plotting library.
    from models_ml.readiness.feedback import control_report
    from orchestration.report.readiness_figures import card_html
    from orchestration.report.words import Names

    evaluation, drawn = _rows(warehouse, _CONTROL), _rows(warehouse, _DRAWN)
    control = {} if evaluation is None else control_report(evaluation)
    if drawn is not None:
        control["drawn"] = {name: int(drawn[name].iloc[0]) for name in ("scored", "control")}
    names = {name: _rows(publication / "warehouse.duckdb", query) for name, query in _NAMES.items()}
    called = {
        name: dict(zip(rows.iloc[:, 0], rows.iloc[:, 1], strict=True))
        for name, rows in names.items()
        if rows is not None
    }
    return card_html(
        card,
        version=champion_version(models),
        latest=latest_training(models),
        control=control,
        names=Names(called),
    )


def _rows(database: Path, query: str) -> Any:
    """Rows of a query, None where its table or a column of it is not there."""
    with duckdb.connect(str(database), read_only=True) as connection:
        try:
            return connection.execute(query).df()
        except (duckdb.CatalogException, duckdb.BinderException):
            return None
