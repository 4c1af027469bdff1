"""`handoff …`: a thin door. Every verb calls what Dagster calls; exit codes are design's: 0, 1, 2, 75."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click
from rich.console import Console

from orchestration.cli_calls import FILE as _FILE
from orchestration.cli_calls import HELD
from orchestration.cli_calls import refuse as _refuse
from orchestration.cli_calls import settings_of as _settings
from orchestration.cli_criteria import criteria
from orchestration.cli_destinations import dead_letters, prepare, reconcile, send
from orchestration.cli_handbook import handbook
from orchestration.cli_quarantine import quarantine
from orchestration.cli_replay import explain_lead, whatif
from orchestration.cli_report import report
from orchestration.settings import CHECKOUT

if TYPE_CHECKING:
    from orchestration.runs import Run


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Warm Handoff: qualify leads under written criteria, score, route, write back, publish."""
    for name, value in {"DO_NOT_TRACK": "1", "SE_AVOID_STATS": "true", "OMP_NUM_THREADS": "1"}.items():
        os.environ.setdefault(name, value)


@main.command()
@click.option("--sources", type=_FILE, help="Registry of sources and destinations (YAML).")
@click.option("--criteria", type=_FILE, help="Folder of criteria; default the checkout's.")
@click.option("--home", type=_FILE, help="Where everything lives; default HANDOFF_HOME or .handoff.")
@click.option("--as-of", help="The moment to answer for (ISO 8601, UTC unless it has an offset); default now.")
@click.option("--seed", type=int, help="Seed of everything random.")
def run(sources: Path | None, criteria: Path | None, home: Path | None, as_of: str | None, seed: int | None) -> None:
    """Land what is new, decide, score, route, write back, publish."""
    from orchestration.criteria_files import CriteriaError
    from orchestration.dbt_manifest import ManifestError, ensure_manifest
    from orchestration.lake.lease import LeaseHeld
    from orchestration.lake.refusal import VaultKeyError
    from orchestration.runs import WrongCall, open_run
    from orchestration.sources.registry import RegistryRefused

    settings = _settings(sources=sources, criteria=criteria, home=home, as_of=as_of, seed=seed)
    try:
        with open_run(settings, who="handoff run") as opened:
            ensure_manifest(settings)
            sys.exit(0 if _execute(opened) else 1)
    except (WrongCall, RegistryRefused, CriteriaError, VaultKeyError, ManifestError) as error:
        _refuse(str(error))
    except LeaseHeld as held:
        _refuse(str(held), HELD)


def _execute(opened: Run) -> bool:
    from orchestration.executing import execute
    from orchestration.lake.publication import current_publication
    from orchestration.progress import Progress
    from orchestration.report_files import REPORT
    from orchestration.summary import summary_table, unknown_signals

    # The file is named: while steps run, what they print is led away from standard output.
    console = Console(file=sys.stdout, soft_wrap=True)
    with Progress(console).shown() as progress:
        opened.say = progress.say
        is_whole = execute(opened, "older_as_of" if opened.is_historic else "daily")
    publication = opened.published or (None if opened.is_historic else current_publication(opened.home.published))
    if publication is not None:
        console.print(summary_table(opened, publication.path))
        kept = "nothing new: as published before" if is_whole else "not published; as it was before"
        what = "published" if opened.published else kept
        beside = ", beside the current one, which stays" if opened.is_historic else ""
        click.echo(f"{what}{beside}: {publication.path}")
        if (page := publication.path / REPORT).exists():
            click.echo(f"look at it: {page}")
        if (page := publication.path / "model_card.html").exists():
            click.echo(f"how far to trust readiness: {page}")
        click.echo("query it: README.md, The first query; any DuckDB client or Parquet reader will do")
        if unheard := unknown_signals(opened, publication.path):
            opened.notices.append(unheard)
    for notice in opened.notices:
        click.echo(f"note: {notice}")
    for failure in opened.failures:
        click.echo(f"failed: {failure}", err=True)
    if not is_whole:
        if not opened.failures:
            click.echo("failed: the run was ended before it was done; the next one goes on from here", err=True)
        click.echo(f"details: {opened.home.dagster}/last_run.log, or `handoff ui --home {opened.home.home}`", err=True)
    return is_whole


