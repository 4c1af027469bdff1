"""`handoff report`: the page to look at, made again for what is published now."""

from __future__ import annotations

from pathlib import Path

import click

from orchestration.cli_calls import FAILED, FILE, refuse, settings_of


@click.command()
@click.option("--home", type=FILE, help="The home whose publication it is of; default HANDOFF_HOME or .handoff.")
@click.option("--out", type=FILE, help="File to write; default report.html in the publication itself.")
def report(home: Path | None, out: Path | None) -> None:
    """Make the report of the current publication again: one HTML file that needs nothing beside itself."""
    import duckdb

    from orchestration.failures import where
    from orchestration.lake.publication import current_publication
    from orchestration.report_files import NOT_MADE, write_report

    settings = settings_of(home=home)
    publication = current_publication(settings.paths.published)
    if publication is None:
        refuse(f"{settings.paths.published}: nothing is published yet: `handoff run` first")
    try:
        written = write_report(publication, out)
    except OSError as error:
        refuse(f"{out or publication.path}: cannot be written: {error.strerror}")
    except duckdb.Error as error:
        refuse(f"{publication.path}: cannot be read: {type(error).__name__}")
    except Exception as error:
        refuse(f"{NOT_MADE}: {where(error)}", FAILED)
    click.echo(f"written: {written}")
