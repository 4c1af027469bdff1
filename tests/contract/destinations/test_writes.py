"""What every destination's own calls must do: keyed writes to records that exist, an answer each, guards, read-back."""

from __future__ import annotations

import re

import pytest

from orchestration.destinations.base import FIELDS, BatchRefused, DestinationError
from orchestration.lake.canonical_text import text_of
from tests.contract.destinations.systems import System, payload, write_of

LEADS = [f"lead-{n}" for n in range(12)]


@pytest.fixture
def crm(system: System):
    system.make(LEADS)
    destination = system.open()
    destination.check()
    return destination


def test_every_field_arrives_and_nothing_else_moves(system, crm):
    before = {lead_id: system.staff_fields(lead_id) for lead_id in LEADS}
    answers = crm.write([write_of(lead_id, 10 + n) for n, lead_id in enumerate(LEADS[:9])])
    assert {lead_id: a.outcome for lead_id, a in answers.items()} == dict.fromkeys(LEADS[:9], "acknowledged")
    held = crm.read(LEADS)
    assert set(held) == set(LEADS), "a record never written to is still known"
    for n, lead_id in enumerate(LEADS[:9]):
        assert dict(held[lead_id].fields) == payload() and held[lead_id].sequence == 10 + n
        assert system.raw(lead_id) == {**payload(), "handoff_sequence": str(10 + n)}
    assert held["lead-11"].sequence is None and set(held["lead-11"].fields.values()) == {None}
    assert {lead_id: system.staff_fields(lead_id) for lead_id in LEADS} == before
    assert system.count() == len(LEADS)


def test_the_remote_id_is_told_and_is_that_of_the_record(crm):
    answers = crm.write([write_of(lead_id, 1) for lead_id in LEADS[:2]])
    held = crm.read(LEADS[:2])
    assert {answers[i].remote_id for i in LEADS[:2]} == {held[i].remote_id for i in LEADS[:2]}
    assert len({held[i].remote_id for i in LEADS[:2]}) == 2


def test_a_value_that_becomes_empty_is_emptied(system, crm):
    crm.write([write_of("lead-1", 1)])
    gone = dict.fromkeys(("handoff_team_id", "handoff_priority", "handoff_sla_due_at", "handoff_readiness"))
    assert crm.write([write_of("lead-1", 2, expected=payload(), **gone)])["lead-1"].outcome == "acknowledged"
    assert {name: system.raw("lead-1")[name] for name in gone} == gone


@pytest.mark.parametrize(
    "text", ["naïve – “quoted” 'it''s' \\ 100 % ; -- \u2603", "a\nb\tc", "x" * 2_000, "0", "null", "None"]
)
def test_texts_come_back_as_they_were_sent(crm, text):
    crm.write([write_of("lead-1", 1, handoff_reasons=text)])
    assert crm.read(["lead-1"])["lead-1"].fields["handoff_reasons"] == text


def test_a_text_with_spaces_around_comes_back_as_it_was_sent_or_is_refused_by_name(system, crm):
    answers = crm.write([write_of("lead-1", 1, handoff_queue=" q "), write_of("lead-2", 2)])
    assert answers["lead-2"].outcome == "acknowledged"
    if answers["lead-1"].outcome == "acknowledged":
        assert crm.read(["lead-1"])["lead-1"].fields["handoff_queue"] == " q "
    else:
        assert (answers["lead-1"].outcome, answers["lead-1"].error_code) == ("rejected", "text_with_spaces_around")
        assert system.raw("lead-1")["handoff_sequence"] is None


def test_numbers_and_times_come_back_as_they_were_sent(crm):
    changes = {"handoff_readiness": 0.000001, "handoff_fit_points": -3.25, "handoff_behaviour_points": 123456.789012}
    times = {"handoff_mql_at": "2026-03-29T00:59:59Z", "handoff_sla_due_at": "1999-12-31T23:59:59Z"}
    crm.write([write_of("lead-1", 2**31 + 5, **changes, **times)])
    held = crm.read(["lead-1"])["lead-1"]
    assert {name: held.fields[name] for name in changes} == {name: text_of(value) for name, value in changes.items()}
    assert {name: held.fields[name] for name in times} == times
    assert held.sequence == 2**31 + 5 == crm.highest_sequence()


def test_a_record_that_is_not_there_is_never_made(system, crm):
    answers = crm.write([write_of("lead-1", 1), write_of("nobody", 2)])
    assert {i: a.outcome for i, a in answers.items()} == {"lead-1": "acknowledged", "nobody": "gone"}
    system.remove("lead-2")
    assert crm.write([write_of("lead-2", 3)])["lead-2"].outcome == "gone"
    assert "lead-2" not in crm.read(["lead-1", "lead-2", "nobody"])
    assert system.raw("nobody") is None and system.count() == len(LEADS) - 1


@pytest.mark.parametrize("state", ["archived", "merged"])
def test_an_archived_or_merged_record_says_so(system, crm, state):
    if state not in system.knows:
        assert state not in system.knows, "this CRM has no such state"
        return
    if state == "archived":
        system.archive("lead-1")
    else:
        system.merge("lead-1", "lead-2")
    answers = crm.write([write_of("lead-1", 1), write_of("lead-3", 2)])
    assert (answers["lead-1"].outcome, answers["lead-3"].outcome) == (state, "acknowledged")
    held = crm.read(["lead-1", "lead-3"])
    assert held["lead-3"].state == "live" and ("lead-1" not in held or held["lead-1"].state == state)


