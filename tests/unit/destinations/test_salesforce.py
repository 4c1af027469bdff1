"""Salesforce's client against a stand-in that refuses and misbehaves as Salesforce does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from xml.etree import ElementTree

import pytest

from orchestration.destinations.base import FIELDS, BatchRefused, DestinationError, Unavailable
from orchestration.destinations.calls import Calls
from orchestration.destinations.salesforce import SalesforceDestination
from orchestration.destinations.salesforce_plan import files
from orchestration.destinations.salesforce_values import FIELD_NAMES, TooFineError, from_field, to_field
from orchestration.lake.outbox import Wanted
from orchestration.sending import cut
from tests.contract.destinations.salesforce_system import KEY, SalesforceSystem
from tests.contract.destinations.systems import write_of
from tests.standins.server import Fault, Reply, broken, dropped, too_many

LEADS = [f"lead-{n}" for n in range(4)]
WRITE, QUERY = "/composite/", "/queryAll"
BUSY = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]


@pytest.fixture
def system() -> Iterator[SalesforceSystem]:
    with closing(SalesforceSystem()) as opened:
        opened.make(LEADS)
        yield opened


@pytest.fixture
def crm(system: SalesforceSystem) -> SalesforceDestination:
    opened = system.open(timeout=5.0)
    opened.check()
    return opened


def writes(*numbers: int, **changes: object) -> list:
    return [write_of(LEADS[n], 10 + n, **changes) for n in numbers]


def test_each_record_is_judged_by_its_own_result(system, crm):
    system.crm.refuses = {"lead-2": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "lead-3": "UNABLE_TO_LOCK_ROW"}
    answers = crm.write([*writes(0), *writes(1, handoff_band="b" * 256), *writes(2, 3)])
    assert {i: (a.outcome, a.error_code) for i, a in answers.items()} == {
        "lead-0": ("acknowledged", None),
        "lead-1": ("rejected", "STRING_TOO_LONG"),
        "lead-2": ("rejected", "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
    }, "a lock passes by itself: that record's fate is left open"
    assert [system.raw(i)["handoff_sequence"] for i in LEADS] == ["10", None, None, None]


def test_an_update_leaves_the_lead_with_its_owner(system, crm):
    crm.write(writes(0))
    assert system.staff_fields("lead-0")["OwnerId"] == "kept", "no assignment rule ran"


@pytest.mark.parametrize(
    ("make", "state", "code"),
    [
        (lambda lead: setattr(lead, "is_deleted", True), "archived", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
        (lambda lead: setattr(lead, "is_converted", True), "archived", "CANNOT_UPDATE_CONVERTED_LEAD"),
    ],
)
def test_a_deleted_or_converted_lead_is_told_and_none_is_made(system, crm, make, state, code):
    make(system.crm.find(KEY, "lead-1"))
    assert crm.read(["lead-1"])["lead-1"].state == state
    answers = crm.write(writes(0, 1))
    assert (answers["lead-1"].outcome, answers["lead-1"].error_code) == (state, code)
    assert answers["lead-0"].outcome == "acknowledged" and system.count() == len(LEADS) and not system.crm.made_count
    system.server.misbehave(broken(503, path=QUERY))
    assert set(crm.write(writes(0, 1))) == {"lead-0"}, "what cannot be looked up now is left open"


def test_a_lead_restored_under_a_new_record_is_the_one_in_use(system, crm):
    old = system.crm.find(KEY, "lead-1")
    old.is_deleted = True
    new = system.crm.add({KEY: "lead-1"})
    held = crm.read(["lead-1"])["lead-1"]
    assert (held.state, held.remote_id) == ("live", new.id)
    assert crm.write(writes(1))["lead-1"].remote_id == new.id


def test_a_key_that_may_create_is_refused_and_a_made_record_stops_everything(system, crm):
    system.crm.may_create = True
    with pytest.raises(DestinationError, match="take Create away"):
        crm.check()
    system.remove("lead-1")
    with pytest.raises(DestinationError, match="new records") as caught:
        crm.write(writes(0, 1))
    assert system.crm.find(KEY, "lead-1").id in str(caught.value), "the record is named"
    assert not isinstance(caught.value, (Unavailable, BatchRefused))


def test_ids_that_differ_in_case_alone_are_not_mixed_up(system, crm):
    system.crm.define(KEY, "string", length=80, externalId=True, unique=True, caseSensitive=False)
    assert crm.read(["LEAD-1"]) == {} and set(crm.read(["lead-1"])) == {"lead-1"}


@pytest.mark.parametrize(
    ("fault", "wait", "is_open"),
    [
        (too_many("7"), 7.0, False),
        (too_many(), None, False),
        (Fault(Reply(403, BUSY)), None, False),
        (broken(502), None, True),
        (broken(503, retry_after="3", is_applied=True), 3.0, True),
        (broken(500, is_applied=True), None, True),
        (dropped(), None, True),
        (dropped(is_applied=False), None, True),
        (Fault(Reply(200, "<html>all is well</html>"), is_applied=True), None, True),
        (Fault(Reply(200, [{"id": "00Q", "success": True}] * 2), is_applied=True), None, True),
        (Fault(Reply(200, {"success": True}), is_applied=True), None, True),
    ],
)
def test_what_passes_is_told_with_the_wait_asked_for_and_what_may_have_happened(system, crm, fault, wait, is_open):
    system.server.misbehave(fault)
    with pytest.raises(Unavailable) as caught:
        crm.write(writes(0))
    assert (caught.value.retry_after, caught.value.is_fate_unknown) == (wait, is_open)
    assert crm.read(["lead-0"])["lead-0"].sequence == (10 if fault.is_applied else None)
    assert system.server.count(WRITE) == 1, "no call is repeated behind our back"


def test_a_day_whose_calls_are_used_up_is_not_asked_again(system, crm):
    system.crm.limit = system.crm.used
    with pytest.raises(Unavailable) as caught:
        Calls(crm, pause=lambda seconds: pytest.fail("no run waits for another day")).read(LEADS)
    assert caught.value.retry_after == 3_600.0 and system.server.count(QUERY) == 1


def test_records_that_come_in_pages_are_all_read_and_a_page_that_is_lost_is_no_answer(system, crm):
    crm.write(writes(0, 1, 2, 3))
    system.crm.page = 1
    assert {i: held.sequence for i, held in crm.read(LEADS).items()} == {f"lead-{n}": 10 + n for n in range(4)}
    system.server.misbehave(broken(503, path="/query/01g"))
    with pytest.raises(Unavailable):
        crm.read(LEADS)
    told = {"done": False, "records": [], "nextRecordsUrl": "https://elsewhere.invalid/services/data/v59.0/x"}
    system.server.misbehave(Fault(Reply(200, told), path=QUERY))
    with pytest.raises(Unavailable):
        crm.read(LEADS)


def test_a_call_that_takes_too_long_is_given_up_with_its_fate_open(system):
    crm = system.open(timeout=0.2)
    crm.check()
    system.server.misbehave(Fault(delay=0.6, is_applied=True, path=WRITE))
    with pytest.raises(Unavailable) as caught:
        crm.write(writes(0))
    assert caught.value.is_fate_unknown


def test_a_session_that_ended_is_renewed_once(system, crm):
    system.crm.token = "00D-session-2"
    assert crm.write(writes(0))["lead-0"].outcome == "acknowledged" and system.crm.logins == 2
    assert system.server.count(WRITE) == 2, "what was refused for its session was not done"
    system.crm.client = ("consumer", "another secret")
    system.crm.token = "00D-session-3"
    with pytest.raises(DestinationError, match="gives its app no token") as caught:
        crm.write(writes(0))
    assert "secret of the app" not in str(caught.value)


def test_a_fixed_token_that_ended_is_said_so(system):
    crm = system.open(token="00D-session-1", client_id=None, client_secret=None)
    crm.check()
    system.crm.token = "00D-session-2"
    with pytest.raises(DestinationError, match="does not accept its key"):
        crm.check()


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda crm: setattr(crm, "may_edit", False), "may not be edited"),
        (lambda crm: setattr(crm, "hidden", frozenset({"Handoff_Stage__c"})), "Handoff_Stage__c"),
        (lambda crm: setattr(crm, "read_only", frozenset({"Handoff_Queue__c"})), "Handoff_Queue__c"),
        (lambda crm: crm.define("Handoff_Mql_At__c", "date"), "Handoff_Mql_At__c"),
        (lambda crm: crm.define("Handoff_Sequence__c", "string"), "Handoff_Sequence__c"),
        (lambda crm: crm.define(KEY, "string", externalId=True), "unique"),
        (lambda crm: crm.define(KEY, "string", unique=True), "external id"),
    ],
)
def test_what_is_missing_or_wrong_is_named_before_anything_is_sent(system, crm, break_it, words):
    break_it(system.crm)
    with pytest.raises(DestinationError, match="destination crm") as caught:
        crm.check()
    assert words in str(caught.value) and system.server.count(WRITE) == 0


def test_an_org_that_lets_no_api_in_says_what_is_missing(system, crm):
    refusal = [{"message": "The REST API is not enabled for this Organization.", "errorCode": "API_DISABLED_FOR_ORG"}]
    system.server.misbehave(Fault(Reply(403, refusal)), Fault(Reply(403, "<html>blocked by a proxy</html>")))
    for code in ("API_DISABLED_FOR_ORG", "http_403"):
        with pytest.raises(DestinationError, match=code) as caught:
            crm.write(writes(0))
        assert not isinstance(caught.value, (Unavailable, BatchRefused))


def test_a_field_taken_away_meanwhile_is_no_fault_of_a_record(system, crm):
    system.crm.hidden = frozenset({"Handoff_Queue__c"})
    with pytest.raises(DestinationError, match="INVALID_FIELD") as caught:
        crm.write(writes(0, 1))
    assert not isinstance(caught.value, BatchRefused) and system.crm.writes == 0


def test_a_value_no_json_of_theirs_takes_refuses_the_batch_as_a_whole(system, crm):
    system.crm.define("Handoff_Band__c", "double")
    with pytest.raises(BatchRefused) as caught:
        crm.write(writes(0, 1))
    assert caught.value.error_code == "JSON_PARSER_ERROR" and system.crm.writes == 0


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://nowhere.invalid"])
def test_a_host_that_is_not_there_did_nothing(system, address):
    crm = system.open(instance_url=address, token="t", client_id=None, client_secret=None)
    crm._described = {"fields": []}
    with pytest.raises(Unavailable) as caught:
        crm.write(writes(0))
    assert not caught.value.is_fate_unknown


def test_an_app_that_is_given_no_token_says_so(system, crm):
    system.crm.token = "00D-session-2"
    system.server.misbehave(Fault(Reply(200, {"token_type": "Bearer"}), path="oauth2"))
    with pytest.raises(DestinationError, match="gives its app no token"):
        crm.check()


def test_an_object_or_address_that_cannot_be_is_refused():
    said = {"name": "crm", "source": "s", "key": KEY, "token": "t"}
    for wrong in (
        {"instance_url": "http://acme.my.salesforce.com"},
        {"instance_url": "https://x", "object_type": "Lead WHERE Id != null"},
        {"instance_url": "https://x", "key": "Id FROM User"},
        {"instance_url": "https://x", "token": None, "client_id": "a"},
    ):
        with pytest.raises(DestinationError, match="destination crm"):
            SalesforceDestination(**{**said, **wrong})


def test_by_record_id_nothing_but_an_update_is_sent(system):
    crm = system.open(key="Id")
    crm.check()
    lead, gone = system.crm.find(KEY, "lead-1"), system.crm.find(KEY, "lead-2")
    gone.is_deleted = True
    ids = [lead.id, gone.id, "not an id", "00Q5g0000099999EAA"]
    answers = crm.write([write_of(each, 5) for each in ids])
    assert [answers[each].outcome for each in ids] == ["acknowledged", "archived", "gone", "gone"]
    held = crm.read([lead.id[:15], *ids[1:]])
    assert held[lead.id[:15]].sequence == 5 and set(held) == {lead.id[:15], gone.id}
    assert system.server.count("/composite/sobjects/Lead") == 0 and system.crm.made_count == 0


def test_a_thousand_long_ids_fit_into_addresses(system, crm):
    ids = [f"lead's \\ {n} " + "é" * 60 for n in range(200)]
    for each in ids:
        system.crm.add({KEY: each})
    assert set(crm.read(ids)) == set(ids)
    assert 1 < system.server.count(QUERY) < 20


def test_values_go_typed_and_come_back_as_text():
    assert to_field("12.5", "double") == 12.5 and to_field("3", "double") == 3 and to_field("", "string") is None
    assert to_field("0.123457", "double") == 0.123457
    assert from_field("2026-01-02T03:04:05.000+0000", "time", "datetime") == "2026-01-02T03:04:05Z"
    assert from_field(12.0, "number", "double") == "12" and from_field(None, "text", "string") is None
    with pytest.raises(TooFineError):
        to_field("2026-01-02T03:04:05.5Z", "datetime")


def test_a_time_finer_than_salesforce_holds_is_refused_by_name_and_the_others_go(system, crm):
    answers = crm.write([*writes(0), *writes(1, handoff_mql_at="2026-01-02T03:04:05.678901Z")])
    assert [(answers[i].outcome, answers[i].error_code) for i in LEADS[:2]] == [
        ("acknowledged", None),
        ("rejected", "time_finer_than_a_second"),
    ]


def test_the_plan_holds_metadata_for_what_is_missing_and_the_least_rights(system, crm):
    told = "\n".join(crm.plan())
    assert all(name in told for name in (*FIELDS, *FIELD_NAMES.values(), "External Client App", KEY))
    assert ".field-meta.xml" not in told, "what is there needs no file"
    fresh = "\n".join(system.open(client_id="none yet").plan())
    assert fresh.count(".field-meta.xml") == len(FIELDS), "and can be read before there is a key"
    assert crm.prepare() == []
    made = files("Lead", KEY, FIELD_NAMES.values())
    trees = {path: ElementTree.fromstring(text) for path, text in made.items()}
    spaces = {"m": "http://soap.sforce.com/2006/04/metadata"}
    rights, staff = (
        trees[f"permissionsets/{name}.permissionset-meta.xml"] for name in ("Warm_Handoff", "Warm_Handoff_Staff")
    )
    allowed = {each.tag.split("}")[1]: each.text for each in rights.find("m:objectPermissions", spaces)}
    assert (allowed["allowCreate"], allowed["allowDelete"], allowed["modifyAllRecords"]) == ("false",) * 3
    editable = {each.find("m:field", spaces).text for each in rights.findall("m:fieldPermissions", spaces)}
    assert editable == {f"Lead.{name}" for name in (*FIELD_NAMES.values(), KEY)}
    theirs = [
        each for each in staff.findall("m:fieldPermissions", spaces) if each.find("m:editable", spaces).text == "true"
    ]
    assert [each.find("m:field", spaces).text for each in theirs] == [
        "Lead.Handoff_Staff_Id__c",
        "Lead.Handoff_Team_Id__c",
    ]
    system.crm.fields.pop("Handoff_Queue__c")
    with pytest.raises(DestinationError, match="administrator"):
        crm.prepare()
    system.crm.fields.pop(KEY)
    assert f"fields/{KEY}.field-meta.xml" in "\n".join(system.open().plan()), "a key that is missing is made too"
    helps = [tree.find("m:inlineHelpText", spaces).text for path, tree in trees.items() if ".field-" in path]
    assert len(helps) == len(FIELDS) and all(0 < len(text) <= 510 for text in helps)


def test_a_wider_field_is_a_new_schema_and_another_org_another_place(system, crm):
    before = crm.schema_version()
    system.crm.define("Handoff_Band__c", "string", length=300)
    assert system.open().schema_version() != before
    assert system.open(key="Id").place != crm.place == system.open(client_secret="rotated").place


def test_what_leaves_for_salesforce_carries_no_time_finer_than_it_holds(crm):
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901)
    times = {name: moment for name, kind in FIELDS.items() if kind == "time"}
    sent = cut(Wanted("lead-0", "key", "clinic", times), crm.time_grain).payload
    assert times and set(sent.values()) == {moment.replace(microsecond=0)}
