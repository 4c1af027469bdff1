"""Reads a HubSpot batch reply record by record.

Three dialects say the same: 207 with `errors`, 200 with `errors` beside the results, and a refusal of the whole batch
(which is an exception before this). An error names its records by `context.objectWriteTraceId` (our lead ids) or
`context.ids` (values of the key). A record that neither succeeded nor failed by name is in no answer: its fate is
unknown, whatever the status of the call or of the batch.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from orchestration.destinations.base import Answer
from orchestration.destinations.http_faults import code_of

RECORD_ID = "hs_object_id"
MERGED_IDS = "hs_merged_object_ids"
NOT_FOUND = "OBJECT_NOT_FOUND"
_PASSING = {"RATE_LIMIT", "RATE_LIMITS", "INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "TIMEOUT", "LOCKED"}
_INNER_CODE = re.compile(r'"error"\s*:\s*"([A-Z][A-Z0-9_]{0,79})"')


def answers_of(reply: Mapping[str, Any], lead_ids: Sequence[str], key: str) -> dict[str, Answer]:
    """Lead id → answer, for every record whose fate the reply tells."""
    asked = set(lead_ids)
    answers: dict[str, Answer] = {}
    silent, is_tied = set(), True
    for error in _dicts(reply.get("errors")):
        named = named_by(error, asked)
        is_tied = is_tied and bool(named)
        if error_code(error) in _PASSING:
            silent.update(named)
        else:
            outcome = Answer("gone" if error_code(error) == NOT_FOUND else "rejected", error_code(error))
            answers.update(dict.fromkeys(named, outcome))
    results = list(_dicts(reply.get("results")))
    for result in results:
        lead_id = owner_of(result, asked, key)
        if lead_id is not None and lead_id not in answers:
            answers[lead_id] = _acknowledged(result, lead_id, key)
    if is_tied and not any(owner_of(result, asked, key) for result in results):
        # A reply that gives no result a name: all who did not fail succeeded, if that adds up.
        others = asked - set(answers) - silent
        if others and len(others) == len(results):
            answers.update(dict.fromkeys(others, Answer("acknowledged")))
    return answers


def owner_of(result: Mapping[str, Any], asked: set[str], key: str) -> str | None:
    """Whose record a result is: by our trace id, else by the key it holds or the ids merged into it."""
    own = result.get("id") if key == RECORD_ID else (result.get("properties") or {}).get(key)
    for candidate in (result.get("objectWriteTraceId"), own):
        if isinstance(candidate, str) and candidate in asked:
            return candidate
    return None


def merged_ids(result: Mapping[str, Any]) -> list[str]:
    """Record ids that were merged into this record."""
    told = (result.get("properties") or {}).get(MERGED_IDS)
    return [each for each in str(told or "").split(";") if each]


def named_by(error: Mapping[str, Any], asked: set[str]) -> set[str]:
    """Which of the records asked for an error is about."""
    context = error.get("context")
    told: list[Any] = [error.get("id")]
    for name in ("objectWriteTraceId", "ids", "id"):
        value = context.get(name) if isinstance(context, Mapping) else None
        told.extend(value if isinstance(value, list) else [value])
    return {each for each in told if isinstance(each, str) and each in asked}


def error_code(error: Mapping[str, Any]) -> str:
    """The narrowest code an error carries: of its first detail, inside its message, or its category."""
    for detail in _dicts(error.get("errors")):
        if detail.get("code"):
            return code_of(detail["code"])
    category = code_of(error.get("category"))
    if category != NOT_FOUND and (inner := _INNER_CODE.search(str(error.get("message", "")))):
        return inner.group(1)
    return category


def _acknowledged(result: Mapping[str, Any], lead_id: str, key: str) -> Answer:
    remote_id = str(result["id"]) if result.get("id") is not None else None
    if key == RECORD_ID and remote_id not in (None, lead_id):
        return Answer("merged", "answered_by_another_record", remote_id)
    return Answer("acknowledged", None, remote_id)


def _dicts(values: Any) -> Iterable[Mapping[str, Any]]:
    return [value for value in values or () if isinstance(value, Mapping)]
