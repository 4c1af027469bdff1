"""What PostgreSQL's text of a table proves is what reading it value by value would: never more."""

from __future__ import annotations

import random

import pytest

from orchestration.destinations.base import FIELDS
from orchestration.destinations.sql import SqlDestination
from tests.contract.destinations.sql_system import SqlSystem
from tests.contract.destinations.systems import is_held, write_of

# Columns that hold our values whole, that cut or round them, or whose text nobody vouches for.
_KINDS = {
    "text": ("text", "varchar(60)", "varchar(4)", "char(8)", "text not null default ''"),
    "number": ("numeric(18, 6)", "numeric", "numeric(4, 1)", "double precision", "real", "bigint", "text"),
    "time": ("timestamp", "timestamp(0)", "timestamp with time zone", "date", "text"),
    "integer": ("bigint", "integer", "numeric", "double precision"),
}
_VALUES = {
    "text": (None, "t-1", "a\tb", "a\\nb", "c\nd\r", "\u2028 é", "null", "\\N", "Ä" * 6, "x\x0b\x0c\x85y"),
    "number": (None, "0", "12.5", "0.333333", "-1.25", "1000000", "0.000001"),
    "time": (None, "2026-01-02T03:04:05.500000Z", "2026-01-02T03:04:05Z", "2026-12-31T23:59:59.999999Z"),
    "integer": (None, "2", "-1"),
}


@pytest.fixture
def system(postgres_database_url: str) -> SqlSystem:
    return SqlSystem("postgresql", postgres_database_url)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_proved_by_text_is_held(system, seed):
    dice = random.Random(seed)
    kinds = _KINDS if seed else {kind: choices[:1] for kind, choices in _KINDS.items()}
    columns = {name: dice.choice(kinds[kind]) for name, kind in FIELDS.items() if name != "handoff_sequence"}
    leads = [f"lead-{n} {mark}" for n, mark in enumerate(("", "'", '"', "\\", ",{}", "é\u2028", "%s"))]
    texts = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    system.execute("drop table if exists leads", f"create table leads (lead_id text, handoff_sequence bigint, {texts})")
    for lead_id in leads:
        quoted = lead_id.replace("'", "''")
        system.execute(f"insert into leads (lead_id) values ('{quoted}')")
    crm: SqlDestination = system.open()
    writes = []
    for number, lead_id in enumerate(leads, 1):
        # COPY has marks for these of its own: such a record is read the other way.
        values = {name: dice.choice(_VALUES[FIELDS[name]][: -1 if seed == 0 else None]) for name in columns}
        writes.append(write_of(lead_id, number, **values))
    written = [write for write in writes if _goes(crm, write)]
    for write in dice.sample(written, len(written) // 3):
        system.change(write.lead_id, "handoff_sequence", str(write.sequence + dice.choice([-1, 1])))
    held = crm.read([write.lead_id for write in writes])
    truly = {write.lead_id for write in writes if is_held(write, held[write.lead_id])}
    proved = crm.proved(writes)
    assert set(proved) <= truly
    if seed == 0:
        assert set(proved) == {lead_id for lead_id in truly if not set(lead_id) & set("'\"\\")} != set()


def _goes(crm: SqlDestination, write: object) -> bool:
    try:
        return bool(crm.write([write]))
    except RuntimeError:
        return False


def test_a_key_of_another_type_is_asked_in_its_own(system):
    system.execute("drop table if exists leads", "create table leads (lead_id integer primary key)")
    crm = system.open()
    crm.prepare()
    system.execute("insert into leads (lead_id) values (7)")
    writes = [write_of(lead_id, 1 + n) for n, lead_id in enumerate(("7", "007", "x", "99999999999", "8"))]
    crm.write(writes[:1])
    assert set(crm.proved(writes)) == {"7"}
    system.execute("update leads set handoff_band = 'by staff'")
    assert set(crm.proved(writes)) == set()


def test_of_two_rows_with_one_key_nothing_is_proved(system):
    system.execute("drop table if exists leads", "create table leads (lead_id text, owner text)")
    crm = system.open()
    crm.prepare()
    system.execute("insert into leads (lead_id) values ('a')")
    crm.write([write_of("a", 1)])
    assert set(crm.proved([write_of("a", 1)])) == {"a"}
    system.execute("insert into leads (lead_id) values ('a')")
    assert set(crm.proved([write_of("a", 1)])) == set()
