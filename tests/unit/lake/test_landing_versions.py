"""What is news, when it could be known, and that nothing is lost on the way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lake.extract import Extract, SourceRules
from tests.unit.lake.conftest import Home, contract_spec, new_home

LEADS = contract_spec("leads")
TOUCHES = contract_spec("touches")
SPEND = contract_spec("spend")
LOCATIONS = contract_spec("locations")
UTC = SourceRules("clinic", "clinic", "UTC")
AS_OF = "2026-03-01T00:00:00"


def _leads(*rows: str) -> str:
    return "lead_id,created_at,service_line,email,known_at\n" + "".join(f"{row}\n" for row in rows)


def test_without_known_at_the_first_version_counts_from_its_event_and_a_correction_from_its_landing(home: Home) -> None:
    rules = SourceRules("clinic", "clinic", "UTC", delivery_lag=timedelta(hours=2))
    home.land_csv(LEADS, _leads("l1,2026-01-01,cardiology,,"), AS_OF, rules=rules)
    home.land_csv(LEADS, _leads("l1,2026-01-01,orthopaedics,,", "l2,2026-02-01,,,"), "2026-03-02T00:00:00", rules=rules)
    assert [
        (row[0], row[1], str(row[2]), row[3])
        for row in home.rows(LEADS, "lead_id, service_line, known_at, _known_at_basis")
    ] == [
        ("l1", "cardiology", "2026-01-01 02:00:00", "event"),
        ("l1", "orthopaedics", "2026-03-02 00:00:00", "landed"),
        ("l2", None, "2026-02-01 02:00:00", "event"),
    ]


def test_going_back_to_an_earlier_value_is_a_version(home: Home) -> None:
    for day, line in enumerate(["cardiology", "orthopaedics", "orthopaedics", "cardiology"], start=1):
        home.land_csv(LEADS, _leads(f"l1,2026-01-01,{line},,") + "\n" * day, f"2026-03-0{day}T00:00:00", rules=UTC)
    assert [row[0] for row in home.rows(LEADS, "service_line")] == ["cardiology", "orthopaedics", "cardiology"]


def test_a_file_that_goes_back_to_its_first_bytes_is_read_and_a_copy_of_it_is_not(home: Home) -> None:
    first, second = _leads("l1,2026-01-01,cardiology,,"), _leads("l1,2026-01-01,orthopaedics,,")
    told = [
        (first, "leads.csv"),
        (second, "leads.csv"),
        (first, "leads.csv"),
        (first, "leads.csv"),
        (second, "old.csv"),
    ]
    done = [
        home.land_csv(LEADS, content, f"2026-03-0{day}T00:00:00", rules=UTC, name=name).status
        for day, (content, name) in enumerate(told, start=1)
    ]
    assert done == ["landed", "landed", "landed", "already_landed", "already_landed"]
    assert [row[0] for row in home.rows(LEADS, "service_line")] == ["cardiology", "orthopaedics", "cardiology"]


def test_a_first_delivery_in_several_files_is_not_late(home: Home) -> None:
    for number in range(3):
        home.run_no -= bool(number)
        landed = home.land_csv(LEADS, _leads(f"l{number},2026-01-01,,,"), AS_OF, rules=UTC, name=f"{number}.csv")
        assert landed.accounting.rows_backdated == 0
    later = home.land_csv(LEADS, _leads("l9,2026-01-01,,,"), "2026-03-02T00:00:00", rules=UTC, name="9.csv")
    assert later.accounting.rows_backdated == 1


def test_files_of_one_run_are_versions_in_the_order_they_landed(home: Home) -> None:
    for number in range(6):
        first, second = _leads(f"l{number},2026-01-01,cardiology,,"), _leads(f"l{number},2026-01-01,orthopaedics,,")
        home.land_csv(LEADS, first, AS_OF, rules=UTC, name=f"{number}-1.csv")
        home.run_no -= 1
        home.land_csv(LEADS, second, AS_OF, rules=UTC, name=f"{number}-2.csv")
        home.land_csv(LEADS, first + "\n" * 2, "2026-03-02T00:00:00", rules=UTC, name=f"{number}-3.csv")
    assert [row[0] for row in home.rows(LEADS, "service_line")] == ["cardiology", "orthopaedics", "cardiology"] * 6


def test_a_version_known_later_and_equal_stays_and_is_marked(home: Home) -> None:
    result = home.land_csv(
        LEADS,
        _leads(
            "l1,2026-01-01,cardiology,,2026-01-01",
            "l1,2026-01-01,cardiology,,2026-01-05",
            "l1,2026-01-01,cardiology,,2026-01-05",
        ),
        rules=UTC,
    )
    assert [row[0] for row in home.rows(LEADS, "_is_repeat")] == [False, True]
    assert (result.accounting.rows_landed, result.accounting.rows_duplicate) == (1, 2)
    home.land_csv(LEADS, _leads("l1,2026-01-01,orthopaedics,,2026-01-03"), rules=UTC)
    assert [(row[0], row[1]) for row in home.rows(LEADS, "service_line, _is_repeat")][-1] == ("orthopaedics", False)


def test_a_change_of_what_only_the_vault_keeps_is_a_version(home: Home) -> None:
    home.land_csv(LEADS, _leads("l1,2026-01-01,,a@b.example,"), rules=UTC)
    result = home.land_csv(LEADS, _leads("l1,2026-01-01,,c@d.example,"), rules=UTC)
    assert result.accounting.rows_landed == 1
    assert len({row[0] for row in home.rows(LEADS, "_row_hash")}) == 1


def test_spend_is_known_when_its_day_is_over_where_the_account_is(home: Home) -> None:
    home.land_csv(SPEND, "platform,campaign_id,spend_date,cost\np,c,2026-03-08,1.5\n")
    assert str(home.rows(SPEND, "known_at")[0][0]) == "2026-03-09 05:00:00"


def test_reference_rows_hold_for_all_times_in_their_latest_version(home: Home) -> None:
    home.land_csv(LOCATIONS, "location_id,name\nx,North\ny,South\n")
    result = home.land_csv(LOCATIONS, "location_id,name\nx,North\ny,West\n")
    assert (result.accounting.rows_landed, result.accounting.rows_duplicate) == (1, 1)
    assert home.rows(LOCATIONS, "name, known_at, _known_at_basis") == [
        ("North", None, None),
        ("South", None, None),
        ("West", None, None),
    ]


def test_rows_that_should_have_been_here_before_are_counted(home: Home) -> None:
    header = "touch_id,lead_id,occurred_at,signal\n"
    first = home.land_csv(TOUCHES, header + "t1,l1,2026-02-01,guide\n", AS_OF, rules=UTC)
    later = "t2,l1,2026-02-02,guide\nt3,l1,2026-03-02,guide\n"
    second = home.land_csv(TOUCHES, header + later, "2026-03-03T00:00:00", rules=UTC)
    assert (first.accounting.rows_backdated, second.accounting.rows_backdated) == (0, 1)


def _tick(home: Home, rows: list[dict[str, str | None]], as_of: str) -> object:
    schema = pa.schema([(name, pa.string()) for name in ("touch_id", "lead_id", "occurred_at", "signal")])
    batch = pa.RecordBatch.from_pylist(rows, schema=schema)
    return home.land(Extract(UTC, TOUCHES, "touches", batches=lambda: iter([batch])), as_of)


def test_a_tick_without_news_writes_no_file_and_an_overlap_is_counted(home: Home) -> None:
    row: dict[str, str | None] = {"touch_id": "t1", "lead_id": "l1", "occurred_at": "2026-01-01", "signal": "guide"}
    bad = {**row, "touch_id": "t2", "occurred_at": "soon"}
    assert _tick(home, [row, bad], AS_OF).status == "landed"  # type: ignore[attr-defined]
    again = _tick(home, [row, bad], "2026-03-02T00:00:00")
    assert (again.status, again.batch_id, again.accounting.rows_duplicate) == ("nothing_new", None, 2)  # type: ignore[attr-defined]
    assert len(home.rows(TOUCHES)) == 1
    assert _tick(home, [], AS_OF).status == "nothing_new"  # type: ignore[attr-defined]


@settings(max_examples=15, deadline=None)
@given(
    versions=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(1, 5)), min_size=1, max_size=14
    ),
    cuts=st.lists(st.integers(0, 14), max_size=3),
)
def test_history_in_pieces_is_history_at_once(versions: list[tuple[str, str, int]], cuts: list[int]) -> None:
    rows = [f"{key},2026-01-01,{value},,2026-01-0{day}" for key, value, day in versions]
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})
    expected = sorted({(key, value, datetime(2026, 1, day)) for key, value, day in versions})
    for pieces in (edges, [0, len(rows)]):
        with new_home() as home:
            for begin, end in zip(pieces[:-1], pieces[1:], strict=True):
                home.land_csv(LEADS, _leads(*rows[begin:end]), rules=UTC)
            assert sorted(home.rows(LEADS, "lead_id, service_line, known_at")) == expected


def _reference(rows: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Versions without a time of their own, told one by one."""
    last: dict[str, str] = {}
    kept = []
    for key, value in rows:
        if last.get(key) != value:
            kept.append((key, value, "landed" if key in last else "event"))
        last[key] = value
    return kept


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", "z"])), max_size=6), max_size=4))
def test_versions_without_a_time_follow_the_order_of_landing(files: list[list[tuple[str, str]]]) -> None:
    with new_home() as home:
        kept: list[tuple[str, str, str]] = []
        for number, rows in enumerate(files):
            content = _leads(*(f"{key},2026-01-01,{value},," for key, value in rows)) + "\n" * number
            home.land_csv(LEADS, content, rules=UTC, as_of=f"2026-03-0{number + 1}T00:00:00")
        for key, value, basis in _reference([row for rows in files for row in rows]):
            kept.append((key, value, basis))
        # Within one file, a value that comes back at the same moment is already there.
        seen = home.rows(LEADS, "lead_id, service_line, _known_at_basis") if files else []
        assert [row for row in dict.fromkeys(kept)] == [row for row in dict.fromkeys(seen)]


_CELLS = st.one_of(st.sampled_from(["2026-01-01", "l1", "guide", "", " ", "nan", '"']), st.text(max_size=6))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(_CELLS, min_size=1, max_size=5), min_size=1, max_size=8), st.binary(max_size=12))
def test_whatever_the_damage_every_row_is_accounted_for(rows: list[list[str]], junk: bytes) -> None:
    text = "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")
    good = b"touch_id,lead_id,occurred_at,signal\nt0,l0,2026-01-01,guide\n"
    with new_home() as home:
        result = home.land_csv(TOUCHES, good + text + b"\n" + junk, rules=UTC)
        told = result.accounting
        assert told.rows_read == told.rows_landed + told.rows_duplicate + told.rows_quarantined
        assert len(home.rows(TOUCHES)) >= told.rows_landed >= 1
        assert len(home.vault.bad_rows(result.batch_id)) == told.rows_quarantined
