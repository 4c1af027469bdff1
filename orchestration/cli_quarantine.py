"""`handoff quarantine …`: what was set aside and why, and reading it again. No cell's value is ever shown."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.cli_calls import FILE, HELD, refuse, settings_of

if TYPE_CHECKING:
    from orchestration.lake.quarantine import WaitingGroup

_HEADINGS = ("source", "object", "file or table", "reason", "column", "rows", "first line", "as of")


@click.group()
def quarantine() -> None:
    """Rows that could not be read: list them, and read them again after a fix of the registry."""


def _which(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--reason", help="Only rows set aside for this reason, as listed, with or without `:column`."),
        click.option("--object", "name", help="Only rows of this object."),
        click.option("--source", help="Only rows of this source."),
        click.option("--home", type=FILE, help="Where everything lives; default HANDOFF_HOME or .handoff."),
    ):
        command = option(command)
    return command


@quarantine.command("list")
@_which
def show(home: Path | None, source: str | None, name: str | None, reason: str | None) -> None:
    """Show what waits, by source, object, file, reason and column; and the files refused whole."""
    from orchestration.lake.quarantine import Wanted, refusals, waiting
    from orchestration.lake.refusal import VaultKeyError
    from orchestration.lake.vault import Vault, load_key

    settings = settings_of(home=home)
    wanted = Wanted(source, name, reason)
    if not settings.paths.vault.exists():
        click.echo("nothing waits: nothing has landed in this home yet")
        return
    try:
        key = load_key(settings.paths, from_env=settings.vault_key)
        with closing(Vault.open(settings.paths, key)) as vault:
            groups, refused = waiting(settings.paths, vault, wanted), refusals(vault, wanted)
    except VaultKeyError as error:
        refuse(str(error))
    except sqlite3.OperationalError:
        refuse("the vault is being written by a run: look again when it has ended", HELD)
    for line in _lines(groups):
        click.echo(line)
    for file in refused:
        click.echo(f"refused whole: {file.source}.{file.object}: {file.origin} ({file.reason}): {file.what_to_do}")
    rows = sum(each.rows for each in groups)
    click.echo(f"{rows} rows wait, {len(refused)} files are refused" if rows or refused else "nothing waits")


def _lines(groups: Sequence[WaitingGroup]) -> list[str]:
    """One line a group under their headings, in columns as wide as they need."""
    rows = [_HEADINGS] if groups else []
    for each in groups:
        since = each.since.isoformat(timespec="seconds")
        place = (each.source, each.object, each.origin, each.reason, each.column or "-")
        rows.append((*place, str(each.rows), str(each.first_line), since))
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS))] if rows else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


@quarantine.command("replay")
@_which
@click.option("--sources", type=FILE, help="Registry of sources and destinations (YAML), as it is now.")
@click.option("--as-of", help="The moment rows land at (ISO 8601); default now, or the last run's if it was told one.")
@click.option("--dry-run", is_flag=True, help="Say what would become of the rows; change nothing.")
def replay_rows(
    home: Path | None,
    source: str | None,
    name: str | None,
    reason: str | None,
    sources: Path | None,
    as_of: str | None,
    dry_run: bool,
) -> None:
    """Read what waits again, under the registry as it is now; what passes lands, and the next run builds on it."""
    from orchestration.lake.lease import LeaseHeld
    from orchestration.lake.quarantine import Wanted
    from orchestration.lake.refusal import VaultKeyError
    from orchestration.replaying import replay_all
    from orchestration.runs import WrongCall
    from orchestration.sources.registry import RegistryRefused

    settings = settings_of(home=home, sources=sources, as_of=as_of)
    try:
        done = replay_all(settings, Wanted(source, name, reason), is_dry=dry_run)
    except (WrongCall, RegistryRefused, VaultKeyError) as error:
        refuse(str(error))
    except LeaseHeld as held:
        refuse(str(held), HELD)
    for each in done:
        click.echo(str(each), err=each.result is None)
    landed = sum(each.result.rows_landed for each in done if each.result)
    if not done:
        click.echo("nothing waits that is wanted")
    elif dry_run:
        click.echo(f"{landed} rows would land; nothing was changed")
    else:
        click.echo(f"{landed} rows landed" + ("; the next `handoff run` builds on them" if landed else ""))
    sys.exit(1 if any(each.result is None for each in done) else 0)
