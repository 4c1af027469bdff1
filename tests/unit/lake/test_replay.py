"""Quarantined rows read again: what lands, what waits on, and that no row is counted twice or set back."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.lake import batches, landing
from orchestration.lake import replay as replaying
from orchestration.lake.batches import list_batches
from orchestration.lake.extract import Extract, ObjectSpec, SourceRules
from orchestration.lake.landing import RunContext, prepare_home
from orchestration.lake.paths import HomePaths
from orchestration.lake.quarantine import Wanted, rows_of, waiting, waiting_batches
from orchestration.lake.replay import ReplayResult, replay
from orchestration.lake.vault import Vault, load_key
from tests.unit.lake.conftest import Home, contract_spec
from tests.unit.lake.test_kill_safety import Killed, _dying

LEADS = contract_spec("leads")
LOCATIONS = contract_spec("locations")
RULES = SourceRules("clinic", "clinic", "America/Chicago")
LATER = "2026-03-05T00:00:00"


def mended(spec: ObjectSpec, *formats: str) -> ObjectSpec:
    """The spec as a registry that learnt how the source writes its dates."""
    columns = [replace(each, formats=formats) if each.name == "created_at" else each for each in spec.columns]
    return replace(spec, columns=tuple(columns))


DAY_FIRST = mended(LEADS, "%Y-%m-%d", "%d/%m/%Y")


def again(
    home: Home,
    spec: ObjectSpec,
    as_of: str = LATER,
    *,
    rules: SourceRules = RULES,
    header: tuple[str, ...] = (),
    **more: Any,
) -> list[ReplayResult]:
    """One replay of all that waits, as a run of its own."""
    home.run_no += 1
    moment = datetime.fromisoformat(as_of)
    run = RunContext(home.run_no, moment, moment)
    return [
        replay(
            batch,
            Extract(rules, spec, batch.note.origin, header=header),
            paths=home.paths,
            run=run,
            vault=home.vault,
            key=home.key,
            **more,
        )
        for batch in waiting_batches(home.paths, home.vault)
    ]


def totals(home: Home, spec: ObjectSpec) -> tuple[int, ...]:
    """Rows read, landed, duplicate and quarantined over all batches, each batch balanced by itself."""
    said = [note.accounting for note in list_batches(home.paths, spec.folder, spec.name, "clinic")]
    for each in said:
        each.assert_nothing_lost("a batch")
    names = ("rows_read", "rows_landed", "rows_duplicate", "rows_quarantined")
    return tuple(sum(getattr(each, name) for each in said) for name in names)


def reasons(home: Home, spec: ObjectSpec) -> dict[str, int]:
    """Quarantined rows by reason over all batches."""
    counted: Counter[str] = Counter()
    for note in list_batches(home.paths, spec.folder, spec.name, "clinic"):
        counted.update(note.accounting.reasons)
    return {reason: count for reason, count in counted.items() if count}


CONTENT = (
    "lead_id,created_at,email,is_deleted\n"
    "l1,2026-01-01,a@b.example,\n"
    "l2,13/01/2026,c@d.example,\n"
    "l3,soon,e@f.example,\n"
    "l4,14/01/2026,g@h.example,perhaps\n"
)


def test_rows_that_pass_now_land_with_the_file_and_row_they_came_from(home: Home) -> None:
    first = home.land_csv(LEADS, CONTENT)
    (result,) = again(home, DAY_FIRST)
    assert (result.rows_read, result.rows_landed, result.still) == (
        3,
        1,
        {"not_a_boolean:is_deleted": 1, "not_a_timestamp:created_at": 1},
    )
    assert result.rows_backdated == 1
    told = "lead_id, _row_no, known_at, _known_at_basis, _landed_as_of, _file_sha256"
    landed, replayed = home.rows(LEADS, told)
    assert (replayed[0], replayed[1], str(replayed[2]), replayed[3]) == ("l2", 2, "2026-01-13 06:00:00", "event")
    assert replayed[4] == datetime.fromisoformat(LATER) and replayed[5] == landed[5] is not None
    assert totals(home, LEADS) == (4, 2, 0, 2)
    assert reasons(home, LEADS) == result.still
    assert [row.row_no for row in rows_of(home.vault, first.batch_id)] == [3, 4]
    assert home.vault.cells(str(result.batch_id)) == [(2, "email", "identifier", "c@d.example")]
    last = list_batches(home.paths, LEADS.folder, LEADS.name, "clinic")[-1]
    assert (last.replays, last.origin) == (first.batch_id, "export.csv")


def test_a_replay_without_news_lands_nothing_and_changes_nothing(home: Home) -> None:
    home.land_csv(LEADS, CONTENT)
    again(home, DAY_FIRST)
    before = (home.rows(LEADS), totals(home, LEADS), waiting(home.paths, home.vault))
    for _ in range(2):
        (result,) = again(home, DAY_FIRST)
        assert (result.rows_read, result.rows_landed, result.batch_id) == (2, 0, None)
    assert home.land_csv(LEADS, CONTENT).status == "already_landed"
    assert (home.rows(LEADS), totals(home, LEADS), waiting(home.paths, home.vault)) == before


def test_a_dry_run_says_the_same_and_changes_nothing(home: Home) -> None:
    home.land_csv(LEADS, CONTENT)
    before = (home.rows(LEADS), totals(home, LEADS), waiting(home.paths, home.vault))
    (dry,) = again(home, DAY_FIRST, is_dry=True)
    assert (home.rows(LEADS), totals(home, LEADS), waiting(home.paths, home.vault)) == before
    (done,) = again(home, DAY_FIRST)
    assert replace(done, batch_id=None) == dry


def test_only_the_wanted_reason_is_read_again(home: Home) -> None:
    home.land_csv(LEADS, CONTENT)
    (result,) = again(home, DAY_FIRST, wanted=Wanted(reason="not_a_boolean:is_deleted"))
    assert result.rows_read == 0
    (result,) = again(home, DAY_FIRST, wanted=Wanted(reason="not_a_timestamp"))
    assert (result.rows_read, result.rows_landed) == (3, 1)


def test_what_is_listed_names_place_and_reason_and_no_value(home: Home) -> None:
    home.land_csv(LEADS, CONTENT)
    groups = waiting(home.paths, home.vault)
    assert [(each.reason, each.column, each.rows, each.first_line) for each in groups] == [
        ("not_a_timestamp", "created_at", 3, 3)
    ]
    assert (groups[0].source, groups[0].object, groups[0].origin) == ("clinic", "leads", "export.csv")
    assert not any(value in repr(groups) for value in ("soon", "example", "13/01", "perhaps"))
    assert waiting(home.paths, home.vault, Wanted(source="other")) == []
    assert waiting(home.paths, home.vault, Wanted(reason="not_a_timestamp:created_at")) == groups


def test_a_row_whose_key_has_landed_since_waits_as_superseded(home: Home) -> None:
    home.land_csv(LOCATIONS, "location_id,name,known_at\nx,North,yesterday\ny,South,\nz,West,yesterday\n", name="1.csv")
    home.land_csv(LOCATIONS, "location_id,name,known_at\nx,Northgate,\nz,West,\n", "2026-03-02T00:00:00", name="2.csv")
    nulls = replace(RULES, null_tokens=frozenset({"yesterday"}))
    (result,) = again(home, LOCATIONS, rules=nulls)
    assert (result.rows_landed, result.rows_duplicate, result.still) == (0, 1, {"superseded": 1})
    assert [row[0] for row in home.rows(LOCATIONS, "name")] == ["South", "Northgate", "West"]
    assert totals(home, LOCATIONS) == (5, 3, 1, 1) and reasons(home, LOCATIONS) == {"superseded": 1}


def test_a_correction_that_failed_is_known_from_its_replay(home: Home) -> None:
    home.land_csv(LEADS, "lead_id,created_at,service_line\nl1,2026-01-01,cardiology\n", name="1.csv")
    bad = "lead_id,created_at,service_line\nl0,2026-01-01,\nl1,01/01/2026,orthopaedics\n"
    home.land_csv(LEADS, bad, "2026-03-02T00:00:00", name="2.csv")
    again(home, DAY_FIRST)
    rows = home.rows(LEADS, "service_line, known_at, _known_at_basis")
    assert (rows[-1][0], str(rows[-1][1]), rows[-1][2]) == ("orthopaedics", "2026-03-05 00:00:00", "landed")


def test_versions_that_waited_together_land_in_the_order_they_were_read(home: Home) -> None:
    for number, line in enumerate(["cardiology", "orthopaedics", "dermatology"], start=1):
        content = f"lead_id,created_at,service_line\nl{number},2026-01-01,\nx,01/01/2026,{line}\n"
        home.land_csv(LEADS, content, f"2026-03-0{number}T00:00:00", name=f"{number}.csv")
    assert [result.rows_landed for result in again(home, DAY_FIRST)] == [1, 1, 1]
    lines = [row[1] for row in home.rows(LEADS, "lead_id, service_line") if row[0] == "x"]
    assert lines == ["cardiology", "orthopaedics", "dermatology"]


_TABLE = [
    {"lead_id": "l1", "created_at": "2026-01-01", "first_name": 'An "n"', "service_line": "cardiology"},
    {"lead_id": "l2", "created_at": "13/01/2026", "first_name": "two\nlines", "service_line": "a;b,c"},
    {"lead_id": "l3", "created_at": "14/01/2026", "first_name": 'quo"ted', "service_line": "  "},
]


def _quoted(delimiter: str) -> str:
    lines = [delimiter.join(_TABLE[0])]
    lines += [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row.values()) for row in _TABLE]
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("shape", ["comma", "semicolon", "ndjson", "parquet", "headerless"])
def test_every_kind_of_file_is_cut_into_the_same_cells_again(home: Home, shape: str) -> None:
    header: tuple[str, ...] = ()
    path = home.folder / f"export.{shape}"
    if shape in ("comma", "semicolon"):
        path.write_text(_quoted("," if shape == "comma" else ";"), newline="")
    elif shape == "headerless":
        header = tuple(_TABLE[0])
        path.write_text(_quoted(",").partition("\n")[2], newline="")
    elif shape == "ndjson":
        path.write_text("".join(json.dumps(row) + "\n" for row in _TABLE))
    else:
        pq.write_table(pa.Table.from_pylist(_TABLE), path)
    columns = tuple(each for each in LEADS.columns if each.name in _TABLE[0])
    spec = replace(LEADS, columns=columns, known_at=None)
    home.land(Extract(RULES, spec, path.name, path, header=header))
    (result,) = again(home, mended(spec, "%Y-%m-%d", "%d/%m/%Y"), header=header)
    assert (result.rows_landed, result.still) == (2, {})
    assert home.rows(spec, "lead_id, service_line") == [("l1", "cardiology"), ("l2", "a;b,c"), ("l3", None)]
    kept = home.vault.cells(str(result.batch_id))
    assert [(row, value) for row, name, _, value in kept if name == "first_name"] == [
        (2, "two\nlines"),
        (3, 'quo"ted'),
    ]


def test_rows_that_cannot_be_cut_at_all_wait_on_and_harm_no_other(home: Home) -> None:
    content = b'lead_id,created_at\nl1,2026-01-01\nl2,"13/01/2026\nl3,13/01/2026\nl4,14/01/2026,x\nl\xff5,15/01/2026\n'
    home.land_csv(LEADS, content)
    (result,) = again(home, DAY_FIRST)
    assert result.still == {"invalid_utf8": 1, "unbalanced_quote": 1, "wrong_field_count": 1}
    assert [row[0] for row in home.rows(LEADS, "lead_id")] == ["l1", "l3"]
    assert totals(home, LEADS) == (5, 2, 0, 3)


_STATIONS = [
    (landing.BatchWriter, "add", True),
    (landing.BatchWriter, "finish", True),
    (Vault, "commit", False),
    (Vault, "commit", True),
    (replaying, "commit_file", False),
    (replaying, "commit_file", True),
    (Vault, "mark_committed", True),
    (batches, "move_into_place", False),
    (replaying, "note_reading", False),
]


@pytest.mark.parametrize(("owner", "name", "after"), _STATIONS)
def test_a_replay_killed_at_any_step_gives_the_same_when_run_again(
    home: Home, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, after: bool
) -> None:
    home.land_csv(LEADS, CONTENT)
    with monkeypatch.context() as patched:
        patched.setattr(Vault, "rollback", lambda _: None)  # a killed process rolls nothing back itself
        patched.setattr(owner, name, _dying(getattr(owner, name), after=after))
        with pytest.raises(Killed):
            again(home, DAY_FIRST)
    home.vault.close()
    home.vault = Vault.open(home.paths, home.key)
    prepare_home(home.paths, home.vault)
    again(home, DAY_FIRST)
    assert [row[0] for row in home.rows(LEADS, "lead_id")] == ["l1", "l2"]
    assert totals(home, LEADS) == (4, 2, 0, 2)
    assert reasons(home, LEADS) == {"not_a_boolean:is_deleted": 1, "not_a_timestamp:created_at": 1}
    count = "select (select count(*) from cells), (select count(*) from quarantine), (select count(*) from replays)"
    assert home.vault.connection.execute(count).fetchone() == (2, 2, 0)
    home.vault.close()


_ROWS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from(["good", "bad", "hopeless"])), max_size=5
)


@example(files=[[(0, 0, "bad"), (0, 1, "bad"), (0, 0, "bad")]], replay_after=set(), has_known_at=False)
@example(files=[[(0, 0, "bad")], [(0, 1, "bad")], [(0, 0, "bad")]], replay_after=set(), has_known_at=False)
@settings(max_examples=20, deadline=None)
@given(
    files=st.lists(_ROWS, min_size=1, max_size=5), replay_after=st.sets(st.integers(0, 4)), has_known_at=st.booleans()
)
def test_replay_gives_what_the_mended_registry_would_have_given(
    files: list[list[tuple[int, int, str]]], replay_after: set[int], has_known_at: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = HomePaths(Path(folder) / "home").make()
        key = load_key(paths)
        with closing(Vault.open(paths, key)) as vault:
            home = Home(paths, vault, key, Path(folder))
            _feed(home, files, replay_after, has_known_at)
            read, landed, duplicate, quarantined = totals(home, LEADS)
            rows = [row for file in files for row in file]
            assert read == len(rows) + len(files) and read == landed + duplicate + quarantined
            waits = sum(each.rows for each in waiting(paths, vault))
            assert quarantined == waits == sum(reasons(home, LEADS).values())
            if has_known_at:
                assert _contents(home) == _expected_contents(files)
            else:
                assert _current(home) == _expected_current(files)


def _feed(home: Home, files: list[list[tuple[int, int, str]]], replay_after: set[int], has_known_at: bool) -> None:
    """Each file has a good row of its own, lest it be refused whole; then the rows drawn."""
    for number, rows in enumerate(files):
        day = f"2026-03-{number + 1:02d}T00:00:00"
        lines = [f"own{number},2026-01-01,,"]
        for place, (lead, value, kind) in enumerate(rows):
            created = {"good": "2026-01-01", "bad": "01/01/2026", "hopeless": f"soon-{number}-{place}"}[kind]
            known = f"2026-02-{value + 1:02d}" if has_known_at else ""
            lines.append(f"l{lead},{created},v{value},{known}")
        content = "lead_id,created_at,service_line,known_at\n" + "".join(f"{line}\n" for line in lines)
        home.land_csv(LEADS, content, day, name=f"{number}.csv")
        if number in replay_after:
            again(home, DAY_FIRST, day)
    again(home, DAY_FIRST, "2026-03-20T00:00:00")


def _current(home: Home) -> dict[str, str]:
    rows = home.rows(LEADS, "lead_id, service_line")
    return {lead: line for lead, line in rows if not lead.startswith("own")}


def _expected_current(files: list[list[tuple[int, int, str]]]) -> dict[str, str]:
    return {f"l{lead}": f"v{value}" for file in files for lead, value, kind in file if kind != "hopeless"}


def _contents(home: Home) -> set[tuple[str, str]]:
    rows = home.rows(LEADS, "lead_id, service_line")
    assert len(rows) == len(set(rows))
    return {row for row in rows if not row[0].startswith("own")}


def _expected_contents(files: list[list[tuple[int, int, str]]]) -> set[tuple[str, str]]:
    return set(_expected_current(files).items()) | {
        (f"l{lead}", f"v{value}") for file in files for lead, value, kind in file if kind != "hopeless"
    }