@main.command()
@click.option("--sources", type=_FILE)
@click.option("--criteria", type=_FILE)
@click.option("--home", type=_FILE)
def doctor(sources: Path | None, criteria: Path | None, home: Path | None) -> None:
    """Say what is missing or wrong in a set-up, each line with what to do."""
    from orchestration.doctor import examine

    findings = examine(_settings(sources=sources, criteria=criteria, home=home))
    for finding in findings:
        click.echo(str(finding))
    sys.exit(1 if any(finding.is_wrong for finding in findings) else 0)


@main.group()
def world() -> None:
    """The synthetic clinic world."""


@world.command("build")
@click.option("--leads", type=click.IntRange(min=1), default=20_000, show_default=True)
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--months", type=click.IntRange(min=1), default=18, show_default=True)
@click.option(
    "--scenario",
    type=click.Choice(["clean", "real", "hostile"]),
    default="real",
    show_default=True,
    help="How much of the field's mess there is; people and true events are the same.",
)
@click.option(
    "--touches-per-lead",
    type=click.FloatRange(min=13),
    default=13.0,
    show_default=True,
    help="About how many touches there are for each lead, other visitors' included.",
)
@click.option(
    "--exports",
    type=click.Choice(["platforms", "contract"]),
    help="Web and ads as GA4, Google Ads and Meta Ads export them (default), or in the input contract's own shape "
    "(default of `hostile`).",
)
@click.option("--until", help="Write only what is known by then (ISO 8601).")
@click.option("--out", type=_FILE, required=True, help="Folder to write; it must not hold a world yet.")
def build_world(
    leads: int,
    seed: int,
    months: int,
    scenario: str,
    touches_per_lead: float,
    exports: Literal["platforms", "contract"] | None,
    until: str | None,
    out: Path,
) -> None:
    """Write a world's systems into a folder: web and ad exports, a CRM database, sources.yaml, truth apart."""
    from orchestration.demo.write import build_world_command

    try:
        made = build_world_command(
            leads, seed, out, until, months, scenario=scenario, touches_per_lead=touches_per_lead, exports=exports
        )
    except (ValueError, FileExistsError) as error:
        _refuse(str(error))
    click.echo(f"sources: {made['sources']}")
    click.echo(f"as_of: {made['as_of']}")


for verb in (prepare, send, reconcile, dead_letters):
    main.add_command(verb)
main.add_command(criteria)
main.add_command(quarantine)
main.add_command(handbook)
main.add_command(whatif)
main.add_command(explain_lead)
main.add_command(report)


@main.command()
@click.option("--home", type=_FILE)
@click.option("--sources", type=_FILE)
@click.option("--port", type=int, default=3000, show_default=True)
@click.option("--edit", is_flag=True, help="Let whoever opens it materialize, and run schedules and sensors.")
def ui(home: Path | None, sources: Path | None, port: int, edit: bool) -> None:
    """Open Dagster on loopback; read-only unless --edit."""
    from orchestration.dbt_manifest import ensure_manifest
    from orchestration.instance import prepare_dagster_home

    settings = _settings(home=home, sources=sources)
    ensure_manifest(settings)
    dagster_home = prepare_dagster_home(settings.paths.dagster)
    environment = {**os.environ, "DAGSTER_HOME": str(dagster_home), "HANDOFF_HOME": str(settings.paths.home)}
    if settings.sources:
        environment["HANDOFF_SOURCES"] = str(settings.sources)
    program = Path(sys.executable).with_name("dagster" if edit else "dagster-webserver")
    words = [str(program), *(["dev"] if edit else ["--read-only"]), "-h", "127.0.0.1", "-p", str(port)]
    click.echo(f"http://127.0.0.1:{port}/asset-groups  (Ctrl-C ends it)")
    sys.exit(subprocess.run([*words, "-w", str(CHECKOUT / "workspace.yaml")], env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
