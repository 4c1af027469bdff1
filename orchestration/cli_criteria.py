"""`handoff criteria …`: check, lock and describe the written criteria. Reads the criteria folder and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestration.cli_calls import FILE, refuse, settings_of

STALE = 1


@click.group()
def criteria() -> None:
    """The written criteria."""


@criteria.command("check")
@click.option("--criteria", "folder", type=FILE)
def check_criteria(folder: Path | None) -> None:
    """Read every criteria file and name every fault, with its line."""
    from orchestration.criteria_files import CriteriaError, load_criteria
    from orchestration.dbt_manifest import ManifestError
    from orchestration.example_check import refuse_unless_examples_hold

    settings = settings_of(criteria=folder)
    try:
        found = load_criteria(settings.criteria)
        examples = refuse_unless_examples_hold(found, settings)
    except (CriteriaError, ManifestError) as error:
        refuse(str(error))
    for warning in found.warnings:
        click.echo(f"warning: {warning}")
    click.echo(f"in order: {', '.join(sorted(found.hashes())) or 'no criteria'}")
    click.echo(f"examples: {examples} tried, every one came out as written")


@criteria.command("lock")
@click.option("--criteria", "folder", type=FILE)
def lock_criteria(folder: Path | None) -> None:
    """Write decided.lock: the versions in force by now, and the hash of what decides in them."""
    from datetime import UTC, datetime

    from orchestration.criteria_files import CriteriaError, load_criteria

    settings = settings_of(criteria=folder)
    try:
        text = load_criteria(settings.criteria).lock_text(by=datetime.now(UTC).replace(tzinfo=None))
    except CriteriaError as error:
        refuse(str(error))
    (settings.criteria / "decided.lock").write_text(text, encoding="utf-8")
    click.echo(f"written: {settings.criteria / 'decided.lock'}")


@criteria.command("schema")
@click.option("--criteria", "folder", type=FILE)
@click.option("--check", is_flag=True, help="Write nothing; leave with 1 where a schema is not current.")
def write_schema(folder: Path | None, check: bool) -> None:
    """Write the JSON Schemas by which editors complete and check the files, into the folder's schema/."""
    from orchestration.criteria_files.schema import FOLDER, stale_schemas, write_schemas

    place = settings_of(criteria=folder).criteria
    if not place.is_dir():
        refuse(f"{place}: there is no such folder of criteria")
    if not check:
        written = write_schemas(place)
        click.echo(f"written: {', '.join(written)} in {place / FOLDER}" if written else "current: nothing to write")
        return
    stale = stale_schemas(place)
    for name in stale:
        click.echo(f"not current: {place / FOLDER / name}: write it with `handoff criteria schema`", err=True)
    if stale:
        sys.exit(STALE)
    click.echo("current")
