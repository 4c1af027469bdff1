"""Days said anew: what a later file of a day no longer holds ends, and nothing else does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lake.accounting import land_accounting
from orchestration.lake.batches import list_batches
from orchestration.lake.compaction import compact
from orchestration.lake.extract import ColumnSpec, ObjectSpec, Restates, SourceRules
from orchestration.lake.landing import BatchWriter, LandingResult, prepare_home
from orchestration.lake.refusal import FileRefused, LandingError
from tests.unit.lake.conftest import Home, new_home

RULES = SourceRules("shop", "shop", "UTC")
EVENTS = ObjectSpec(
    "web",
    "events",
    (
        ColumnSpec("id", "id", required=True),
        ColumnSpec("day", "day", "date", required=True, formats=("%Y%m%d",)),
        ColumnSpec("account", "account", required=True),
        ColumnSpec("hits", "hits", "integer"),
        ColumnSpec("visitor", "visitor_token", door="web_token", optional=True),
        ColumnSpec("is_deleted", "is_deleted", "boolean", optional=True),
    ),
    key=("id", "account"),
    event_time="day",
)
PER_DAY = Restates("day")
PER_ACCOUNT = Restates("day", within=("account",))
HEADER = "id,day,account,hits,visitor\n"


def _land(
    home: Home, name: str, *rows: str, restates: Restates = PER_DAY, as_of: str = "2026-03-20T00:00:00"
) -> LandingResult:
    content = HEADER + "".join(f"{row}\n" for row in rows)
    extract = home.extract(EVENTS, content, name=name, rules=RULES)
    return home.land(replace(extract, restates=restates), as_of)


def _held(home: Home) -> list[tuple[Any, ...]]:
    """(id, account, day, hits) of the rows that hold: of each key the last landed, unless that is a deletion."""
    last = {
        (row[0], row[1]): row
        for row in home.rows(EVENTS, "id, account, strftime(day, '%Y%m%d'), hits, is_deleted", source="shop")
    }
    return sorted(row[:4] for row in last.values() if not row[4])


def _held_by_clock(home: Home) -> list[tuple[Any, ...]]:
    """The same by when versions are known, and of those known since they landed by their batch."""
    columns = """id, account, strftime(day, '%Y%m%d'), hits, is_deleted, known_at,
        case when _known_at_basis = 'landed' then _batch_id else '' end, _batch_id, _row_no"""
    rows = sorted(home.rows(EVENTS, columns, source="shop"), key=lambda row: row[5:])
    last = {row[:2]: row for row in rows}
    return sorted(row[:4] for row in last.values() if not row[4])


def test_a_row_its_day_no_longer_holds_is_ended_with_its_last_content(home: Home) -> None:
    _land(home, "a", "1,20260301,x,5,v1", "2,20260301,x,6,v2", "3,20260302,x,7,v3")
    result = _land(home, "b", "1,20260301,x,5,v1", as_of="2026-03-21T00:00:00")
    assert _held(home) == [("1", "x", "20260301", 5), ("3", "x", "20260302", 7)]
    said = result.accounting
    assert (said.rows_read, said.rows_landed, said.rows_duplicate, said.rows_withdrawn) == (1, 0, 1, 1)
    columns = "id, hits, is_deleted, _row_no, known_at::varchar, _known_at_basis, _landed_as_of::varchar, _batch_id"
    first, ended = home.rows(EVENTS, columns, source="shop")[1], home.rows(EVENTS, columns, source="shop")[-1]
    moment = "2026-03-21 00:00:00"
    assert ended == ("2", 6, True, 2, moment, "landed", moment, result.batch_id)
    assert first[:3] == ("2", 6, None)
    tokens = {row[0] for row in home.rows(EVENTS, "visitor_token", source="shop") if row[0]}
    assert len(tokens) == 3


def test_a_day_that_goes_back_to_what_it_said_first_is_landed_again(home: Home) -> None:
    first, second = ["1,20260301,x,5,"], ["2,20260301,x,5,"]
    statuses = [
        _land(home, "events_20260301.csv", *rows, as_of=f"2026-03-2{place}T00:00:00").status
        for place, rows in enumerate([first, second, first, first])
    ]
    assert statuses == ["landed", "landed", "landed", "already_landed"]
    assert _held(home) == [("1", "x", "20260301", 5)]
    assert home.rows(EVENTS, "id, coalesce(is_deleted, false), day(known_at)", source="shop") == [
        ("1", False, 1),
        ("2", False, 1),
        ("1", True, 21),
        ("1", False, 22),
        ("2", True, 22),
    ]


def test_an_empty_file_of_a_day_ends_the_day(home: Home) -> None:
    _land(home, "a", "1,20260301,x,5,", "2,20260302,x,5,")
    days = Restates("day", days=(date(2026, 3, 1),))
    assert _land(home, "b", restates=days).accounting.rows_withdrawn == 1
    assert _held(home) == [("2", "x", "20260302", 5)]
    other = Restates("day", days=(date(2026, 3, 2),))
    assert _land(home, "c", restates=other).accounting.rows_withdrawn == 1  # the same bytes speak of another day
    assert not _held(home)


def test_with_days_named_the_rows_of_other_days_end_nothing(home: Home) -> None:
    _land(home, "a", "1,20260301,x,5,", "2,20260302,x,5,")
    _land(home, "b", "3,20260302,x,5,", restates=Restates("day", days=(date(2026, 3, 1),)))
    assert [row[0] for row in _held(home)] == ["2", "3"]


def test_the_days_up_to_the_last_are_spoken_of_though_empty(home: Home) -> None:
    _land(home, "a", "1,20260301,x,5,", "2,20260302,x,5,", "3,20260302,y,5,", restates=PER_ACCOUNT)
    _land(home, "b", "4,20260303,x,5,", restates=replace(PER_ACCOUNT, last_days=2))
    assert [row[0] for row in _held(home)] == ["1", "3", "4"]


def test_a_row_in_quarantine_keeps_its_key_and_one_without_a_key_its_day(home: Home) -> None:
    _land(home, "a", "1,20260301,x,5,", "2,20260301,x,5,", "3,20260302,x,5,", "4,20260302,x,5,")
    said = _land(home, "b", "1,20260301,x,many,", "3,20260302,x,6,", ",20260302,x,5,").accounting
    assert [row[0] for row in _held(home)] == ["1", "3", "4"]
    assert (said.rows_withdrawn, said.days_withheld, said.rows_quarantined) == (1, 1, 2)
    said = _land(home, "c", "3,20260302,x,7,", ",someday,x,5,").accounting
    assert [row[0] for row in _held(home)] == ["1", "3", "4"] and said.days_withheld == 1


def test_a_row_of_a_day_not_over_yet_is_ended_before_it_can_be_known(home: Home) -> None:
    noon = "2026-03-01T12:00:00"
    spec = replace(EVENTS, entity="spend")  # known when its day is over
    for name, rows in [("a", "1,20260301,x,5,\n2,20260301,x,5,\n"), ("b", "1,20260301,x,6,\n")]:
        extract = home.extract(spec, HEADER + rows, name=name, rules=RULES)
        home.land(replace(extract, restates=PER_DAY), noon)
    assert [str(row[0]) for row in home.rows(EVENTS, "known_at", source="shop")] == ["2026-03-02 00:00:00"] * 4


def test_killed_before_its_batch_stands_a_restatement_lands_as_if_for_the_first_time(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    _land(home, "a", "1,20260301,x,5,", "2,20260301,x,5,")
    with monkeypatch.context() as patched:

        def dies(*_: Any) -> None:
            raise Killed

        patched.setattr(BatchWriter, "finish", dies)
        with pytest.raises(Killed):
            _land(home, "b", "2,20260301,x,5,")
    prepare_home(home.paths, home.vault)
    assert [row[0] for row in _held(home)] == ["1", "2"]
    assert _land(home, "b", "2,20260301,x,5,").accounting.rows_withdrawn == 1
    assert _land(home, "b", "2,20260301,x,5,").status == "already_landed"
    assert [row[0] for row in _held(home)] == ["2"]


def test_what_was_withdrawn_is_counted_apart(home: Home) -> None:
    _land(home, "a", "1,20260301,x,5,", "2,20260301,x,5,")
    _land(home, "b", "2,20260301,x,6,")
    land_accounting(home.paths, home.run_no)
    (file,) = home.paths.objects("handoff", "load_accounting").glob("[!_]*.parquet")
    rows = pq.read_table(file).to_pylist()
    assert [(row["rows_read"], row["rows_landed"], row["rows_withdrawn"]) for row in rows] == [(2, 2, 0), (1, 1, 1)]


def test_an_object_that_cannot_say_deleted_cannot_be_restated(home: Home) -> None:
    spec = replace(EVENTS, columns=EVENTS.columns[:-1])
    extract = home.extract(spec, HEADER + "1,20260301,x,5,\n", rules=RULES)
    with pytest.raises(LandingError, match="is_deleted"):
        home.land(replace(extract, restates=PER_DAY))
    extract = home.extract(EVENTS, HEADER + "1,20260301,x,5,\n", rules=RULES)
    with pytest.raises(LandingError, match="hits is no date"):
        home.land(replace(extract, restates=Restates("hits")))


@dataclass
class Model:
    """Rows held, in plain Python: (id, account) -> (day, hits)."""

    held: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def take(self, name: str, rows: list[tuple[str, str, str, str]], *, is_per_account: bool) -> None:
        text = repr(rows)
        if self.words.get(name) == text:
            return
        good = [row for row in rows if _is_good(row)]
        if rows and not good:
            return  # refused whole
        self.words[name] = text
        told = {(day, account if is_per_account else "") for _, day, account, _ in rows if day != "?" and account}
        if not is_per_account:
            told = {(day, "") for _, day, _, _ in rows if day != "?"}
        bad = [row for row in rows if not _is_good(row)]
        keyless = [row for row in bad if not row[0] or not row[2]]
        unknown = any(row[1] == "?" or (is_per_account and not row[2]) for row in keyless)
        doubtful = {(day, account if is_per_account else "") for _, day, account, _ in keyless}
        named = {(id_, account) for id_, _, account, _ in rows}
        for key, (day, _) in list(self.held.items()):
            place = (day, key[1] if is_per_account else "")
            if place in told and key not in named and not unknown and place not in doubtful:
                del self.held[key]
        for id_, day, account, hits in good:
            self.held[id_, account] = (day, int(hits))


def _is_good(row: tuple[str, str, str, str]) -> bool:
    id_, day, account, hits = row
    return bool(id_ and account and day != "?" and hits != "many")


_ROWS = st.tuples(
    st.sampled_from(["1", "2", "3", "4", "5", ""]),
    st.sampled_from(["20260301", "20260302", "20260303", "20260301", "20260302", "?"]),
    st.sampled_from(["x", "y", "x", "y", ""]),
    st.sampled_from(["1", "2", "1", "2", "many"]),
)
_FILES = st.tuples(st.sampled_from("abc"), st.lists(_ROWS, max_size=6))


@settings(max_examples=25, deadline=None)
@given(
    files=st.lists(_FILES, min_size=1, max_size=8), is_per_account=st.booleans(), one_run=st.booleans(),
    month=st.sampled_from(["02", "03"]),
)  # fmt: skip
def test_what_holds_is_what_a_plain_model_holds(
    files: list[Any], is_per_account: bool, one_run: bool, month: str
) -> None:
    model = Model()
    with new_home() as home:
        for place, (name, rows) in enumerate(files):
            lines = [",".join((*row, "")) for row in rows]
            model.take(name, rows, is_per_account=is_per_account)
            restates = PER_ACCOUNT if is_per_account else PER_DAY
            try:
                _land(
                    home,
                    name,
                    *lines,
                    restates=restates,
                    as_of=f"2026-{month}-{10 + (0 if one_run else place)}T00:00:00",
                )
            except FileRefused:
                continue
            finally:
                home.run_no -= one_run
            if place == 4:
                compact(home.paths)
        notes = list_batches(home.paths, EVENTS.folder, EVENTS.name, "shop")
        held = _held(home) if notes else []
        assert held == sorted((*key, *value) for key, value in model.held.items())
        if notes and month == "03":  # the days are over: known when they landed, not later
            assert held == _held_by_clock(home)
        for note in notes:
            note.accounting.assert_nothing_lost(note.origin)
        _assert_versions_alternate(home, bool(notes))


def _assert_versions_alternate(home: Home, is_any: bool) -> None:
    """No key is ended twice without having come back, and none says the same twice in a row."""
    seen: dict[Any, Any] = {}
    columns = "id || account, coalesce(is_deleted, false), day, hits"
    for key, *said in home.rows(EVENTS, columns, source="shop") if is_any else []:
        assert seen.get(key) != said and not (said[0] and (key not in seen or seen[key][0]))
        seen[key] = said
