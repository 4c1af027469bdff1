"""From the sync table to a destination: what each record should say now, who may not be contacted, what is sent.

What Dagster's step and the verbs `send` and `reconcile` share. A destination in shadow does everything but the sending;
one that is paused only queues. Proof of writes is `orchestration.destinations.delivery`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from orchestration.destinations.base import FIELDS, Destination, DestinationError
from orchestration.destinations.calls import Calls
from orchestration.destinations.delivery import Delivery
from orchestration.destinations.judging import told_of_others
from orchestration.destinations.open import open_destination
from orchestration.destinations.reconcile import Reconciled, reconcile
from orchestration.lake.outbox import Outbox, Wanted
from orchestration.lake.outbox_file import now
from orchestration.leaving import leaving
from orchestration.sources.registry import Registry
from orchestration.sources.registry_destinations import Destination as Entry
from orchestration.withholding import TEAM, Channels, newest_consents, withhold_waiting

SYNC = ("syncs", "sync_crm__lead_readiness")


class BuiltByOtherCode(RuntimeError):
    """The warehouse lacks a table or a column that is asked for; the message says what to do."""


@dataclass
class Sent:
    """What a sending did. `states`: wanted records by state, each in one; `notices`: what whoever waits should know.

    `held_back`: why records wanted no longer keep their route.
    """

    queued: int = 0
    reads: int = 0
    writes: int = 0
    waited_seconds: float = 0.0
    states: Mapping[str, int] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    held_back: str = ""


def send(
    outbox: Outbox,
    registry: Registry,
    warehouse: Path,
    name: str,
    *,
    channels: Channels,
    clears: bool = False,
    pause: Callable[[float], None] = time.sleep,
) -> Sent:
    """Queue what changed for one destination and deliver it.

    `channels`: of routing's rules; `clears`: take all out of queues that is wanted no longer, however many.
    Raises DestinationError where it cannot be used or is away: what changed is queued by then, and waits; also where
    too much at once is wanted no longer, when all else is sent. LeaseHeld: another process sends there.
    """
    entry, began, sent = registry.destinations[name], now(), Sent()
    with open_destination(entry) as destination:
        calls = Calls(destination, pause=pause)
        try:
            space = registry.sources[entry.source].id_space
            rows = wanted_rows(warehouse, space, channels=channels, at=began, time_grain=destination.time_grain)
            away = _book(outbox, calls, rows, entry, sent, clears=clears)
            if entry.mode == "live":
                _choose(outbox, entry)
            if away is not None and entry.mode == "live":
                raise away
            _go(outbox, destination, entry, calls, sent)
            if sent.held_back and entry.mode == "live":
                raise DestinationError(sent.held_back)
        finally:
            sent.reads, sent.writes, sent.waited_seconds = calls.reads, calls.writes, calls.waited
            sent.states = outbox.states(name, since=began)
    return sent


def _book(
    outbox: Outbox, calls: Calls, rows: list[Wanted], entry: Entry, sent: Sent, *, clears: bool
) -> DestinationError | None:
    """Queue what changed, and the last writes of what is wanted no longer; returns why the CRM could not be asked."""
    name, wanted, away = entry.name, {row.lead_id for row in rows}, _aim(outbox, calls)
    leave = leaving(outbox, name, wanted, clears=clears)
    try:
        if away is not None:
            raise away
        sent.queued = _queue(outbox, calls, [*rows, *leave.last_writes], is_live=entry.mode == "live")
    except DestinationError as error:
        away = error
        sent.queued = outbox.queue(name, [*rows, *leave.last_writes], floor=None)
    outbox.keep_only(name, wanted, leaving={row.lead_id for row in leave.last_writes})
    if leave.held_back:
        sent.held_back = leave.held_back
        sent.notices.append(leave.held_back)
    return away


def _aim(outbox: Outbox, calls: Calls) -> DestinationError | None:
    """Say where the destination is now; returns why that could not be asked."""
    try:
        outbox.aim(calls.destination.name, calls.again(lambda: calls.destination.place))
    except DestinationError as error:
        return error
    return None


def _queue(outbox: Outbox, calls: Calls, rows: list[Wanted], *, is_live: bool) -> int:
    """Queue what changed. In shadow, or paused, the CRM may not be there to be asked for its highest number yet."""
    name = calls.destination.name
    if not is_live:
        return outbox.queue(name, rows, floor=None)
    outbox.number_above(name, lambda: _highest(calls))
    return outbox.queue(name, rows, floor=lambda: _highest(calls))


def _highest(calls: Calls) -> int:
    # Whether it has our fields at all is asked first.
    calls.again(calls.destination.check)
    return calls.again(calls.destination.highest_sequence)


def _choose(outbox: Outbox, entry: Entry) -> None:
    """Of a live destination: which teams' records go."""
    if entry.live_teams:
        outbox.shadow(entry.name, field=TEAM, live=entry.live_teams)
    else:
        outbox.unshadow(entry.name)


