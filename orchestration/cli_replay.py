"""`handoff whatif` and `handoff explain`: the criteria evaluated beside a run, over what a home already knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestration.cli_calls import FILE, HELD, WRONG_CALL, refuse, settings_of
from orchestration.settings import parse_as_of

if TYPE_CHECKING:
    from orchestration.replay.what_if import WhatIf


@click.command("whatif")
@click.argument("file", type=FILE)
@click.option("--since", help="From when on the file's last version is tried (ISO 8601); default: when it begins, or "
              "180 days before the home's as_of where that is still to come.")  # fmt: skip
@click.option("--home", type=FILE, help="The home whose history is decided anew; default HANDOFF_HOME or .handoff.")
@click.option("--criteria", type=FILE, help="Folder of catalogue and policy; default the file's own.")
@click.option("--horizon-days", type=click.IntRange(1, 730), default=30, show_default=True)
@click.option("--out", type=FILE, default=Path("what_if"), show_default=True, help="Folder to write into.")
def whatif(
    file: Path, since: str | None, home: Path | None, criteria: Path | None, horizon_days: int, out: Path
) -> None:
    """Try a changed criteria FILE on history: who would be MQL and SQL, what became of them, by which edit."""
    from rich.console import Console

    from orchestration.replay.pages.what_if_files import what_if_texts, write_files
    from orchestration.replay.pages.what_if_table import what_if_table

    answer = _asked(file, since, home, criteria, horizon_days)
    try:
        write_files(out, what_if_texts(answer))
    except OSError as error:
        refuse(f"{out}: cannot be written: {error.strerror}")
    Console(soft_wrap=True).print(what_if_table(answer))
    click.echo(f"written: {out / 'what_if.md'}, with its picture and its figures as JSON")


def _asked(file: Path, since: str | None, home: Path | None, criteria: Path | None, horizon_days: int) -> WhatIf:
    from orchestration.asking import ask_what_if
    from orchestration.criteria_files import CriteriaError
    from orchestration.dbt_manifest import ManifestError
    from orchestration.replay.home import HomeUnreadable
    from orchestration.replay.what_if import WhatIfRefused

    settings = settings_of(home=home)
    try:
        moment = parse_as_of(since) if since else None
    except ValueError as error:
        refuse(str(error).replace("as_of", "--since", 1))
    try:
        return ask_what_if(
            settings,
            file,
            beside=criteria,
            since=moment,
            horizon_days=horizon_days,
            warn=lambda warning: click.echo(f"warning: {warning}", err=True),
        )
    except HomeUnreadable as error:
        refuse(str(error), HELD if error.is_held else WRONG_CALL)
    except (CriteriaError, ManifestError, WhatIfRefused) as error:
        refuse(str(error))


@click.command("explain")
@click.argument("lead_id")
@click.option("--source", help="The source whose id it is, where several have it.")
@click.option(
    "--as-of", "at", help="The moment to explain (ISO 8601, UTC unless it has an offset); default the home's."
)
@click.option("--home", type=FILE, help="The home that knows the lead; default HANDOFF_HOME or .handoff.")
def explain_lead(lead_id: str, source: str | None, at: str | None, home: Path | None) -> None:
    """Say why LEAD_ID is or is not MQL and SQL, rule by rule, and what is missing."""
    from orchestration.asking import ask_explanation
    from orchestration.criteria_files.handbook.markdown import markdown_text
    from orchestration.dbt_manifest import ManifestError
    from orchestration.replay.explain import NoSuchLead
    from orchestration.replay.home import HomeUnreadable
    from orchestration.replay.pages.explain_page import explain_page

    settings = settings_of(home=home, as_of=at)
    try:
        for found in ask_explanation(settings, lead_id, source=source):
            click.echo(markdown_text(explain_page(found)))
    except HomeUnreadable as error:
        refuse(str(error), HELD if error.is_held else WRONG_CALL)
    except (NoSuchLead, ManifestError, ValueError) as error:
        refuse(str(error))
