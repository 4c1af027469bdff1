"""Local times beside zoneinfo, over all zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lake.cell_sql import make_zone_days, parse_cell, to_utc, zone_join
from orchestration.lake.extract import ColumnSpec
from orchestration.lake.paths import HomePaths
from orchestration.lake.run_rows import RunRow, SourceRow, write_run_rows
from orchestration.lake.zones import load_zone, offset_spans, zone_names

_ZONES = ["America/Chicago", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata", "UTC"]


def _by_zoneinfo(zone: ZoneInfo, local: datetime) -> datetime:
    """The instant of a local time, told by zoneinfo: the first of two, in a gap the moment of the jump."""
    instant = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local:
        return instant.replace(tzinfo=None)
    before, after = instant - timedelta(days=2), instant + timedelta(days=2)
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        is_before = middle.astimezone(zone).replace(tzinfo=None) < local
        before, after = (middle, after) if is_before else (before, middle)
    return after.replace(tzinfo=None)


def _in_sql(zone: str, cells: list[str]) -> list[datetime | None]:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    make_zone_days(connection, zone)
    cell = parse_cell(ColumnSpec("at", "at", "timestamp"), "c")
    return [
        row[0]
        for row in connection.execute(
            f"with parsed as (select {cell.local} as l, {cell.is_naive} as n, place"
            " from (select unnest(?) as c, unnest(?) as place))"
            f" select {to_utc('z', 'l', 'n')} from parsed {zone_join('z', 'l', 'n')} order by place",
            [cells, list(range(len(cells)))],
        ).fetchall()
    ]


@pytest.mark.parametrize("zone", _ZONES)
def test_the_hours_around_every_change_are_read_as_zoneinfo_reads_them(zone: str) -> None:
    edges = [span.local_from for span in offset_spans(zone) if 1970 < span.local_from.year < 2060]
    steps = [timedelta(minutes=each) for each in (-61, -31, -1, 0, 1, 29, 30, 59, 60, 61, 119, 120)]
    locals_ = [edge + step for edge in edges for step in steps] or [datetime(2026, 1, 1)]
    found = _in_sql(zone, [local.isoformat() for local in locals_])
    assert found == [_by_zoneinfo(load_zone(zone), local) for local in locals_]


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(sorted(zone_names())),
    locals_=st.lists(st.datetimes(datetime(1905, 1, 1), datetime(2095, 1, 1)), min_size=1, max_size=20),
)
def test_any_local_time_in_any_zone_is_read_as_zoneinfo_reads_it(zone: str, locals_: list[datetime]) -> None:
    found = _in_sql(zone, [local.isoformat(sep=" ") for local in locals_])
    assert found == [_by_zoneinfo(load_zone(zone), local) for local in locals_]


@settings(max_examples=30, deadline=None)
@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1950, 1, 1), max_value=datetime(2090, 1, 1)))
def test_an_offset_is_obeyed(moment: datetime) -> None:
    offset = moment.utcoffset() or timedelta(0)
    if offset % timedelta(minutes=1):
        moment = moment.astimezone(UTC)
    expected = moment.astimezone(UTC).replace(tzinfo=None)
    plain = moment.isoformat()
    cells = [plain, plain.replace("T", " ")]
    assert _in_sql("America/Chicago", cells) == [expected] * 2


@pytest.mark.parametrize(
    "cell",
    ["2026-1-5", "infinity", "epoch", "2026-02-30", "2026-01-05T25:00", "2026-01-05T10", "20260105",
     "2026-01-05T10:00+2", "2026-01-05 10:00 America/Chicago", "12/31/2026", "2026-01-05 (BC)", "-2026-01-05", "now"],
)  # fmt: skip
def test_what_is_not_iso_8601_is_no_time(cell: str) -> None:
    assert _in_sql("UTC", [cell]) == [None]


def test_a_zone_nobody_knows_is_an_error() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        load_zone("America/Nowhere")


def test_the_run_lands_rows_that_turn_local_times_into_utc_and_back(tmp_path: object) -> None:
    paths = HomePaths(tmp_path).make()  # type: ignore[arg-type]
    write_run_rows(paths, run=RunRow(datetime(2026, 3, 1), 1), sources=[SourceRow("clinic", "clinic", "files")])
    rows = pq.read_table(paths.run / "timezone_offsets" / "current.parquet")
    assert set(rows.column("timezone").to_pylist()) == zone_names()
    asked = [
        (zone, max(span.local_from, datetime(1991, 1, 1)) + timedelta(minutes=10))
        for zone in _ZONES
        for span in offset_spans(zone, 1990, 2045)
    ]
    sql = """
        select greatest(rows.utc_from, asked.local - to_seconds(rows.offset_seconds))
        from (select unnest(?) as zone, unnest(?) as local, unnest(?) as place) as asked
        left join rows on rows.timezone = asked.zone and rows.local_from <= asked.local and asked.local < rows.local_to
        order by asked.place
    """
    zones, locals_ = (list(each) for each in zip(*asked, strict=True))
    connection = duckdb.connect()
    connection.register("rows", rows)
    found = [row[0] for row in connection.execute(sql, [zones, locals_, list(range(len(asked)))]).fetchall()]
    assert found == [_by_zoneinfo(load_zone(zone), local) for zone, local in asked]
    assert pq.read_table(paths.run / "source_stages" / "current.parquet").num_rows == 6
