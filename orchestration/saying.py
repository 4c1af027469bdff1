"""What the verbs of a destination say: counts first, then record by record, each with its field and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import click

from orchestration.dead_letters import what_to_do
from orchestration.destinations.reconcile import Reconciled
from orchestration.lake.outbox_types import DEAD_LETTERS, DeadLetter, Finding
from orchestration.sending import Sent

_RESOLVED = {
    "stands": "set by staff: it stands",
    "restored": "changed by someone else: ours is sent again, at once where the destination is live for all",
    "left": "changed by someone else: left until we have another value for it",
}
_UNSETTLED = {
    "waiting": "wait for the next run; `handoff dead-letters` tells of those that were tried",
    "unverified": "are to be read before they count: the next run does",
    "conflicting": "hold what staff set, which stands",
}


def say_sent(destination: str, sent: Sent) -> None:
    """What a sending did, and what to do about the rest."""
    for notice in sent.notices:
        click.echo(f"note: {notice}")
    told = ", ".join(f"{count:,} {state}" for state, count in sorted(sent.states.items()))
    click.echo(f"{destination}: {told or 'nothing is wanted there'} ({sent.writes + sent.reads:,} calls)")
    for state, what in _UNSETTLED.items():
        if count := sent.states.get(state):
            click.echo(f"{destination}: {count:,} records {what}")
    if dead := sum(sent.states.get(state, 0) for state in DEAD_LETTERS):
        click.echo(f"{destination}: {dead:,} records not written: `handoff dead-letters {destination}` says why")


def say_reconciled(destination: str, found: Reconciled, *, rows: int) -> None:
    """What was read back and found; values are shown where they are values we know."""
    click.echo(
        f"{destination}: {found.read:,} records read back; {found.missing:,} no longer to be written to, "
        f"{found.returned:,} again"
    )
    for lead_id, status in islice(found.lost.items(), rows):
        click.echo(f"{lead_id}\t{status}\t\t{what_to_do(status, None)}")
    for finding in found.told[:rows]:
        change = f"{_ours(finding)} -> {_theirs(finding)}"
        click.echo(f"{finding.lead_id}\t{finding.field}\t{change}\t{_RESOLVED[finding.resolution]}")
    if (more := max(len(found.lost) - rows, 0) + max(len(found.told) - rows, 0)) > 0:
        click.echo(f"and {more:,} more (--rows)")
    if not found.told:
        click.echo(f"{destination}: nobody changed a field of ours")


def say_dead_letters(
    destination: str, found: Sequence[DeadLetter], waiting: Sequence[DeadLetter] = (), *, rows: int
) -> None:
    """Records that were not written, those tried that still wait, then for each reason how many and what to do."""
    click.echo(f"{destination}: {len(found):,} dead letters")
    groups: dict[tuple[str, str | None], int] = {}
    for each in (*found, *waiting):
        key = (each.status, each.error_code)
        groups[key] = groups.get(key, 0) + 1
    for each in (*found[:rows], *waiting):
        since = f"{each.since:%Y-%m-%d %H:%M}" if each.since else "unknown"
        click.echo(f"{each.lead_id}\t{each.status}\t{each.error_code or ''}\tsince {since}")
    for (status, code), count in groups.items():
        click.echo(f"{count:,} {status}{f' ({code})' if code else ''}: {what_to_do(status, code)}")


def _theirs(finding: Finding) -> str:
    if finding.theirs_sha256 is None:
        return "(empty)"
    return "(not shown)" if finding.theirs is None else finding.theirs


def _ours(finding: Finding) -> str:
    # Both are shown, or neither.
    is_shown = finding.theirs is not None or finding.theirs_sha256 is None
    return (finding.ours or "(empty)") if is_shown else "(not shown)"