def _go(outbox: Outbox, destination: Destination, entry: Entry, calls: Calls, sent: Sent) -> None:
    name = entry.name
    if entry.mode == "paused":
        waiting = sum(outbox.counts(name).get(state, 0) for state in ("queued", "failed", "sending", "unverified"))
        sent.notices.append(f"destination {name} is paused: {waiting} records wait")
        return
    if entry.mode == "shadow":
        try:
            calls.again(destination.check)
        except DestinationError as error:
            sent.notices.append(f"{error} (in shadow: nothing is sent)")
        sent.notices.append(f"destination {name} is in shadow: {outbox.shadow(name)} records were not sent")
        return
    if outbox.is_idle(name):
        _look_for_fields(outbox, destination)
    if not outbox.is_idle(name):
        with outbox.sender(name):
            delivery = Delivery(outbox, calls, conflicts=entry.conflicts)
            delivery.run(lambda: _choose(outbox, entry))
        sent.notices += [f"destination {name}: {told}" for told in told_of_others(delivery.found)]


def _look_for_fields(outbox: Outbox, destination: Destination) -> None:
    """Where nothing waits, a field added since is reason to write all the same; a CRM that is away is none to fail."""
    with suppress(DestinationError):
        outbox.reach(destination.name, destination.fields())


def reconcile_destination(
    outbox: Outbox,
    registry: Registry,
    warehouse: Path,
    name: str,
    *,
    channels: Channels,
    pause: Callable[[float], None] = time.sleep,
) -> Reconciled:
    """Read back all that counts as settled at one destination; restores as the registry says. Raises as `send`.

    Whoever may not be contacted by now is withheld from all that is sent on the way.
    """
    entry = registry.destinations[name]
    with _reading(warehouse) as connection:
        consents = newest_consents(connection, channels, now())
    with open_destination(entry) as destination:
        outbox.aim(name, destination.place)
        calls = Calls(destination, pause=pause)

        def before_sending() -> None:
            outbox.number_above(name, lambda: _highest(calls))
            withhold_waiting(outbox, name, consents)

        return reconcile(
            outbox,
            destination,
            conflicts=entry.conflicts,
            sends=entry.mode == "live" and not entry.live_teams,
            before_sending=before_sending,
            pause=pause,
        )


def wanted_rows(
    warehouse: Path,
    source: str,
    *,
    channels: Channels,
    at: datetime,
    time_grain: timedelta = timedelta.resolution,
) -> list[Wanted]:
    """What the records of one source should say, from the sync table, times cut to the CRM's grain.

    Leads that at this moment (naive UTC, the wall clock's) nobody of their queue may contact are withheld.
    """
    with _reading(warehouse) as connection:
        consents = newest_consents(connection, channels, at)
        rows = [consents.heeded(row) for row in _rows(connection, source)]
    return rows if time_grain <= timedelta.resolution else [cut(row, time_grain) for row in rows]


def cut(row: Wanted, grain: timedelta) -> Wanted:
    """The record with its times as the CRM can hold them, cut to the last whole step of this size."""
    times = {
        name: value - (value - datetime.min) % grain
        for name, value in row.payload.items()
        if isinstance(value, datetime)
    }
    return Wanted(row.lead_id, row.lead_key, row.source, {**row.payload, **times})


@contextmanager
def _reading(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            yield connection
    except (duckdb.CatalogException, duckdb.BinderException):
        raise BuiltByOtherCode("what this home holds was built by other code: call handoff run first") from None


def _rows(connection: duckdb.DuckDBPyConnection, source: str) -> Iterator[Wanted]:
    table = f'"{SYNC[0]}"."{SYNC[1]}"'
    present = {row[0] for row in connection.execute(f"describe {table}").fetchall()}
    fields = [name for name in FIELDS if name in present]
    names = ", ".join(("lead_id", "lead_key", "source", *fields))
    query = f"select {names} from {table} where source = ? order by lead_id"
    for lead_id, lead_key, space, *values in connection.execute(query, [source]).fetchall():
        told = (None if value == "" else value for value in values)
        yield Wanted(lead_id, lead_key, space, dict(zip(fields, told, strict=True)))