def test_what_the_crm_refuses_is_refused_alone_or_as_a_batch_of_which_nothing_landed(system, crm):
    writes = [write_of("lead-1", 1), write_of("lead-2", 2, **system.refused), write_of("lead-3", 3)]
    try:
        answers = crm.write(writes)
    except BatchRefused as refused:
        assert refused.error_code and [system.raw(w.lead_id)["handoff_sequence"] for w in writes] == [None] * 3
        with pytest.raises(BatchRefused):
            crm.write([writes[1]])
        crm.write([writes[0], writes[2]])
    else:
        assert [answers[w.lead_id].outcome for w in writes] == ["acknowledged", "rejected", "acknowledged"]
        code = answers["lead-2"].error_code
        assert code and not any(str(value) in code for value in system.refused.values() if len(str(value)) > 3)
    assert [system.raw(w.lead_id)["handoff_sequence"] for w in writes] == ["1", None, "3"]


def test_nothing_lands_over_a_newer_or_an_equal_sequence(system, crm):
    if not crm.is_guarding:
        assert crm.read(["lead-1"])["lead-1"].sequence is None, "delivery reads first here"
        return
    crm.write([write_of("lead-1", 5)])
    for older in (4, 5):
        answers = crm.write([write_of("lead-1", older, handoff_band="low"), write_of("lead-2", older)])
        assert answers["lead-1"].outcome == "newer"
    assert system.raw("lead-1") == {**payload(), "handoff_sequence": "5"}
    assert crm.write([write_of("lead-1", 6, expected=payload())])["lead-1"].outcome == "acknowledged"


@pytest.mark.parametrize("name", ["handoff_team_id", "handoff_staff_id"])
def test_a_route_that_staff_changed_stands(system, crm, name):
    if not crm.is_guarding:
        assert crm.read(["lead-1"])["lead-1"].sequence is None, "delivery reads first here"
        return
    crm.write([write_of(lead_id, 1) for lead_id in LEADS[:4]])
    system.change("lead-1", name, "theirs")
    system.change("lead-2", name, None)
    system.change("lead-3", name, "ours-now")
    mine = {name: "ours-now"}
    answers = crm.write([write_of(lead_id, 2, expected=payload(), **mine) for lead_id in LEADS[:4]])
    empty_before = payload()[name] is None
    expected = ["acknowledged", "conflict", "acknowledged" if empty_before else "conflict", "acknowledged"]
    assert [answers[lead_id].outcome for lead_id in LEADS[:4]] == expected
    assert (system.raw("lead-1")[name], system.raw("lead-1")["handoff_sequence"]) == ("theirs", "1")


def test_a_first_write_respects_a_team_that_staff_set_before(system, crm):
    if not crm.is_guarding:
        assert crm.read(["lead-1"])["lead-1"].sequence is None, "delivery reads first here"
        return
    system.change("lead-1", "handoff_team_id", "theirs")
    answers = crm.write([write_of("lead-1", 1), write_of("lead-2", 2)])
    assert [answers[i].outcome for i in ("lead-1", "lead-2")] == ["conflict", "acknowledged"]
    assert system.raw("lead-1")["handoff_team_id"] == "theirs" and system.raw("lead-1")["handoff_stage"] is None


def test_one_batch_is_one_call(system, crm):
    system.calls.reset()
    n = min(len(LEADS), crm.batch_size)
    crm.write([write_of(lead_id, 1 + k) for k, lead_id in enumerate(LEADS[:n])])
    assert (system.calls.write, system.calls.read) == (1, 0)
    crm.read(LEADS[: min(n, crm.read_size)])
    assert (system.calls.write, system.calls.read) == (1, 1)


def test_nothing_asked_is_nothing_answered(crm):
    assert dict(crm.write([])) == {} and dict(crm.read([])) == {}


def test_the_highest_sequence_is_that_of_the_whole_crm(system, crm):
    assert crm.highest_sequence() == 0
    crm.write([write_of("lead-1", 7), write_of("lead-2", 30)])
    system.change("lead-3", "handoff_sequence", "40")
    assert crm.highest_sequence() == 40


def test_place_and_schema_are_told_without_secrets_and_alike_by_every_client(system, crm):
    other = system.open()
    assert (other.place, other.schema_version()) == (crm.place, crm.schema_version())
    assert set(other.fields()) == set(FIELDS)
    assert re.fullmatch("[0-9a-f]{64}", crm.place)


def test_what_stands_needs_no_preparing_and_the_plan_still_tells_rights(crm):
    before = crm.schema_version()
    assert crm.prepare() == [] and crm.schema_version() == before
    told = "\n".join(crm.plan())
    assert all(name in told for name in FIELDS), "the least rights name every field"


def test_it_cannot_be_used_under_a_name_that_is_not_there(system):
    system.make(LEADS)
    with pytest.raises(DestinationError, match="destination crm") as caught:
        system.open(key="no_such_field").check()
    assert "secret" not in str(caught.value)
