"""Random schedules of faults: what intake wants changes, people change the CRM, senders die, and all is run again.

`play(seed, folder)` plays one and raises AssertionError with its seed where the end is not as promised.
"""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from pathlib import Path

from orchestration.destinations.base import DestinationError
from orchestration.destinations.delivery import deliver
from orchestration.destinations.reconcile import reconcile
from orchestration.lake.lease import LeaseHeld
from orchestration.lake.outbox import Outbox, Wanted
from orchestration.lake.outbox_types import SETTLED
from orchestration.leaving import leaving
from tests.unit.destinations.simulated import BAD, NAMES, Crm, FragileOutbox, Killed, Kind, ProvingCrm, Record

FAULTS = ("lost", "dropped", "throttled", "silent", "killed_before", "killed_after", "refused")
STAFFS = ("handoff_team_id", "handoff_staff_id")
OURS = ("handoff_stage", "handoff_readiness")


class Schedule:
    """One schedule: its CRM, what is wanted, and the file of its outbox."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.seed, self.path = seed, folder / f"{seed}.sqlite"
        template = folder / "template.sqlite"
        if not template.exists():
            Outbox(template).close()
        shutil.copy(template, self.path)
        chance = self.chance
        kind = Kind(
            is_guarding=chance.random() < 0.6,
            is_atomic=chance.random() < 0.4,
            batch_size=chance.choice([1, 3, 4]),
            read_size=chance.choice([2, 4, 7]),
        )
        self.leads = [f"lead-{n:02}" for n in range(chance.choice([2, 5, 9]))]
        odds = {fault: chance.choice([0.0, 0.0, 0.05, 0.2]) for fault in FAULTS}
        make = chance.choice([Crm, ProvingCrm])
        self.crm = make(kind, self.leads[: len(self.leads) - chance.choice([0, 0, 1])], chance=chance, odds=odds)
        self.count = len(self.crm.records)
        self.wanted: dict[str, dict[str, str | None]] = {}
        self.kills = chance.choice([0.0, 0.02, 0.1])
        self.conflicts = chance.choice(["restore", "leave"])
        self.crm.lacks = set(chance.sample([*STAFFS, "handoff_readiness"], chance.choice([0, 0, 0, 1, 2])))

    def play(self) -> None:
        """Days of faults, then quiet ones, then the count."""
        for _ in range(self.chance.choice([1, 2, 4])):
            self.news()
            if self.crm.lacks and self.chance.random() < 0.5:
                self.crm.lacks.remove(min(self.crm.lacks))
            if self.chance.random() < 0.1:
                self.move()
            self.crm.meddle = self.meddle
            self.session(reconciles=self.chance.random() < 0.3)
        self.crm.odds, self.kills = {}, 0.0
        self.crm.meddle = lambda _when: None
        self.crm.version, self.crm.lacks = "fields 2", set()
        for reconciles in (False, True, False):
            self.session(reconciles=reconciles)
        self.check()

    def news(self) -> None:
        """What intake wants changes for some; a few are merged away, or no leads any more."""
        for lead_id in self.leads:
            if self.chance.random() < 0.05:
                self.wanted.pop(lead_id, None)
                continue
            if lead_id not in self.wanted or self.chance.random() < 0.5:
                stage = BAD if self.chance.random() < 0.1 else self.chance.choice(["mql", "sql", "consult"])
                readiness, team = self.chance.choice(["0.1", "0.5", None]), self.chance.choice(["t1", "t2", None])
                values = (stage, readiness, team, self.chance.choice(["m1", None]))
                self.wanted[lead_id] = dict(zip((*OURS, *STAFFS), values, strict=True))

    def move(self) -> None:
        """From a sandbox to the CRM proper, whose records nobody wrote to yet, or another home did."""
        self.crm.place += " and on"
        self.crm.records = {i: Record(ever_by_staff=record.ever_by_staff) for i, record in self.crm.records.items()}
        for record in self.crm.records.values() if self.chance.random() < 0.5 else ():
            record.sequence, record.is_anothers = self.chance.randrange(1, 30), True
            theirs = dict(zip(NAMES, ("opportunity", self.chance.choice(["0.1", None]), "t9", "m9"), strict=True))
            record.fields |= {name: theirs[name] for name in self.crm.present()}

    def meddle(self, when: str) -> None:
        """Other people at work. A CRM that does not guard is left alone between our look and our write."""
        roll = self.chance.random()
        if roll > 0.12 or (when == "write" and not self.crm.is_guarding):
            return
        lead_id = self.chance.choice(self.leads)
        record = self.crm.records.get(lead_id)
        if record is None:
            return
        if roll < 0.06:
            self.crm.change(lead_id, self.chance.choice(STAFFS), self.chance.choice(["s1", "s2"]))
        elif roll < 0.09:
            self.crm.change(lead_id, self.chance.choice(OURS), self.chance.choice(["odd", None]))
        elif roll < 0.1:
            del self.crm.records[lead_id]
            if self.chance.random() < 0.5:
                self.crm.records[lead_id] = Record(ever_by_staff=record.ever_by_staff)
        else:
            record.state = self.chance.choice(["archived", "merged", "live"])

    def session(self, *, reconciles: bool) -> None:
        """Processes, one after another, until one comes to its end; each may be killed."""
        with closing(self.opened()) as outbox:
            for _ in range(30):
                try:
                    self.send(outbox, reconciles=reconciles)
                    return
                except Killed:
                    # All a process knows beside the file is gone.
                    continue
                except DestinationError:
                    return

    def opened(self) -> FragileOutbox:
        return FragileOutbox(self.path, is_killed=lambda: self.kills > 0 and self.chance.random() < self.kills)

    def send(self, outbox: FragileOutbox, *, reconciles: bool) -> None:
        """What a run does, a second sender trying at the same time."""
        rows = [Wanted(lead_id, f"key-{lead_id}", "clinic", payload) for lead_id, payload in self.wanted.items()]
        outbox.aim("crm", self.crm.place)
        outbox.number_above("crm", self.crm.highest_sequence)
        last_writes = leaving(outbox, "crm", self.wanted).last_writes
        outbox.queue("crm", [*rows, *last_writes], floor=self.crm.highest_sequence)
        outbox.keep_only("crm", self.wanted, leaving={row.lead_id for row in last_writes})
        outbox.reach("crm", self.crm.fields())
        if self.chance.random() < 0.1:
            self.second_sender(outbox)
        deliver(outbox, self.crm, conflicts=self.conflicts, pause=lambda _: None)
        if reconciles:
            reconcile(outbox, self.crm, conflicts=self.conflicts, pause=lambda _: None)

    def second_sender(self, outbox: FragileOutbox) -> None:
        with outbox.sender("crm"):
            calls = self.crm.calls
            try:
                deliver(outbox, self.crm, pause=lambda _: None)
                assert outbox.is_idle("crm"), self.seed
            except LeaseHeld:
                pass
            assert self.crm.calls == calls, f"seed {self.seed}: two senders at once"

    def check(self) -> None:
        """CRM = ledger, each record in one state with its receipt, nothing broken on the way."""
        seed = f"seed {self.seed}"
        assert self.crm.broken == [], (seed, self.crm.broken, self.crm.kind)
        assert len(self.crm.records) <= self.count, f"{seed}: a record was made"
        with closing(Outbox(self.path)) as outbox:
            counts = outbox.counts("crm")
            assert set(counts) <= SETTLED, (seed, counts)
            receipts = [row for rows in outbox.unlanded_receipts("all").values() for row in rows]
            last = {row["lead_id"]: row for row in receipts}
            rows = outbox._connection.execute("select * from outbox").fetchall()
            assert self.wanted.keys() <= {row["lead_id"] for row in rows}, seed
            for row in rows:
                if row["lead_id"] in self.wanted:
                    self.check_record(row, last, seed)
                else:
                    self.check_left(row, seed)

    def check_left(self, row, seed: str) -> None:
        """Nobody's queue holds what is wanted no longer, unless staff put it there; or the CRM takes no write of it."""
        record = self.crm.records.get(row["lead_id"])
        if record is not None and record.state == "live" and row["status"] != "rejected" and not record.is_anothers:
            held = {(name, record.fields[name]) for name in STAFFS if record.fields[name] is not None}
            assert held <= record.ever_by_staff, (seed, row["lead_id"], row["status"], held)

    def check_record(self, row, last: dict, seed: str) -> None:
        lead_id, status = row["lead_id"], row["status"]
        record, wanted = self.crm.records.get(lead_id), self.wanted[lead_id]
        told = (seed, lead_id, status, row["error_code"])
        assert last[lead_id]["sequence"] <= row["sequence"], told
        state = "gone" if record is None else record.state
        if wanted["handoff_stage"] == BAD and status == "rejected":
            assert last[lead_id]["error_code"] == "BAD_STAGE", told
            return
        if record is None or record.state != "live":
            assert status == state, told
            return
        assert status in ("verified", "conflicting"), told
        assert record.sequence == row["sequence"], told
        standing = record.by_staff
        meant = {**wanted, **standing}
        differing = {name for name, value in meant.items() if record.fields[name] != value}
        # What staff set goes on to stand on a record made anew, as far as it was known.
        differing -= {
            name for name in differing - record.by_staff.keys() if (name, record.fields[name]) in record.ever_by_staff
        }
        if self.conflicts == "restore":
            assert not differing, (*told, differing)
        assert (status == "conflicting") == (record.fields != wanted), told
        assert last[lead_id]["status"] in ("verified", "conflicting") and last[lead_id]["verified_at"], told
        assert last[lead_id]["sequence"] == row["sequence"], told


def play(seed: int, folder: Path) -> None:
    """Play one schedule and check its end."""
    schedule = Schedule(seed, folder)
    try:
        schedule.play()
    finally:
        for suffix in ("", "-wal", "-shm"):
            schedule.path.with_name(schedule.path.name + suffix).unlink(missing_ok=True)
