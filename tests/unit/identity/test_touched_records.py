"""Told cases of what an incremental build must work out anew: each is one that random worlds seldom meet."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.golden.compiled_models import CompiledProject, World
from tests.golden.lake_rows import record_key
from tests.unit.identity.feeding import feed_at_once, feed_in_pieces, land_told, rows_of
from tests.unit.identity.random_worlds import WorldRow, hour

Told = list[tuple[int, str, str, dict[str, str | None]]]
_QUIET = 0  # a seed under which the first of two builds is not killed


def _at(number: float) -> str:
    return hour(number).isoformat()


def _lead(lead_id: str, known: float = 0, channel: str = "x", merged: str | None = None) -> dict[str, str | None]:
    return {
        "lead_id": lead_id, "created_at": _at(0), "channel": channel, "merged_into_lead_id": merged,
        "known_at": _at(known),
    }  # fmt: skip


def _touch(known: float, lead_id: str | None = None, **cells: str | None) -> dict[str, str | None]:
    return {"touch_id": "T", "occurred_at": _at(1), "signal": "s", "lead_id": lead_id, "known_at": _at(known), **cells}


def _link(lead_id: str, kind: str, value: str, known: float) -> dict[str, str | None]:
    return {"lead_id": lead_id, "id_type": kind, "id_value": value, "known_at": _at(known)}


def _appointment(known: float, status: str) -> dict[str, str | None]:
    return {
        "appointment_id": "P", "lead_id": "L1", "booked_at": _at(1), "starts_at": _at(15), "status": status,
        "known_at": _at(known),
    }  # fmt: skip


_LEADS: Told = [(1, "leads", "crm", _lead(each)) for each in ("L1", "L2", "L3", "L4")]
CASES: dict[str, tuple[Told, set[str]]] = {
    "a touch that changes hands touches its former owner": (
        [*_LEADS, (1, "touches", "web", _touch(2, "L1")), (2, "touches", "web", _touch(3, "L2"))],
        {"L1", "L2"},
    ),
    "an earlier link that comes late takes the touch from its owner": (
        [
            *_LEADS,
            (1, "identities", "crm", _link("L1", "anonymous_id", "a", 8)),
            (1, "touches", "web", _touch(2, anonymous_id="a")),
            (2, "identities", "crm", _link("L2", "anonymous_id", "a", 5)),
        ],
        {"L1", "L2"},
    ),
    "a link of the one token takes the touch from the owner by the other": (
        [
            *_LEADS,
            (1, "identities", "crm", _link("L1", "click_id", "c", 8)),
            (1, "touches", "web", _touch(2, anonymous_id="a", click_id="c")),
            (2, "identities", "crm", _link("L2", "anonymous_id", "a", 5)),
        ],
        {"L1", "L2"},
    ),
    "an anonymous touch touches the record it is linked to": (
        [
            *_LEADS,
            (1, "identities", "crm", _link("L1", "anonymous_id", "a", 5)),
            (2, "touches", "web", _touch(2, anonymous_id="a")),
        ],
        {"L1"},
    ),
    "a merge touches everybody in it, before and after": (
        [
            *_LEADS,
            (1, "leads", "crm", _lead("L1", 2, merged="L2")),
            (1, "identities", "crm", _link("L4", "crm_id", "L3", 2)),
            (2, "leads", "crm", _lead("L1", 11, merged="L3")),
        ],
        {"L1", "L2", "L3", "L4"},
    ),
    "a repeat is a version after all where a tie went the other way": (
        [
            *_LEADS,
            (1, "leads", "crm", _lead("L1", 3, "b")),
            (1, "leads", "crm", _lead("L1", 3, "a")),
            (2, "leads", "crm", _lead("L1", 4, "a")),
        ],
        {"L1"},
    ),
    "a repeat is a version after all where another source spoke in between": (
        [*_LEADS, (1, "leads", "web", _lead("L1", 3, "y")), (2, "leads", "crm", _lead("L1", 4, "x"))],
        {"L1"},
    ),
    "a repeat that landed before its time becomes a version when its moment comes": (
        [
            *_LEADS,
            (1, "leads", "crm", _lead("L1", 15, "x")),
            (1, "leads", "crm", _lead("L1", 8, "y")),
        ],
        {"L1"},
    ),
    "a row known later counts when its moment comes, without landing again": (
        [*_LEADS, (1, "touches", "web", _touch(15, "L1"))],
        {"L1"},
    ),
    "what was called held beforehand is a consult when its moment comes, without landing again": (
        [*_LEADS, (1, "appointments", "crm", _appointment(2, "held"))],
        {"L1"},
    ),
    "a booking's moment moves nothing": ([*_LEADS, (1, "appointments", "crm", _appointment(2, "booked"))], set()),
    "a repeat touches nobody": ([*_LEADS, (2, "leads", "crm", _lead("L1", 4))], set()),
}


@pytest.mark.parametrize("case", CASES)
def test_incremental_build_works_out_anew_whom_it_must(identity_models: CompiledProject, case: str) -> None:
    told, expected = CASES[case]
    rows = [WorldRow(entity, source, piece, cells) for piece, entity, source, cells in told]
    pieces = land_told(rows, moments=[10, 20])
    bit_by_bit = feed_in_pieces(identity_models, pieces, seed=_QUIET)
    at_once = feed_at_once(identity_models, pieces)
    assert _touched(bit_by_bit) == expected
    for name in ("int_records__versioned", "int_touches__owned", "int_records__merged"):
        relation = f"intermediate.{name}"
        pd.testing.assert_frame_equal(rows_of(bit_by_bit, relation), rows_of(at_once, relation), obj=name)


def _touched(world: World) -> set[str]:
    names = {record_key("crm", f"L{number}"): f"L{number}" for number in range(1, 5)}
    return {names[key] for key in world.read("select record_key from intermediate.int_records__touched")["record_key"]}
