"""`handoff prepare`, `send`, `reconcile` and `dead-letters`: a destination by hand. Each calls what a run calls.

Exit codes as everywhere: 0 done; 1 the CRM could not be used, or not all of it is settled; 2 a wrong call; 75 another
process sends there, or a run builds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestration.cli_calls import FAILED, FILE, HELD, refuse, settings_of
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.sources.registry import Registry

_SHOWN = 20


def _on_destination(verb: Callable[..., None]) -> Callable[..., None]:
    """Argument and options every verb has."""
    verb = click.option("--home", type=FILE, help="Where everything lives; default HANDOFF_HOME or .handoff.")(verb)
    verb = click.option("--sources", type=FILE, help="Registry of sources and destinations (YAML).")(verb)
    return click.argument("destination")(verb)


def _by_criteria(verb: Callable[..., None]) -> Callable[..., None]:
    """Whoever sends asks by which channels a queue contacts."""
    return click.option("--criteria", type=FILE, help="Folder of criteria files; default the checkout's.")(verb)


@click.command()
@_on_destination
@click.option("--yes", is_flag=True, help="Do what of it our key can do, instead of printing it.")
def prepare(destination: str, sources: Path | None, home: Path | None, yes: bool) -> None:
    """Print what DESTINATION lacks: fields with their help text, least rights, views of the queue; --yes does it."""
    from orchestration.destinations.open import open_destination

    with (
        _called(sources, home, destination) as (_, registry),
        open_destination(registry.destinations[destination]) as opened,
    ):
        lines = opened.prepare() if yes else opened.plan()
    done = "-- nothing to do: everything is there" if yes else "-- nothing is missing"
    click.echo("\n".join(lines) or done)


@click.command()
@_on_destination
@_by_criteria
@click.option("--dry-run", is_flag=True, help="Show what would change in the CRM, field by field; write nothing.")
@click.option("--rows", type=click.IntRange(min=0), default=_SHOWN, show_default=True, help="Records shown.")
@click.option("--clear", is_flag=True, help="Take every record wanted no longer out of its queue, however many.")
@click.option("--lead", "leads", multiple=True, help="Show a dry run's record of this lead id; may be given again.")
def send(
    destination: str,
    sources: Path | None,
    home: Path | None,
    criteria: Path | None,
    dry_run: bool,
    rows: int,
    clear: bool,
    leads: tuple[str, ...],
) -> None:
    """Send to DESTINATION what the last build wants there; with --dry-run only show it."""
    from orchestration.dry_run import dry_run_of
    from orchestration.lake.lease import share_lease
    from orchestration.saying import say_sent
    from orchestration.sending import send as send_to

    if leads and not dry_run:
        refuse("--lead shows a record of a dry run: say --dry-run too (a send sends all that waits)")
    with _called(sources, home, destination, criteria) as (settings, registry):
        if not settings.paths.warehouse.exists():
            refuse(f"{settings.paths.home} holds no build yet: call handoff run first")
        channels = _channels(settings)
        with share_lease(settings.paths, who=f"handoff send {destination}"), _outbox(settings, dry_run) as outbox:
            if dry_run:
                found = dry_run_of(outbox, registry, settings.paths.warehouse, destination, channels=channels)
                found.show(rows, leads)
                return
            with closing(outbox):
                warehouse = settings.paths.warehouse
                sent = send_to(outbox, registry, warehouse, destination, channels=channels, clears=clear)
    say_sent(destination, sent)
    is_open = any(sent.states.get(state) for state in ("waiting", "unverified"))
    sys.exit(FAILED if is_open and registry.destinations[destination].mode == "live" else 0)


@click.command()
@_on_destination
@_by_criteria
@click.option("--rows", type=click.IntRange(min=0), default=_SHOWN, show_default=True, help="Records and fields shown.")
def reconcile(destination: str, sources: Path | None, home: Path | None, criteria: Path | None, rows: int) -> None:
    """Read back all that was written to DESTINATION: what others changed is told, and stands or is restored."""
    from orchestration.lake.lease import share_lease
    from orchestration.lake.outbox import Outbox
    from orchestration.saying import say_reconciled
    from orchestration.sending import reconcile_destination

    with _called(sources, home, destination, criteria) as (settings, registry):
        _refuse_unsent(settings)
        if not settings.paths.warehouse.exists():
            refuse(f"{settings.paths.home} holds no build: call handoff run first")
        channels = _channels(settings)
        who = f"handoff reconcile {destination}"
        with share_lease(settings.paths, who=who), closing(Outbox(settings.outbox)) as outbox:
            found = reconcile_destination(outbox, registry, settings.paths.warehouse, destination, channels=channels)
            counts = outbox.counts(destination)
    say_reconciled(destination, found, rows=rows)
    click.echo(", ".join(f"{count:,} {state}" for state, count in sorted(counts.items())))


@click.command("dead-letters")
@_on_destination
@click.option("--rows", type=click.IntRange(min=0), default=1_000, show_default=True, help="Records shown.")
def dead_letters(destination: str, sources: Path | None, home: Path | None, rows: int) -> None:
    """List the records DESTINATION was not written, with the reason and what to do."""
    from orchestration.lake.outbox import Outbox
    from orchestration.saying import say_dead_letters

    with _called(sources, home, destination) as (settings, _):
        _refuse_unsent(settings)
        with closing(Outbox(settings.outbox)) as outbox:
            found = list(outbox.dead_letters(destination))
            waiting = outbox.waiting(destination, limit=rows)
    say_dead_letters(destination, found, waiting, rows=rows)


@contextmanager
def _called(
    sources: Path | None, home: Path | None, destination: str, criteria: Path | None = None
) -> Iterator[tuple[Settings, Registry]]:
    """Settings and registry of a call; leaves with the right code where it, or the CRM, is refused."""
    from orchestration.criteria_files import CriteriaError
    from orchestration.destinations.base import DestinationError
    from orchestration.lake.lease import LeaseHeld
    from orchestration.sending import BuiltByOtherCode
    from orchestration.sources.registry import RegistryRefused, load_registry

    settings = settings_of(sources=sources, home=home, criteria=criteria)
    if settings.sources is None:
        refuse("no sources: name the registry with --sources FILE or HANDOFF_SOURCES")
    try:
        registry = load_registry(settings.sources)
        if destination not in (known := registry.destinations):
            refuse(f"the registry has no destination {destination}; it has {', '.join(sorted(known)) or 'none'}")
        yield settings, registry
    except (RegistryRefused, BuiltByOtherCode, CriteriaError) as error:
        refuse(str(error))
    except DestinationError as error:
        refuse(str(error), FAILED)
    except LeaseHeld as held:
        refuse(str(held), HELD)


def _channels(settings: Settings) -> Mapping[str, Sequence[str]]:
    """Routing's rule: queue or service line → the channels it contacts by."""
    from orchestration.criteria_files import load_criteria

    channels: Mapping[str, Sequence[str]] = load_criteria(settings.criteria).routing.get("channels", {})
    return channels


@contextmanager
def _outbox(settings: Settings, is_dry: bool) -> Iterator[Any]:
    """The outbox; for a dry run a copy of it, which is thrown away."""
    from orchestration.dry_run import outbox_copy
    from orchestration.lake.outbox import Outbox

    if is_dry:
        with outbox_copy(settings.outbox) as copy:
            yield copy
    else:
        yield Outbox(settings.outbox)


def _refuse_unsent(settings: Settings) -> None:
    if not settings.outbox.exists():
        refuse(f"{settings.paths.home} has sent nothing yet: call handoff run first")
