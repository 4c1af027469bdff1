"""The stand-ins refuse what the real systems refuse: a client that takes liberties must not pass its tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from tests.contract.destinations.hubspot_system import KEY, HubSpotSystem
from tests.contract.destinations.salesforce_system import KEY as FIELD
from tests.contract.destinations.salesforce_system import SalesforceSystem


@pytest.fixture
def hubspot() -> Iterator[HubSpotSystem]:
    with closing(HubSpotSystem("hubspot")) as opened:
        opened.make(["a", "b"])
        yield opened


@pytest.fixture
def salesforce() -> Iterator[SalesforceSystem]:
    with closing(SalesforceSystem()) as opened:
        opened.make(["a", "b"])
        yield opened


def post(system: HubSpotSystem, what: str, *inputs: dict[str, Any], **said: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {system.crm.token}"}
    url = f"{system.server.url}/crm/v3/objects/contacts/batch/{what}"
    return requests.post(url, json={"inputs": list(inputs), **said}, headers=headers, timeout=5)


def row(lead_id: str, key: str = KEY, **properties: Any) -> dict[str, Any]:
    return {"id": lead_id, "idProperty": key, "objectWriteTraceId": lead_id, "properties": properties}


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ([], 400),
        ([row(f"l{n}") for n in range(101)], 400),
        ([row("a"), row("a")], 400),
        ([row("a", handoff_priority=2)], 400),
        ([row("a", handoff_priority=None)], 400),
        ([row("a", key="nowhere")], 400),
        ([row("a", key="owner")], 400),
        ([row("a", key="email")], 400),
        ([row("a", no_such="x")], 207),
        ([row("a", handoff_priority="two")], 207),
        ([row("a", handoff_mql_at="yesterday")], 207),
        ([row("a", handoff_reasons="x" * 65_537)], 207),
        ([row("a", hs_object_id="7")], 207),
        ([row("a", handoff_band="x")], 207),
        ([{**row("a", handoff_band="x"), "objectWriteTraceId": None}], 400),
        ([row("nobody")], 207),
        ([row("a", handoff_priority="2", handoff_mql_at="2026-01-01T00:00:00Z")], 200),
    ],
)
def test_hubspot_refuses_what_it_should(hubspot, inputs, status):
    reply = post(hubspot, "update", *inputs)
    assert reply.status_code == status
    assert hubspot.crm.writes == (status == 200) and ("errors" in reply.json()) == (status == 207)


def test_hubspot_upsert_makes_records_and_update_does_not(hubspot):
    assert post(hubspot, "update", row("nobody")).json()["results"] == [] and hubspot.crm.made_count == 0
    assert post(hubspot, "upsert", row("nobody")).status_code == 200 and hubspot.crm.made_count == 1


def patch(system: SalesforceSystem, *records: dict[str, Any], key: str = FIELD) -> requests.Response:
    headers = {"Authorization": f"Bearer {system.crm.token}"}
    url = f"{system.server.url}/services/data/v59.0/composite/sobjects/Lead/{key}"
    typed = [{"attributes": {"type": "Lead"}, **record} for record in records]
    return requests.patch(url, json={"allOrNone": False, "records": typed}, headers=headers, timeout=5)


@pytest.mark.parametrize(
    ("records", "code"),
    [
        ([{FIELD: f"l{n}"} for n in range(201)], "EXCEEDED_ID_LIMIT"),
        ([{FIELD: "a", "No_Such__c": 1}], "INVALID_FIELD"),
        ([{FIELD: "a", "Handoff_Priority__c": "2"}], "JSON_PARSER_ERROR"),
        ([{FIELD: "a", "Handoff_Band__c": 2}], "JSON_PARSER_ERROR"),
        ([{FIELD: "a", "Handoff_Mql_At__c": "yesterday"}], "JSON_PARSER_ERROR"),
        ([{FIELD: "a", "Handoff_Band__c": "x" * 256}], "STRING_TOO_LONG"),
        ([{FIELD: "a", "Handoff_Priority__c": 10**18}], "NUMBER_OUTSIDE_VALID_RANGE"),
        ([{FIELD: "a", "IsDeleted": True}], "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ([{FIELD: "a"}, {FIELD: "a"}], "DUPLICATE_VALUE"),
        ([{FIELD: "nobody"}], "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
    ],
)
def test_salesforce_refuses_what_it_should(salesforce, records, code):
    told = patch(salesforce, *records).json()[0]
    assert code in (told.get("errorCode"), *(error["statusCode"] for error in told.get("errors", ())))
    assert salesforce.crm.writes == 0 and salesforce.crm.made_count == 0


def test_salesforce_upsert_makes_a_record_where_it_may_and_assigns_leads_unless_told_not_to(salesforce):
    salesforce.crm.may_create = True
    assert patch(salesforce, {FIELD: "nobody"}).json()[0]["created"] is True
    patch(salesforce, {FIELD: "a"})
    assert salesforce.staff_fields("a")["OwnerId"] != "kept"
    assert patch(salesforce, {"LastName": "x"}, key="LastName").json()[0]["errorCode"] == "INVALID_FIELD"


def test_both_want_a_key(hubspot, salesforce):
    hubspot.crm.token = salesforce.crm.token = "new"
    hubspot_reply = requests.get(f"{hubspot.server.url}/crm/v3/properties/contacts", timeout=5)
    salesforce_reply = requests.get(f"{salesforce.server.url}/services/data/v59.0/sobjects/Lead/describe", timeout=5)
    assert (hubspot_reply.status_code, salesforce_reply.status_code) == (401, 401)
    assert salesforce_reply.headers["Sforce-Limit-Info"].startswith("api-usage=")
