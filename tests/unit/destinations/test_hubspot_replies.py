"""Record by record out of HubSpot's replies: each dialect, and every gap in it."""

from __future__ import annotations

import pytest

from orchestration.destinations.base import Answer
from orchestration.destinations.hubspot_replies import answers_of
from orchestration.destinations.hubspot_values import TooFineError, from_property, to_property

LEADS = ["a", "b", "c"]


def done(lead_id: str, record_id: str, **said: object) -> dict:
    return {"id": record_id, "properties": {}, "objectWriteTraceId": lead_id, **said}


def refused(
    *lead_ids: str, category: str = "VALIDATION_ERROR", where: str = "objectWriteTraceId", **said: object
) -> dict:
    return {"status": "error", "category": category, "context": {where: list(lead_ids)}, **said}


def outcomes(reply: dict, key: str = "lead_id", leads: list[str] = LEADS) -> dict[str, str]:
    return {lead_id: answer.outcome for lead_id, answer in answers_of(reply, leads, key).items()}


def test_one_row_ok_never_marks_the_batch_ok():
    reply = {
        "status": "COMPLETE",
        "results": [done("a", "1")],
        "numErrors": 2,
        "errors": [refused("b"), refused("c", category="OBJECT_NOT_FOUND", where="ids")],
    }
    assert answers_of(reply, LEADS, "lead_id") == {
        "a": Answer("acknowledged", None, "1"),
        "b": Answer("rejected", "VALIDATION_ERROR"),
        "c": Answer("gone", "OBJECT_NOT_FOUND"),
    }


def test_a_record_in_neither_list_has_an_unknown_fate_whatever_the_status():
    for status in ("COMPLETE", "PROCESSING", "CANCELED", None):
        assert outcomes({"status": status, "results": [done("a", "1")]}) == {"a": "acknowledged"}
    assert outcomes({}) == {} and outcomes({"results": None, "errors": None}) == {}


def test_one_error_may_name_many_records_and_one_record_may_have_many():
    missing = refused("a", "b", category="OBJECT_NOT_FOUND", where="ids")
    told = outcomes({"errors": [missing, refused("c"), refused("c")]})
    assert told == {"a": "gone", "b": "gone", "c": "rejected"}


def test_results_without_our_trace_are_known_by_the_key_they_hold():
    reply = {"results": [{"id": "9", "properties": {"lead_id": "b"}}, {"id": "8", "properties": {"lead_id": "z"}}]}
    assert answers_of(reply, LEADS, "lead_id") == {"b": Answer("acknowledged", None, "9")}


def test_results_without_any_name_count_only_if_the_numbers_add_up():
    nameless = {"id": "1", "properties": {}}
    assert outcomes({"results": [nameless] * 3}) == dict.fromkeys(LEADS, "acknowledged")
    assert outcomes({"results": [nameless] * 2, "errors": [refused("b")]}) == {
        "a": "acknowledged", "b": "rejected", "c": "acknowledged"
    }  # fmt: skip
    assert outcomes({"results": [nameless] * 2}) == {}
    assert outcomes({"results": [nameless] * 2, "errors": [refused()]}) == {}, "an error nobody owns may be anybody's"
    assert outcomes({"results": [nameless] * 2, "errors": [refused("b"), refused()]}) == {"b": "rejected"}


def test_what_passes_by_itself_is_not_a_refusal():
    assert outcomes({"results": [done("a", "1")], "errors": [refused("b", category="RATE_LIMITS")]}) == {
        "a": "acknowledged"
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"errors": [{"code": "INVALID_DOUBLE", "message": "Jane was not"}]}, "INVALID_DOUBLE"),
        ({"message": 'Property values were not valid: [{"message":"Jane","error":"INVALID_DATE"}]'}, "INVALID_DATE"),
        ({"message": "Jane Doe"}, "VALIDATION_ERROR"),
        ({"category": "Jane Doe"}, "refused"),
    ],
)
def test_the_narrowest_code_is_told_and_never_a_message(error, code):
    assert answers_of({"errors": [{**refused("a"), **error}]}, LEADS, "k")["a"] == Answer("rejected", code)


def test_a_record_that_answers_under_another_id_was_merged():
    reply = {"results": [done("a", "77"), done("b", "b")]}
    assert outcomes(reply, "hs_object_id") == {"a": "merged", "b": "acknowledged"}


def test_moments_go_as_milliseconds_and_come_in_either_form():
    assert to_property("2026-01-02T03:04:05Z", "datetime") == "1767323045000"
    assert to_property("1969-12-31T23:59:59.500Z", "datetime") == "-500"
    for told in ("1767323045000", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.000Z", "2026-01-02T04:04:05+01:00"):
        assert from_property(told, "time", "datetime") == "2026-01-02T03:04:05Z"
    with pytest.raises(TooFineError):
        to_property("2026-01-02T03:04:05.678901Z", "datetime")


def test_empty_is_empty_both_ways_and_what_cannot_be_read_differs():
    assert to_property(None, "number") == "" and from_property("", "text", "string") is None
    assert from_property("12.500", "number", "number") == "12.5" and from_property("1E+1", "integer", "number") == "10"
    assert from_property("ten", "number", "string") == "ten"
