"""HubSpot's client against a stand-in that refuses and misbehaves as HubSpot does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from orchestration.destinations.base import FIELDS, BatchRefused, DestinationError, Unavailable
from orchestration.destinations.calls import Calls
from orchestration.destinations.hubspot import HubSpotDestination
from tests.contract.destinations.hubspot_system import KEY, HubSpotSystem
from tests.contract.destinations.systems import payload, write_of
from tests.standins.server import Fault, Reply, broken, dropped, too_many

LEADS = [f"lead-{n}" for n in range(4)]
UPDATE, READ = "/batch/update", "/batch/read"


@pytest.fixture
def system() -> Iterator[HubSpotSystem]:
    with closing(HubSpotSystem("hubspot")) as opened:
        opened.make(LEADS)
        yield opened


@pytest.fixture
def crm(system: HubSpotSystem) -> HubSpotDestination:
    return system.open(timeout=5.0)


def writes(*numbers: int, **changes: object) -> list:
    return [write_of(LEADS[n], 10 + n, **changes) for n in numbers]


@pytest.mark.parametrize(("dialect", "is_echoing"), [("207", True), ("200", True), ("207", False), ("200", False)])
def test_a_partly_refused_batch_is_told_apart_in_every_dialect(system, crm, dialect, is_echoing):
    system.crm.dialect, system.crm.echoes_trace_ids = dialect, is_echoing
    answers = crm.write([*writes(0), *writes(1, handoff_band="x"), *writes(2), write_of("nobody", 9)])
    assert {i: a.outcome for i, a in answers.items()} == {
        "lead-0": "acknowledged", "lead-1": "rejected", "lead-2": "acknowledged", "nobody": "gone"
    }  # fmt: skip
    assert answers["lead-1"].error_code == "INVALID_OPTION"
    assert system.raw("lead-1")["handoff_sequence"] is None and system.crm.made_count == 0


def test_a_batch_refused_whole_says_so_and_nothing_landed(system, crm):
    system.crm.dialect = "400"
    with pytest.raises(BatchRefused) as refused:
        crm.write([*writes(0), *writes(1, handoff_band="x")])
    assert refused.value.error_code == "INVALID_OPTION" and system.crm.writes == 0
    with pytest.raises(BatchRefused):
        crm.write([*writes(0), write_of("nobody", 9)])
    assert crm.write([write_of("nobody", 9)])["nobody"].outcome == "gone"


def test_a_choice_with_a_space_around_is_refused_by_that_name_and_alone(system, crm):
    answers = crm.write([*writes(0), *writes(1, handoff_band="high ")])
    assert [answers[i].outcome for i in LEADS[:2]] == ["acknowledged", "rejected"]
    assert answers["lead-1"].error_code == "LEADING_TRAILING_WHITESPACE"


def test_a_conflict_of_one_record_that_refuses_the_batch_is_told_as_such(system, crm):
    crm.check()
    said = {"status": "error", "category": "CONFLICT", "message": "a value that must be unique is taken by 501"}
    system.server.misbehave(Fault(Reply(409, said), path=UPDATE))
    with pytest.raises(BatchRefused) as refused:
        crm.write(writes(0, 1))
    assert refused.value.error_code == "CONFLICT" and "501" not in str(refused.value), "delivery halves it"


def test_errors_that_name_nobody_leave_the_fate_open(system, crm):
    system.crm.names_errors = system.crm.echoes_trace_ids = False
    assert crm.write([*writes(0), *writes(1, handoff_band="x")]) == {}


def test_records_that_are_all_unknown_may_be_answered_by_a_404(system, crm):
    system.crm.answers_absent_by_404 = True
    assert crm.read(["nobody", "no one"]) == {}
    assert set(crm.read(["nobody", "lead-1"])) == {"lead-1"}
    misnamed = {"status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": ["nobody"]}}
    system.server.misbehave(Fault(Reply(404, misnamed), path=READ))
    assert set(crm.read(["nobody", "lead-1", "lead-2"])) == {"lead-1", "lead-2"}, "it was about one of them only"


@pytest.mark.parametrize(
    ("fault", "wait", "is_open"),
    [
        (too_many("7"), 7.0, False),
        (too_many(), None, False),
        (too_many(body={"policyName": "TEN_SECONDLY_ROLLING"}), 10.0, False),
        (too_many(body={"policyName": "DAILY"}), 3_600.0, False),
        (Fault(Reply(429, "<html>", {})), None, False),
        (Fault(Reply(423, {}, {"Retry-After": "2"})), 2.0, False),
        (broken(502), None, True),
        (broken(503, retry_after="3", is_applied=True), 3.0, True),
        (broken(500), None, True),
        (dropped(), None, True),
        (dropped(is_applied=False), None, True),
        (Fault(Reply(200, "<html>all is well</html>"), is_applied=True), None, True),
    ],
)
def test_what_passes_is_told_with_the_wait_asked_for_and_what_may_have_happened(system, crm, fault, wait, is_open):
    crm.check()
    system.server.misbehave(fault)
    with pytest.raises(Unavailable) as caught:
        crm.write(writes(0))
    assert (caught.value.retry_after, caught.value.is_fate_unknown) == (wait, is_open)
    assert crm.read(["lead-0"])["lead-0"].sequence == (10 if fault.is_applied else None)
    assert system.server.count(UPDATE) == 1, "no call is repeated behind our back"


def test_a_day_whose_calls_are_used_up_is_not_asked_again(system, crm):
    crm.check()
    system.server.misbehave(*[too_many(body={"policyName": "DAILY"}, path=READ)] * 6)
    with pytest.raises(Unavailable):
        Calls(crm, pause=lambda seconds: pytest.fail("no run waits for midnight")).read(LEADS)
    assert system.server.count(READ) == 1


def test_a_call_that_takes_too_long_is_given_up_with_its_fate_open(system):
    crm = system.open(timeout=0.2)
    crm.check()
    system.server.misbehave(Fault(delay=0.6, is_applied=True, path=UPDATE))
    with pytest.raises(Unavailable) as caught:
        crm.write(writes(0))
    assert caught.value.is_fate_unknown


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://nowhere.invalid"])
def test_a_host_that_is_not_there_did_nothing(system, address):
    crm = system.open(url=address)
    crm._known = {name: {"type": "string"} for name in FIELDS}
    with pytest.raises(Unavailable) as caught:
        crm.write(writes(0))
    assert not caught.value.is_fate_unknown


def test_an_archived_record_is_told_and_stays_as_it_is(system, crm):
    system.archive("lead-1")
    assert crm.read(LEADS[:2])["lead-1"].state == "archived"
    assert crm.write(writes(0, 1))["lead-1"].outcome == "archived" and system.raw("lead-1")["handoff_stage"] is None
    system.server.misbehave(broken(503, path=READ))
    assert set(crm.write(writes(0, 1))) == {"lead-0"}, "what cannot be looked up now is left open"


def test_the_primary_of_a_merge_lives_on_under_its_key_and_the_other_key_is_gone(system, crm):
    crm.write(writes(1, 2))
    system.merge("lead-1", into="lead-2")
    held = crm.read(["lead-1", "lead-2"])
    assert held["lead-2"].state == "live" and held["lead-2"].sequence == 12
    assert "lead-1" not in held or held["lead-1"].state != "live"
    answers = crm.write(writes(1, 2))
    assert answers["lead-2"].outcome == "acknowledged" and answers["lead-1"].outcome in ("gone", "archived")


def test_by_record_id_both_sides_of_a_merge_say_so():
    with closing(HubSpotSystem("hubspot", key="hs_object_id")) as system:
        system.make(LEADS)
        crm = system.open()
        system.merge("lead-1", into="lead-2")
        held = crm.read(LEADS)
        assert {i: h.state for i, h in held.items()} == {
            "lead-0": "live", "lead-1": "merged", "lead-2": "merged", "lead-3": "live"
        }  # fmt: skip
        assert held["lead-1"].remote_id == held["lead-2"].remote_id not in LEADS


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda crm: setattr(crm, "token", "other"), "does not accept its key"),
        (lambda crm: setattr(crm, "scopes", frozenset()), "crm.objects.contacts.read"),
        (lambda crm: crm.properties.pop("handoff_stage"), "handoff prepare crm"),
        (lambda crm: crm.define("handoff_mql_at", "date", "date"), "handoff_mql_at"),
        (lambda crm: crm.define("handoff_sequence", "string", "text"), "handoff_sequence"),
        (lambda crm: crm.define(KEY, "string", "text"), "unique"),
        (lambda crm: crm.properties.pop(KEY), KEY),
    ],
)
def test_what_is_missing_or_wrong_is_named_before_anything_is_sent(system, crm, break_it, words):
    crm.check()
    break_it(system.crm)
    with pytest.raises(DestinationError, match="destination crm") as caught:
        crm.check()
    assert words in str(caught.value) and system.server.count(UPDATE) == 0
    assert "pat-test" not in str(caught.value)


def test_a_missing_write_scope_is_named_at_the_write(system, crm):
    system.crm.scopes = frozenset({"crm.objects.contacts.read"})
    crm.check()
    with pytest.raises(DestinationError, match=r"crm\.objects\.contacts\.write") as caught:
        crm.write(writes(0))
    assert not isinstance(caught.value, (Unavailable, BatchRefused))


def test_a_time_finer_than_hubspot_holds_is_refused_by_name_and_the_others_go(system, crm):
    answers = crm.write([*writes(0), *writes(1, handoff_mql_at="2026-01-02T03:04:05.678901Z")])
    assert [(answers[i].outcome, answers[i].error_code) for i in LEADS[:2]] == [
        ("acknowledged", None),
        ("rejected", "time_finer_than_a_millisecond"),
    ]


def test_properties_of_other_types_hold_our_values_as_text(system, crm):
    for name in ("handoff_mql_at", "handoff_readiness", "handoff_priority"):
        system.crm.define(name, "string", "text")
    crm.check()
    crm.write(writes(0))
    assert dict(crm.read(["lead-0"])["lead-0"].fields) == payload()


def test_prepare_makes_group_and_properties_with_help_once(system, crm):
    for name in FIELDS:
        system.crm.properties.pop(name)
    with pytest.raises(DestinationError, match="handoff prepare crm"):
        crm.check()
    planned = "\n".join(crm.plan())
    assert planned.count("[missing]") == len(FIELDS) and "handoff_stage" not in system.crm.properties
    system.crm.scopes -= {"crm.schemas.contacts.write"}
    with pytest.raises(DestinationError, match=r"crm\.schemas\.contacts\.write"):
        crm.prepare()
    system.crm.scopes |= {"crm.schemas.contacts.write"}
    done = crm.prepare()
    assert len(done) == len(FIELDS) + 1 and crm.prepare() == []
    assert all(system.crm.properties[name]["description"] for name in FIELDS)
    crm.check()
    assert dict(crm.write(writes(0)))["lead-0"].outcome == "acknowledged"
    assert dict(crm.read(["lead-0"])["lead-0"].fields) == payload()


def test_the_plan_can_be_read_before_there_is_a_key(system):
    told = "\n".join(system.open(token="none yet").plan())
    for words in ("crm.objects.contacts.write", "unique values", "handoff_queue is any of", *FIELDS):
        assert words in told


def test_a_new_type_is_a_new_schema_and_another_account_another_place_a_new_key_is_none(system, crm):
    before, place = crm.schema_version(), crm.place
    system.crm.define("handoff_band", "string", "text")
    assert system.open().schema_version() != before
    system.crm.token = "rotated"
    assert system.open().place == place and "4711" not in place
    system.crm.account = 4712
    assert system.open().place != place
    assert system.open(object_type="deals").place != system.open().place


def test_where_the_account_may_not_be_asked_for_the_key_tells_it_and_a_wrong_or_absent_one_is_no_move(system):
    with pytest.raises(DestinationError, match="does not accept its key"):
        _ = system.open(token="wrong").place
    for fault in (broken(503), dropped(), too_many()):
        system.server.misbehave(fault)
        with pytest.raises(Unavailable):
            _ = system.open(timeout=2.0).place
    system.crm.scopes = frozenset()
    place = system.open().place
    system.crm.token = "rotated"
    assert system.open().place != place


def test_a_read_that_lags_shows_the_record_as_it_was(system, crm):
    system.crm.lag = 1
    crm.write(writes(0))
    assert crm.read(["lead-0"])["lead-0"].sequence is None and crm.read(["lead-0"])["lead-0"].sequence == 10


def test_no_call_carries_more_than_a_hundred(system):
    assert system.open(batch_size=5_000).batch_size == 100
