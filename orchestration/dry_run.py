"""A dry run: what sending would change in a CRM, field by field, by reading it; nothing is written, there or here.

Works on a copy of the outbox, so that all that decides (what changed, what staff set, live teams) is the same code.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table

from orchestration.destinations.base import STAFFS_OWN, Held, is_shown
from orchestration.destinations.calls import Calls
from orchestration.destinations.judging import Conflicts, changed_by_others, changed_fields, meeting
from orchestration.destinations.open import open_destination
from orchestration.lake.outbox import Outbox, Write
from orchestration.lake.outbox_file import now
from orchestration.lake.outbox_types import DEAD_LETTERS, Resolution
from orchestration.leaving import leaving
from orchestration.sending import wanted_rows
from orchestration.sources.registry import Registry
from orchestration.withholding import TEAM, Channels

_EMPTY = "(empty)"
_NOT_THERE = "not in the CRM, archived or merged"
_NO_CHANGE = "nothing to be written: as it should be, in shadow, or never qualified"
_THEIRS = "(changed by someone else)"


@dataclass(frozen=True)
class Change:
    """One field of one record: what the CRM holds, what it would hold."""

    lead_id: str
    field: str
    before: str | None
    after: str | None
    is_kept: bool = False


@dataclass
class DryRun:
    """What a sending would do. `kept` are teams and members set by staff, which stand; `held_back` as `Leaving`'s.

    `dead`: not written before, and nothing about them has changed since.
    """

    destination: str
    wanted: int = 0
    unchanged: int = 0
    shadow: int = 0
    dead: int = 0
    already_there: int = 0
    held_back: str = ""
    missing: list[str] = field(default_factory=list)
    changes: dict[str, list[Change]] = field(default_factory=dict)

    def show(self, rows: int, leads: Sequence[str] = ()) -> None:
        """Counts first, then field by field for the first records, or for those of these leads."""
        console = Console(soft_wrap=True)
        kept = sum(change.is_kept for changes in self.changes.values() for change in changes)
        console.print(f"{self.destination}: a dry run, nothing is written", highlight=False)
        counts = {
            "wanted": self.wanted,
            "unchanged since the last write, not read": self.unchanged,
            "there already": self.already_there,
            "to be written": len(self.changes),
            "not in the CRM, archived or merged": len(self.missing),
            f"dead letters (`handoff dead-letters {self.destination}` says why)": self.dead,
            "in shadow": self.shadow,
            "fields set by others, which stand": kept,
        }
        for what, count in counts.items():
            console.print(f"{count:>9,} {what}", highlight=False)
        if self.held_back:
            console.print(self.held_back, highlight=False)
        if self.missing and rows and not leads:
            more = f" and {len(self.missing) - rows:,} more (--rows)" if len(self.missing) > rows else ""
            console.print(f"not there to be written to: {', '.join(self.missing[:rows])}{more}", highlight=False)
        for lead_id in (each for each in leads if each not in self.changes):
            console.print(f"{lead_id}: {_NOT_THERE if lead_id in self.missing else _NO_CHANGE}", highlight=False)
        shown_leads = [each for each in leads if each in self.changes] if leads else list(self.changes)[:rows]
        if not shown_leads:
            return
        table = Table("record", Column("field", no_wrap=True), "from", "to", title_justify="left")
        for lead_id in shown_leads:
            for place, change in enumerate(self.changes[lead_id]):
                shown = (_EMPTY if value is None else value for value in (change.before, change.after))
                table.add_row("" if place else lead_id, change.field, *shown)
        console.print(table)
        if not leads and len(self.changes) > rows:
            console.print(f"and {len(self.changes) - rows:,} records more (--rows)", highlight=False)


def dry_run_of(outbox: Outbox, registry: Registry, warehouse: Path, name: str, *, channels: Channels) -> DryRun:
    """What sending to a destination would change now; `outbox` is a copy that may be changed.

    Raises DestinationError where the CRM cannot be read.
    """
    entry, found = registry.destinations[name], DryRun(name)
    with open_destination(entry) as destination:
        calls = Calls(destination)
        calls.again(destination.check)
        outbox.aim(name, destination.place)
        outbox.reach(name, destination.fields())
        space = registry.sources[entry.source].id_space
        rows = wanted_rows(warehouse, space, channels=channels, at=now(), time_grain=destination.time_grain)
        found.wanted = len(rows)
        wanted = {row.lead_id for row in rows}
        leave = leaving(outbox, name, wanted)
        last_writes, found.held_back = leave.last_writes, leave.held_back
        outbox.queue(name, [*rows, *last_writes], floor=lambda: calls.again(destination.highest_sequence))
        outbox.keep_only(name, wanted, leaving={row.lead_id for row in last_writes})
        if entry.live_teams:
            outbox.shadow(name, field=TEAM, live=entry.live_teams)
        else:
            outbox.unshadow(name)
        writes = _open(outbox, name)
        for start in range(0, len(writes), destination.read_size):
            batch = writes[start : start + destination.read_size]
            held = calls.read([write.lead_id for write in batch])
            for write in batch:
                _compare(found, write, held.get(write.lead_id), entry.conflicts)
    states, open_ = outbox.states(name, since=now()), sum(write.lead_id in wanted for write in writes)
    found.dead, found.shadow = sum(states.get(state, 0) for state in DEAD_LETTERS), states.get("shadow", 0)
    found.unchanged = max(0, found.wanted - open_ - found.shadow - found.dead)
    return found


def _open(outbox: Outbox, name: str) -> list[Write]:
    writes = {write.lead_id: write for write in outbox.unresolved(name, limit=10_000_000)}
    writes |= {write.lead_id: write for write in outbox.pending(name, limit=10_000_000)}
    return [writes[lead_id] for lead_id in sorted(writes)]


def _compare(found: DryRun, write: Write, held: Held | None, conflicts: Conflicts) -> None:
    if held is None or held.state != "live":
        found.missing.append(write.lead_id)
        return
    _, told = meeting(write, changed_by_others(write, held), conflicts, now())
    others = {finding.field: finding.resolution for finding in told}
    changes = [_change(write, held, name, others.get(name)) for name in changed_fields(write.payload, held)]
    if changes:
        found.changes[write.lead_id] = changes
    else:
        found.already_there += 1


def _change(write: Write, held: Held, name: str, resolution: Resolution | None) -> Change:
    """What becomes of one field; `resolution`: of one that others changed and that is not the team or the member."""
    before, after = held.fields[name], write.payload[name]
    is_ours = write.expected is not None or held.sequence is not None
    is_theirs = before is not None if not is_ours else write.expected is not None and before != write.expected.get(name)
    if is_theirs and name in STAFFS_OWN:
        return Change(write.lead_id, name, before, f"{before or _EMPTY}: set by staff", True)
    if is_theirs and not is_shown(name, before):
        before = _THEIRS
    if resolution == "left":
        return Change(write.lead_id, name, before, f"{before or _EMPTY}: left", True)
    over = f"{after or _EMPTY} (over theirs)"
    return Change(write.lead_id, name, before, over if resolution == "restored" else after)


@contextmanager
def outbox_copy(path: Path) -> Iterator[Outbox]:
    """A copy of the outbox as it is now, thrown away after; an empty one where nothing was ever sent."""
    folder = Path(tempfile.mkdtemp(prefix="handoff-dry-run-"))
    try:
        if path.exists():
            # Through SQLite, not by copying the file: a sender may be writing it.
            with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(folder / "outbox.sqlite")) as copy:
                source.backup(copy)
        with closing(Outbox(folder / "outbox.sqlite")) as outbox:
            yield outbox
    finally:
        shutil.rmtree(folder)
