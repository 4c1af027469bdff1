"""Quarantined rows of days that are delivered whole: a later delivery of their day is the last word about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.lake import landing
from orchestration.lake.batches import list_batches
from orchestration.lake.extract import ColumnSpec, Extract, ObjectSpec, Restates, SourceRules
from orchestration.lake.landing import RunContext, prepare_home
from orchestration.lake.quarantine import waiting, waiting_batches
from orchestration.lake.refusal import FileRefused
from orchestration.lake.replay import ReplayResult, replay
from orchestration.lake.vault import Vault
from tests.unit.lake.conftest import Home, new_home
from tests.unit.lake.test_kill_safety import Killed, _dying

SPEND = ObjectSpec(
    "ads",
    "spend",
    (
        ColumnSpec("campaign", "campaign", required=True),
        ColumnSpec("day", "day", "date", required=True),
        ColumnSpec("account", "account", required=True, allowed=("x", "y"), not_allowed="account_unknown"),
        ColumnSpec("cost", "cost", "integer"),
        ColumnSpec("is_deleted", "is_deleted", "boolean", optional=True),
    ),
    key=("campaign", "day", "account"),
    event_time="day",
    entity="spend",
)
WHOLE = replace(SPEND, is_whole=True)
RULES = SourceRules("clinic", "clinic", "UTC")
MENDED = replace(RULES, null_tokens=frozenset({"much"}))
ANYONE = replace(
    SPEND, columns=tuple(replace(each, allowed=()) if each.name == "account" else each for each in SPEND.columns)
)
DAYS = Restates("day", within=("account",))
FIRST, SECOND = "2026-03-01", "2026-03-02"


def deliver(
    home: Home, *rows: str, name: str = "spend.csv", restates: Restates | None = DAYS, spec: ObjectSpec = SPEND
) -> Any:
    """Land a file of rows `campaign,account,cost,day`, a day after the one before."""
    lines = []
    for row in rows:
        campaign, account, cost, day = (*row.split(","), FIRST)[:4]
        lines.append(f"{campaign},{day},{account},{cost}")
    content = "campaign,day,account,cost\n" + "".join(f"{line}\n" for line in lines)
    extract = home.extract(spec, content, name=name, rules=RULES)
    return home.land(replace(extract, restates=restates), f"2026-04-{home.run_no + 1:02d}T00:00:00")


def again(
    home: Home, *, rules: SourceRules = MENDED, spec: ObjectSpec = SPEND, restates: Restates | None = DAYS
) -> list[ReplayResult]:
    """One replay of all that waits, as a run of its own."""
    home.run_no += 1
    moment = datetime(2026, 4, home.run_no)
    run = RunContext(home.run_no, moment, moment)
    return [
        replay(
            batch,
            Extract(rules, spec, batch.note.origin, restates=restates),
            paths=home.paths,
            run=run,
            vault=home.vault,
            key=home.key,
        )
        for batch in waiting_batches(home.paths, home.vault)
    ]


def held(home: Home) -> list[tuple[Any, ...]]:
    """(campaign, account, cost, day) of the last landed version of each key, unless that is a deletion."""
    rows = home.rows(SPEND, "campaign, account, cost, cast(day as varchar), coalesce(is_deleted, false)")
    last = {(row[0], row[1], row[3]): row for row in rows}
    return sorted((row[:4] for row in last.values() if not row[4]), key=str)


def totals(home: Home) -> tuple[int, ...]:
    """Rows read, landed, duplicate and quarantined over all batches, each balanced by itself."""
    said = [note.accounting for note in list_batches(home.paths, "ads", "spend", "clinic")]
    for each in said:
        each.assert_nothing_lost("a batch")
    names = ("rows_read", "rows_landed", "rows_duplicate", "rows_quarantined")
    return tuple(sum(getattr(each, name) for each in said) for name in names)


def reasons(home: Home) -> dict[str, int]:
    """Rows that wait, by reason."""
    counted: Counter[str] = Counter()
    for each in waiting(home.paths, home.vault):
        counted[each.reason] += each.rows
    return dict(counted)


def test_a_row_of_a_day_nobody_told_again_lands(home: Home) -> None:
    deliver(home, "a,x,1", "b,x,much")
    deliver(home, f"a,x,2,{SECOND}", "c,y,3", name="other.csv")  # another day, and the day of another account
    (result,) = again(home)
    assert (result.rows_landed, result.still) == (1, {})
    assert ("b", "x", None, FIRST) in held(home) and totals(home) == (4, 4, 0, 0)


@pytest.mark.parametrize("name", ["spend.csv", "other.csv"])
def test_a_row_its_day_no_longer_holds_does_not_come_back(home: Home, name: str) -> None:
    deliver(home, "a,x,1", "b,x,much")
    deliver(home, "a,x,1", name=name)  # all it says is known: nothing of it lands
    for _ in range(2):
        (result,) = again(home)
        assert (result.rows_landed, result.rows_backdated, result.still) == (0, 0, {"superseded": 1})
    assert held(home) == [("a", "x", 1, FIRST)]
    assert totals(home) == (3, 1, 1, 1) and reasons(home) == {"superseded": 1}


def test_a_row_its_day_says_otherwise_now_stays_as_the_day_says(home: Home) -> None:
    deliver(home, "a,x,1", "b,x,much")
    deliver(home, "a,x,1", "b,x,7")
    assert [each.still for each in again(home)] == [{"superseded": 1}]
    assert held(home) == [("a", "x", 1, FIRST), ("b", "x", 7, FIRST)]


def test_a_row_its_day_still_holds_lands(home: Home) -> None:
    deliver(home, "a,x,1", "b,x,much")
    deliver(home, "a,x,2", "b,x,much")
    (result,) = again(home)
    assert (result.rows_landed, result.still) == (1, {})
    assert held(home) == [("a", "x", 2, FIRST), ("b", "x", None, FIRST)]
    assert totals(home) == (4, 3, 1, 0)


def test_a_row_that_was_overtaken_and_came_again_lands(home: Home) -> None:
    for rows in (["a,x,1", "b,x,much"], ["a,x,1"], ["a,x,1", "b,x,much"]):
        deliver(home, *rows)
    (result,) = again(home)
    assert (result.rows_landed, result.still) == (1, {})
    assert len(held(home)) == 2 and reasons(home) == {}


def test_days_are_told_by_rows_that_are_not_let_in_too(home: Home) -> None:
    deliver(home, "a,x,1", "b,z,2", "c,z,3")
    deliver(home, "a,x,1", "b,z,4")
    assert sum(reasons(home).values()) == 3
    again(home, spec=ANYONE)
    assert held(home) == [("a", "x", 1, FIRST), ("b", "z", 4, FIRST)]
    assert totals(home) == (5, 2, 1, 2) and reasons(home) == {"superseded": 2}


def test_a_row_of_a_part_nobody_knows_keeps_no_other_row(home: Home) -> None:
    deliver(home, "a,x,1", "b,x,2")
    said = deliver(home, "a,x,1", "c,z,3").accounting
    assert (said.rows_withdrawn, said.days_withheld) == (1, 0) and held(home) == [("a", "x", 1, FIRST)]
    again(home, spec=ANYONE)
    assert held(home) == [("a", "x", 1, FIRST), ("c", "z", 3, FIRST)]


def test_the_last_days_are_told_though_nothing_is_left_of_them(home: Home) -> None:
    two = replace(DAYS, last_days=2)
    deliver(home, "a,x,1", "b,x,much", restates=two)
    deliver(home, f"a,x,1,{SECOND}", name="next.csv", restates=two)
    assert [each.still for each in again(home, restates=two)] == [{"superseded": 1}]


def test_an_empty_delivery_of_a_named_day_is_the_last_word_too(home: Home) -> None:
    day = Restates("day", days=(date(2026, 3, 1),))
    deliver(home, "a,x,1", "b,x,much", restates=day)
    deliver(home, restates=day)
    assert [each.still for each in again(home, restates=day)] == [{"superseded": 1}]
    assert held(home) == []


def test_a_delivery_that_was_killed_before_it_stood_told_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    deliver(home, "a,x,1", "b,x,much")
    with monkeypatch.context() as patched:
        patched.setattr(Vault, "rollback", lambda _: None)
        patched.setattr(landing, "commit_file", _dying(landing.commit_file, after=False))
        with pytest.raises(Killed):
            deliver(home, "a,x,1")
    prepare_home(home.paths, home.vault)
    assert [each.rows_landed for each in again(home)] == [1]


def test_a_day_is_kept_once_however_often_it_is_told(home: Home) -> None:
    for number in range(5):
        deliver(home, "a,x,1", "b,x,much" if not number else f"c,x,{number}")
    assert home.vault.connection.execute("select count(*) from restated").fetchone() == (1,)


def test_rows_of_one_key_that_waited_are_parts_and_none_takes_the_others_place(home: Home) -> None:
    unknown = ["a,x,1", "b,z,2", "b,z,3"]
    deliver(home, *unknown, spec=WHOLE)
    with pytest.raises(FileRefused, match="rows_of_one_key"):
        again(home, spec=replace(ANYONE, is_whole=True))
    assert sum(reasons(home).values()) == 2 and held(home) == [("a", "x", 1, FIRST)]


def test_a_part_that_waited_does_not_take_the_place_of_one_that_landed(home: Home) -> None:
    deliver(home, "b,x,2", "b,x,much", spec=WHOLE)
    with pytest.raises(FileRefused, match="rows_of_one_key"):
        again(home, spec=WHOLE)
    assert held(home) == [("b", "x", 2, FIRST)]


_CELLS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xy"), st.sampled_from([FIRST, SECOND]), st.integers(0, 2)),
    max_size=5,
    unique_by=lambda cell: cell[:3],
)


@settings(max_examples=25, deadline=None)
@given(files=st.lists(_CELLS, min_size=1, max_size=5), replay_after=st.sets(st.integers(0, 4)))
def test_what_holds_in_the_end_is_what_each_day_was_told_last(
    files: Sequence[Sequence[tuple[str, str, str, int]]], replay_after: set[int]
) -> None:
    with new_home() as home:
        expected: dict[tuple[str, str], dict[str, int | None]] = {}
        for number, cells in enumerate(files):
            rows = [f"{campaign},{account},{cost or 'much'},{day}" for campaign, account, day, cost in cells]
            deliver(home, *rows, f"own{number},x,1,2026-01-01", name=f"{number}.csv")
            for account, day in {cell[1:3] for cell in cells}:
                expected[account, day] = {each[0]: each[3] or None for each in cells if each[1:3] == (account, day)}
            if number in replay_after:
                again(home)
        again(home)
        told = [(who, account, cost, day) for (account, day), said in expected.items() for who, cost in said.items()]
        assert [row for row in held(home) if not row[0].startswith("own")] == sorted(told, key=str)
        read, landed, duplicate, quarantined = totals(home)
        assert read == landed + duplicate + quarantined == sum(map(len, files)) + len(files)
        assert quarantined == sum(reasons(home).values()) and set(reasons(home)) <= {"superseded"}


def test_a_vault_from_before_days_were_kept_opens_and_replays(home: Home) -> None:
    home.vault.connection.executescript("drop table restated; alter table quarantine drop column day")
    home.vault.close()
    home.vault = Vault.open(home.paths, home.key)
    deliver(home, "a,x,1", "b,x,much")
    deliver(home, "a,x,1")
    assert [each.still for each in again(home)] == [{"superseded": 1}]
    home.vault.close()
