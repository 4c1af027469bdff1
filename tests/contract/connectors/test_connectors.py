"""What every connector must keep, whatever shape its source has: one suite over all of them, through landing."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from tests.contract.connectors.homes import LandingHome, counts, reasons
from tests.contract.connectors.shapes import CsvGzShape, NdjsonShape, Row, Shape

LEAD = ("lead_id", "created_at", "channel", "email", "first_name", "is_deleted", "known_at")
TOUCH = ("touch_id", "lead_id", "anonymous_id", "occurred_at", "signal")


def lead(name: str, **cells: str | None) -> Row:
    """A lead of an ordinary day."""
    return {"lead_id": name, "created_at": "2026-01-10T09:00:00", "known_at": "2026-01-10T16:00:00Z", **cells}


def touch(name: str, **cells: str | None) -> Row:
    """A touch of a lead."""
    return {
        "touch_id": name,
        "lead_id": "L1",
        "occurred_at": "2026-01-09T08:00:00Z",
        "signal": "content_download",
        **cells,
    }


IDS = ["007", "1e5", "12345678901234567890123", "true", "2026-01-01", 'Zoë|1,"x"', "NaN", "N/A", "0x1F", "+1"]
TIMES = {
    "2026-01-10T09:00:00": datetime(2026, 1, 10, 15),
    "2026-07-10 09:00": datetime(2026, 7, 10, 14),
    "2026-01-10T09:00:00.123456": datetime(2026, 1, 10, 15, 0, 0, 123456),
    "2026-01-10T09:00:00+02:00": datetime(2026, 1, 10, 7),
    "2026-01-10T09:00:00Z": datetime(2026, 1, 10, 9),
    "2026-01-10": datetime(2026, 1, 10, 6),
    "2026-03-08T02:30:00": datetime(2026, 3, 8, 8),  # does not exist: where the clock jumps to
    "2026-11-01T01:30:00": datetime(2026, 11, 1, 6, 30),  # exists twice: the first
}


def test_ids_stay_text_to_the_letter(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [lead(identifier) for identifier in IDS], LEAD)
    assert counts(home.land(shape.source())) == (len(IDS), len(IDS), 0, 0)
    assert home.rows(shape.folder, "leads", "lead_id") == [(identifier,) for identifier in sorted(IDS)]


def test_times_become_utc_by_offset_or_the_sources_zone(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [lead(written, created_at=written) for written in TIMES], LEAD)
    home.land(shape.source())
    assert dict(home.rows(shape.folder, "leads", "lead_id, created_at")) == TIMES


def test_empty_cells_and_null_tokens_are_null(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [lead("L1", channel=""), lead("L2", channel="n/a"), lead("L3", channel="na")], LEAD)
    home.land(shape.source(null_tokens='["n/a"]'))
    assert home.rows(shape.folder, "leads", "lead_id, channel") == [("L1", None), ("L2", None), ("L3", "na")]


def test_rows_read_are_landed_duplicate_or_quarantined(shape: Shape, home: LandingHome) -> None:
    shape.put(
        "leads",
        [
            lead("L1", is_deleted="true"),
            lead("L1", is_deleted="true"),
            lead("L2", created_at="yesterday"),
            lead("L3", created_at=None),
            lead("L4", is_deleted="perhaps"),
            lead(""),
        ],
        LEAD,
    )
    shape.put("touches", [touch("T1"), touch("T2", lead_id=None)], TOUCH)
    landed = home.land(shape.source())
    assert counts(landed) == (8, 2, 1, 5) and not landed.has_failed
    assert sum(reasons(landed).values()) == 5
    assert {reason.partition(":")[2] for reason in reasons(landed)} >= {"created_at", "is_deleted", "lead_id"}


def test_a_second_run_over_the_same_lands_nothing(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [lead("L1"), lead("L2")], LEAD)
    shape.put("touches", [touch("T1")], TOUCH)
    assert counts(home.land(shape.source()))[1] == 3
    before = home.bytes_outside_vault()
    again = home.land(shape.source())
    assert all(result.status != "landed" for result in again.results) and not again.has_failed
    assert home.bytes_outside_vault() == before


def test_only_what_is_new_lands_and_a_version_is_new(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [lead("L1"), lead("L2")], LEAD)
    home.land(shape.source())
    shape.put("leads", [lead("L2", channel="email", known_at="2026-02-01T00:00:00Z"), lead("L3")], LEAD)
    landed = home.land(shape.source())
    assert counts(landed)[1] == 2
    assert home.rows(shape.folder, "leads", "lead_id, channel, known_at") == [
        ("L1", None, datetime(2026, 1, 10, 16)),
        ("L2", "email", datetime(2026, 2, 1)),
        ("L2", None, datetime(2026, 1, 10, 16)),
        ("L3", None, datetime(2026, 1, 10, 16)),
    ]


def test_without_known_at_a_version_is_known_at_its_event_then_when_it_landed(shape: Shape, home: LandingHome) -> None:
    columns = tuple(name for name in LEAD if name != "known_at")
    shape.put("leads", [lead("L1")], columns)
    home.land(shape.source(delivery_lag="PT1H"))
    shape.put("leads", [lead("L1", channel="email")], columns)
    home.land(shape.source(delivery_lag="PT1H"))
    assert home.rows(shape.folder, "leads", "channel, known_at, _known_at_basis") == [
        ("email", datetime(2026, 3, 3), "landed"),
        (None, datetime(2026, 1, 10, 16), "event"),
    ]


def test_identifiers_leave_tokens_and_nothing_else(shape: Shape, home: LandingHome) -> None:
    person = {"email": "quillfeather@canary.example", "first_name": "Quillfeather"}
    shape.put("leads", [lead("L1", **person), lead("L2", email=person["email"])], LEAD)
    shape.put("touches", [touch("T1", lead_id=None, anonymous_id="canarybird.123")], TOUCH)
    home.land(shape.source())
    first, second = home.rows(shape.folder, "leads", "email_token")
    assert first == second and first[0]
    assert home.rows(shape.folder, "touches", "anonymous_token is not null") == [(True,)]
    outside = home.bytes_outside_vault().lower()
    assert b"quillfeather" not in outside and b"canarybird" not in outside


def test_a_required_column_that_is_gone_fails_its_table_only(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [lead("L1")], tuple(name for name in LEAD if name != "created_at"))
    shape.put("touches", [touch("T1")], TOUCH)
    landed = home.land(shape.source())
    assert landed.has_failed and [fault.object for fault in landed.faults] == ["leads"]
    assert "created_at" in landed.faults[0].message
    assert counts(landed) == (1, 1, 0, 0)


def test_an_optional_column_that_is_gone_is_null(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [lead("L1")], ("lead_id", "created_at"))
    landed = home.land(shape.source())
    assert not landed.has_failed
    assert home.rows(shape.folder, "leads", "lead_id, channel") == [("L1", None)]


def test_a_column_nobody_declared_never_passes(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [{**lead("L1"), "remark": "Zanzibarovna"}], (*LEAD, "remark"))
    landed = home.land(shape.source())
    assert counts(landed) == (1, 1, 0, 0)
    named = {name for result in landed.results for name in result.accounting.unknown_columns}
    assert named == (set() if shape.folder == "crm_sql" else {"remark"})
    assert b"Zanzibarovna" not in home.bytes_outside_vault()


def test_a_table_whose_every_row_is_unreadable_lands_nothing(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [lead("L1", created_at="10.01.2026"), lead("L2", created_at="11.01.2026")], LEAD)
    landed = home.land(shape.source())
    told = "".join(map(str, landed.faults)) + "".join(reasons(landed))
    assert counts(landed)[1] == 0 and "created_at" in told and "10.01" not in told
    assert landed.has_failed == (shape.folder != "crm_sql")


def test_no_rows_are_no_failure_but_no_bytes_are(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [], LEAD)
    landed = home.land(shape.source())
    assert counts(landed)[1] == 0
    assert landed.has_failed == isinstance(shape, NdjsonShape)


def test_our_own_columns_are_never_read_back(shape: Shape, home: LandingHome) -> None:
    shape.put("leads", [{**lead("L1"), "handoff_queue": "Quillqueue"}], (*LEAD, "handoff_queue"))
    landed = home.land(shape.source())
    assert counts(landed) == (1, 1, 0, 0)
    assert b"Quillqueue" not in home.bytes_outside_vault() + (home.paths.vault).read_bytes()


def test_packed_csv_is_read_like_plain(home: LandingHome, tmp_path: Path) -> None:
    packed = CsvGzShape(tmp_path / "packed")
    packed.put("leads", [lead("L1"), lead("L2")], LEAD)
    assert counts(home.land(packed.source())) == (2, 2, 0, 0)
    assert counts(home.land(packed.source()))[0] == 0
