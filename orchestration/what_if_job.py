"""The job `what_if`: a changed criteria file tried on the home's history, from the Dagster UI or on a schedule.

It reads the writer's warehouse and keeps runs out meanwhile; while a run holds the home it fails, and says so.
"""

import base64
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.asking import ask_what_if
from orchestration.criteria_files import CriteriaError
from orchestration.dbt_manifest import ManifestError
from orchestration.replay.home import HomeUnreadable
from orchestration.replay.pages.what_if_page import PICTURE
from orchestration.settings import Settings, parse_as_of


class WhatIfConfig(dg.Config):
    """What to try: a criteria file, from when on its last version decides, and the horizon of outcomes in days."""

    file: str
    since: str | None = None
    horizon_days: int = 30


def what_if_job(settings: Settings) -> dg.JobDefinition:
    """The job over one home; its files stand in `<home>/what_if/<file's name>/`."""

    @dg.op(name="try_criteria", out=dg.Out(dg.Nothing))
    def step(context: dg.OpExecutionContext, config: WhatIfConfig) -> None:
        # Imported here: a plotting library is for whoever asks.
        from orchestration.replay.pages.what_if_files import what_if_texts, write_files

        file = Path(config.file).expanduser()
        try:
            since = parse_as_of(config.since) if config.since else None
            answer = ask_what_if(settings, file, since=since, horizon_days=config.horizon_days)
        except (CriteriaError, HomeUnreadable, ManifestError, OverflowError, ValueError) as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        texts, folder = what_if_texts(answer), settings.home / "what_if" / file.stem
        write_files(folder, texts)
        context.log_event(dg.AssetObservation(["criteria", "what_if"], metadata=_metadata(folder, texts)))

    @dg.job(name="what_if", description="Try a changed criteria file on this home's history: nothing is changed by it.",
            executor_def=dg.in_process_executor)  # fmt: skip
    def job() -> None:
        step()

    return job


def _metadata(folder: Path, texts: dict[str, bytes]) -> dict[str, Any]:
    picture = base64.b64encode(texts[PICTURE]).decode("ascii")
    page = texts["what_if.md"].decode().rpartition("![")[0]
    return {
        "folder": str(folder),
        "page": dg.MetadataValue.md(page),
        "picture": dg.MetadataValue.md(f"![MQLs a week](data:image/png;base64,{picture})"),
    }
