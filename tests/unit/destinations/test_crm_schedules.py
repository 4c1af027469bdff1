"""Random schedules of faults, kills and staff's own acts against both stand-ins: the CRM holds what the ledger says.

A schedule is a seed. Replies are refused, broken or lost, before or after the work was done; the sender is killed at
random calls; records are archived, deleted, converted or merged at any moment, teams changed between runs. At the end
the CRM is well again and one more delivery must settle everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from orchestration.destinations.base import DestinationError
from orchestration.destinations.delivery import deliver
from orchestration.destinations.reconcile import reconcile
from orchestration.lake.canonical_text import text_of
from orchestration.lake.outbox import Outbox, Wanted
from tests.contract.destinations.hubspot_system import HubSpotSystem
from tests.contract.destinations.salesforce_system import SalesforceSystem
from tests.contract.destinations.systems import PAYLOAD
from tests.standins.server import Call, Fault, broken, dropped, too_many

LEADS = [f"lead-{n}" for n in range(9)]
LOST = ("gone", "archived", "merged")


class Killed(BaseException):
    """The end of the sending process."""


class Mortal:
    """A destination whose process may end before or after any call."""

    def __init__(self, inner: Any, dice: Random) -> None:
        self._inner, self._dice, self.share = inner, dice, 0.0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in ("read", "write"):
            return found

        def call(asked: Any) -> Any:
            moment = self._dice.random() / self.share if self.share else 1.0
            if moment < 0.5:
                raise Killed
            answer = found(asked)
            if moment < 1.0:
                raise Killed
            return answer

        return call


def hubspot(dice: Random) -> HubSpotSystem:
    behaviour = {
        "dialect": dice.choice(["207", "200", "400"]),
        "echoes_trace_ids": dice.random() < 0.5,
        "answers_absent_by_404": dice.random() < 0.3,
        "lag": dice.choice([0, 0, 1]),
    }
    return HubSpotSystem("hubspot", key=dice.choice(["clinic_lead_id", "hs_object_id"]), is_direct=True, **behaviour)


def salesforce(dice: Random) -> SalesforceSystem:
    return SalesforceSystem(is_direct=True, lag=dice.choice([0, 0, 1]))


class Schedule:
    """One random history of a CRM, from first write to rest."""

    def __init__(self, seed: int, make: Callable[[Random], Any], folder: Path) -> None:
        self.dice = Random(seed)
        self.path = folder / f"{seed}.sqlite"
        self.system = make(self.dice)
        self.system.make(LEADS)
        self.refused = set(self.dice.sample(LEADS, self.dice.choice([0, 0, 1, 2])))
        self.untouched = {each: self.system.staff_fields(each) for each in LEADS}
        self.lost: set[str] = set()
        self.teams: dict[str, str] = {}
        self.versions = dict.fromkeys(LEADS, 0)

    def wanted(self) -> Iterator[Wanted]:
        for lead_id in [*LEADS, "nobody"]:
            said = {"handoff_reasons": f"version {self.versions.get(lead_id)}"}
            bad = self.system.refused if lead_id in self.refused else {}
            yield Wanted(lead_id, f"key of {lead_id}", "clinic", {**PAYLOAD, **said, **bad})

    def fault(self, call: Call) -> Fault | None:
        if self.dice.random() < 0.04 and len(self.lost) < 4:
            self._lose(self.dice.choice([each for each in LEADS if each not in self.lost]))
        kind = self.dice.random()
        is_applied = self.dice.random() < 0.5
        if kind < 0.06:
            return too_many("0") if is_applied else too_many()
        if kind < 0.12:
            return broken(self.dice.choice([500, 502, 503]), is_applied=is_applied)
        return dropped(is_applied=is_applied) if kind < 0.18 else None

    def _lose(self, lead_id: str) -> None:
        """Something happens to a record, in the middle of a call."""
        kinds = ["remove", *sorted(self.system.knows)]
        kind = self.dice.choice(kinds)
        if kind == "merged":
            others = [each for each in LEADS if each not in self.lost and each != lead_id]
            into = self.dice.choice(others)
            self.system.merge(lead_id, into)
            # By record id HubSpot's merge takes both old ids out of use.
            self.lost |= {lead_id, into} if getattr(self.system, "key", "") == "hs_object_id" else {lead_id}
            return
        getattr(self.system, {"remove": "remove", "archived": "archive"}[kind])(lead_id)
        self.lost.add(lead_id)

    def run(self) -> None:
        with closing(self.system):
            for round_no in range(5):
                self._once(is_calm=round_no == 4)
            self._settled_as_the_crm_is()

    def _once(self, *, is_calm: bool) -> None:
        for lead_id in self.dice.sample(LEADS, 3):
            self.versions[lead_id] += 1
        self.system.server.chooser = None if is_calm else self.fault
        with closing(Outbox(self.path)) as outbox, self._client() as crm:
            crm.share = 0.0 if is_calm else 0.15
            outbox.queue("crm", self.wanted())
            self._change_fields(outbox)
            for _ in range(4 if is_calm else 1):
                try:
                    deliver(outbox, crm, pause=lambda _: None)
                    if is_calm or self.dice.random() < 0.3:
                        reconcile(outbox, crm, pause=lambda _: None)
                except (DestinationError, Killed):
                    assert not is_calm

    @contextmanager
    def _client(self) -> Iterator[Mortal]:
        client = self.system.open(batch_size=self.dice.choice([2, 4, 9]), timeout=5.0)
        yield Mortal(client, self.dice)

    def _change_fields(self, outbox: Outbox) -> None:
        """Staff give a record to another team, at whatever point it is; or write over what was proved.

        Where reads lag, a write that arrived may be held for lost: whose team a record then holds nobody can tell.
        """
        proved = [s.write.lead_id for s in outbox.settled("crm", limit=100) if s.status == "verified"]
        for lead_id in LEADS:
            if lead_id in self.lost:
                continue
            if lead_id in proved and self.dice.random() < 0.1:
                self.system.change(lead_id, "handoff_queue", self.dice.choice(["their queue", None]))
            if self.dice.random() < 0.15 and (lead_id in proved or not self.system.crm.lag):
                self.teams[lead_id] = f"team of staff {self.dice.random()}"
                self.system.change(lead_id, "handoff_team_id", self.teams[lead_id])

    def _settled_as_the_crm_is(self) -> None:
        with closing(Outbox(self.path)) as outbox:
            rows = outbox._connection.execute("select * from outbox").fetchall()
            states = {row["lead_id"]: (row["status"], row["error_code"]) for row in rows}
            ledger = {s.write.lead_id: s for s in outbox.settled("crm", limit=100)}
        assert self.system.crm.made_count == 0, "no record was made"
        assert states["nobody"][0] == "gone" and self.system.raw("nobody") is None
        for lead_id in LEADS:
            status, code = states[lead_id]
            if lead_id in self.lost:
                assert status in (*LOST, *(["rejected"] if lead_id in self.refused else ())), (lead_id, status, code)
                continue
            held = self.system.raw(lead_id)
            assert self.system.staff_fields(lead_id) == self.untouched[lead_id]
            if lead_id in self.refused:
                assert status == "rejected" and held["handoff_sequence"] is None, (lead_id, status, code)
                continue
            assert status in ("verified", "conflicting"), (lead_id, status, code)
            number = held.pop("handoff_sequence")
            said = {**PAYLOAD, "handoff_reasons": f"version {self.versions[lead_id]}"}
            if lead_id in self.teams:
                said["handoff_team_id"] = self.teams[lead_id]
            assert held == {name: text_of(value) for name, value in said.items()}, (lead_id, status, code)
            assert held == dict(ledger[lead_id].write.expected) and number == str(ledger[lead_id].write.sequence)


def play(make: Callable[[Random], Any], seeds: range, folder: Path) -> None:
    for seed in seeds:
        try:
            Schedule(seed, make, folder).run()
        except AssertionError as error:
            raise AssertionError(f"schedule {seed} of {make.__name__}") from error


@pytest.mark.parametrize("part", range(2))
@pytest.mark.parametrize("make", [hubspot, salesforce])
def test_after_any_schedule_the_crm_holds_what_the_ledger_says(make, part, tmp_path):
    play(make, range(50 * part, 50 * part + 50), tmp_path)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize("make", [hubspot, salesforce])
def test_after_thousands_of_schedules_too(make, part, tmp_path):
    play(make, range(1_000 + 250 * part, 1_250 + 250 * part), tmp_path)
