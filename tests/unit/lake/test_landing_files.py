"""What a file may be, and what becomes of its rows."""

from __future__ import annotations

import gzip
import io
import json
import stat
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.lake.extract import ColumnSpec, ObjectSpec, SourceRules
from orchestration.lake.refusal import FileRefused
from tests.unit.lake.conftest import Home, contract_spec

TOUCHES = contract_spec("touches")
LEADS = contract_spec("leads")
SPEND = contract_spec("spend")
HEADER = "touch_id,lead_id,occurred_at,signal,landing_page\n"


def _refusal(home: Home, content: str | bytes, *, spec: ObjectSpec = TOUCHES, **more: object) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        home.land(home.extract(spec, content, **more))  # type: ignore[arg-type]
    assert home.vault._connection.execute("select count(*) from cells").fetchone() == (0,)
    return caught.value


def _xlsx() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<x/>")
    return packed.getvalue()


def _parquet(table: pa.Table) -> bytes:
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "git_lfs_pointer"),
        (b"<!DOCTYPE html><html><body>log in</body></html>", "html_page"),
        (_xlsx(), "spreadsheet"),
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        ((HEADER + "t1,l1,2026-01-01,x,\n").encode("utf-16"), "utf16_text"),
        ((HEADER + "t1,l1,2026-01-01,x,\n").encode("utf-16-le"), "binary_file"),
        (_parquet(pa.table({"touch_id": ["t1"]}))[:-6], "truncated_parquet"),
        (gzip.compress((HEADER + "t1,l1,2026-01-01,x,\n" * 900).encode())[:-20], "truncated_gzip"),
        (b"t1,l1,2026-01-01T00:00:00Z,guide,\n", "missing_header"),
        (b"touch_id,lead_id,signal\nt1,l1,guide\n", "missing_column"),
        (b"touch_id,touch_id,occurred_at,signal,lead_id\nt,t,2026-01-01,g,l\n", "duplicate_column"),
        (HEADER + "t1,l1,01/02/2026,guide,\nt2,l2,02/02/2026,guide,\n", "no_readable_row"),
        (b"[{}]", "json_array"),
    ],
)
def test_a_file_that_is_not_the_table_is_refused_by_name(home: Home, content: bytes, reason: str) -> None:
    refusal = _refusal(home, content)
    assert refusal.reason_code == reason
    assert (refusal.source, refusal.object, refusal.file) == ("clinic", "touches", "export.csv")
    assert "l1" not in str(refusal) and refusal.what_to_do


def test_a_refused_file_leaves_nothing_and_lands_once_mended(home: Home) -> None:
    _refusal(home, HEADER + "t1,l1,never,guide,\n")
    result = home.land_csv(TOUCHES, HEADER + "t1,l1,2026-01-01T00:00:00Z,guide,\n")
    assert (result.status, result.accounting.rows_landed) == ("landed", 1)


def test_rows_that_cannot_be_read_are_quarantined_with_bytes_line_and_reason(home: Home) -> None:
    content = (
        HEADER.encode()
        + b't1,l1,2026-01-01T00:00:00Z,guide,"/a\nb"\n'
        + b"t2,l2,2026-01-01T00:00:00Z,guide\n"
        + b"t3,l3,2026-01-01T00:00:00Z,gui\xffde,\n"
        + b't4,l4,2026-01-01T00:00:00Z,"guide,\n'
        + b"t5,l5,2026-01-01T00:00:00Z,gu\0ide,\n"
        + b"t6,l6,2026-13-01,guide,\n"
        + b",l7,2026-01-01T00:00:00Z,guide,\n"
        + b"t8,l8,2026-01-01T00:00:00Z,guide,\n"
    )
    result = home.land_csv(TOUCHES, content)
    assert [row[0] for row in home.rows(TOUCHES, "touch_id")] == ["t1", "t8"]
    assert [row[0] for row in home.rows(TOUCHES, "_row_no")] == [1, 8]
    bad = home.vault.bad_rows(result.batch_id)
    assert [(row.line, row.row_no, row.reason, row.column) for row in bad] == [
        (4, 2, "wrong_field_count", None),
        (5, 3, "invalid_utf8", None),
        (6, 4, "unbalanced_quote", None),
        (7, 5, "nul_byte", None),
        (8, 6, "not_a_timestamp", "occurred_at"),
        (9, 7, "empty_required", "touch_id"),
    ]
    lines = content.split(b"\n")
    assert [row.raw for row in bad] == [lines[row.line - 1] for row in bad]
    assert result.accounting.rows_read == 8 and result.accounting.rows_quarantined == 6


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("packed", [False, True])
def test_dialects_are_read_alike(home: Home, delimiter: str, line_end: str, packed: bool) -> None:
    text = HEADER + 't1,l1,2026-01-01T06:00:00Z, guide ,"/a"\nt2,,2026-01-01,guide,\n'
    content = ("\ufeff" + text).replace(",", delimiter).replace("\n", line_end).encode()
    result = home.land_csv(TOUCHES, gzip.compress(content) if packed else content)
    assert result.accounting.rows_landed == 1
    assert home.rows(TOUCHES, "touch_id, signal, landing_page") == [("t1", "guide", "/a")]
    assert result.accounting.reasons == {"empty_one_of:lead_id|anonymous_id|click_id": 1}


def test_the_same_rows_land_alike_from_csv_ndjson_and_parquet(home: Home) -> None:
    rows = [
        {"platform": "p", "campaign_id": "007", "spend_date": "2026-01-05", "cost": 12.5, "clicks": 3},
        {"platform": "p", "campaign_id": "008", "spend_date": "2026-01-06", "cost": 0.25, "clicks": None},
    ]
    names = list(rows[0])
    lines = [",".join("" if row[name] is None else str(row[name]) for name in names) for row in rows]
    text = "\n".join([",".join(names), *lines])
    shown = "platform, campaign_id, spend_date, cost, clicks, known_at, _key_hash, _row_hash"
    found = []
    for source, kind, content in (
        ("a", "csv", text.encode()),
        ("b", "ndjson", "\n".join(json.dumps(row) for row in rows).encode()),
        ("c", "parquet", _parquet(pa.Table.from_pylist(rows))),
        ("d", "csv", _parquet(pa.Table.from_pylist(rows))),
    ):
        rules = SourceRules(source, source, "America/Chicago")
        home.land_csv(SPEND, content, rules=rules, format=kind, name=f"spend.{kind}")
        found.append(home.rows(SPEND, shown, source))
    assert found[0] == found[1] == found[2] == found[3]
    assert str(found[0][0][5]) == "2026-01-06 06:00:00"


def test_ids_stay_text(home: Home) -> None:
    home.land_csv(TOUCHES, HEADER + "0000123456789012345678901234567890,1e5,2026-01-01,guide,\n")
    assert home.rows(TOUCHES, "touch_id, lead_id") == [("0000123456789012345678901234567890", "1e5")]


def test_a_headerless_file_is_read_by_the_names_given(home: Home) -> None:
    names = ("touch_id", "lead_id", "occurred_at", "signal", "landing_page")
    home.land_csv(TOUCHES, "t1,l1,2026-01-01T00:00:00Z,guide,\n", header=names)
    home.land_csv(TOUCHES, HEADER + "t2,l1,2026-01-01T00:00:00Z,guide,\n", header=names)
    assert [row[0] for row in home.rows(TOUCHES, "touch_id")] == ["t1", "t2"]


def test_declared_date_formats_are_obeyed_and_never_guessed(home: Home) -> None:
    columns = (
        ColumnSpec("id", "id", required=True),
        ColumnSpec("on", "on_date", "timestamp", required=True, formats=("%d-%m-%Y", "%d-%m-%Y %H:%M")),
    )
    spec = ObjectSpec("shop", "things", columns, ("id",), event_time="on")
    result = home.land_csv(spec, "id,on\na,01-02-2026\nb,31-01-2026 10:30\nc,2026-01-31\nd,12-31-2025\n")
    assert [(row[0], str(row[1])) for row in home.rows(spec, "id, on_date")] == [
        ("a", "2026-02-01 06:00:00"),
        ("b", "2026-01-31 16:30:00"),
    ]
    assert result.accounting.reasons == {"not_a_timestamp:on": 2}


def test_a_naive_time_without_a_zone_is_quarantined(home: Home) -> None:
    rules = SourceRules("clinic", "clinic", None)
    content = HEADER + "t1,l1,2026-01-01T00:00:00,guide,\nt2,l1,2026-01-01T00:00:00+02:00,guide,\n"
    result = home.land_csv(TOUCHES, content, rules=rules)
    assert result.accounting.reasons == {"naive_time_without_zone:occurred_at": 1}
    assert str(home.rows(TOUCHES, "occurred_at")[0][0]) == "2025-12-31 22:00:00"


def test_our_own_fields_are_never_read_back(home: Home) -> None:
    result = home.land_csv(
        LEADS, "lead_id,created_at,handoff_stage,Handoff_reasons,colour\nl1,2026-01-01,mql,why,blue\n"
    )
    assert result.accounting.unknown_columns == ("colour",)
    assert home.vault.cells(result.batch_id) == [(1, "colour", "extra", "blue")]


def test_a_file_landed_twice_lands_once_under_any_name(home: Home) -> None:
    content = HEADER + "t1,l1,2026-01-01,guide,\n"
    assert home.land_csv(TOUCHES, content).status == "landed"
    assert home.land_csv(TOUCHES, content, name="again.csv").status == "already_landed"
    assert home.land_csv(TOUCHES, content + "\n", name="other.csv").accounting.rows_duplicate == 1


def test_everything_landed_is_private(home: Home) -> None:
    home.land_csv(LEADS, "lead_id,created_at,email\nl1,2026-01-01,a@b.example\n")
    for path in home.paths.home.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_a_file_that_changes_while_it_is_read_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    extract = home.extract(TOUCHES, HEADER + "t1,l1,2026-01-01,guide,\n")
    prints = iter([((1, 1),), ((2, 2),)])
    monkeypatch.setattr("orchestration.lake.landing.fingerprint", lambda _: next(prints))
    with pytest.raises(FileRefused) as caught:
        home.land(extract)
    assert caught.value.reason_code == "changed_while_reading"
